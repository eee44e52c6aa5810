"""What the reports of a check are made of: one plan document, the problems of the specs, and what is known around them.

`remarks` is everything in it that somebody should look at, in one shape for annotations, SARIF, JUnit and the like.
Nothing here decides anything: what weighs how much is said by whoever found it.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from reconciler.aspects.calls import Risk
from reconciler.planning.changeset import BUCKET, Action
from reconciler.problems import Place, Problem, Severity
from reconciler.reports.text import DANGEROUS, RISKS

Document = Mapping[str, Any]
WORST_FIRST = list(Risk)
BLOCKED = "blocked"
"""The code of what cannot be planned."""


class Compared(StrEnum):
    """What specs were compared with."""

    LIVE = "live"
    BASE = "base"
    """The specs of another commit: without credentials nobody knows the live buckets."""
    NOTHING = "nothing"


class Stage(StrEnum):
    """What has become of a plan."""

    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    NOT_CHECKED = "not checked"
    """Somebody does not answer, or refuses: what the specs would do, nobody knows. `About.told` says it."""
    NOT_APPLIED = "not applied"
    """Something has moved since it was reviewed, or it failed: `About.told` says it."""


class About(NamedTuple):
    """What a report says about the run it belongs to. All of it may be unknown."""

    target: str | None = None
    """What the team calls what is planned: `prod`, say."""
    compared: Compared = Compared.LIVE
    head: str | None = None
    base: str | None = None
    """Commits, as full hashes."""
    run_url: str | None = None
    """Where the log of the run is."""
    next_command: str | None = None
    stage: Stage = Stage.PLANNED
    told: tuple[str, ...] = ()
    """What an apply has to say: what moved, what was done to which bucket, what failed; a sentence each."""


class Review(NamedTuple):
    """One check."""

    document: Document | None
    """The plan (`planning.storage`); None where the specs are not valid, or nothing was compared."""
    problems: tuple[Problem, ...] = ()
    """Of the specs, warnings among them; those of guardrails only where there is no plan to hold them."""
    about: About = About()


class Remark(NamedTuple):
    """One thing to look at."""

    code: str
    """``RCL####``, a guardrail's id, or a risk like ``loses-data``."""
    title: str
    severity: Severity
    message: str
    help: str | None
    place: Place | None
    """Where it is written; where only the line is known, both columns are 1."""
    bucket: str | None
    path: str
    """From the bucket; empty for the bucket itself."""
    waiver: Mapping[str, str] | None = None
    """Why it is let pass: `reason`, `owner`, `expires`."""

    @property
    def identity(self) -> str:
        """What stays the same from run to run, wherever the line moves."""
        nowhere = self.place.file if self.place else ""
        about = "\0".join((self.code, self.bucket or nowhere, self.path, "" if self.bucket else self.message))
        return hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()


def remarks(review: Review) -> Iterator[Remark]:
    """Problems of the specs; then, bucket by bucket, what is in the way, what rules and plan say, and what is risky."""
    for problem in review.problems:
        yield Remark(problem.code, "", problem.severity, problem.message, problem.help, problem.place, None, "")
    for bucket in review.document["buckets"] if review.document else ():
        yield from remarks_of(bucket)


def told_apart(review: Review) -> Iterator[tuple[Remark, int]]:
    """The remarks, each with its number among those of the same identity, from 1."""
    seen: Counter[str] = Counter()
    for remark in remarks(review):
        seen[remark.identity] += 1
        yield remark, seen[remark.identity]


def remarks_of(bucket: Document) -> Iterator[Remark]:
    """What is to be said of one bucket of a plan."""
    name, here = bucket["name"], Place(bucket["source"]["file"], bucket["source"]["line"], 1, 1)
    for blocker in bucket["blockers"]:
        aspect, said = blocker["aspect"], f"{blocker['aspect']}: {blocker['why']}"
        yield Remark(BLOCKED, "cannot be planned", Severity.ERROR, said, blocker["remedy"], here, name, aspect)
    for found in bucket.get("guardrails", ()):
        rule, title, said, path = found["rule"], found["title"], found["message"], found["path"]
        place = Place(**found["place"]) if found["place"] else here
        severity = Severity(found["severity"])
        yield Remark(rule, title, severity, said, found["remedy"], place, name, path, found["waiver"])
    for found in bucket["findings"]:
        severity, said = Severity(found["severity"]), found["message"]
        yield Remark(found["code"], "", severity, said, found["remedy"], here, name, found["path"])
    for aspect, risk, consequences in risky_changes(bucket):
        said = f"{aspect}: " + ("; ".join(consequences) or RISKS[risk])
        yield Remark(risk, RISKS[risk], Severity.WARNING, said, None, here, name, aspect)


def risky_changes(bucket: Document) -> Iterator[tuple[str, Risk, Sequence[str]]]:
    """The changes of a bucket that may hurt; whether they are meant is for those who review them."""
    whole = [change for change in bucket["changes"] if change["aspect"] == BUCKET and change["action"] != Action.CREATE]
    found = [(BUCKET, Risk(change["risk"]), change.get("consequences", ())) for change in whole]
    inside = [change for change in bucket["changes"] if change["aspect"] != BUCKET]
    inside.sort(key=lambda change: WORST_FIRST.index(Risk(change["risk"])))
    found += [(change["aspect"], Risk(change["risk"]), change.get("consequences", ())) for change in inside]
    yield from (one for one in found if one[1] in DANGEROUS)
