"""Lock-out: does a policy still let in whoever has to be able to undo it?

Asked is whether the caller, and each principal that the spec names under `keep_access:`, may get, put and delete
the bucket policy once the new one is in place: allowed, denied, or nobody can prove either. Only the first passes
without a word. What their own IAM permissions say is not visible here, so what the policy does not deny counts as
allowed for a principal of the bucket's own account. Nobody of another account may do it, whatever the policy says.

Sources: S3 API reference, PutBucketPolicy (who may, 405 Method Not Allowed for other accounts, the root user is
never locked out); S3 API reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys".
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from reconciler.aspects.aspect import Surroundings
from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.endpoints.profiles import CEPH, UNKNOWN
from reconciler.planning.changeset import Blocker, Change, Finding
from reconciler.planning.live import Identity
from reconciler.planning.order import POLICY, Step, drops_shield
from reconciler.policy_language.callers import Caller, Fact, Kind, caller_of
from reconciler.policy_language.decision import Guard, Request, denied, guards_of
from reconciler.policy_language.patterns import NO, UNSURE, YES
from reconciler.problems import Code, Severity

UNDOING = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
"""What somebody must be able to do to see a policy and to undo it."""
LOCKED_OUT = Code(
    "RCL3011",
    "a policy that locks out somebody who should be kept",
    "`keep_access:` names principals that must be able to get, put and delete the bucket policy, and the policy that "
    "the spec declares denies one of them, or nobody can prove that it does not. While the policy is as it is, this "
    "is a warning; a change to such a policy is not planned. S3 answers AccessDenied to a principal that is denied "
    "and MethodNotAllowed to one of another account.",
    Severity.WARNING,
)
CODES = (LOCKED_OUT,)

HOST = re.compile(r"(?P<scheme>https?)://(?:[^/@]*@)?(?:\[(?P<v6>[^\]]*)\]|(?P<name>[^/:]*))")
ONLY_FROM_SERVICES = (
    *("aws:principalservicename", "aws:principalservicenameslist"),
    *("aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths"),
    *("aws:calledvia", "aws:calledviafirst", "aws:calledvialast"),
)
"""Keys of requests that a service of AWS makes by itself or for somebody."""
OF_OTHER_CALLS = (
    *("s3:x-amz-acl", "s3:x-amz-grant-full-control", "s3:x-amz-grant-read", "s3:x-amz-grant-read-acp"),
    *("s3:x-amz-grant-write", "s3:x-amz-grant-write-acp", "s3:x-amz-object-ownership", "s3:x-amz-copy-source"),
    *("s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
    *("s3:x-amz-server-side-encryption-customer-algorithm", "s3:x-amz-storage-class", "s3:x-amz-metadata-directive"),
    *("s3:x-amz-website-redirect-location", "s3:x-amz-bucket-namespace", "s3:locationconstraint"),
    *("s3:prefix", "s3:delimiter", "s3:max-keys", "s3:versionid", "s3:object-lock-mode"),
    *("s3:object-lock-legal-hold", "s3:object-lock-retain-until-date", "s3:object-lock-remaining-retention-days"),
)
"""Keys that S3 fills in from headers and parameters which the calls about a policy do not have."""
NOTHING_SHUT = frozenset[str]()
"""One for all plans that leave the policy as it is."""


class Asking(NamedTuple):
    """Who asks about a bucket, and whom."""

    identity: Identity
    around: Surroundings
    role_arn: str | None = None
    """The ARN of the caller's role with its path, where somebody has looked it up."""

    @property
    def caller(self) -> Caller:
        """Whoever runs this."""
        return caller_of(self.identity.caller, self.identity.account, self.role_arn)

    @property
    def bucket(self) -> str:
        """The ARN of the bucket."""
        return f"arn:{self.around.partition}:s3:::{self.around.bucket}"

    @property
    def spares_root(self) -> bool:
        """Whether the root user may always undo a policy. Ceph and servers that nobody has tried may shut it out."""
        return self.identity.profile not in (CEPH, UNKNOWN)

    def request(self, caller: Caller, action: str, key: str = "") -> Request:
        """A call of somebody about the bucket, or about an object in it."""
        known = facts_of(caller, self.identity.endpoint, self.around.account)
        if action not in UNDOING:
            known = {name: fact for name, fact in known.items() if name not in OF_OTHER_CALLS}
        return Request(caller, action, self.bucket + key, known)


@lru_cache
def facts_of(caller: Caller, endpoint: str | None, owner: str | None) -> Mapping[str, Fact]:
    """What is known of a call about a bucket's policy that somebody makes by themselves, with an SDK."""
    secure = is_secure(endpoint)
    owned: Fact | None = (owner,) if owner is not None else None
    return {
        **dict.fromkeys((*ONLY_FROM_SERVICES, *OF_OTHER_CALLS), (None,)),
        "aws:viaawsservice": ("false",),
        "aws:principalisawsservice": ("false",),
        "aws:securetransport": ("true" if secure else "false",),
        "s3:tlsversion": ("1.2", "1.3") if secure else (None,),  # AWS takes nothing older
        "s3:authtype": ("REST-HEADER",),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
        **(dict.fromkeys(("aws:resourceaccount", "s3:resourceaccount"), owned) if owned else {}),
        **caller.facts,
    }


