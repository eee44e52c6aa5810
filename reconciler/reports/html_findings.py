"""What somebody should look at, for the HTML report: risky changes first, then findings, the same told once."""

from collections.abc import Iterator, Sequence

from reconciler.aspects.calls import Risk
from reconciler.problems import Place, Problem
from reconciler.reports.findings import Finding, is_elsewhere
from reconciler.reports.groups import Group
from reconciler.reports.html_changes import diff_table, exposure_of, help_of, risk_chip, rows_of
from reconciler.reports.html_markup import Html, element, link
from reconciler.reports.problems import LONGEST_LINE, around, message
from reconciler.reports.review import BLOCKED, Remark, risky_changes
from reconciler.reports.values import count
from reconciler.reports.view import changes_of

FEW = 3
"""Places that are named beside a finding; more are folded."""
MOST_ROWS = 12
"""Lines of a risky change that are shown at the top; it stands below with all of them."""


# ── risky changes ────────────────────────────────────────────────────────────────────────────────────


def risks_section(groups: Sequence[Group]) -> Html | None:
    """Every change that may hurt; none is left out, and none is folded."""
    found = [item for group in groups for item in risks_of(group)]
    if not found:
        return None
    return element(
        "section",
        element("h2", "Look twice"),
        element("ul", found, class_="cards"),
        id="risks",
        aria_label="Risky changes",
    )


def risks_of(group: Group) -> Iterator[Html]:
    """The risky changes of a group of buckets."""
    name = group.first["name"]
    others = len(group.buckets) - 1
    risky = list(risky_changes(group.first))
    shown = {change.aspect: list(rows_of(change)) for change in changes_of(group.first)} if risky else {}
    for aspect, risk, consequences in risky:
        rows = shown.get(aspect, [])
        more = len(rows) - MOST_ROWS
        yield element(
            "li",
            element(
                "p",
                risk_chip(risk),
                " ",
                link(f"#{group.id}" if group.is_told else None, element("code", name)),
                f" and {count(others, 'more bucket')}" if others else None,
                f" · {aspect}",
            ),
            exposure_of(group.first) if risk is Risk.WIDENS_ACCESS else None,
            [element("p", sentence) for sentence in consequences],
            diff_table(rows[:MOST_ROWS]) if rows else None,
            element("p", f"and {count(more, 'more line')} below", class_="quiet") if more > 0 else None,
            names_of([bucket["name"] for bucket in group.buckets]) if others else None,
            class_="error",
        )


def names_of(names: Sequence[str]) -> Html:
    """All buckets that something is said of."""
    return element(
        "details",
        element("summary", f"all {count(len(names), 'bucket')}"),
        element("ul", [element("li", element("code", name)) for name in names]),
        class_="names",
    )


# ── findings ─────────────────────────────────────────────────────────────────────────────────────────


def findings_section(findings: Sequence[Finding]) -> Html | None:
    """Errors, warnings, and what is let pass."""
    if not findings:
        return None
    return element(
        "section",
        element("h2", "Findings"),
        element("ul", map(finding_card, findings), class_="cards"),
        id="findings",
        aria_label="Findings",
    )


def finding_card(finding: Finding) -> Html:
    """One finding: its code, what is wrong, where, and what to do."""
    remark = finding.first
    code = None if remark.code == BLOCKED else element("code", remark.code)
    said = f"{remark.path}: {message(remark.message)}" if is_elsewhere(remark) else message(remark.message)
    return element(
        "li",
        element("p", element("span", finding.level, class_=f"chip {finding.level}"), " ", code, " ", title_of(remark)),
        element("p", said),
        excerpt(finding.problem) if finding.problem else None,
        places_of(finding),
        help_of(message(remark.help) if remark.help else None),
        waiver_of(remark),
        class_=finding.level,
    )


def title_of(remark: Remark) -> Html | None:
    """The title, where there is one."""
    return element("strong", remark.title) if remark.title else None


def excerpt(problem: Problem) -> Html | None:
    """The written lines, with the place marked in the last one."""
    if problem.place is None or not problem.lines:
        return None
    pointed_at, start, end = around(problem.lines[-1], problem.place.column - 1, problem.place.end_column - 1)
    end = max(end, start + 1)
    above = [element("span", line[:LONGEST_LINE], class_="line") for line in problem.lines[:-1]]
    marked = (pointed_at[:start], element("mark", pointed_at[start:end]), pointed_at[end:])
    return element("pre", above, element("span", marked, class_="line"))


def places_of(finding: Finding) -> Html | None:
    """The buckets and lines that it is about."""
    places = [element("li", place_of(remark)) for remark in finding.remarks if remark.bucket or remark.place]
    if not places:
        return None
    if len(places) <= FEW:
        return element("ul", places, class_="places")
    said = element("summary", count(len(places), "place"))
    return element("details", said, element("ul", places), class_="names")


def place_of(remark: Remark) -> tuple[Html | None, str, Html | None]:
    """A bucket, and the line."""
    bucket = element("code", remark.bucket) if remark.bucket else None
    place = element("span", place_text(remark.place), class_="place") if remark.place else None
    return bucket, " " if bucket and place else "", place


def place_text(place: Place) -> str:
    """``specs/lake.yaml:5``; with the column where more than the line is known."""
    return f"{place.file}:{place.line}" + (f":{place.column}" if place.end_column > 1 else "")


def waiver_of(remark: Remark) -> Html | None:
    """Why it is let pass, by whom and until when."""
    if remark.waiver is None:
        return None
    waiver = remark.waiver
    said = f"waived by {waiver['owner']} until {waiver['expires']}: {waiver['reason']}"
    return element("p", said, class_="help")
