"""A check as Markdown: the comment of a pull request, and the summary of a job.

What may hurt stands at the top, unfolded, and is told whatever the length; the rest takes the room that is left:
findings, a table of buckets, a line for each change, diffs. What finds no room is counted, and it is said where it is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from reconciler.planning.changeset import Action, worst
from reconciler.problems import Severity
from reconciler.reports.groups import Group, groups_of, is_risky
from reconciler.reports.markdown_changes import (
    MOST_LINES,
    brief,
    brief_caution,
    bucket_lines,
    counted_caution,
    folded,
    risky_of,
    row,
    table_of,
    whole_caution,
)
from reconciler.reports.markdown_findings import HEADINGS, finding_items
from reconciler.reports.markdown_marker import Marker, marker, marker_in
from reconciler.reports.markdown_text import code, link, prose
from reconciler.reports.review import Compared, Document, Review, Stage, remarks
from reconciler.reports.text import DANGEROUS, RISKS, TO_DO, risk_of
from reconciler.reports.values import count
from reconciler.version import __version__

__all__ = ["Marker", "marker", "marker_in", "render"]

LARGEST = 60_000
"""Bytes. A comment on GitHub has 65,536 characters, and something more may be added to it."""
LEAST = 20_000
"""Bytes that a report may always have."""
LONGEST_MARKER = 12_000
SPARE = 1_500
"""Bytes kept for what says that something was left out."""
TOO_LITTLE = 500
"""Bytes in which no diff is tried any more."""
FEW_ROWS = 25
"""Rows up to which the table is not folded."""
FEW_DIFFS, FEW_LINES = 3, 10
"""So few diffs, of so few lines, are shown unfolded."""
SHORT = 100
"""Characters of what is no sentence: a target, an endpoint."""
STAGES = {
    Stage.APPLYING: "⏳ **Being applied.**",
    Stage.APPLIED: "✅ **Applied.**",
    Stage.NOT_CHECKED: "🛑 **Not checked.** What these specs would do, nobody knows.",
    Stage.NOT_APPLIED: "🛑 **Not applied.**",
}


def render(review: Review, *, key: str = "reconcile", largest: int = LARGEST) -> str:
    """The whole report, in at most `largest` bytes; at least 20,000 of them are taken for granted."""
    largest = max(largest, LEAST)
    groups = groups_of(review.document["buckets"]) if review.document else ()
    top = [first_line(review, key), f"## {title(review)}", *standing(review, largest // 6)]
    bottom = list(footer(review, largest // 8))
    room = largest - SPARE - size([*top, *bottom])
    parts: list[str] = []
    for section in (cautions(groups, room), findings(review), tables(review, groups), diffs(groups)):
        told = section(room)
        room -= size(told)
        parts += told
    return "\n\n".join([*top, *parts, *bottom]) + "\n"


Section = Callable[[int], list[str]]
"""A part of the report, made for the bytes that are left."""


def size(parts: Iterable[str]) -> int:
    """Bytes of some paragraphs, with what stands between them."""
    return sum(len(part.encode("utf-8", "replace")) + 2 for part in parts)


# ── top and bottom ───────────────────────────────────────────────────────────────────────────────────


def first_line(review: Review, key: str) -> str:
    """The marker. Of paths that would be too long nothing is said, nor that anything was reviewed."""
    document, about = review.document, review.about
    is_plan = document is not None and about.compared is Compared.LIVE
    fingerprint = document["fingerprint"] if document is not None and is_plan else None
    paths = tuple(document["inputs"]["paths"]) if document is not None else ()
    line = marker(Marker(key, fingerprint, about.head, paths, __version__))
    return line if len(line) <= LONGEST_MARKER else marker(Marker(key, None, None, (), __version__))


def title(review: Review) -> str:
    """The verdict, and the counts that it is made of."""
    target = f" {code(review.about.target, SHORT)}" if review.about.target else ""
    return f"{icon(review)} reconcile{target}: {verdict(review)}"


def icon(review: Review) -> str:
    """The verdict as a picture; the words beside it say the same."""
    buckets = review.document["buckets"] if review.document else ()
    if any(remark.severity is Severity.ERROR and remark.waiver is None for remark in remarks(review)):
        return "🛑"
    if any(map(is_risky, buckets)):
        return "🚨"
    return "🔵" if any(bucket["changes"] for bucket in buckets) else "✅"


def verdict(review: Review) -> str:
    """How much is to be done, and the worst that it may do."""
    if review.about.stage is Stage.NOT_CHECKED:
        return "not checked"
    errors = sum(problem.is_error for problem in review.problems)
    if errors:
        return f"the specs are not valid, {count(errors, 'error')}"
    if review.document is None:
        return "the specs are valid"
    summary = review.document["summary"]
    words = {**TO_DO, Action.BLOCKED: "blocked"}
    parts = [f"{summary[action]:,} {said}" for action, said in words.items() if summary.get(action)]
    refused = sum(
        found["severity"] == "error" and found["waiver"] is None
        for bucket in review.document["buckets"]
        for found in bucket.get("guardrails", ())
    )
    parts += [f"{count(refused, 'guardrail error')}"] if refused else []
    risk = worst(map(risk_of, review.document["buckets"]))
    loud = f" – **{RISKS[risk]}**" if risk in DANGEROUS else ""
    return (", ".join(parts) or "no changes") + loud


def standing(review: Review, room: int) -> Iterator[str]:
    """What has become of it, what it was compared with, and what it is about."""
    about = review.about
    if about.stage in STAGES or about.told:
        told = fitting((f"- {prose(sentence)}" for sentence in about.told), room)
        yield "\n".join([STAGES.get(about.stage, "**To be told:**"), *([""] if told else []), *told])
    if about.compared is Compared.BASE:
        base = f" of {code(about.base[:12])}" if about.base else ""
        yield (
            f"> [!NOTE]\n> **Not compared with live buckets.** This is what the specs change against those{base}; "
            "what is live may be something else."
        )
    elif about.compared is Compared.NOTHING and about.stage is not Stage.NOT_CHECKED:
        yield "> [!NOTE]\n> **Not compared with live buckets.** Only the specs themselves were looked at."
    if review.document is not None:
        yield " · ".join(scope(review.document))


def scope(document: Document) -> Iterator[str]:
    """Which buckets these are, in which account."""
    inputs, buckets = document["inputs"], document["buckets"]
    accounts = sorted({bucket["account"] or "unknown" for bucket in buckets})
    inside = f" in {listed(inputs['paths'])}" if inputs["paths"] else ""
    yield f"{count(len(buckets), 'bucket')}{inside}"
    if accounts:
        yield f"account {listed(accounts)}"
    if document["endpoint"] == "sandbox":
        yield "**sandbox: nothing is real**"
    elif document["endpoint"]:
        yield f"at {code(document['endpoint'], SHORT)}"
    if inputs.get("shard"):
        part = inputs["shard"]
        yield f"**only shard {part['index']} of {part['total']}**"
    if inputs["targets"]:
        yield f"**only a part of the specs**: {listed(inputs['targets'])}"


def listed(texts: Sequence[str], most: int = 3) -> str:
    """Some texts; more are counted."""
    left = len(texts) - most
    return ", ".join(code(text, 100) for text in texts[:most]) + (f" and {left:,} more" if left > 0 else "")


def fitting(items: Iterable[str], room: int) -> list[str]:
    """As many items of a list as there is room for, and how many more there are."""
    shown: list[str] = []
    left = 0
    for item in items:
        room -= size([item])
        if room >= 0:
            shown.append(item)
        else:
            left += 1
    return [*shown, f"- and {left:,} more: the log of the run has them all"] if left else shown


def footer(review: Review, room: int) -> Iterator[str]:
    """What an apply needs, what to do next, and what all of this was made of."""
    about, document = review.about, review.document
    needs = document.get("needs", ()) if document else ()
    if needs:
        told = fitting((f"- {code(need['flag'])}: {needed(need)}" for need in needs), room)
        yield "\n".join(["Apply also needs", "", *told])
    if about.next_command and document and any(bucket["changes"] for bucket in document["buckets"]):
        yield f"Next: {code(about.next_command)}"
    parts = [f"fingerprint {code(document['fingerprint'][:12])}"] if document and document["fingerprint"] else []
    parts += [f"{name} {code(commit[:12])}" for name, commit in (("head", about.head), ("base", about.base)) if commit]
    parts += [f"reconcile {code(__version__)}", *filter(None, [link("run", about.run_url)])]
    yield f"---\n\n{' · '.join(parts)}"


def needed(need: Document) -> str:
    """What happens, and to whom."""
    return prose(f"{need['about']} {need['why']}" if need["kind"] == "consent" else need["why"])


# ── sections ─────────────────────────────────────────────────────────────────────────────────────────


def cautions(groups: Sequence[Group], room: int) -> Section:
    """Every risky change, in as many words as there is room for; it may take all of it, but for a line or two."""

    def section(_: int) -> list[str]:
        risky = risky_of(groups)
        if not risky:
            return []
        for most in (None, MOST_LINES):
            text = whole_caution(groups, room, most)
            if text is not None:
                return [text]
        if size([brief_caution(risky)]) <= room:
            return [brief_caution(risky)]
        fits = [most for most in (1_000, 300, 100, 30, 10, 3, 0) if size([counted_caution(risky, most)]) <= room]
        return [counted_caution(risky, fits[0] if fits else 0)]

    return section


def findings(review: Review) -> Section:
    """The findings, errors first, in half of the room."""

    def section(room: int) -> list[str]:
        items = finding_items(review)
        told: dict[str, list[str]] = {}
        left, used = 0, 0
        for level, item in items:
            used += size([item]) + (len(HEADINGS[level]) + 10 if level not in told else 0)
            if used > room // 2:
                left += 1
            else:
                told.setdefault(level, []).append(item)
        parts = [f"### {HEADINGS[level]}\n\n" + "\n".join(found) for level, found in told.items()]
        more = f"{count(left, 'more finding')} had no room here: {elsewhere(review)}."
        return [*parts, *([more] if left else [])]

    return section


def elsewhere(review: Review) -> str:
    """Where all of it is."""
    run = link("the run", review.about.run_url)
    return f"{run or 'the log of the run'} and its reports have all"


def tables(review: Review, groups: Sequence[Group]) -> Section:
    """A row for each bucket; where there is no room, for each change; else nothing but a word."""

    def section(room: int) -> list[str]:
        buckets = [bucket for group in groups for bucket in group.buckets]
        if not buckets:
            return []
        rows = [row(bucket) for bucket in buckets]
        table = table_of(rows)
        if len(rows) > FEW_ROWS:
            table = f"<details><summary>{count(len(rows), 'bucket')}</summary>\n\n{table}\n\n</details>"
        by_change = table_of(row(group.first, len(group.buckets) - 1) for group in groups)
        for text in (table, by_change):
            if size([text]) <= room // 2:
                return [text]
        return [f"The table of {count(len(rows), 'bucket')} had no room here: {elsewhere(review)}."]

    return section


def diffs(groups: Sequence[Group]) -> Section:
    """A line for each change, and in its place the whole diff as long as there is room: worst first."""

    def section(room: int) -> list[str]:
        told = [group for group in groups if group.first["changes"]]
        lines = [brief(group) for group in told]
        reserved = list(accumulate(size([line]) for line in lines))
        fits = sum(used <= room for used in reserved)
        room -= reserved[fits - 1] if fits else 0
        whole: list[str] = []
        in_a_line: list[str] = []
        for group, line in zip(told[:fits], lines, strict=False):
            if room < TOO_LITTLE:
                in_a_line.append(line)
                continue
            text = folded(group, is_open=len(told) <= FEW_DIFFS and is_short(group))
            if size([text]) <= room:
                room -= size([text])
                whole.append(text)
            else:
                in_a_line.append(line)
        return [*whole, *left_out(in_a_line, len(told) - fits)]

    return section


def is_short(group: Group) -> bool:
    """Whether a diff may as well be unfolded; what stands at the top already is not."""
    return not is_risky(group.first) and sum(1 for _ in bucket_lines(group.first)) <= FEW_LINES


def left_out(in_a_line: Sequence[str], left: int) -> Iterator[str]:
    """The changes whose diffs had no room."""
    if in_a_line:
        yield "**In a line each, for want of room**; `reconcile plan` shows their diffs:\n\n" + "\n".join(in_a_line)
    if left:
        yield f"**{count(left, 'more change')} had no room here**; `reconcile plan` shows them."