def is_secure(endpoint: str | None) -> bool:
    """Whether requests count as made over TLS: those to AWS, by https, and those that never leave this machine."""
    at = HOST.match(endpoint or "")
    if at is None or at["scheme"] == "https":
        return True  # AWS or the sandbox
    host = at["v6"] or at["name"]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


# ── the verdict ──────────────────────────────────────────────────────────────────────────────────────


class Shut(NamedTuple):
    """Somebody whom a policy denies what it takes to undo it, or may deny it."""

    kept: str | None
    """The entry of `keep_access`; None for whoever runs this."""
    surely: bool
    why: str
    """What the policy does, as the rest of a sentence that begins with it."""
    remedy: str

    def is_accepted_by(self, spec: BucketSpec) -> bool:
        """Whether the spec says by name that it is meant. Whom it wants to keep it cannot want to lock out as well."""
        return spec.confirm_lock_out == spec.name and not (self.kept and self.surely)


def blockers(
    spec: BucketSpec, changes: Sequence[Change], blocked: Sequence[Blocker], asking: Asking
) -> Iterator[Blocker]:
    """Why a changed policy is not put, and what must not happen without it.

    It is not put if it locks somebody out, or may, and the spec does not say that this is meant. While a policy is
    blocked, for this reason or another, nothing drops that may shield the one that is there.
    """
    found = [
        Blocker(POLICY, f"the new policy {shut.why}", shut.remedy)
        for change in changes
        if isinstance(change.after, Policy)
        for shut in shut_out(spec, change.after, asking)
        if not shut.is_accepted_by(spec)
    ]
    yield from found
    if any(blocker.aspect == POLICY for blocker in (*found, *blocked)):
        yield from held_back(changes)


def held_back(changes: Sequence[Change]) -> Iterator[Blocker]:
    """The changes that have to wait while the policy is blocked."""
    for change in changes:
        if any(drops_shield(Step(change, call)) for call in change.calls):
            why = "it would drop what may shield the policy that is there, and the new policy is blocked"
            yield Blocker(change.aspect, why, "see what is said of the policy")


def findings(spec: BucketSpec, changes: Sequence[Change], asking: Asking) -> Iterator[Finding]:
    """The principals under `keep_access` that the declared policy locks out, where it does not change.

    Nothing is said of the caller: who only plans may well be locked out, and a plan has to say the same to whoever
    reviews it and to whoever applies it.
    """
    policy = spec.values().get(POLICY)
    if not spec.keep_access or not isinstance(policy, Policy) or any(change.aspect == POLICY for change in changes):
        return
    for shut in shut_out(spec, policy, asking):
        if shut.kept and not shut.is_accepted_by(spec):
            at = ("keep_access", str(spec.keep_access.index(shut.kept)))
            yield Finding(LOCKED_OUT.code, LOCKED_OUT.severity.value, at, f"the policy {shut.why}", shut.remedy)


def shut_out(spec: BucketSpec, policy: Policy, asking: Asking) -> Iterator[Shut]:
    """Everybody whom this policy keeps from undoing it, or may: the caller first."""
    guards = guards_of(policy.root)
    caller = verdict(guards, None, asking.caller, asking)
    yield from (caller,) if caller else ()
    for kept in spec.keep_access:
        one = foreign(kept, asking) or verdict(guards, kept, caller_of(kept), asking)
        yield from (one,) if one else ()


def foreign(kept: str, asking: Asking) -> Shut | None:
    """Why a principal of another account cannot be kept: its permissions do not matter."""
    owner, account = asking.around.account, caller_of(kept).account
    if owner is None or account == owner:
        return None
    why = (
        f"cannot let in {kept}, which `keep_access` names: S3 answers MethodNotAllowed to everybody who is not of the "
        f"bucket's own account {owner}"
    )
    return Shut(kept, True, why, "take it out of `keep_access`")


def verdict(guards: Sequence[Guard], kept: str | None, caller: Caller, asking: Asking) -> Shut | None:
    """What keeps one principal from undoing a policy; None where nothing does."""
    if caller.kind is Kind.ROOT and asking.spares_root:
        return None
    requests = [asking.request(caller, action) for action in UNDOING]
    answers = [denied(guards, request) for request in requests]
    found = {answer for answer, _ in answers}
    worst = YES if YES in found else UNSURE
    concerned = [
        (request, blamed) for request, (answer, blamed) in zip(requests, answers, strict=True) if answer is worst
    ]
    if not concerned:
        return None
    blamed = list(dict.fromkeys(guard for _, several in concerned for guard in several))
    actions = enumerated([request.action for request, _ in concerned])
    if worst is YES:
        return Shut(kept, True, denial(kept, caller, blamed, actions) + undone_by(guards, asking), advice(kept, asking))
    questions = list(
        dict.fromkeys(
            question
            for request, several in concerned
            for guard in several
            for question in guard.open_questions(request)
        )
    )
    return Shut(kept, False, doubt(kept, caller, blamed, actions, questions), advice(kept, asking, caller, questions))


