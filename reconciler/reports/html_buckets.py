"""The table of all buckets, for the HTML report: a row each, to be searched where scripts run."""

from collections.abc import Iterable, Sequence

from reconciler.planning.changeset import BUCKET, Action
from reconciler.reports.findings import Finding
from reconciler.reports.groups import Group, place_of
from reconciler.reports.html_changes import mark, risk_chip
from reconciler.reports.html_markup import Content, Html, element, link
from reconciler.reports.review import Document
from reconciler.reports.text import DANGEROUS, STATES, risk_of, urgency
from reconciler.reports.values import count

KINDS = {
    "": "all buckets",
    "changes": "with changes",
    "risky": "with risky changes",
    "found": "with findings",
    "blocked": "blocked",
    "none": "without changes",
}
"""What may be chosen: the word on each row, and what people read."""


def buckets_section(document: Document, groups: Sequence[Group], findings: Iterable[Finding]) -> Html:
    """All buckets, those to look at first."""
    buckets = sorted(document["buckets"], key=lambda bucket: (bucket["action"] == Action.NONE, *urgency(bucket)))
    places = {bucket["name"]: group for group in groups for bucket in group.buckets}
    found: dict[str, int] = {}
    for finding in findings:
        for remark in finding.remarks:
            if remark.bucket is not None:
                found[remark.bucket] = found.get(remark.bucket, 0) + 1
    heads = ("Bucket", "Changes", "Risk", "Findings", "Region", "Written in")
    head = element("tr", [element("th", text, scope="col") for text in heads])
    rows = [row(bucket, places.get(bucket["name"]), found.get(bucket["name"], 0)) for bucket in buckets]
    table = element("table", element("thead", head), element("tbody", rows), id="rows", class_="buckets")
    return element(
        "section",
        element("h2", "Buckets"),
        controls(len(buckets)),
        element("div", table, class_="wide", role="region", aria_label="Table of buckets", tabindex=0),
        id="buckets",
        aria_label="Buckets",
    )


def controls(number: int) -> Html:
    """Search and choice; hidden until a script can obey them."""
    search = element("input", id="search", type="search", autocomplete="off", spellcheck="false")
    options = [element("option", said, value=kind) for kind, said in KINDS.items()]
    return element(
        "div",
        element("label", "Search ", search),
        element("label", "Show ", element("select", options, id="kind")),
        element("output", count(number, "bucket"), id="shown", for_="search kind"),
        id="controls",
        role="search",
        hidden=True,
    )


def row(bucket: Document, group: Group | None, found: int) -> Html:
    """One bucket."""
    action = Action(bucket["action"])
    target = f"#{group.id}" if group is not None and group.is_told else None
    return element(
        "tr",
        element("th", mark(action), link(target, element("code", bucket["name"])), scope="row"),
        cell("Changes", changes_text(bucket)),
        cell("Risk", risk_chip(risk_of(bucket))),
        cell("Findings", str(found) if found else None),
        cell("Region", bucket["region"]),
        cell("Written in", place_of(bucket)),
        data_is=kinds_of(bucket, found),
    )


def cell(head: str, content: Content) -> Html:
    """One cell. Without a content it takes no room where cells stand one below the other."""
    return element("td", content, data_head=head if content else None)


def changes_text(bucket: Document) -> str:
    """What happens, and to which aspects."""
    aspects = [change["aspect"] for change in bucket["changes"] if change["aspect"] != BUCKET]
    return f"{STATES[bucket['action']]}: {', '.join(aspects)}" if aspects else STATES[bucket["action"]]


def kinds_of(bucket: Document, found: int) -> str:
    """Under which choices the row is shown."""
    kinds = {
        "changes": bool(bucket["changes"]),
        "risky": risk_of(bucket) in DANGEROUS,
        "found": found > 0,
        "blocked": bool(bucket["blockers"]),
        "none": bucket["action"] == Action.NONE,
    }
    return " ".join(kind for kind, is_so in kinds.items() if is_so)
