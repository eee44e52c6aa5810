"""Checks as the HTML report shows them, and a reader that says what a page is made of, whatever it says."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from reconciler.planning.contents import Contents
from reconciler.planning.live import Existence, LiveBucket
from reconciler.problems import Place, Problem, Severity
from reconciler.reports.review import About, Compared, Review, Stage
from tests.reports.plans import document, plan
from tests.reports.specs import ABSENT, AFTER, BEFORE

RULES = """
- {id: expire-temporary, filter: {prefix: tmp/}, expiration: {days: %s}}
- id: old-versions
  noncurrent_version_transitions: [{noncurrent_days: 30, storage_class: STANDARD_IA}]
  noncurrent_version_expiration: {noncurrent_days: 90, newer_noncurrent_versions: 3}
"""
ALONE = frozenset({"meta", "input"})


def found(rule: str, severity: str = "warning", **others: Any) -> dict[str, Any]:
    """One verdict of a guardrail, as a plan document has it."""
    return {
        "rule": rule,
        "title": "What the rule is about",
        "severity": severity,
        "path": "versioning",
        "message": "old versions are not kept",
        "remedy": "say versioning: Enabled",
        "place": {"file": "specs/lake.yaml", "line": 4, "column": 15, "end_column": 24},
        "waiver": None,
        **others,
    }


def with_verdicts(planned: dict[str, Any], *verdicts: dict[str, Any]) -> dict[str, Any]:
    """The plan with what the guardrails say of each of its buckets."""
    for bucket in planned["buckets"]:
        bucket["guardrails"] = list(verdicts)
    return planned


def lake(name: str, days: int) -> str:
    """A bucket of a fleet."""
    listed = (RULES % days).replace("\n", "\n    ")
    return f"name: {name}\nregion: us-east-1\nversioning: Enabled\nlifecycle:\n  rules:{listed}\n"


def everything_changes() -> Review:
    waiver = {"reason": "only a test", "owner": "data-platform", "expires": "2027-01-01"}
    planned = document(plan(AFTER, BEFORE))
    planned["needs"] = [{"kind": "consent", "about": "acme-lake", "why": "can lose data", "flag": "--allow loses-data"}]
    verdicts = found("VER-01", "error"), found("ENC-02"), found("TAG-01", "error", waiver=waiver, place=None)
    about = About("prod", head="a" * 40, base="b" * 40, run_url="https://example.com/1", next_command="reconcile apply")
    return Review(with_verdicts(planned, *verdicts), about=about)


def a_fleet() -> Review:
    plans = [
        plan(lake(f"acme-{number:02}", 7), lake(f"acme-{number:02}", 30 if number < 30 else 7)) for number in range(40)
    ]
    return Review(with_verdicts(document(*plans), found("VER-01")))


def nothing_to_do() -> Review:
    return Review(document(plan(BEFORE.replace("days: 30", "days: 60"), BEFORE.replace("days: 30", "days: 60"))))


def everything_goes() -> Review:
    told = ("acme-lake: versioning was changed by somebody else", "nothing was written")
    about = About(stage=Stage.NOT_APPLIED, told=told)
    return Review(document(plan(ABSENT, BEFORE), endpoint="sandbox", targets=("acme-lake",)), about=about)


def buckets_go() -> Review:
    spec = "{name: %s, region: us-east-1, state: absent, confirm_delete: %s, empty_first: true, max_objects: 9}"
    plans = []
    for name, holds in (("acme-full", Contents(objects=2, bytes=300)), ("acme-gone", Contents())):
        live = LiveBucket(name, Existence.EXISTS, "us-east-1", aspects={"public_access_block": None, "policy": None})
        plans.append(plan(spec % (name, name), replace(live, contents=holds)))
    return Review(document(*plans))


def many_days() -> Review:
    moves = [
        (30, "STANDARD_IA"),
        (60, "INTELLIGENT_TIERING"),
        (100, "ONEZONE_IA"),
        (200, "GLACIER_IR"),
        (300, "GLACIER"),
    ]
    rule = "{id: r, transitions: [%s], expiration: {days: %s}}"
    sides = [
        rule % (", ".join(f"{{days: {days + later}, storage_class: {name}}}" for days, name in moves), 3650 + later)
        for later in (0, 7)
    ]
    before, after = (f"{{name: acme-lake, lifecycle: {{rules: [{side}]}}}}" for side in sides)
    return Review(document(plan(after, before)))


def applied() -> Review:
    new = plan(lake("acme-new", 7))
    return Review(document(new, endpoint="https://s3.example.com"), about=About(stage=Stage.APPLIED, told=("done",)))


def doors_that_open() -> Review:
    statement = (
        "{Sid: PublicRead, Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::%s/*'}"
    )
    wide = "public_access_block: absent, ownership_controls: BucketOwnerEnforced"
    spec = "{name: %s, region: us-east-1, policy: {Statement: %s}, lifecycle: {rules: [{id: r, %s}]}, " + wide + "}"
    now = "expiration: {days: 9}, noncurrent_version_expiration: {noncurrent_days: 90}"
    others = statement.replace("'*'", "{AWS: '111122223333'}"), statement.replace("GetObject", "GetObject*")
    plans = [
        plan(spec % (name, statement % name, now), spec % (name, before % name, "expiration: {days: 9}"))
        for name, before in zip(("acme-opens", "acme-stays-open"), others, strict=True)
    ]
    planned = document(*plans)
    planned["inputs"]["shard"] = {"index": 1, "total": 4, "of_buckets": 8}
    return Review(planned)


def invalid_specs() -> Review:
    place = Place("specs/lake.yaml", 5, 3, 12)
    written = ("buckets:", "  versionin: Enabled")
    problems = (
        Problem("RCL1301", "there is no field `versionin`", place, "versioning?", lines=written),
        Problem("RCL1001", "the file cannot be read", None, None),
        Problem("RCL1999", "old", Place("specs/b.yaml", 1, 1, 1), None, Severity.WARNING),
    )
    return Review(None, problems, About(compared=Compared.NOTHING))


def valid_specs() -> Review:
    return Review(None, (), About(compared=Compared.BASE))


PAGES: Mapping[str, Callable[[], Review]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        everything_changes,
        a_fleet,
        nothing_to_do,
        everything_goes,
        buckets_go,
        many_days,
        doors_that_open,
        applied,
        invalid_specs,
        valid_specs,
    )
}


class Structure(HTMLParser):
    """The elements of a page with the names of their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.paths: dict[str, list[str]] = {}
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(f"{'/'.join(self.open)}/{tag} {' '.join(name for name, _ in attrs)}")
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ALONE:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.paths.setdefault(data.strip(), list(self.open))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [value or "" for _, attribute, value in self.attributes if attribute == name]
