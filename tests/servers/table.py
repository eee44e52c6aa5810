"""docs/endpoints.md, made of the profiles and of what `make test-servers` found out.

``python -m tests.servers.table docs/`` writes it; a test asserts that it is current.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from reconciler.endpoints.profile import ANY, DEEP, Fact, Kind, Profile
from reconciler.endpoints.profiles import PROFILES
from tests.servers.results import recorded
from tests.tables import table

FILE = "endpoints.md"
MADE = "<!-- Made by `python -m tests.servers.table docs/`. Do not edit. -->"

INTRODUCTION = """\
# S3 that is not AWS's

{made}

An S3-compatible server is known by a profile: what it lacks, loses, refuses or spells in its own way, as data with its
source (`reconciler/endpoints/profiles.py`). No aspect knows any server. AWS has the profile `aws`, in which there is
nothing, and no other profile can be chosen for an endpoint of AWS.

    reconcile validate --endpoint-profile ceph                               offline, for that server
    reconcile plan --endpoint-url http://rgw.example:8080                    told from its answer to STS
    reconcile plan --endpoint-url http://rgw.example:8080 --endpoint-profile ceph

`RECONCILE_ENDPOINT_PROFILE` says the same as the option. What is not said is detected by the headers of the answer to
`sts:GetCallerIdentity`, which is asked for anyway, and whoever cannot be told is `s3-compatible`. `doctor` and `plan`
say which profile is gone by.

What a server lacks, loses or refuses is an error with its file, line and column before anything is written: RCL2051,
RCL2052 and RCL2053. A server that nobody has looked at gets a warning where others lose what limits a deletion
(RCL2054). Where regions are free, a region is a name like any other (`default`, `garage`): it is used to sign, and
neither compared nor sent as a LocationConstraint. On such servers a spec that names one may need `--endpoint-profile`
already for `validate`, because RCL2002 holds for AWS.

**A sub-resource is deleted only after its own GET has answered with that very document.** Servers that do not know a
sub-resource take its DELETE for that of the bucket, and delete the bucket if it is empty. Profiles name those
sub-resources as a second lock. Both are tried on each of the servers below, for each aspect that can be absent, in new
and in old buckets, also with a profile that knows nothing.
"""

HOW = """\
## How this was found

`make test-servers` installs each server under `.servers/`, starts it on loopback, runs law 5 (plan, apply, and the next
plan is empty) for each aspect alone, for all of them together and for the example specs, and stops it. LocalStack and
MiniStack come from PyPI, pinned in `constraints/`; Ceph from Debian's packages, extracted rather than installed: one
monitor, one OSD in memory, one gateway. What a profile refuses is left out of the specs there; the rest must converge.
Where one PUT and one GET can show it, a fact is tried again in every run, and fails when the server has learned better.
More examples: `RECONCILE_EXAMPLES=200 make test-servers`. A server that cannot be installed is skipped with the reason.

Other versions of the same server may differ: newer Ceph has encryption and ownership, which this profile refuses;
`--endpoint-profile s3-compatible` takes them, warns of what may be lost, and trusts nothing that it does not read back.
"""


def texts() -> dict[str, str]:
    """The file as it is checked in."""
    return {FILE: "\n".join(lines()) + "\n"}


def lines() -> Iterator[str]:
    """The page."""
    yield INTRODUCTION.format(made=MADE)
    yield from ("## What converges where", "")
    found = recorded()
    rows = list(dict.fromkeys(row for outcomes in found.values() for row in outcomes))
    cells = [
        (row, *(with_whys(PROFILES[name], row, outcomes.get(row, "not tried")) for name, outcomes in found.items()))
        for row in rows
    ]
    yield from table(("", *(f"{PROFILES[name].about.rstrip('.')}" for name in found)), cells)
    yield from ("", "## What the profiles say")
    for profile in PROFILES.values():
        yield from about(profile)
    yield from ("", HOW.rstrip("\n"))


def with_whys(profile: Profile, aspect: str, outcome: str) -> str:
    """An outcome with what is refused of the aspect, and why."""
    facts = [fact for fact in profile.facts if fact.aspect == aspect and fact.kind is not Kind.DIFFERS]
    whys = [fact.why for fact in facts if fact.kind is Kind.LACKS]
    fields = [
        f"`{spelled(fact.path) or 'absent'}`{valued(fact.values) if fact.path else ''}{where(fact)}" for fact in facts
    ]
    if whys:
        return f"{outcome}, refused: {whys[0]}"
    return f"{outcome} what is refused: {', '.join(fields)}" if fields else outcome


def about(profile: Profile) -> Iterator[str]:
    """One profile: its switches and its facts."""
    yield from ("", f"### {profile.name}", "", profile.about, "")
    said = [*switches(profile)]
    yield from (f"- {line}" for line in said)
    facts = [
        (
            fact.kind.value,
            f"`{spelled((fact.aspect, *fact.path))}`" + valued(fact.values),
            fact.why + where(fact),
            fact.source,
        )
        for fact in profile.facts
    ]
    facts += [
        ("spells", f"`{spelled((item.aspect, *item.path))}`" + valued((item.said,)), item.why, item.source)
        for item in profile.spellings
    ]
    if facts:
        yield from (*([""] if said else []), *table(("it", "what", "why", "where it is known from"), facts))
    elif not said:
        yield "Nothing differs."


def switches(profile: Profile) -> Iterator[str]:
    """What holds for the whole server."""
    if profile.free_regions:
        yield "Regions are free: not compared, and no LocationConstraint is sent."
    if profile.unquoted_etags:
        yield "A conditional write answers 412 to every ETag in quotes: it is sent without them."
    for operation, root in sorted(profile.documents.items()):
        yield f"{operation} answers with `{root}`, which is taken for AWS's document."
    for aspect in sorted(profile.empty_is_none):
        yield f"An empty answer to the GET of `{aspect}` means that there is none."
    if profile.deletes_bucket:
        yield f"Never asked to delete: {', '.join(f'`{name}`' for name in sorted(profile.deletes_bucket))}."


def spelled(path: tuple[str, ...]) -> str:
    """A path as people read it."""
    return ".".join(part for part in path if part not in (ANY, DEEP)) or ("any value" if path else "")


def where(fact: Fact) -> str:
    """What else must hold for a fact to be about a spec."""
    return "".join(f" (with `{name}` {value})" for name, value in fact.where.items())


def valued(values: tuple[object, ...]) -> str:
    """The values that a fact is about, if not all of them."""
    return f" = {', '.join(map(plain, values))}" if values else ""


def plain(value: object) -> str:
    """A value as a spec has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(plain, value))
    return str(value) or "an empty text"


if __name__ == "__main__":
    for name, text in texts().items():
        (Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")
