"""The picture of a lifecycle rule: what happens to an object by age, before and after, as SVG.

Widths are percentages, so that it fits a telephone without its letters shrinking. Whoever does not see it reads the
same in words below it.
"""

from collections.abc import Iterator

from reconciler.aspects.lifecycle import WATERFALL
from reconciler.planning.changeset import Action
from reconciler.reports.html_markup import Html, element
from reconciler.reports.timeline import Band, Lane, Stay, Timeline

LANE = 26
"""Pixels from lane to lane."""
BAR = 20
"""Pixels: the height of a bar."""
FEW = 7
"""Days that have room beside each other on a telephone."""
AXIS = 22
"""Pixels below the lanes for the days."""
STATES = {Action.CREATE: "new", Action.UPDATE: "changed", Action.DELETE: "goes"}


def timeline_figure(timeline: Timeline) -> Html:
    """One rule: its name, a picture of each kind of thing, and the same in words."""
    heading = element("span", STATES[timeline.action], class_=f"chip {timeline.action}")
    words = [("before", timeline.before), ("after", timeline.after)]
    told = [(element("dt", side), element("dd", said)) for side, said in words if said]
    if timeline.after is None:
        told.append((element("dt", "after"), element("dd", "the rule is gone: what it did no longer happens")))
    return element(
        "figure",
        element("h5", "Rule ", element("code", timeline.rule), " ", heading),
        [band_picture(band, timeline.action) for band in timeline.bands],
        element("figcaption", element("dl", told)),
        class_="timeline",
    )


def band_picture(band: Band, action: Action) -> Html:
    """One kind of thing: a lane for before, one for after, and the days."""
    sides = [("before", band.before), ("after", band.after)]
    if action is not Action.UPDATE:
        sides = [side for side in sides if side[1] is not None]
    bottom = len(sides) * LANE
    picture = element(
        "svg",
        [lane_picture(band, lane, row * LANE) for row, (_, lane) in enumerate(sides)],
        [day_picture(day, place, bottom) for day, place in band.marks.items()],
        role="img",
        aria_label=f"{band.title} by age; the words below say the same",
        height=bottom + AXIS,
    )
    names = element("div", [element("span", side) for side, _ in sides], class_="sides", aria_hidden="true")
    is_wide = len(band.marks) > FEW
    notes = [element("li", f"{side}: {note}") for side, lane in sides if lane is not None for note in notes_of(lane)]
    return element(
        "div",
        element("p", element("strong", band.title), f" · {band.age}, not to scale"),
        # what is wider than a telephone is moved sideways: with the keyboard, too
        element("div", names, picture, class_="lanes many" if is_wide else "lanes", tabindex=0 if is_wide else None),
        element("ul", notes) if notes else None,
        class_="band",
    )


def notes_of(lane: Lane) -> list[str]:
    """What has no place on the line."""
    return [*lane.notes, *([] if lane.enabled else ["the rule is disabled: nothing of this happens"])]


def lane_picture(band: Band, lane: Lane | None, top: int) -> Html:
    """The bars of one side."""
    if lane is None:
        return element("g", bar(0.0, 1.0, top, "nothing", "not touched by this rule"))
    return element("g", [bars_of(band, lane, top)], class_=None if lane.enabled else "disabled")


def bars_of(band: Band, lane: Lane, top: int) -> Iterator[Html]:
    """A bar for each stay."""
    marks = band.marks
    for stay in lane.stays:
        end = marks[stay.end] if stay.end is not None else 1.0
        yield bar(marks[stay.start], end, top, shade(stay), band.states.get(stay.state, stay.state))


def shade(stay: Stay) -> str:
    """The class of a bar's colour: colder storage is darker."""
    return f"s{WATERFALL.index(stay.state)}" if stay.state in WATERFALL else stay.state


def bar(start: float, end: float, top: int, shade: str, said: str) -> Html:
    """One bar; a name that is too long for it is cut at its end, and shown whole by the pointer."""
    return element(
        "svg",
        element("title", said),
        element("rect", width="100%", height=BAR, class_=shade),
        element("text", said, x=6, y=14, class_=f"on-{shade}"),
        x=percent(start),
        y=top,
        width=percent(end - start),
        height=BAR,
    )


def day_picture(day: int, place: float, bottom: int) -> Html:
    """A day on which something happens, below the lanes."""
    text = element("text", f"{day:,}", x=percent(place), y=bottom + 16)
    tick = element("line", x1=percent(place), x2=percent(place), y1=bottom - 6, y2=bottom + 3)
    return element("g", tick, text, class_="day")


def percent(part: float) -> str:
    """``12.5%``."""
    return f"{100 * part:.1f}".removesuffix(".0") + "%"
