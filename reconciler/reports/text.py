"""The plan as people read it in a terminal.

What may hurt comes first, what stays as it is is a number, and everything is called by its own name: a
rule by its id, a statement by its Sid, a tag by its key.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.aspects.aspect import Risk
from reconciler.planning.changeset import Action, worst
from reconciler.reports.inert import inert
from reconciler.reports.style import Style
from reconciler.reports.values import count, spread, value_text, visible_length, wrapped
from reconciler.reports.view import ChangeView, FieldView, ItemView, changes_of

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.BLOCKED: "✗", Action.NONE: " "}
RISKS = {
    Risk.LOSES_DATA: "can lose data",
    Risk.LOSES_PROTECTION: "loses protection",
    Risk.WIDENS_ACCESS: "widens access",
    Risk.CUTS_ACCESS: "cuts access",
    Risk.COSTS_MONEY: "costs money",
}
DANGEROUS = (Risk.LOSES_DATA, Risk.LOSES_PROTECTION, Risk.WIDENS_ACCESS)
WIDEST_NAME = 32
"""Columns that are kept for names; longer ones push their values to the right."""
NAMES_SHOWN = 12
"""Unchanged buckets that are named; more are counted."""

Document = Mapping[str, Any]


def render(document: Document, style: Style, *, next_command: str | None = None) -> str:
    """The whole plan."""
    view = _View(style)
    buckets = document["buckets"]
    shown = [bucket for bucket in buckets if bucket["action"] != Action.NONE or bucket["findings"]]
    hidden = [bucket["name"] for bucket in buckets if bucket["action"] == Action.NONE and not bucket["findings"]]
    lines = [*view.heading(document)]
    for bucket in sorted(shown, key=urgency):
        lines += ["", *view.bucket(bucket)]
    if hidden and shown:
        lines += ["", view.unchanged(hidden)]
    lines += ["", *view.ending(document, next_command)]
    return style.fit("\n".join(lines)) + "\n"


def risk_of(bucket: Document) -> Risk:
    """The worst risk of a bucket's changes."""
    return worst(Risk(change["risk"]) for change in bucket["changes"])


def urgency(bucket: Document) -> tuple[int, bool, str]:
    """Buckets whose change may hurt most come first, then those that are blocked, then by name."""
    risk = risk_of(bucket)
    return list(Risk).index(risk if risk in DANGEROUS else Risk.HARMLESS), not bucket["blockers"], bucket["name"]


