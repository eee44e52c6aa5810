"""What somebody should look at, the same told once; and the rule that says it, where it is one of ours."""

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from reconciler.guardrails.rule import Rule
from reconciler.problems import Problem
from reconciler.reports.review import Remark, Review, remarks, remarks_of

LEVELS = ("error", "waived", "warning")
"""What is let pass comes before advice, which may be so much that the rest has no room."""
OUR_RULE = re.compile(r"[A-Z]{2,8}-[0-9]{2,3}\Z")


class Finding(NamedTuple):
    """One thing to look at, wherever it is so."""

    remarks: tuple[Remark, ...]
    problem: Problem | None = None
    """The problem of the specs that it is, with the lines that are written there."""

    @property
    def first(self) -> Remark:
        """What is said."""
        return self.remarks[0]

    @property
    def level(self) -> str:
        """`error`, `warning`, or `waived`."""
        return "waived" if self.first.waiver is not None else self.first.severity.value


def findings_of(review: Review) -> tuple[Finding, ...]:
    """Problems of specs, what is in the way, and what rules and the plan say: errors first.

    Risky changes are told before all of these, and not again.
    """
    of_specs = remarks(review._replace(document=None))
    found = [Finding((remark,), problem) for remark, problem in zip(of_specs, review.problems, strict=True)]
    alike: dict[object, list[Remark]] = {}
    for bucket in review.document["buckets"] if review.document else ():
        for remark in remarks_of({**bucket, "changes": ()}):
            alike.setdefault(likeness(remark), []).append(remark)
    found += [Finding(tuple(remarks)) for remarks in alike.values()]
    return tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level)))


def likeness(remark: Remark) -> object:
    """What a remark says, whatever its bucket is called."""
    name = remark.bucket or ""
    texts = (text.replace(name, "\0") if name else text for text in (remark.message, remark.help or "", remark.path))
    waiver = tuple(sorted(remark.waiver.items())) if remark.waiver is not None else None
    return remark.code, remark.severity, remark.title, tuple(texts), waiver


def is_elsewhere(remark: Remark) -> bool:
    """Whether the path says something that the message does not begin with."""
    return bool(remark.path) and not remark.message.startswith(f"{remark.path}:")


@cache
def guardrail(code: str) -> Rule | None:
    """One of our own rules; None for whatever else has a code, a team's own rules among them."""
    name = f"reconciler.guardrails.rules.{code.lower().replace('-', '_')}"
    if not OUR_RULE.match(code) or find_spec(name) is None:
        return None
    known: Rule = import_module(name).RULE
    return known
