"""`reconcile.yaml`: what a team decides is read as strictly as a spec, and never taken for one."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import ValidationError

from reconciler.errors import InvalidSettings, UsageError
from reconciler.nodes import Source
from reconciler.settings import LONGEST_LOCK, Account, Limits, Lock, Settings
from reconciler.specs.explain import explain
from reconciler.specs.loader import load
from reconciler.specs.schema import settings_schema
from reconciler.specs.settings import load_settings
from reconciler.strict_yaml import parse

PROBLEMS = yaml.safe_load((Path(__file__).parent / "settings_problems.yaml").read_text(encoding="utf-8"))
EVERYTHING = """\
journal: traces/runs
plans_expire_after: 2h
limits:
  buckets_changed: 20
  buckets_deleted: 0
  share_of_fleet: 30%
  bytes_expiring: 500GiB
  buckets_forgotten: 3
lock:
  bucket: acme-locks
  key: lake.lock
  region: eu-central-1
  expires_after: 90s
accounts:
  - account: "111122223333"
    role_arn: arn:aws:iam::111122223333:role/teams/reconcile
    apply_role_arn: arn:aws:iam::111122223333:role/teams/reconcile-apply
    external_id: from-outside
    regions: [eu-central-1, us-east-1]
    buckets: ["acme-finance-*", acme-tax]
  - account: "444455556666"
    profile: other
