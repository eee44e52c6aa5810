"""What changes, for the HTML report: each distinct change once, with all buckets that it is made on."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.aspects.calls import Risk
from reconciler.planning.changeset import BUCKET, Action
from reconciler.planning.exposure import Public, Verdict
from reconciler.planning.storage import path_text
from reconciler.reports.evidence import evidence_text
from reconciler.reports.groups import Group, is_risky, place_of
from reconciler.reports.html_markup import Content, Html, element, hidden
from reconciler.reports.html_timeline import timeline_figure
from reconciler.reports.review import Document
from reconciler.reports.text import DANGEROUS, RISKS, SIGNS, STATES, TAGS
from reconciler.reports.timeline import timelines
from reconciler.reports.values import count, members, texts_of, value_text
from reconciler.reports.view import ChangeView, FieldView, ItemView, changes_of

SHORT = 12
"""Fields up to which a change is shown unfolded."""
WORDS = {Action.CREATE: "added", Action.UPDATE: "changed", Action.DELETE: "removed", Action.BLOCKED: "blocked"}


def changes_section(groups: Sequence[Group]) -> Html | None:
    """Every distinct change."""
    if not groups:
        return None
    left = sum(not group.is_told for group in groups)
    more = f"{count(left, 'more change')} can be read with reconcile show: a page with all of them would be too large."
    return element(
        "section",
        element("h2", "What changes"),
        [change_article(group) for group in groups if group.is_told],
        element("p", more) if left else None,
        id="changes",
        aria_label="What changes",
    )


def change_article(group: Group) -> Html:
    """One change: its buckets, then aspect by aspect."""
    bucket = group.first
    others = len(group.buckets) - 1
    is_short = sum(len(change["fields"]) for change in bucket["changes"]) <= SHORT
    heading = element("h3", mark(Action(bucket["action"])), element("code", bucket["name"]))
    facts = [STATES[bucket["action"]], bucket["region"], place_of(bucket)]
    return element(
        "article",
        element(
            "details",
            element(
                "summary",
                heading,
                element("span", f" and the same on {count(others, 'more bucket')}", class_="same") if others else None,
                element("span", " · ".join(filter(None, facts)), class_="facts"),
            ),
            others_of(group) if others else None,
            exposure_of(bucket),
            element("p", "evidence: ", evidence_text(bucket["evidence"])) if bucket.get("evidence") else None,
            unmaking(bucket),
            [change_part(change) for change in parts_of(bucket)],
            [blocker_part(blocker) for blocker in bucket["blockers"]],
            open=is_short or is_risky(bucket),
        ),
        id=group.id,
        class_=bucket["action"],
    )


def parts_of(bucket: Document) -> Iterator[tuple[ChangeView, Document]]:
    """The changes as they are shown, each with what the document says of it."""
    by_aspect = {change["aspect"]: change for change in bucket["changes"] if change["aspect"] != BUCKET}
    for view in changes_of(bucket):
        yield view, by_aspect[view.aspect]


def others_of(group: Group) -> Html:
    """The names of all buckets with the change."""
    said = "These buckets change alike. Shown is the first; where its name stands, the others have their own."
    return element(
        "details",
        element("summary", count(len(group.buckets), "bucket")),
        element("p", said),
        element(
            "ul", [element("li", element("code", bucket["name"]), " ", place_of(bucket)) for bucket in group.buckets]
        ),
        class_="names",
    )


def exposure_of(bucket: Document) -> Html | None:
    """Whether the bucket is public, where there is anything to say of it."""
    exposed = bucket.get("exposure")
    if exposed is None or exposed["summary"] is None:
        return None
    loud = exposed["verdict"] == Verdict.MORE or exposed["after"]["public"] != Public.NO
    return element("p", exposed["summary"], class_="loud" if loud else "quiet")


def unmaking(bucket: Document) -> Html | None:
    """The bucket itself, where it goes or is emptied."""
    for change in bucket["changes"]:
        if change["aspect"] == BUCKET and change["action"] != Action.CREATE:
            what = "the bucket" if change["action"] == Action.DELETE else "everything in it"
            sentences = [element("p", sentence, class_="loud") for sentence in change.get("consequences", ())]
            return element("div", element("h4", mark(Action.DELETE), what), sentences, class_="part")
    return None


def blocker_part(blocker: Document) -> Html:
    """What is in the way, and what to do."""
    return element(
        "div",
        element("h4", mark(Action.BLOCKED), blocker["aspect"]),
        element("p", blocker["why"], class_="loud"),
        help_of(blocker["remedy"]),
        class_="part",
    )


def help_of(remedy: str | None) -> Html | None:
    """What to do about it."""
    return element("p", element("strong", "help: "), remedy, class_="help") if remedy else None


# ── one aspect ───────────────────────────────────────────────────────────────────────────────────────


def change_part(part: tuple[ChangeView, Document]) -> Html:
    """One aspect: its name and risk, what it costs, its fields, and a picture where it is a lifecycle."""
    change, document = part
    loud = change.risk in DANGEROUS
    noun = "tag" if change.aspect == TAGS else None
    left = [count(number, noun or what) for what, number in change.unchanged.items() if number]
    pictures = list(timelines(document)) if change.aspect == "lifecycle" else []
    return element(
        "div",
        element("h4", mark(change.action), change.aspect, risk_chip(change.risk)),
        [element("p", sentence, class_="loud" if loud else None) for sentence in change.consequences],
        diff_table(rows_of(change)),
        element("p", f"unchanged: {', '.join(left)}", class_="quiet") if left else None,
        [timeline_figure(timeline) for timeline in pictures],
        class_="part",
    )


def diff_table(rows: Iterable[Html]) -> Html:
    """Fields, a line each."""
    return element("table", element("tbody", rows), class_="diff")


def risk_chip(risk: Risk) -> Content:
    """The risk, where there is one."""
    if risk not in RISKS:
        return None
    return (" ", element("span", RISKS[risk], class_=f"chip {'risk' if risk in DANGEROUS else 'mild'}"))


def mark(action: Action) -> Html:
    """The sign of an action, and the word for whoever hears it."""
    sign = element("span", SIGNS[action], class_=f"sign {action}", aria_hidden="true")
    return Html(sign + hidden(WORDS.get(action, "unchanged"), " "))


def rows_of(change: ChangeView) -> Iterator[Html]:
    """A row for each field; items in words take one."""
    if change.word:
        yield row(change.action, change.word.path[0], field_text(change.word))
        return
    for item in change.items:
        yield from item_rows(item)


def item_rows(item: ItemView) -> Iterator[Html]:
    """A rule or a statement: its name, then its fields; or, without a name, the fields alone."""
    if item.name is not None and item.words:
        said = item.words if item.action is Action.CREATE else f"no longer: {item.words}"
        yield row(item.action, element("strong", value_text(item.name)), said)
        return
    if item.name is not None:
        yield row(item.action, element("strong", value_text(item.name)), None)
    for field in item.fields:
        name = value_text(field.path[0]) if len(field.path) == 1 else path_text(field.path)
        yield row(field.action, name, field_text(field), inside=item.name is not None)


def row(action: Action, name: Content, said: Content, *, inside: bool = False) -> Html:
    """One line of a diff."""
    cell = element("th", name, scope="row", class_="inside" if inside else None)
    return element("tr", element("td", mark(action)), cell, element("td", said), class_=action)


def field_text(field: FieldView) -> Content:
    """The value, ``old → new``, or the members of a list that come and go."""
    if field.action is Action.CREATE:
        return element("ins", value_text(field.value))
    if field.action is Action.DELETE:
        return element("del", value_text(field.value))
    if isinstance(field.before, list) and isinstance(field.after, list):
        gone, come, stay = members(field.before, field.after)
        if gone or come:
            told = [element("del", value_text(item)) for item in gone]
            told += [element("ins", value_text(item)) for item in come]
            kept = [element("span", f"{stay:,} unchanged", class_="quiet")] if stay else []
            return element("ul", [element("li", item) for item in [*told, *kept]])
    old, new = texts_of(field.before, field.after)
    return (element("del", old), " → ", element("ins", new))
