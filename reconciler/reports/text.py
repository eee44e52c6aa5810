"""The plan as people read it in a terminal.

What may hurt comes first, what stays as it is is a number, and everything is called by its own name: a
rule by its id, a statement by its Sid, a tag by its key.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.aspects.calls import Risk
from reconciler.inert import inert
from reconciler.planning.changeset import BUCKET, Action, worst
from reconciler.planning.exposure import Public, Verdict
from reconciler.planning.storage import path_text
from reconciler.problems import Severity
from reconciler.reports.evidence import evidence_text
from reconciler.reports.needs import needs_lines
from reconciler.reports.style import Style
from reconciler.reports.values import columns, count, members, padded, spread, texts_of, value_text, wrapped
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
ARROW = "→"
WIDEST_NAME = 32
"""Columns that are kept for names; longer ones push their values to the right."""
TO_DO = {"create": "to create", "update": "to change", "delete": "to delete"}
STATES = {**TO_DO, "blocked": "blocked", "none": "no changes"}
TAGS = "tags"
ACCOUNTS_SHOWN = 3
"""Accounts that are named at the top; more are counted."""
NAMES_SHOWN = 8
"""Unchanged buckets that are named; more are counted."""

Document = Mapping[str, Any]


def render(document: Document, style: Style, *, next_command: str | None = None) -> str:
    """The whole plan."""
    view = _View(style)
    buckets = document["buckets"]
    shown = [bucket for bucket in buckets if is_shown(bucket)]
    hidden = [bucket for bucket in buckets if not is_shown(bucket)]
    lines = [*view.heading(document)]
    for bucket in sorted(shown, key=urgency):
        lines += ["", *view.bucket(bucket)]
    if hidden and shown:
        lines += ["", *view.unchanged([bucket["name"] for bucket in hidden])]
    lines += view.advice(hidden)
    lines += ["", *view.ending(document, next_command)]
    return style.fit("\n".join(lines)) + "\n"


def risk_of(bucket: Document) -> Risk:
    """The worst risk of a bucket's changes."""
    return worst(Risk(change["risk"]) for change in bucket["changes"])


def is_shown(bucket: Document) -> bool:
    """Whether a bucket has a part of its own. What is advisable is only told of buckets that change."""
    return bool(bucket["action"] != Action.NONE or bucket["findings"] or any(map(refuses, verdicts_of(bucket))))


def verdicts_of(bucket: Document) -> Sequence[Document]:
    """What the guardrails say of a bucket; plans of older versions say nothing."""
    found: Sequence[Document] = bucket.get("guardrails", ())
    return found


def refuses(verdict: Document) -> bool:
    """Whether a run with this ends with exit code 3."""
    return verdict["severity"] == Severity.ERROR and verdict["waiver"] is None


def urgency(bucket: Document) -> tuple[int, bool, bool, str]:
    """Buckets whose change may hurt most come first, then what is blocked, then changes before creations; by name."""
    risk = risk_of(bucket)
    danger = list(Risk).index(risk if risk in DANGEROUS else Risk.HARMLESS)
    return danger, not bucket["blockers"], bucket["action"] == Action.CREATE, bucket["name"]


