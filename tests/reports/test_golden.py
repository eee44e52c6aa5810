"""What plans look like, as files to be read: RECONCILE_UPDATE_GOLDEN=1 writes them anew."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reconciler.aspects.versioning import Versioning
from reconciler.governance import Waiver
from reconciler.guardrails.verdict import Verdict
from reconciler.planning.evidence import Evidence
from reconciler.planning.forecast import Amount, Forecast, Reach
from reconciler.planning.live import Existence, LiveBucket, Unreadable
from reconciler.problems import Severity
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


def something_is_lost() -> dict[str, Any]:
    reaches = tuple(
        Reach(midnights, Amount(gone, gone << 22), Amount(veiled, veiled << 20))
        for midnights, gone, veiled in ((1, 1204, 0), (7, 3310, 12), (30, 12_000, 12))
    )
    counted = Evidence("listing of 12,030 versions under raw/\u202e", Forecast(reaches, 20780, Amount(18, 2048)))
    shorter = BEFORE.replace("expiration: {days: 365}", "expiration: {days: 120}")
    denied = "the listing of its versions cannot be read: access denied (allow s3:ListBucketVersions)"
    unknown = Evidence("nothing that could be counted", None, False, (denied,))
    pond = plan("{name: acme-pond, versioning: Suspended}", "{name: acme-pond, versioning: Enabled}", line=90)
    return document(replace(plan(shorter, BEFORE), evidence=counted), replace(pond, evidence=unknown))


def nothing_to_do() -> dict[str, Any]:
    return document(plan(BEFORE, BEFORE), endpoint="https://s3.example.com")


def doors_that_open_and_close() -> dict[str, Any]:
    read = "Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::{name}/*'"
    public = f"policy: {{{{Statement: {{{{Sid: PublicRead, Principal: '*', {read}}}}}}}}}"
    partner = f"policy: {{{{Statement: {{{{Sid: Partner, Principal: {{{{AWS: '111122223333'}}}}, {read}}}}}}}}}"
    shut = "public_access_block: {{restrict_public_buckets: true, block_public_policy: false}}"
    wide = "public_access_block: absent, ownership_controls: BucketOwnerEnforced"
    specs = {
        name: tuple(f"{{name: {name}, region: us-east-1, {aspects.format(name=name)}}}" for aspects in sides)
        for name, sides in {
            "acme-closes": (f"{partner}, {wide}", f"{public}, {wide}"),
            "acme-is-masked": (f"{public}, {shut}", f"{partner}, {shut}"),
            "acme-new-site": (f"{public}, {wide}", ""),
            "acme-opens": (f"{public}, {wide}", f"{partner}, {wide}"),
            "acme-stays-open": (f"{public.replace('GetObject', 'GetObject*')}, {wide}", f"{public}, {wide}"),
        }.items()
    }
    return document(
        *(plan(after, None if name == "acme-new-site" else before) for name, (after, before) in specs.items())
    )


def hostile_text() -> dict[str, Any]:
    return document(plan(HOSTILE), plan(HOSTILE, HOSTILE.replace("Lines", "Rows").replace("twice", "thrice")))


def what_guardrails_say() -> dict[str, Any]:
    off = "{name: acme-lake, versioning: Suspended}"
    error = Verdict("VER-01", "Old versions are kept", Severity.ERROR, ("versioning",), "it is Suspended", "turn it on")
    advice = error._replace(rule="LIF-01", severity=Severity.WARNING, path=(), message="no \u202elifecycle")
    waiver = Waiver(rule="VER-01", reason="until the migration", owner="lake", expires=date(2027, 3, 31))
    changed = replace(plan(off), verdicts=(advice, error._replace(waiver=waiver), error))
    elsewhere = replace(plan(off.replace("lake", "raw"), off.replace("lake", "raw")), account="111122223333")
    told = document(changed, replace(elsewhere, verdicts=(advice,)), targets=("acme-lake", "acme-raw"))
    told["inputs"]["shard"] = {"index": 1, "total": 2, "of_buckets": 3}
    need = {"kind": "guardrail", "about": "acme-lake", "why": "breaks VER-01: it is Suspended"}
    return told | {"needs": [need | {"flag": "--allow VER-01:acme-lake"}]}


PLANS: tuple[Callable[[], dict[str, Any]], ...] = (
    the_lake_from_nothing,
    everything_changes,
    everything_goes,
    a_fleet_with_little_to_do,
    something_is_in_the_way,
    something_worth_knowing,
    something_is_lost,
    nothing_to_do,
    doors_that_open_and_close,
    hostile_text,
    what_guardrails_say,
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