"""


def settings_in(text: str, name: str = "reconcile.yaml") -> Settings:
    Path(name).write_text(text, encoding="utf-8")
    return load_settings(None if name == "reconcile.yaml" else name)


def problems_in(text: str) -> list[tuple[str, str, str | None]]:
    """What is wrong: ``line:column code``, the message, and what to do."""
    with pytest.raises(InvalidSettings) as refused:
        settings_in(text)
    return [
        (f"{problem.place.line}:{problem.place.column} {problem.code}", problem.message, problem.help)
        for problem in refused.value.problems
        if problem.place is not None
    ]


def fits(text: str) -> bool:
    node, _ = parse(Source("reconcile.yaml", text))
    return node is not None and Draft7Validator(settings_schema()).is_valid(node.plain())


def test_without_a_file_there_are_defaults() -> None:
    assert load_settings() == Settings()
    assert Settings() == Settings(
        journal=".reconcile/runs",
        plans_expire_after="24h",
        limits=Limits(share_of_fleet="50%", bytes_expiring="1TiB"),
        lock=None,
    )


@pytest.mark.parametrize("name", ["reconcile.yaml", "team.yaml"])
def test_everything_that_can_be_decided(name: str) -> None:
    found = settings_in(EVERYTHING, name)
    assert (found.journal, found.plans_expire_after) == ("traces/runs", 7200)
    assert found.limits.model_dump() == {
        "buckets_changed": 20,
        "buckets_deleted": 0,
        "share_of_fleet": 30,
        "bytes_expiring": 500 * 1024**3,
        "buckets_forgotten": 3,
    }
    assert found.lock == Lock(bucket="acme-locks", key="lake.lock", region="eu-central-1", expires_after="90s")
    assert found.accounts == (
        Account(
            account="111122223333",
            role_arn="arn:aws:iam::111122223333:role/teams/reconcile",
            apply_role_arn="arn:aws:iam::111122223333:role/teams/reconcile-apply",
            external_id="from-outside",
            session_name="reconcile",
            regions=("eu-central-1", "us-east-1"),
            buckets=("acme-finance-*", "acme-tax"),
        ),
        Account(account="444455556666", profile="other"),
    )
    assert fits(EVERYTHING)
    one, two = found.accounts
    assert one.to_write().role_arn == one.apply_role_arn
    assert one.to_write().external_id == one.external_id
    assert two.to_write() == two, "which goes in by a profile"


@pytest.mark.parametrize("text", ["# nothing is decided yet\n", "journal: none\n", "plans_expire_after: never\n"])
def test_what_is_left_out_has_its_default(text: str) -> None:
    found = settings_in(text)
    assert found.limits == Limits()
    assert found.lock is None
    assert found.plans_expire_after == (None if "never" in text else 86400)


@pytest.mark.parametrize("case", PROBLEMS, ids=lambda case: case["text"])
def test_what_is_wrong_is_told_with_its_place(case: dict[str, Any]) -> None:
    assert problems_in(case["text"]) == [(case["where"], case["said"], case.get("help"))]
    assert fits(case["text"]) is not case.get("schema", True), "what can be told without reading it is in the schema"


def test_how_long_a_key_and_a_lock_may_be() -> None:
    """Bytes, not characters; and what holds for longer than a day would never expire for those who meet it."""
    lock = {"bucket": "acme-locks", "key": "é" * 512, "expires_after": "24h"}
    found = Lock.model_validate(lock)
    assert (len(found.key), found.expires_after) == (512, LONGEST_LOCK)
    for name, value in (("key", "é" * 512 + "a"), ("expires_after", "86401s")):
        with pytest.raises(ValidationError):
            Lock.model_validate(lock | {name: value})


def test_all_mistakes_are_told_at_once() -> None:
    text = "journal: ''\nlimits: {bucket_deleted: 1, buckets_changed: x}\nlock: {}\n"
    told = [place for place, _, _ in problems_in(text)]
    assert told == ["1:10 RCL1402", "2:10 RCL1101", "2:46 RCL1402", "3:7 RCL1102"]


@pytest.mark.parametrize("text", ["a: &x 1\n", "a: 1\na: 2\n", "{", "\t"])
def test_it_is_strict_yaml(text: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        settings_in(text)
    assert all(problem.code.startswith("RCL1") for problem in refused.value.problems)


@given(
    st.text(max_size=60)
    | st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists).map(str)
)
@settings(suppress_health_check=list(HealthCheck))
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        Path("reconcile.yaml").write_text(text, encoding="utf-8")
        load_settings()
    except (InvalidSettings, UnicodeEncodeError):
        pass


# ── the file itself ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["nowhere.yaml", "a-folder", "nobody/knows.yaml", "n\0o.yaml"])
def test_a_file_that_is_named_has_to_be_there(name: str) -> None:
    Path("a-folder").mkdir()
    with pytest.raises(InvalidSettings) as refused:
        load_settings(name)
    [problem] = refused.value.problems
    assert problem.code == "RCL1301"
    assert problem.help == "check --settings"


def test_a_link_that_leads_nowhere_is_no_absence() -> None:
    Path("reconcile.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(InvalidSettings):
        load_settings()


def test_settings_under_another_ending_are_not_passed_over() -> None:
    Path("reconcile.yml").write_text("limits: {buckets_changed: 1}", encoding="utf-8")
    with pytest.raises(InvalidSettings) as refused:
        load_settings()
    assert refused.value.problems[0].code == "RCL1401"
    assert str(refused.value.message) == "1 problem(s) in the settings"
    assert load_settings("reconcile.yml").limits.buckets_changed == 1


def test_a_folder_of_specs_may_hold_them() -> None:
    Path("reconcile.yaml").write_text(EVERYTHING, encoding="utf-8")
    Path("lake.yaml").write_text("buckets: [{name: acme-lake, tags: absent}]", encoding="utf-8")
    loaded = load(["."])
    assert [bucket.spec.name for bucket in loaded.buckets] == ["acme-lake"]
    assert loaded.files == ("lake.yaml",)


# ── explained ────────────────────────────────────────────────────────────────────────────────────────


def test_every_setting_is_explained() -> None:
    page = explain("settings")
    for name in (
        "journal  (.reconcile/runs)",
        "plans_expire_after  (24h)",
        "limits.share_of_fleet  (50%)",
        "lock.bucket",
        "accounts.role_arn",
    ):
        assert f"\n  {name}" in page
    assert "buckets_changed" not in explain("settings.lock")
    with pytest.raises(UsageError) as refused:
        explain("settings.limit")
    assert refused.value.remedy == "`settings` lists all settings"


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets").write_text("aws_access_key_id = AKIAVICTIM\n")
    checkout = tmp_path / "checkout"
    (checkout / "team").mkdir(parents=True)
    (checkout / "team" / "settings.yaml").write_text("limits: {buckets_changed: 7}\n")
    monkeypatch.chdir(checkout)
    Path("reconcile.yaml").symlink_to("../secrets")
    with pytest.raises(InvalidSettings) as refused:
        load_settings()
    assert [problem.message for problem in refused.value.problems] == [
        "`reconcile.yaml` is a link that leads out of the repository"
    ]
    Path("reconcile.yaml").unlink()
    Path("reconcile.yaml").symlink_to("team/settings.yaml")
    assert load_settings().limits.buckets_changed == 7