class _View:
    """Renders parts of a plan in one style."""

    def __init__(self, style: Style) -> None:
        self.style = style

    # ── around the buckets ───────────────────────────────────────────────────────────────────────────

    def heading(self, document: Document) -> Iterator[str]:
        """Whose buckets these are, and what the signs mean."""
        style, inputs = self.style, document["inputs"]
        accounts = sorted({inert(bucket["account"] or "unknown") for bucket in document["buckets"]})
        where = f"account {accounts[0]}" if len(accounts) == 1 else count(len(accounts), "account")
        if 1 < len(accounts) <= ACCOUNTS_SHOWN:
            where = f"accounts {', '.join(accounts)}"
        if document["endpoint"] == "sandbox":
            yield style.paint(" SANDBOX ", 1, 30, 43) + style.yellow(" an embedded S3 on this machine: nothing is real")
        elif document["endpoint"]:
            where += f" at {inert(document['endpoint'])}"
        paths = ", ".join(map(inert, inputs["paths"]))
        yield f"{style.bold('Plan')} for {count(len(document['buckets']), 'bucket')} in {paths} · {where}"
        if inputs.get("shard"):
            part = inputs["shard"]
            yield style.yellow(f"Only shard {part['index']}/{part['total']} of {count(part['of_buckets'], 'bucket')}")
        if inputs["targets"]:
            yield style.yellow(f"Only a part of the specs: --target {', '.join(map(inert, inputs['targets']))}")
        if any(bucket["changes"] for bucket in document["buckets"]):
            legend = (style.green("+ create"), style.yellow("~ change"), style.red("- remove"))
            yield "  " + "   ".join([*legend, style.red("!") + " look twice"])

    def unchanged(self, names: Sequence[str]) -> Iterator[str]:
        """The buckets with nothing to do."""
        more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
        listed = ", ".join(map(inert, names[:NAMES_SHOWN])) + more
        head = self.style.dim(f"  {count(len(names), 'bucket')} without changes: ")
        yield from wrapped(head, listed, self.style, self.style.dim)

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
        words = {**TO_DO, "none": "unchanged", "blocked": "blocked"}
        parts = [f"{summary[action]:,} {said}" for action, said in words.items() if summary[action]]
        partly = sum(bool(bucket["blockers"] and bucket["changes"]) for bucket in document["buckets"])
        parts += [f"{partly:,} of them with other changes"] if partly else []
        risk = worst(map(risk_of, document["buckets"]))
        loud = style.red(f"  ! {RISKS[risk]}") if risk in DANGEROUS else ""
        yield f"{style.bold('Plan:')} {', '.join(parts)}.{loud}"
        yield from needs_lines(document.get("needs", ()), style)
        yield style.dim(f"Fingerprint {document['fingerprint'][:12]}")
        if next_command and has_changes:
            yield f"Next: {style.cyan(inert(next_command))}"

    # ── one bucket ───────────────────────────────────────────────────────────────────────────────────

    def bucket(self, bucket: Document) -> Iterator[str]:
        """A header, then changes with what may hurt first, then what is in the way."""
        style, source = self.style, bucket["source"]
        sign, paint = self.sign(Action(bucket["action"]))
        is_new = any(change["aspect"] == BUCKET and change["action"] == Action.CREATE for change in bucket["changes"])
        state = STATES[bucket["action"]]
        state = f"to create, {state}" if is_new and bucket["blockers"] else state
        about = [state, inert(bucket["region"] or ""), f"{inert(source['file'])}:{source['line']}"]
        yield f"{paint(sign)} {style.bold(inert(bucket['name']))}  {style.dim(' · '.join(filter(None, about)))}"
        yield from self.exposure(bucket.get("exposure"))
        yield from self.evidence(bucket.get("evidence"))
        yield from self.unmaking(bucket)
        for change in changes_of(bucket):
            yield from self.change(change)
        for blocker in bucket["blockers"]:
            yield from wrapped(f"    {style.red('✗ ' + inert(blocker['aspect']))}  ", inert(blocker["why"]), style)
            yield from self.help(blocker["remedy"])
        for finding in bucket["findings"]:
            kind = style.yellow(f"{finding['severity']}[{inert(finding['code'])}]")
            yield from wrapped(f"    {kind} ", f"{inert(finding['path'])}: {inert(finding['message'])}", style)
            yield from self.help(finding["remedy"])

        for verdict in sorted(verdicts_of(bucket), key=lambda one: (one["waiver"] is not None, not refuses(one))):
            yield from self.verdict(verdict)

    def verdict(self, verdict: Document) -> Iterator[str]:
        """What a rule has against the spec, or why that is let pass."""
        style, waiver = self.style, verdict["waiver"]
        said = inert(f"{verdict['path']}: {verdict['message']}" if verdict["path"] else verdict["message"])
        if waiver is not None:
            let = inert(f"{verdict['rule']}, waived until {waiver['expires']} by {waiver['owner']}: {waiver['reason']}")
            yield from wrapped("    ", f"{let} ({said})", style, style.dim)
            return
        paint = style.red if refuses(verdict) else style.yellow
        kind = paint(f"{verdict['severity']}[{inert(verdict['rule'])}]")
        yield from wrapped(f"    {kind} ", said, style)
        yield from self.help(verdict["remedy"])

    def advice(self, hidden: Sequence[Document]) -> Iterator[str]:
        """That there is more to say of buckets that do not change."""
        number = sum(one["waiver"] is None for bucket in hidden for one in verdicts_of(bucket))
        if number:
            yield ""
            where = "buckets that do not change"
            yield self.style.dim(f"{count(number, 'warning')} about {where}: `reconcile lint` shows them")

    def exposure(self, exposed: Document | None) -> Iterator[str]:
        """Whether the bucket is public, where there is anything to say of it."""
        if exposed is None or exposed["summary"] is None:
            return
        loud = exposed["verdict"] == Verdict.MORE or exposed["after"]["public"] != Public.NO
        paint = self.style.red if loud else self.style.dim
        yield from wrapped(f"    {paint('! ' if loud else '  ')}", inert(exposed["summary"]), self.style, paint)

    def unmaking(self, bucket: Document) -> Iterator[str]:
        """The bucket itself, where it goes or is emptied: what is lost, in words."""
        for change in bucket["changes"]:
            if change["aspect"] == BUCKET and change["action"] != Action.CREATE:
                sign, paint = self.sign(Action.DELETE)
                what = "the bucket" if change["action"] == Action.DELETE else "everything in it"
                yield f"    {paint(sign)} {self.style.bold(what)}  {paint('! ' + RISKS[Risk(change['risk'])])}"
                for sentence in change.get("consequences", ()):
                    yield from wrapped("        ", inert(sentence), self.style)

    def help(self, remedy: str | None) -> Iterator[str]:
        """What to do about it."""
        if remedy:
            yield from wrapped(f"        {self.style.cyan('help:')} ", inert(remedy), self.style)

    def change(self, change: ChangeView) -> Iterator[str]:
        """One aspect: its name and risk, then its fields."""
        style = self.style
        sign, paint = self.sign(change.action)
        head = f"    {paint(sign)} {style.bold(change.aspect)}"
        risk = ""
        if change.risk in DANGEROUS:
            risk = "  " + style.red(f"! {RISKS[change.risk]}")
        elif change.risk in RISKS:
            risk = "  " + style.dim(RISKS[change.risk])
        if change.word:
            yield f"{head}  {self.transition(change.word)}{risk}"
            yield from self.consequences(change)
        else:
            yield f"{head}{risk}"
            yield from self.consequences(change)
            width = column(value_text(item.name) for item in change.items if item.words)
            for item in change.items:
                yield from self.item(item, width)
        left = [count(number, self.noun(change, what)) for what, number in change.unchanged.items() if number]
        if left:
            yield style.dim(f"        (unchanged: {', '.join(left)})")

    def consequences(self, change: ChangeView) -> Iterator[str]:
        """What it costs, in words; loud where that cannot be taken back."""
        loud = change.risk in DANGEROUS
        for sentence in change.consequences:
            head = f"        {self.style.red('!') if loud else ' '} "
            yield from wrapped(head, inert(sentence), self.style, self.style.red if loud else str)

    def evidence(self, found: Document | None) -> Iterator[str]:
        """How much goes, where somebody asked for it."""
        if found is not None:
            yield from wrapped(f"    {self.style.bold('evidence:')} ", inert(evidence_text(found)), self.style)

    def noun(self, change: ChangeView, what: str) -> str:
        """The fields of tags are tags."""
        return "tag" if change.aspect == TAGS else what

    def item(self, item: ItemView, width: int) -> Iterator[str]:
        """One rule or statement; one that comes or goes and can be said in a sentence is."""
        if item.name is None:
            yield from self.fields(item, 8)
            return
        sign, paint = self.sign(item.action)
        name = value_text(item.name)
        head = f"        {paint(sign)} "
        if item.words:
            said = inert(item.words) if item.action is Action.CREATE else f"no longer: {inert(item.words)}"
            yield from wrapped(f"{head}{self.style.bold(name)}{padded('', width - columns(name))}  ", said, self.style)
        else:
            yield head + self.style.bold(name)
            yield from self.fields(item, 12)

    def fields(self, item: ItemView, indent: int) -> Iterator[str]:
        """Names in a column, values after them."""
        names = [value_text(field.path[0]) if len(field.path) == 1 else path_text(field.path) for field in item.fields]
        width = column(map(inert, names))
        for name, field in zip(map(inert, names), item.fields, strict=True):
            sign, paint = self.sign(field.action)
            mark = f"{paint(sign)} " if item.action is Action.UPDATE else "  "
            yield from self.field(" " * indent + mark + padded(name, width) + "  ", field)

    def field(self, head: str, field: FieldView) -> Iterator[str]:
        """One field: ``old → new``, or the members of a list that come and go."""
        style = self.style
        if field.action is not Action.UPDATE:
            if isinstance(field.value, list):
                yield from spread(head, map(value_text, field.value), style.width)
            else:
                yield from wrapped(head, value_text(field.value), style)
            return
        told = self.members(field)
        if told:
            yield from spread(head, told)
            return
        old, new = texts_of(field.before, field.after)
        one_line = f"{head}{style.red(old)} {ARROW} {style.green(new)}"
        if columns(one_line) <= style.width and ARROW not in old + new:
            yield one_line
            return
        yield head.rstrip()
        indent = " " * (len(head) - len(head.lstrip()) + 4)
        yield from wrapped(f"{indent}{style.red('-')} ", old, style, style.red)
        yield from wrapped(f"{indent}{style.green('+')} ", new, style, style.green)

    def transition(self, field: FieldView) -> str:
        """The value, or ``old → new``."""
        if field.action is not Action.UPDATE:
            return value_text(field.value)
        old, new = texts_of(field.before, field.after)
        return f"{self.style.red(old)} {ARROW} {self.style.green(new)}"

    def members(self, field: FieldView) -> list[str]:
        """The members of a list that come and go, and how many stay; nothing where only their order changes."""
        if not isinstance(field.before, list) or not isinstance(field.after, list):
            return []
        gone, come, stay = members(field.before, field.after)
        told = [self.style.red(f"- {value_text(item)}") for item in gone]
        told += [self.style.green(f"+ {value_text(item)}") for item in come]
        return [*told, self.style.dim(f"({stay:,} unchanged)")] if told and stay else told

    def sign(self, action: Action) -> tuple[str, Callable[[str], str]]:
        """The sign of an action and its colour."""
        style = self.style
        colours = {Action.CREATE: style.green, Action.UPDATE: style.yellow, Action.NONE: style.dim}
        return SIGNS[action], colours.get(action, style.red)


def column(names: Iterable[str]) -> int:
    """The width of a column of names; those that are too long for it push their values to the right."""
    return max((width for name in names if (width := columns(name)) <= WIDEST_NAME), default=0)
