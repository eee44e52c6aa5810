"""What changes, for the Markdown report: risky changes, a table of buckets, and diffs; the same is told once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from reconciler.aspects.calls import Risk
from reconciler.inert import inert
from reconciler.planning.changeset import BUCKET, Action
from reconciler.planning.storage import path_text
from reconciler.reports.evidence import evidence_text
from reconciler.reports.groups import Group, place_of
from reconciler.reports.markdown_text import code, fenced, in_html, prose, shortened
from reconciler.reports.review import WORST_FIRST, Document, risky_changes
from reconciler.reports.text import DANGEROUS, RISKS, STATES, TAGS, risk_of
from reconciler.reports.values import count, members, texts_of, value_text
from reconciler.reports.view import ChangeView, FieldView, ItemView, changes_of

LONGEST_VALUE = 300
"""Characters of a value in a diff."""
BEFORE_THE_DIFFERENCE = 40
"""Characters that two long values have in common and that are shown before they part."""
MOST_LINES = 8
"""Lines of a risky change that are shown at the top where all of them would be too long."""
LONGEST_NAME = 100
FEW_NAMES = 5
"""Buckets that are named before what happens to them."""


class Risky(NamedTuple):
    """One risky change, on all buckets that have it."""

    aspect: str
    risk: Risk
    consequences: tuple[str, ...]
    names: tuple[str, ...]


# ── what may hurt ────────────────────────────────────────────────────────────────────────────────────


def risky_of(groups: Iterable[Group]) -> list[Risky]:
    """Every risky change, worst first."""
    found = [risky for group in groups for risky in risky_in(group)]
    return sorted(found, key=lambda risky: WORST_FIRST.index(risky.risk))


def risky_in(group: Group) -> list[Risky]:
    """Those of buckets that change alike, worst first."""
    names = tuple(one["name"] for one in group.buckets)
    said = (group.first.get("exposure") or {}).get("summary")
    found = []
    for aspect, risk, consequences in risky_changes(group.first):
        exposure = [said] if said and risk is Risk.WIDENS_ACCESS else []
        found.append(Risky(aspect, risk, (*consequences, *exposure), names))
    return sorted(found, key=lambda risky: WORST_FIRST.index(risky.risk))


def caution(lines: Iterable[str]) -> str:
    """A block that nobody can fold away."""
    return "\n".join(f"> {line}".rstrip() for line in ("[!CAUTION]", *lines))


def whole_caution(groups: Iterable[Group], room: int, most: int | None = None) -> str | None:
    """Each risky change: what, where, why, and at most so many lines of its diff; None where that is too long."""
    whole = room
    lines = ["**Look twice: what cannot be taken back, or lets more people in.**"]
    for group in groups:
        risky = risky_in(group)
        views = {change.aspect: change for change in changes_of(group.first)} if risky else {}
        told = [line for one in risky for line in whole_risk(one, views.get(one.aspect), most)]
        room -= sum(len(line.encode()) + len("> \n") for line in told)
        if room < 0:
            return None
        lines += told
    text = caution(lines)
    return text if len(text.encode()) <= whole else None


def whole_risk(one: Risky, change: ChangeView | None, most: int | None) -> Iterator[str]:
    """One of them: a paragraph, its diff, and the buckets, which come first where they are few."""
    what = "the bucket itself:" if one.aspect == BUCKET else f"`{one.aspect}` of"
    names = ", ".join(code(name, LONGEST_NAME) for name in one.names)
    are_few = len(one.names) <= FEW_NAMES
    yield ""
    yield f"**{RISKS[one.risk]}**: {what} {names if are_few else count(len(one.names), 'bucket')}"
    yield from (f"- {prose(sentence)}" for sentence in one.consequences)
    if change is not None:
        lines = list(change_lines(change))
        left = len(lines[most:]) if most is not None else 0
        more = [f"  ({count(left, 'more line')}: reconcile plan shows them)"] if left else []
        yield ""
        yield from fenced([*lines[:most], *more]).split("\n")
    if not are_few:
        yield ""
        yield f"These are {names}"


def brief_caution(risky: Sequence[Risky]) -> str:
    """Each risk and aspect once, and every bucket by its name."""
    said = "**Look twice.** What each of them costs would be too long for here: `reconcile plan` tells it."
    return caution([said, "", *brief_lines(risky)])


def brief_lines(risky: Sequence[Risky], most: int | None = None) -> Iterator[str]:
    """An item for each risk; at most so many names of each."""
    by_risk: dict[Risk, dict[str, None]] = {}
    for one in risky:
        by_risk.setdefault(one.risk, {}).update(dict.fromkeys(one.names))
    for risk, named in by_risk.items():
        names = list(named)
        shown = [code(name, LONGEST_NAME) for name in names[:most]]
        left = len(names) - len(shown)
        shown += [f"and {left:,} more"] if left else []
        yield f"- **{RISKS[risk]}**: {count(len(names), 'bucket')}: {', '.join(shown)}"


def counted_caution(risky: Sequence[Risky], most: int) -> str:
    """How many buckets have each risk, and as many names as there is room for."""
    said = "**Look twice: there are too many risky changes to name them all here.**"
    return caution([said, "", *brief_lines(risky, most)])


# ── the table ────────────────────────────────────────────────────────────────────────────────────────

HEAD = "| Bucket | Action | What changes | Risk | Written in |\n| --- | --- | --- | --- | --- |"


def table_of(rows: Iterable[str]) -> str:
    """A row per bucket."""
    return "\n".join([HEAD, *rows])


def row(bucket: Document, others: int = 0) -> str:
    """One bucket, or the first of many that change alike."""
    name = code(bucket["name"], LONGEST_NAME) + (f" and {others:,} more" if others else "")
    risk = risk_of(bucket)
    said = f"**{RISKS[risk]}**" if risk in DANGEROUS else RISKS.get(risk, "")
    told = ", ".join(changed(change) for change in bucket["changes"]) or "–"
    return f"| {name} | {STATES[bucket['action']]} | {told} | {said} | {code(place_of(bucket), 150)} |"


def changed(change: Document) -> str:
    """``lifecycle (2)``: an aspect, and how many fields of it."""
    if change["aspect"] == BUCKET:
        return "the bucket"
    return f"{change['aspect']} ({len(change['fields']):,})"


# ── diffs ────────────────────────────────────────────────────────────────────────────────────────────


def folded(group: Group, *, is_open: bool) -> str:
    """One change in full, folded; buckets that change alike are named in it."""
    bucket = group.first
    risk = risk_of(bucket)
    parts = [in_html(bucket["name"], LONGEST_NAME), STATES[bucket["action"]]]
    parts += [f"<b>{RISKS[risk]}</b>"] if risk in DANGEROUS else []
    alike = len(group.buckets)
    parts += [f"the same on {count(alike, 'bucket')}"] if alike > 1 else []
    body = [f"<details{' open' if is_open else ''}><summary>{' · '.join(parts)}</summary>"]
    if alike > 1:
        body.append("On " + ", ".join(code(one["name"], LONGEST_NAME) for one in group.buckets) + ".")
        body.append("Shown is the first; where its name stands, the others have their own.")
    body += [f"- {prose(said)}" for said in facts_of(bucket)]
    lines = list(bucket_lines(bucket))
    body += [fenced(lines)] if lines else []
    return "\n\n".join([*body, "</details>"])


def brief(group: Group) -> str:
    """The same in a line."""
    bucket = group.first
    others = len(group.buckets) - 1
    name = code(bucket["name"], LONGEST_NAME) + (f" and {count(others, 'more bucket')}" if others else "")
    told = ", ".join(changed(change) for change in bucket["changes"]) or STATES[bucket["action"]]
    return f"- {name}: {told}"


def facts_of(bucket: Document) -> Iterator[str]:
    """Who gets in, and what would go."""
    exposed = bucket.get("exposure")
    if exposed and exposed["summary"]:
        yield exposed["summary"]
    if bucket.get("evidence"):
        yield f"evidence: {evidence_text(bucket['evidence'])}"


def bucket_lines(bucket: Document) -> Iterator[str]:
    """The diff of a bucket, aspect by aspect."""
    for change in bucket["changes"]:
        if change["aspect"] == BUCKET:
            yield from whole_bucket_lines(change)
    for change in changes_of(bucket):
        risk = f" · {RISKS[change.risk]}" if change.risk in RISKS else ""
        yield f"@@ {change.aspect}{risk} @@"
        yield from change_lines(change)
        yield from (f"# {shortened(inert(sentence), LONGEST_VALUE)}" for sentence in change.consequences)
        noun = "tag" if change.aspect == TAGS else None
        left = [count(number, noun or what) for what, number in change.unchanged.items() if number]
        if left:
            yield f"  (unchanged: {', '.join(left)})"


def whole_bucket_lines(change: Document) -> Iterator[str]:
    """The bucket itself comes, goes, or is emptied."""
    signs = {Action.CREATE: "+ the bucket", Action.DELETE: "- the bucket"}
    yield signs.get(change["action"], "- everything in the bucket")
    yield from (f"# {shortened(inert(sentence), LONGEST_VALUE)}" for sentence in change.get("consequences", ()))


def change_lines(change: ChangeView) -> Iterator[str]:
    """The fields of an aspect, markers in the first column."""
    for item in change.items:
        yield from item_lines(item)


def item_lines(item: ItemView) -> Iterator[str]:
    """A rule or a statement in words, where it comes or goes and there are some; else its fields."""
    name = value_text(item.name) if item.name is not None else ""
    if item.words:
        sign = "+" if item.action is Action.CREATE else "-"
        yield f"{sign} {shortened(name, LONGEST_NAME)}: {shortened(inert(item.words), LONGEST_VALUE)}"
        return
    for field in item.fields:
        inside = value_text(field.path[0]) if len(field.path) == 1 else inert(path_text(field.path))
        path = shortened(f"{name}: {inside}" if name else inside, 2 * LONGEST_NAME)
        yield from field_lines(path, field)


def field_lines(path: str, field: FieldView) -> Iterator[str]:
    """One field: what goes, and what comes; of lists, the members that do."""
    if field.action is not Action.UPDATE:
        sign = "+" if field.action is Action.CREATE else "-"
        yield f"{sign} {path}: {shortened(value_text(field.value), LONGEST_VALUE)}"
        return
    if isinstance(field.before, list) and isinstance(field.after, list):
        gone, come, stay = members(field.before, field.after)
        if gone or come:
            yield from (f"- {path}: {shortened(value_text(one), LONGEST_VALUE)}" for one in gone)
            yield from (f"+ {path}: {shortened(value_text(one), LONGEST_VALUE)}" for one in come)
            if stay:
                yield f"  {path}: ({stay:,} unchanged)"
            return
    old, new = parted(*texts_of(field.before, field.after))
    yield f"- {path}: {old}"
    yield f"+ {path}: {new}"


def parted(old: str, new: str) -> tuple[str, str]:
    """Two texts, so much of them that the difference is seen."""
    if max(len(old), len(new)) <= LONGEST_VALUE:
        return old, new
    same = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
    same = min(len(old), len(new)) if same is None else same
    first = max(same - BEFORE_THE_DIFFERENCE, 0)
    head = "…" if first else ""
    return head + shortened(old[first:], LONGEST_VALUE), head + shortened(new[first:], LONGEST_VALUE)
