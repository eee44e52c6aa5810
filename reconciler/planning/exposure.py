"""In which ways the public can get into a bucket: by its policy, by its ACL, or by those of its objects.

AWS's definition (S3 User Guide, "Blocking public access to your Amazon S3 storage", The meaning of "public"): a
policy with one public statement is public as a whole; an ACL is, when it grants anything to everybody or to every
AWS account. Of the bucket's block and the account's, the stricter counts, switch by switch: `ignore_public_acls`
holds ACLs back, `restrict_public_buckets` a public policy, and with it every other account that it lets in. With
`BucketOwnerEnforced` ACLs do not count at all. What the organization blocks, nobody can read.

What nobody could read is not "private": it is a way that is not certain.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from reconciler.aspects.ownership_controls import OwnershipControls
from reconciler.aspects.policy import Policy, statements
from reconciler.aspects.public_access_block import PublicAccessBlock
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.policy_language.access import covered, principals_in
from reconciler.policy_language.canonical import canonical_statements
from reconciler.policy_language.exposure import public_statements
from reconciler.policy_language.values import Statement

DOORS = ("policy", "public_access_block", "ownership_controls")
"""The aspects that decide who gets in."""
ACL = "acl"
ACCOUNT_BLOCK = "account_public_access_block"
OBJECTS = "object_acls"
EVERYBODY = {"AllUsers": "everybody", "AuthenticatedUsers": "every AWS account"}
"""The groups that are the public, by the last part of their URI (S3 User Guide, acl-overview)."""
MOST_ACTIONS = 3
"""Actions of a statement that are named; more are counted."""

Known = bool | None
"""None where nobody can tell."""


class Grant(NamedTuple):
    """What an ACL lets one of the two public groups do."""

    group: str
    permission: str


@dataclass(frozen=True, slots=True)
class Acl:
    """What a bucket's ACL grants to the public."""

    grants: tuple[Grant, ...] = ()
    is_whole: bool = True
    """Whether it is the ACL as it is stored: while public ACLs are ignored, S3 shows it without their grants."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in for the public."""

    by: str
    """`policy`, `acl` or `object_acls`."""
    name: str | None
    """The statement's Sid or number, the group of the ACL; None for what nobody could read."""
    allows: tuple[str, ...] = ()
    """Actions, or the permission."""
    certain: bool = True
    held_back_by: str | None = None
    """What holds it back, where something does."""
    statement: Statement | None = field(default=None, compare=False)
    """Canonical."""

    def is_among(self, others: Collection["Way"]) -> bool:
        """Whether the public gets in by one of these ways as well, to do at least as much."""
        if self.statement is not None:
            return covered(self.statement, [other.statement for other in others if other.statement is not None])
        return any((self.by, self.name, self.allows) == (other.by, other.name, other.allows) for other in others)

    @property
    def words(self) -> str:
        """The way in a few words."""
        return f"{self._words}{'' if self.certain or self.name is None else ', unless something holds it back'}"

    @property
    def _words(self) -> str:
        if self.by == OBJECTS:
            return "the ACLs of single objects count, and nobody can read them all"
        if self.name is None:
            return "the policy cannot be read" if self.by == "policy" else "nobody can read the ACL as it is stored"
        if self.by == ACL:
            return f"the ACL lets in {EVERYBODY[self.name]} ({', '.join(self.allows)})"
        more = f" and {len(self.allows) - MOST_ACTIONS} more" if len(self.allows) > MOST_ACTIONS else ""
        return f"statement {self.name} lets in everybody ({', '.join(self.allows[:MOST_ACTIONS])}{more})"


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything that decides whether a bucket is public."""

    policy: LiveAspect = None
    public_access_block: LiveAspect = None
    ownership_controls: LiveAspect = None
    account_block: LiveAspect = None
    acl: Acl | Unreadable | None = None
    """None where ACLs do not count, or where nobody has looked."""
    has_objects: bool = True
    """Whether objects may be there that have ACLs of their own; a new bucket has none."""

    def switch(self, name: str) -> Known:
        """A switch of the public access block as it counts: on if the bucket's or the account's is on."""
        states = [switch_of(block, name) for block in (self.public_access_block, self.account_block)]
        return True if True in states else None if None in states else False

    def behind(self, way: Way, name: str) -> Way:
        """A way behind a switch: held back if it is on, and not certain if nobody can tell."""
        state = self.switch(name)
        whose = name if switch_of(self.public_access_block, name) else f"{name} of the account"
        return replace(way, certain=way.certain and state is not None, held_back_by=whose if state else None)

    @property
    def acls_count(self) -> Known:
        """Whether ACLs let in anybody. A bucket without ownership controls is from before there were any."""
        ownership = self.ownership_controls
        if isinstance(ownership, Unreadable):
            return None
        return not (isinstance(ownership, OwnershipControls) and ownership.object_ownership == "BucketOwnerEnforced")


class Public(StrEnum):
    """Whether a bucket is public."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """Nobody can tell."""


class Exposure(NamedTuple):
    """In which ways the public can get into a bucket, and which of them are held back."""

    ways: tuple[Way, ...] = ()
    held_back: tuple[Way, ...] = ()

    @property
    def public(self) -> Public:
        """Whether the bucket is public. The ACLs of its objects are not its own, and say nothing of it."""
        if any(way.certain for way in self.ways):
            return Public.YES
        return Public.UNKNOWN if any(way.by != OBJECTS for way in self.ways) else Public.NO

    @property
    def keeps_others_out(self) -> bool:
        """Whether a public policy that is restricted keeps out every other account, also those that it names."""
        return any(way.by == "policy" for way in self.held_back)


class Verdict(StrEnum):
    """What becomes of a bucket's exposure."""

    MORE = "more-public"
    LESS = "less-public"
    SAME = "same"