def depends_on_role(spec: BucketSpec, asking: Asking) -> bool:
    """Whether the path of the caller's role, which nobody knows yet, may decide what the policy says to the caller."""
    policy = spec.values().get(POLICY)
    guards = guards_of(policy.root) if isinstance(policy, Policy) else ()
    requests = [asking.request(asking.caller, action) for action in UNDOING]
    return asking.caller.path_is_unknown and any(
        depends_on_path(guard.open_questions(request))
        for request in requests
        for guard in guards
        if guard.applies(request) is UNSURE
    )


def may_depend_on_role(spec: BucketSpec) -> bool:
    """Whether the declared policy denies something by `aws:PrincipalArn`."""
    policy = spec.values().get(POLICY)
    guards = guards_of(policy.root) if isinstance(policy, Policy) else ()
    return any("aws:principalarn" in guard.keys for guard in guards)


def depends_on_path(questions: Sequence[str]) -> bool:
    """Whether one of these open questions is about `aws:PrincipalArn`."""
    return any(question.lower().endswith(" aws:principalarn") for question in questions)


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────


def denial(kept: str | None, caller: Caller, blamed: Sequence[Guard], actions: str) -> str:
    """What locks somebody out."""
    whom = f"lock out {kept}, which `keep_access` names" if kept else "lock you out"
    does = "denies" if len(blamed) == 1 else "deny"
    return f"would {whom}: {names(blamed)} {does} {actions} to {'it' if kept else caller.shown}"


def undone_by(guards: Sequence[Guard], asking: Asking) -> str:
    """Who could undo the policy, where it denies everybody to put another one and to delete it."""
    account = asking.around.account
    anybody = Caller(account, asking.around.partition)
    if not all(denied(guards, asking.request(anybody, action))[0] is YES for action in UNDOING[1:]):
        return ""
    if not asking.spares_root:
        return "; it may be that nobody could undo it"
    return f"; only the root user of {f'account {account}' if account else 'its account'} could undo it"


def doubt(kept: str | None, caller: Caller, blamed: Sequence[Guard], actions: str, questions: Sequence[str]) -> str:
    """What may lock somebody out, and what would have to be known to tell."""
    whom = f"lock out {kept}, which `keep_access` names" if kept else "lock you out"
    known = enumerated([f"`{question}`" for question in questions])
    does = f"{names(blamed)} may deny {actions} to {'it' if kept else caller.shown}"
    return f"may {whom}: {does}; it depends on {known}, which nobody here can tell"


def advice(kept: str | None, asking: Asking, caller: Caller | None = None, questions: Sequence[str] = ()) -> str:
    """What to do about it."""
    whom = "it" if kept else "yourself"
    ways = [f"except {whom} in the statement, by ArnNotLike on aws:PrincipalArn"]
    if "NotPrincipal" in questions:
        ways = ['say `Principal: "*"` and ArnNotLike on aws:PrincipalArn: NotPrincipal says less than it seems to']
    if kept is None and caller is not None and caller.path_is_unknown and depends_on_path(questions):
        ways = ["allow iam:GetRole for these credentials, which tells the path of the role"]
    if kept:
        ways.append("take it out of `keep_access`")
    if not kept or questions:
        ways.append(f"write `confirm_lock_out: {asking.around.bucket}` if it is meant")
    return ", or ".join(ways)


def names(guards: Sequence[Guard]) -> str:
    """The statements, as a person finds them."""
    return enumerated([guard.name for guard in guards])


def enumerated(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


# ── what else a policy may deny ──────────────────────────────────────────────────────────────────────


def shut_by(changes: Sequence[Change], spec: BucketSpec, asking: Asking) -> tuple[frozenset[str], frozenset[str]]:
    """The aspects whose calls the live policy, and the one that takes its place, deny the caller or may."""
    change = next((change for change in changes if change.aspect == POLICY), None)
    if change is None:
        return NOTHING_SHUT, NOTHING_SHUT
    return denied_aspects(change.before, spec, asking), denied_aspects(change.after, spec, asking)


def denied_aspects(policy: object, spec: BucketSpec, asking: Asking) -> frozenset[str]:
    """The aspects of which this policy denies the caller a call, or may."""
    guards = guards_of(policy.root) if isinstance(policy, Policy) else ()
    return frozenset(
        name
        for name, kind in BucketSpec.aspects().items()
        if any(
            guard.applies(asking.request(asking.caller, action, key_of(name, spec))) is not NO
            for guard in guards
            for action in (*kind.api.to_read, *kind.api.to_write)
        )
    )


def key_of(name: str, spec: BucketSpec) -> str:
    """What follows the bucket's name in the resource of an aspect's calls: the key of an object, or nothing."""
    kind = BucketSpec.aspects()[name]
    return f"/{kind.get_params(spec.values().get(name))['Key']}" if kind.api.of_object else ""
