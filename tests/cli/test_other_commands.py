"""validate, explain, schema, doctor and sandbox."""

import json
from pathlib import Path

import pytest

from reconciler.bucket import BucketSpec
from reconciler.problems import Code
from reconciler.sandbox.process import Sandbox
from tests.cli.conftest import SPEC, Run

WARNED = SPEC + "    lifecycle: {rules: [{id: r, transitions: [{days: 30, storage_class: DEEP_ARCHIVE}],"
WARNED += " expiration: {days: 60}}]}\n"


# ── validate ─────────────────────────────────────────────────────────────────────────────────────────


def test_specs_in_order(offline: Run, spec: Path) -> None:
    assert offline("validate").out == "✓ 1 bucket in 1 file: in order\n"
    assert offline("validate", "--quiet").out == ""
    (spec.parent / "more.yaml").write_text(SPEC.replace("acme-lake", "acme-pond"))
    assert offline("validate", "specs").out == "✓ 2 buckets in 2 files: in order\n"


def test_warnings_are_told_and_stop_nothing(offline: Run, spec: Path) -> None:
    spec.write_text(WARNED)
    ended = offline("validate")
    assert ended.code == 0
    assert "warning[RCL2509]" in ended.err
    assert "specs/lake.yaml:6:" in ended.err
    document = offline("validate", "--format", "json").json
    assert document["valid"] is True
    assert document["buckets"] == ["acme-lake"]
    assert [problem["code"] for problem in document["problems"]] == ["RCL2509"]


def test_validate_takes_a_spec_from_another_program(offline: Run) -> None:
    assert offline("validate", "-", piped=SPEC).code == 0
    broken = offline("validate", "-", piped=SPEC + "    oops: 1\n")
    assert broken.code == 1
    assert "--> -:6:5" in broken.err


# ── explain, schema ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("topic", [[], ["bucket"], ["bucket.lifecycle.rules"], ["RCL2503"], ["RCL9999"], ["RCL4002"]])
def test_what_something_means(offline: Run, topic: list[str]) -> None:
    ended = offline("explain", *topic)
    assert ended.code == 0
    assert len(ended.out.splitlines()) > 1


def test_every_code_of_an_aspect_is_explained(offline: Run) -> None:
    codes: list[Code] = [code for aspect in BucketSpec.aspects().values() for code in aspect.codes]
    for code in codes:
        assert code.title in offline("explain", code.code).out


def test_what_nobody_can_explain(offline: Run) -> None:
    ended = offline("explain", "bucket.lifecyle")
    assert ended.code != 0
    assert "lifecycle" in ended.err


@pytest.mark.parametrize("name", ["bucket-spec", "bucket-manifest", "plan"])
def test_a_schema_is_one_document(offline: Run, name: str) -> None:
    assert offline("schema", name).json["$schema"]
    assert offline("schema").json["title"] == offline("schema", "bucket-spec").json["title"]


def test_all_schemas_are_written(offline: Run, tmp_path: Path) -> None:
    ended = offline("schema", "--out", "deep/schemas")
    assert ended.code == 0
    names = {path.name for path in (tmp_path / "deep/schemas").iterdir()}
    assert names == {
        *("bucket-spec.schema.json", "bucket-manifest.schema.json", "plan.schema.json", "settings.schema.json"),
        "event.schema.json",
    }
    assert ended.err.count("Wrote deep/schemas/") == 5
    (tmp_path / "file").touch()
    assert "cannot be written to file" in offline("schema", "--out", "file").err


def test_a_plan_fits_its_schema(offline: Run, reconcile: Run, spec: Path) -> None:
    from jsonschema import Draft7Validator

    schema = Draft7Validator(offline("schema", "plan").json)
    schema.validate(reconcile("plan", "--format", "json").json)
    schema.validate(offline("plan", "--format", "json", "--bogus").json)


# ── doctor ───────────────────────────────────────────────────────────────────────────────────────────


def test_whose_credentials_these_are(reconcile: Run, endpoint: str) -> None:
    ended = reconcile("doctor", "--region", "eu-west-1")
    assert ended.code == 0
    assert ended.out == f"account   123456789012\nregion    eu-west-1\nendpoint  {endpoint}\n"
    assert "none set: specs must name theirs" in reconcile("doctor").out
    assert "profile   ceph: Ceph's RADOS gateway" in reconcile("doctor", "--endpoint-profile", "ceph").out