class Exposed(NamedTuple):
    """The exposure of a bucket before a plan, and after it."""

    before: Exposure | None
    """None for a bucket that is not there yet."""
    after: Exposure

    @property
    def new(self) -> tuple[Way, ...]:
        """The ways in that there were not before."""
        before = self.before.ways if self.before else ()
        return tuple(way for way in self.after.ways if not way.is_among(before))

    @property
    def verdict(self) -> Verdict:
        """More public, if there is any way in that there was not."""
        if self.new:
            return Verdict.MORE
        gone = self.before and any(not way.is_among(self.after.ways) for way in self.before.ways)
        return Verdict.LESS if gone else Verdict.SAME

    @property
    def summary(self) -> str | None:
        """What to say of it in a line; None where there is nothing to say."""
        was = self.before.public if self.before else Public.NO
        now, ways = self.after.public, told([way for way in self.after.ways if way.by != OBJECTS])
        if self.verdict is Verdict.MORE:
            certain = any(way.certain for way in self.new)
            what = "more public" if was is Public.YES else "public"
            head = f"becomes {what}" if certain else f"may become {what}"
            return f"{head if self.before else 'is public'}: {told(self.new)}"
        if now is Public.YES:
            return f"{'less public, but still' if self.verdict is Verdict.LESS else 'stays'} public: {ways}"
        if now is Public.UNKNOWN:
            return f"nobody can tell whether it is public: {ways}"
        held = held_back(self.after)
        return f"no longer public{held}" if was is Public.YES else f"not public{held}" if held else None


def told(ways: Sequence[Way]) -> str:
    """Ways in words."""
    return "; ".join(way.words for way in sorted(ways, key=lambda way: not way.certain))


def held_back(exposure: Exposure) -> str:
    """What is held back, and by what."""
    ways = "; ".join(f"{way.held_back_by} holds back: {way.words}" for way in exposure.held_back if way.by != OBJECTS)
    others = "; no other account is let in" if exposure.keeps_others_out else ""
    return f" ({ways}{others})" if ways else ""


def switch_of(block: LiveAspect, name: str) -> Known:
    """A switch of one block; off where there is no block."""
    if isinstance(block, Unreadable):
        return None
    return isinstance(block, PublicAccessBlock) and name in block.turned_on


def exposure_of(doors: Doors) -> Exposure:
    """In which ways the public can get in."""
    found = [doors.behind(way, "restrict_public_buckets") for way in ways_by_policy(doors.policy)]
    found += [doors.behind(way, "ignore_public_acls") for way in ways_by_acl(doors)]
    return Exposure(
        tuple(way for way in found if way.held_back_by is None),
        tuple(way for way in found if way.held_back_by is not None),
    )


def ways_by_policy(policy: LiveAspect) -> Iterator[Way]:
    """The statements that make a policy public."""
    if isinstance(policy, Unreadable):
        yield Way("policy", None, certain=False)
    if isinstance(policy, Policy):
        written = canonical_statements(policy.root)
        for path in public_statements(policy.root):
            position = path[1] if len(path) > 1 else 0
            assert isinstance(position, int)
            statement = written[position]
            name = statement.get("Sid") or str(position + 1)
            yield Way("policy", str(name), actions_of(policy, position), statement=statement)


def actions_of(policy: Policy, position: int) -> tuple[str, ...]:
    """The actions of a statement as they are written."""
    written = policy.root["Statement"]
    statement = written[position] if isinstance(written, list) else written
    assert isinstance(statement, dict)
    name = "Action" if "Action" in statement else "NotAction"
    value = statement.get(name)
    actions = [str(action) for action in (value if isinstance(value, list) else [value])]
    return tuple(actions) if name == "Action" else (f"all but {', '.join(actions)}",)


def ways_by_acl(doors: Doors) -> Iterator[Way]:
    """What the ACLs of the bucket and of its objects grant to the public, where ACLs count."""
    acl, count = doors.acl, doors.acls_count
    if count is False:
        return
    if isinstance(acl, Acl):
        yield from (Way(ACL, grant.group, (grant.permission,), certain=count is True) for grant in acl.grants)
    if isinstance(acl, Unreadable) or (isinstance(acl, Acl) and not acl.is_whole):
        yield Way(ACL, None, certain=False)
    if doors.has_objects:
        yield Way(OBJECTS, None, certain=False)


def lets_in_others(policy: LiveAspect, account: str | None) -> bool:
    """Whether a policy names anybody of another account, whom a restriction keeps out."""
    grants = [one for one in statements(policy) if one.get("Effect") == "Allow"] if isinstance(policy, Policy) else []
    named = {member for grant in grants for kind, member in principals_in(grant.get("Principal")) if kind == "AWS"}
    return any(account is None or account not in member for member in named)
