"""One run over several accounts: each with its own credentials, and none that is lost for another's sake."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.accounts import HOME, ONE, TWO, Accounts
from tests.cli.conftest import Ended, Run
from tests.s3.world import serving

SPECS = f"""\
buckets:
  - name: home-lake
    region: us-east-1
    tags: {{Owner: home}}
  - name: one-lake
    tags: {{Owner: one}}
  - name: two-lake
    account: "{TWO}"
    tags: {{Owner: two}}
  - name: one-pond
    region: eu-west-1
    tags: {{Owner: one}}
"""
SETTINGS = f"""\
accounts:
  - account: "{ONE}"
    role_arn: arn:aws:iam::{ONE}:role/reconcile
    external_id: from-outside
    session_name: the-fleet
    regions: [eu-central-1, eu-west-1]
    buckets: ["one-*"]
  - account: "{TWO}"
    role_arn: arn:aws:iam::{TWO}:role/reconcile
    regions: [us-west-2]
    buckets: ["nobody-*"]
"""


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Accounts, str]]:
    accounts = Accounts()
    with serving(accounts) as endpoint:
        yield accounts, endpoint


@pytest.fixture
def accounts(served: tuple[Accounts, str]) -> Iterator[Accounts]:
    found, _ = served
    Path("specs").mkdir()
    Path("specs/fleet.yaml").write_text(SPECS)
    Path("reconcile.yaml").write_text(SETTINGS)
    yield found
    found.reset()


@pytest.fixture
def fleet(offline: Run, accounts: Accounts, served: tuple[Accounts, str]) -> Run:
    def run(*words: str, **others: str) -> Ended:
        return offline(*words, "--endpoint-url", served[1], **others)

    return run


def s3_calls(accounts: Accounts) -> set[tuple[str, str]]:
    """Which account was asked for which bucket; listings have none."""
    return {
        (account, path.split("/")[1]) for account, method, path in accounts.requests if (method, path) != ("POST", "/")
    }


def needs(ended: Ended) -> dict[str, str]:
    return {bucket["name"]: bucket["action"] for bucket in ended.json["buckets"]}


def test_one_run_plans_and_applies_all_accounts(fleet: Run, accounts: Accounts) -> None:
    planned = fleet("plan", "--out", "plan.json")
    assert planned.code == 0, planned.err
    assert f"Plan for 4 buckets in specs · accounts {ONE}, {HOME}, {TWO}" in planned.out
    document = json.loads(Path("plan.json").read_text())
    assert [(bucket["name"], bucket["account"], bucket["region"]) for bucket in document["buckets"]] == [
        ("home-lake", HOME, "us-east-1"),
        ("one-lake", ONE, "eu-central-1"),
        ("one-pond", ONE, "eu-west-1"),
        ("two-lake", TWO, "us-west-2"),
    ]
    assert {asked["RoleArn"]: (asked["RoleSessionName"], asked.get("ExternalId")) for asked in accounts.assumed} == {
        f"arn:aws:iam::{ONE}:role/reconcile": ("the-fleet", "from-outside"),
        f"arn:aws:iam::{TWO}:role/reconcile": ("reconcile", None),
    }
    applied = fleet("apply", "--plan", "plan.json", "--auto-approve")
    assert applied.code == 0, applied.err + applied.out
    assert [accounts.buckets(one) for one in (HOME, ONE, TWO)] == [
        {"home-lake"},
        {"one-lake", "one-pond"},
        {"two-lake"},
    ]
    belongs = {"home-lake": HOME, "one-lake": ONE, "one-pond": ONE, "two-lake": TWO, "": None}
    assert all(belongs[bucket] in (account, None) for account, bucket in s3_calls(accounts))
    assert fleet("plan", "--detailed-exitcode").code == 0


def test_only_an_apply_assumes_the_role_that_may_write(fleet: Run, accounts: Accounts) -> None:
    writer = f"arn:aws:iam::{ONE}:role/teams/reconcile-apply"
    Path("reconcile.yaml").write_text(
        SETTINGS.replace("    external_id", f"    apply_role_arn: {writer}\n    external_id")
    )
    assert fleet("plan", "--out", "plan.json").code == 0
    assert writer not in {asked["RoleArn"] for asked in accounts.assumed}
    assert [f"arn:aws:iam::{ONE}:role/reconcile", f"arn:aws:iam::{TWO}:role/reconcile"] == roles_to_assume(
        fleet, "plan"
    )
    assert [f"arn:aws:iam::{ONE}:role/teams/reconcile-apply", f"arn:aws:iam::{TWO}:role/reconcile"] == roles_to_assume(
        fleet, "apply"
    )
    accounts.assumed.clear()
    applied = fleet("apply", "--plan", "plan.json", "--auto-approve")
    assert applied.code == 0, applied.err + applied.out
    assert {(asked["RoleArn"], asked.get("ExternalId")) for asked in accounts.assumed} == {
        (writer, "from-outside"),
        (f"arn:aws:iam::{TWO}:role/reconcile", None),
    }


def roles_to_assume(fleet: Run, command: str) -> list[str]:
    printed = fleet("doctor", "--permissions", command).json["Statement"]
    [found] = [one["Resource"] for one in printed if one["Sid"] == "OtherAccounts"]
    return list(found)


def test_each_account_has_a_journal_and_a_way_back(fleet: Run, accounts: Accounts) -> None:
    assert fleet("apply", "--auto-approve").code == 0
    Path("specs/fleet.yaml").write_text(SPECS.replace("Owner: ", "Owner: not-"))
    assert fleet("apply", "--auto-approve", "--limit", "share_of_fleet=100%").code == 0
    runs = json.loads(fleet("runs", "--format", "json").out)["runs"]
    assert sorted(run["account"] for run in runs[:3]) == sorted([HOME, ONE, TWO])
    assert {run["account"]: run["buckets"] for run in runs[:3]}[ONE] == ["one-lake", "one-pond"]

    for account, changing in ((ONE, {"one-lake", "one-pond"}), (TWO, {"two-lake"})):
        written = next(run["run"] for run in runs if run["account"] == account)
        accounts.requests.clear()
        back = fleet("rollback", written, "--out", f"back-{account}.yaml", "--format", "json")
        assert back.code == 0, back.err
        assert {name for name, action in needs(back).items() if action == "update"} == changing
        assert {found for found, bucket in s3_calls(accounts) if bucket} == {account}
        assert fleet("apply", f"back-{account}.yaml", "--auto-approve").code == 0
    Path("specs/fleet.yaml").write_text(SPECS)
    assert needs(fleet("plan", "--format", "json")) == {
        "home-lake": "update",
        "one-lake": "none",
        "one-pond": "none",
        "two-lake": "none",
    }


def test_a_role_that_lets_nobody_in_blocks_its_own_buckets_only(fleet: Run, accounts: Accounts) -> None:
    accounts.lets_nobody_in.add(ONE)
    planned = fleet("plan", "--format", "json")
    assert planned.code == 1
    assert needs(planned) == {"home-lake": "create", "one-lake": "blocked", "one-pond": "blocked", "two-lake": "create"}
    [blocker] = planned.json["buckets"][1]["blockers"]
    assert (
        blocker["why"] == f"the role arn:aws:iam::{ONE}:role/reconcile cannot be assumed: AccessDenied: not authorized"
    )
    assert "sts:AssumeRole" in blocker["remedy"]
    assert planned.json["buckets"][1]["account"] == ONE

    applied = fleet("apply", "--auto-approve")
    assert applied.code == 5, applied.err
    assert [accounts.buckets(one) for one in (HOME, ONE, TWO)] == [{"home-lake"}, set(), {"two-lake"}]
    assert ONE not in {account for account, _ in s3_calls(accounts)}
    doctor = fleet("doctor")
    assert (doctor.code, f"account   {TWO}: lets us in" in doctor.out, "cannot be assumed" in doctor.out) == (
        1,
        True,
        True,
    )

    accounts.lets_nobody_in.clear()
    assert needs(fleet("plan", "--format", "json")) == {
        "home-lake": "none",
        "one-lake": "create",
        "one-pond": "create",
        "two-lake": "none",
    }


def test_credentials_of_another_account_end_the_run_before_s3_is_asked(fleet: Run, accounts: Accounts) -> None:
    Path("reconcile.yaml").write_text(
        SETTINGS.replace(f"role_arn: arn:aws:iam::{TWO}:role/reconcile", "session_name: fleet")
    )
    ended = fleet("plan")
    assert ended.code == 1
    assert f"the run's own credentials lead to account {HOME}, and reconcile.yaml says {TWO}" in ended.err
    assert s3_calls(accounts) == set()


def test_a_bucket_where_its_account_is_to_have_none(fleet: Run, accounts: Accounts) -> None:
    assert fleet("apply", "--auto-approve").code == 0
    Path("reconcile.yaml").write_text(SETTINGS.replace("[eu-central-1, eu-west-1]", "[eu-west-1]"))
    ended = fleet("plan", "--format", "json")
    assert needs(ended)["one-lake"] == "blocked"
    [blocker] = ended.json["buckets"][1]["blockers"]
    assert blocker["why"] == f"the bucket lives in eu-central-1, and account {ONE} is to have none there"


def test_whose_a_bucket_is_has_to_be_clear(offline: Run, fleet: Run, accounts: Accounts) -> None:
    Path("reconcile.yaml").write_text(SETTINGS.replace("nobody-*", "*-pond").replace("eu-west-1]", "eu-north-1]"))
    for words in (["validate"], ["plan", "--endpoint-url", "http://127.0.0.1:1"]):
        ended = offline(*words)
        assert ended.code == 1
        assert "specs/fleet.yaml:10:11" in ended.err
        assert f"the patterns of accounts {ONE} and {TWO} match `one-pond`" in ended.err
    Path("reconcile.yaml").write_text(SETTINGS.replace("eu-west-1]", "eu-north-1]"))
    ended = offline("validate")
    assert "specs/fleet.yaml:11:13" in ended.err
    assert f"account {ONE} has no buckets in `eu-west-1`" in ended.err
    assert accounts.requests == []


def test_shards_of_a_fleet_make_the_plan_of_a_single_run(fleet: Run, offline: Run, accounts: Accounts) -> None:
    for index in (1, 2, 3):
        assert fleet("plan", "--shard", f"{index}/3", "--out", f"part-{index}.json").code == 0
    merged = offline("merge", "part-1.json", "part-2.json", "part-3.json", "--format", "json")
    assert merged.out == fleet("plan", "--format", "json").out


def test_one_lock_for_all_accounts_with_the_credentials_of_the_run(fleet: Run, accounts: Accounts) -> None:
    assert fleet("apply", "--auto-approve", "--target", "home-lake").code == 0
    Path("reconcile.yaml").write_text(SETTINGS + "lock: {bucket: home-lake, region: us-east-1}\n")
    accounts.requests.clear()
    applied = fleet("apply", "--auto-approve")
    assert applied.code == 0, applied.err
    on_the_lock = {(account, method) for account, method, path in accounts.requests if path.endswith("reconcile.lock")}
    assert {account for account, _ in on_the_lock} == {HOME}
    assert {"PUT", "DELETE"} <= {method for _, method in on_the_lock}


def test_the_permissions_that_a_fleet_needs(offline: Run, accounts: Accounts) -> None:
    [statement] = [
        one for one in offline("doctor", "--permissions", "plan").json["Statement"] if one["Sid"] == "OtherAccounts"
    ]
    assert statement["Action"] == ["sts:AssumeRole"]
    assert statement["Resource"] == [f"arn:aws:iam::{one}:role/reconcile" for one in (ONE, TWO)]