def test_an_endpoint_profile_is_named_by_an_option_or_by_the_environment(
    offline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text("buckets:\n  - name: acme-lake\n    region: default\n    encryption: AES256\n")
    assert "RCL2002" in offline("validate", "spec.yaml").err
    named = offline("validate", "spec.yaml", "--endpoint-profile", "ceph")
    assert (named.code, "RCL2051" in named.err, "RCL2002" in named.err) == (1, True, False)
    assert "spec.yaml:4:17" in named.err
    monkeypatch.setenv("RECONCILE_ENDPOINT_PROFILE", "s3-compatible")
    assert offline("validate", "spec.yaml").code == 0
    assert offline("validate", "spec.yaml", "--endpoint-profile", "cehp").code == 64


@pytest.mark.parametrize("purpose", ["plan", "apply"])
def test_the_least_permissions_are_a_policy(offline: Run, spec: Path, purpose: str) -> None:
    policy = offline("doctor", "--permissions", purpose).json
    assert policy["Version"] == "2012-10-17"
    actions = {action for statement in policy["Statement"] for action in as_list(statement["Action"])}
    assert all(statement["Effect"] == "Allow" and statement["Resource"] for statement in policy["Statement"])
    assert {"s3:ListAllMyBuckets", "s3:GetBucketVersioning", "s3:GetObject"} <= actions
    writing = {action for action in actions if action.split(":")[1].startswith(("Put", "Delete", "Create"))}
    assert bool(writing) == (purpose == "apply")
    narrow = offline("doctor", "--permissions", purpose, str(spec)).json
    named = {action for statement in narrow["Statement"] for action in as_list(statement["Action"])}
    assert named < actions
    assert "s3:GetBucketTagging" in named
    assert "s3:GetBucketPolicy" not in named
    assert "arn:aws:s3:::acme-lake" in json.dumps(narrow)


def as_list(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


# ── sandbox ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> list[str]:
    """A sandbox that is running already: this process serves it."""
    running = Sandbox(endpoint, 4711, "now", "token")
    done: list[str] = []
    monkeypatch.setattr("reconciler.sandbox.process.ensure_running", lambda: running)
    monkeypatch.setattr("reconciler.sandbox.process.status", lambda: running)

    def stop() -> bool:
        done.append("stop")
        return True

    monkeypatch.setattr("reconciler.sandbox.process.reset", lambda: done.append("reset"))
    monkeypatch.setattr("reconciler.sandbox.process.stop", stop)
    return done


def test_without_a_sandbox(offline: Run) -> None:
    assert "is not running; it starts with" in offline("sandbox", "status").out
    assert "is not running; it starts with" in offline("sandbox", "reset").out
    assert offline("sandbox", "stop").out == "The sandbox was not running.\n"


def test_with_a_sandbox(offline: Run, pretended: list[str], endpoint: str) -> None:
    assert offline("sandbox", "status").out == f"The sandbox listens at {endpoint} (process 4711).\n"
    assert offline("sandbox", "reset").out == f"The sandbox is empty and listens at {endpoint} (process 4711).\n"
    assert offline("sandbox", "stop").out == "The sandbox has stopped.\n"
    assert pretended == ["reset", "stop"]


def test_the_sandbox_is_said_loudly(
    offline: Run, spec: Path, pretended: list[str], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = offline("plan", "--sandbox", "--out", "plan.json")
    assert ended.out.startswith(" SANDBOX  an embedded S3 on this machine: nothing is real\n")
    assert f"SANDBOX at {endpoint}" in ended.err
    assert ended.out.splitlines()[-1] == "Next: reconcile apply --sandbox --plan plan.json"
    assert offline("show", "plan.json").out == ended.out
    assert offline("plan", "--sandbox", "--format", "json").json["endpoint"] == "sandbox"
    assert "endpoint  sandbox" in offline("doctor", "--sandbox").out
    monkeypatch.setenv("RECONCILE_SANDBOX", "1")
    by_environment = offline("apply", "--plan", "plan.json", "--auto-approve")
    assert by_environment.code == 0
    assert by_environment.out.startswith(" SANDBOX ")
    assert by_environment.out.splitlines()[-1] == "Next: reconcile plan"
    assert "goes with neither" in offline("plan", "--endpoint-url", endpoint).err
    monkeypatch.setenv("RECONCILE_SANDBOX", "0")
    assert offline("plan", "--endpoint-url", endpoint).code == 0
