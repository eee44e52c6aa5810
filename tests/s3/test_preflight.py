"""What is found before the first write: credentials that end too soon, a clock that is wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials, RefreshableCredentials

from reconciler.errors import CannotReachS3
from reconciler.run import Planned, carry_out
from reconciler.s3 import preflight
from reconciler.s3.clients import CONNECTIONS, Clients
from reconciler.s3.preflight import check_clock, check_credentials, end_of, estimate, in_words
from tests.s3.lakes import LAKE
from tests.s3.world import World

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def renewed(method: str, seconds: float) -> RefreshableCredentials:
    return RefreshableCredentials("a", "b", "c", NOW + timedelta(seconds=seconds), dict, method)


def fixed(token: str | None = "token") -> Credentials:
    return Credentials("a", "b", token, method="env")


@pytest.mark.parametrize(
    ("credentials", "environment", "left"),
    [
        (renewed("env", 40), {}, 40),
        (renewed("assume-role", 40), {}, None),
        (renewed("sso", 40), {}, None),
        (fixed(), {"AWS_CREDENTIAL_EXPIRATION": "2026-11-22T12:00:40Z"}, 40),
        (fixed(), {"AWS_CREDENTIAL_EXPIRATION": "2026-11-22T12:00:40"}, 40),
        (fixed(), {"AWS_CREDENTIAL_EXPIRATION": "2026-11-22T14:00:40+02:00"}, 40),
        (fixed(), {"AWS_CREDENTIAL_EXPIRATION": "soon"}, None),
        (fixed(None), {"AWS_CREDENTIAL_EXPIRATION": "2026-11-22T12:00:40Z"}, None),
        (fixed(), {}, None),
        (None, {}, None),
    ],
)
def test_when_credentials_end(credentials: Any, environment: dict[str, str], left: float | None) -> None:
    end = end_of(credentials, environment)
    assert end == (None if left is None else NOW + timedelta(seconds=left))


@pytest.mark.parametrize(("left", "begins"), [(40, False), (179, False), (180, True), (3600, True), (-5, False)])
def test_credentials_have_to_last_for_the_run(left: float, begins: bool) -> None:
    if begins:
        check_credentials(renewed("env", left), 180, NOW, {})
        return
    with pytest.raises(CannotReachS3) as refusal:
        check_credentials(renewed("env", left), 180, NOW, {})
    assert refusal.value.code == "RCL5007"
    assert "log in again" in (refusal.value.remedy or "")
    assert "this run needs about 3 min" in refusal.value.message
    assert ("end in 40 s" in refusal.value.message) == (left == 40)
    assert ("have ended" in refusal.value.message) == (left < 0)


@pytest.mark.parametrize(
    ("minutes", "begins"), [(0, True), (4, True), (-4, True), (5, False), (-5, False), (600, False)]
)
def test_the_clock_has_to_be_about_right(minutes: float, begins: bool) -> None:
    clocks = (NOW, NOW + timedelta(minutes=minutes))
    if begins:
        check_clock(clocks)
        return
    with pytest.raises(CannotReachS3) as refusal:
        check_clock(clocks)
    assert refusal.value.code == "RCL5008"
    assert ("ahead of" in refusal.value.message) == (minutes > 0)
    assert "NTP" in (refusal.value.remedy or "")


def test_where_nobody_tells_the_time_nothing_is_refused() -> None:
    check_clock(None)
    check_clock((datetime(2026, 11, 22, 12), NOW))  # noqa: DTZ001 - a server that names no zone


def test_the_estimate_is_the_longest_lane_or_all_calls_side_by_side(world: World) -> None:
    few = world.plans(LAKE | {"versioning": "Enabled"})
    assert estimate(few) == 60
    specs = [{"name": f"lake-{number}", "region": "us-east-1", "versioning": "Enabled"} for number in range(3)]
    plans = world.plans(*specs)
    assert estimate(plans * 1000) == -(-3 * 1000 * 2 * 2 // CONNECTIONS)
    assert estimate(plans * 1000, width=8) == 3 * 1000 * 2 * 2 // 8, "an account among others has fewer lanes"


@pytest.mark.parametrize(("seconds", "words"), [(40, "40 s"), (119, "119 s"), (150, "3 min"), (7200, "2 h")])
def test_time_spans_are_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_the_clock_is_looked_at_when_sts_answers(world: World) -> None:
    clients = Clients(region="us-east-1", endpoint_url=world.clients.endpoint_url)
    clients.identity()
    assert clients.clocks
    there, here = clients.clocks
    assert abs(there - here) < timedelta(minutes=2)


@pytest.mark.parametrize("what", ["clock", "credentials"])
def test_an_apply_refuses_before_the_first_write(lake: World, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    planned = Planned(lake.changeset(LAKE | {"tags": {"a": "b"}}), (), lake.clients, lake.identity)
    if what == "clock":
        monkeypatch.setattr(lake.clients, "clocks", (NOW, NOW + timedelta(minutes=9)))
    else:
        monkeypatch.setattr(Clients, "credentials", renewed("env", 1e9))
        monkeypatch.setattr(preflight, "SHORTEST", 2e9)
    lake.faults.forget()
    with pytest.raises(CannotReachS3):
        carry_out(planned)
    assert lake.faults.made() == []


def test_where_nothing_changes_nothing_is_refused(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = Planned(lake.changeset(LAKE), (), lake.clients, lake.identity)
    monkeypatch.setattr(lake.clients, "clocks", (NOW, NOW + timedelta(minutes=9)))
    assert carry_out(planned).exit_code == 0
