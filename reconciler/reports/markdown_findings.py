"""What somebody should look at, for the Markdown report: errors, warnings, and what is let pass."""

from collections.abc import Iterator

from reconciler.problems import Place
from reconciler.reports.findings import Finding, findings_of, guardrail, is_elsewhere
from reconciler.reports.markdown_text import code, prose
from reconciler.reports.review import BLOCKED, Review

FEW = 3
"""Places that are named beside a finding; more are counted."""
HEADINGS = {"error": "🛑 To be mended", "warning": "⚠ Advised", "waived": "Let pass"}


def finding_items(review: Review) -> list[tuple[str, str]]:
    """Each finding's level, and the item of a list that tells it."""
    return [(finding.level, item(finding)) for finding in findings_of(review)]


def item(finding: Finding) -> str:
    """What is wrong, where, what to do, what others call it; of what is let pass, by whom and until when."""
    return "  \n  ".join([headline(finding), *details(finding)])


def headline(finding: Finding) -> str:
    """Code and title, or what is in the way; and the message."""
    remark = finding.first
    parts = ["- **blocked**" if remark.code == BLOCKED else f"- {code(remark.code)}"]
    if remark.title and remark.code != BLOCKED:
        parts.append(f"{prose(remark.title)}:")
    if is_elsewhere(remark):
        parts.append(f"{code(remark.path, 200)}:")
    return " ".join([*parts, prose(remark.message)])


def details(finding: Finding) -> Iterator[str]:
    """The lines below it."""
    remark = finding.first
    where = list(dict.fromkeys(places(finding)))
    if where:
        more = f" and {len(where) - FEW:,} more" if len(where) > FEW else ""
        yield f"at {', '.join(where[:FEW])}{more}"
    if remark.help:
        yield f"help: {prose(remark.help)}"
    known = guardrail(remark.code)
    if known is not None and known.controls:
        named = (f"{name} {', '.join(map(code, ids))}" for name, ids in sorted(known.controls.items()))
        yield f"also known as {'; '.join(named)}"
    if remark.waiver is not None:
        owner, expires, reason = (remark.waiver[name] for name in ("owner", "expires", "reason"))
        yield f"waived by {code(owner, 100)} until {code(expires, 100)}: {prose(reason)}"


def places(finding: Finding) -> Iterator[str]:
    """Bucket and ``file:line`` of each."""
    for remark in finding.remarks:
        parts = [code(remark.bucket, 100)] if remark.bucket else []
        parts += [code(line_of(remark.place), 300)] if remark.place else []
        if parts:
            yield " ".join(parts)


def line_of(place: Place) -> str:
    """``specs/lake.yaml:5``."""
    return f"{place.file}:{place.line}"