class _View:
    """Renders parts of a plan in one style."""

    def __init__(self, style: Style) -> None:
        self.style = style

    # ── around the buckets ───────────────────────────────────────────────────────────────────────────

    def heading(self, document: Document) -> Iterator[str]:
        """Whose buckets these are, and what the signs mean."""
        style, inputs = self.style, document["inputs"]
        accounts = sorted({bucket["account"] or "unknown" for bucket in document["buckets"]})
        where = f"account {', '.join(accounts)}"
        if document["endpoint"] == "sandbox":
            yield style.paint(" SANDBOX ", 1, 30, 43) + style.yellow(" an embedded S3 on this machine: nothing is real")
        elif document["endpoint"]:
            where += f" at {inert(document['endpoint'])}"
        paths = ", ".join(map(inert, inputs["paths"]))
        yield f"{style.bold('Plan')} for {count(len(document['buckets']), 'bucket')} in {paths} · {where}"
        if inputs["targets"]:
            yield style.yellow(f"Only a part of the specs: --target {', '.join(map(inert, inputs['targets']))}")
        if any(bucket["changes"] for bucket in document["buckets"]):
            legend = (style.green("+ create"), style.yellow("~ change"), style.red("- remove"))
            yield "  " + "   ".join([*legend, style.red("!") + " look twice"])

    def unchanged(self, names: Sequence[str]) -> str:
        """The buckets with nothing to do."""
        listed = ", ".join(map(inert, names[:NAMES_SHOWN])) + (", …" if len(names) > NAMES_SHOWN else "")
        return self.style.dim(f"  {count(len(names), 'bucket')} without changes: {listed}")

    def ending(self, document: Document, next_command: str | None) -> Iterator[str]:
        """Counts, the worst risk, and what to do next."""
        style, summary = self.style, document["summary"]
        has_changes = any(bucket["changes"] for bucket in document["buckets"])
        if not has_changes and not summary["blocked"]:
            said = (
                "The live bucket is as its spec says"
                if summary["none"] == 1
                else "The live buckets are as their specs say"
            )
            yield f"{style.green('✓ No changes.')} {said}."
            return
        parts = [f"{summary['create']} to create", f"{summary['update']} to change", f"{summary['none']} unchanged"]
        if summary["blocked"]:
            parts.append(style.red(f"{summary['blocked']} blocked"))
        risk = worst(map(risk_of, document["buckets"]))
        loud = style.red(f"  ! {RISKS[risk]}") if risk in DANGEROUS else ""
        yield f"{style.bold('Plan:')} {', '.join(parts)}.{loud}"
        yield style.dim(f"Fingerprint {document['fingerprint'][:12]}")
        if next_command and has_changes:
            yield f"Next: {style.cyan(next_command)}"

    # ── one bucket ───────────────────────────────────────────────────────────────────────────────────

    def bucket(self, bucket: Document) -> Iterator[str]:
        """A header, then changes with what may hurt first, then what is in the way."""
        style, source = self.style, bucket["source"]
        sign, paint = self.sign(Action(bucket["action"]))
        words = {"create": "to create", "update": "to change", "blocked": "blocked", "none": "no changes"}
        about = [words[bucket["action"]], bucket["region"], f"{inert(source['file'])}:{source['line']}"]
        yield f"{paint(sign)} {style.bold(inert(bucket['name']))}  {style.dim(' · '.join(filter(None, about)))}"
        for change in changes_of(bucket):
            yield from self.change(change)
        for blocker in bucket["blockers"]:
            yield f"    {style.red('✗ ' + blocker['aspect'])}  {inert(blocker['why'])}"
            yield f"        {style.cyan('help:')} {inert(blocker['remedy'])}"
        for finding in bucket["findings"]:
            kind = style.yellow(f"{finding['severity']}[{finding['code']}]")
            yield f"    {kind} {inert(finding['path'])}: {inert(finding['message'])}"

    def change(self, change: ChangeView) -> Iterator[str]:
        """One aspect: its name and risk, then its fields."""
        style = self.style
        sign, paint = self.sign(change.action)
        risk = ""
        if change.risk in DANGEROUS:
            risk = "  " + style.red(f"! {RISKS[change.risk]}")
        elif change.risk in RISKS:
            risk = "  " + style.dim(RISKS[change.risk])
        if is_one_value(change):
            field = change.items[0].fields[0]
            yield f"    {paint(sign)} {change.aspect}  {self.transition(field)}{risk}"
        else:
            yield f"    {paint(sign)} {change.aspect}{risk}"
            width = max((len(inert(item.name)) for item in change.items if item.words), default=0)
            for item in change.items:
                yield from self.item(item, min(width, WIDEST_NAME))
        if change.unchanged:
            yield style.dim(f"        ({count(change.unchanged, 'unchanged field')} hidden)")

    def item(self, item: ItemView, width: int) -> Iterator[str]:
        """One rule or statement; one that can be said in a sentence is."""
        if not item.name:
            yield from self.fields(item, 8)
            return
        sign, paint = self.sign(item.action)
        head = f"        {paint(sign)} {self.style.bold(inert(item.name))}"
        if item.words:
            padding = " " * (width - len(inert(item.name)))
            yield from wrapped(f"{head}{padding}  ", inert(item.words), self.style)
        else:
            yield head
            yield from self.fields(item, 12)

    def fields(self, item: ItemView, indent: int) -> Iterator[str]:
        """Names in a column, values after them."""
        width = min(max(len(inert(field.name)) for field in item.fields), WIDEST_NAME)
        for field in item.fields:
            sign, paint = self.sign(field.action)
            mark = f"{paint(sign)} " if item.action is Action.UPDATE else "  "
            head = " " * indent + mark + inert(field.name).ljust(width) + "  "
            yield from self.field(head, field)

    def field(self, head: str, field: FieldView) -> Iterator[str]:
        """One field: ``old → new``, or the members of a list that come and go."""
        if isinstance(field.before, list) and isinstance(field.after, list):
            yield from spread(head, self.members(field.before, field.after))
        elif field.action is not Action.UPDATE and isinstance(field.value, list):
            yield from spread(head, map(value_text, field.value), self.style.width)
        elif field.action is not Action.UPDATE:
            yield from wrapped(head, value_text(field.value), self.style)
        elif visible_length(head + self.transition(field)) <= max(self.style.width, 80):
            yield head + self.transition(field)
        else:
            yield f"{head}{self.style.red('- ' + value_text(field.before))}"
            yield f"{' ' * visible_length(head)}{self.style.green('+ ' + value_text(field.after))}"

    def transition(self, field: FieldView) -> str:
        """The value, or ``old → new``."""
        if field.action is not Action.UPDATE:
            return value_text(field.value)
        return f"{self.style.red(value_text(field.before))} → {self.style.green(value_text(field.after))}"

    def members(self, before: list[Any], after: list[Any]) -> Iterable[str]:
        """The members of a list that come and go, and how many stay."""
        style = self.style
        told = [style.red(f"- {value_text(item)}") for item in before if item not in after]
        told += [style.green(f"+ {value_text(item)}") for item in after if item not in before]
        stay = sum(item in before for item in after)
        return [*told, style.dim(f"({stay} unchanged)")] if stay or not told else told

    def sign(self, action: Action) -> tuple[str, Callable[[str], str]]:
        """The sign of an action and its colour."""
        style = self.style
        colours = {Action.CREATE: style.green, Action.UPDATE: style.yellow, Action.NONE: style.dim}
        return SIGNS[action], colours.get(action, style.red)


def is_one_value(change: ChangeView) -> bool:
    """Whether the aspect is a single word, like versioning, and fits on its own line."""
    if len(change.items) != 1 or change.items[0].name or change.unchanged or change.aspect == "tags":
        return False
    fields = change.items[0].fields
    return len(fields) == 1 and len(fields[0].path) == 1 and not isinstance(fields[0].value, list | dict)
