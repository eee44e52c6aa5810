"""What plans look like, as files to be read: RECONCILE_UPDATE_GOLDEN=1 writes them anew."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.aspects.versioning import Versioning
from reconciler.planning.live import Existence, LiveBucket, Unreadable
from reconciler.reports.style import Style
from reconciler.reports.text import render
from reconciler.specs.loader import load
from tests.reports.plans import document, live_as, plan, spec_of
from tests.reports.specs import ABSENT, AFTER, BEFORE, HOSTILE

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[2]
STYLES = {
    "pipe-80": Style(),
    "terminal-80": Style(width=80, wraps=True),
    "terminal-160": Style(width=160, wraps=True),
    "colour-80": Style(color=True, width=80, wraps=True),
    "ascii-80": Style(unicode=False),
}
SMALL = "{{name: {name}, region: us-east-1, versioning: Enabled, tags: {{Owner: data}}}}"


def the_lake_from_nothing() -> dict[str, Any]:
    lake = load([str(ROOT / "specs/lake.yaml")]).buckets[0].spec
    return document(plan(lake, line=5))


def everything_changes() -> dict[str, Any]:
    return document(plan(AFTER, BEFORE))


def everything_goes() -> dict[str, Any]:
    return document(plan(ABSENT, BEFORE))


def a_fleet_with_little_to_do() -> dict[str, Any]:
    names = [f"acme-fleet-{number:02}" for number in range(40)]
    same = [plan(SMALL.format(name=name), SMALL.format(name=name)) for name in names]
    loses = plan("{name: zz-suspended, versioning: Suspended}", "{name: zz-suspended, versioning: Enabled}", line=90)
    new = plan(SMALL.format(name="aa-new"), line=91)
    retagged = plan(SMALL.format(name="mm-retagged"), "{name: mm-retagged, tags: {Owner: nobody}}", line=92)
    paths = ("specs/fleet.yaml", "specs/more.yaml")
    return document(new, *same[:20], retagged, *same[20:], loses, paths=paths, targets=("zz-suspended",))


def something_is_in_the_way() -> dict[str, Any]:
    blocked = live_as(
        spec_of(BEFORE),
        lifecycle=Unreadable("lifecycle cannot be read: access denied", "allow s3:GetLifecycleConfiguration"),
    )
    gone = LiveBucket(
        "acme-other",
        Existence.UNCLEAR,
        trouble=Unreadable(
            "the name acme-other is taken, and this account may not see the bucket: it belongs to somebody else, or "
            "s3:ListBucket is not allowed",
            "choose another name, use the owner's credentials, or allow s3:ListBucket on the bucket",
        ),
    )
    changed = BEFORE.replace("Owner: data-platform", "Owner: somebody")
    return document(plan(changed, blocked), plan("{name: acme-other, versioning: Enabled}", gone, line=40))


def something_worth_knowing() -> dict[str, Any]:
    rules = "{id: r, expiration: {days: 60}, transitions: [{days: 30, storage_class: DEEP_ARCHIVE}]}"
    spec = f"{{name: acme-lake, versioning: Enabled, lifecycle: {{rules: [{rules}]}}}}"
    live = live_as(spec_of(spec), versioning=Versioning(status="Enabled", mfa_delete="Enabled"))
    return document(plan(spec, live), plan(spec.replace("acme-lake", "acme-new")), endpoint="sandbox")


def nothing_to_do() -> dict[str, Any]:
    return document(plan(BEFORE, BEFORE), endpoint="https://s3.example.com")


def hostile_text() -> dict[str, Any]:
    return document(plan(HOSTILE), plan(HOSTILE, HOSTILE.replace("Lines", "Rows").replace("twice", "thrice")))


PLANS: tuple[Callable[[], dict[str, Any]], ...] = (
    the_lake_from_nothing,
    everything_changes,
    everything_goes,
    a_fleet_with_little_to_do,
    something_is_in_the_way,
    something_worth_knowing,
    nothing_to_do,
    hostile_text,
)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("make", PLANS, ids=lambda make: make.__name__.replace("_", "-"))
def test_a_plan_looks_like_this(make: Callable[[], dict[str, Any]], style: str) -> None:
    text = render(make(), STYLES[style], next_command="reconcile apply specs/lake.yaml")
    golden = GOLDEN / f"{make.__name__.replace('_', '-')}.{style}.txt"
    if os.environ.get("RECONCILE_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), (
        "RECONCILE_UPDATE_GOLDEN=1 writes it anew: look at the difference"
    )


def test_no_golden_file_is_left_over() -> None:
    expected = {f"{make.__name__.replace('_', '-')}.{style}.txt" for make in PLANS for style in STYLES}
    assert {path.name for path in GOLDEN.iterdir()} == expected
