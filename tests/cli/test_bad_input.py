"""Bad input gets a clear error, exit code 1, and nothing is written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.planning.storage import FORMAT_VERSION
from tests.cli.conftest import SPEC, Recording, Run, denied

RULE = "{id: r, expiration: {days: 7}}"


def bucket(body: str, name: str = "acme-lake") -> str:
    return f"buckets:\n  - name: {name}\n    region: us-east-1\n    {body}\n"


SPECS: dict[str, tuple[str | bytes, str]] = {
    "an empty file": ("", "RCL1"),
    "only a comment": ("# nothing\n", "RCL1"),
    "a broken YAML": ("buckets: [\n  - name: {", "RCL1"),
    "ten megabytes of nesting": ("[" * 10_000_000, "RCL1"),
    "deep nesting": ("[" * 20_000, "RCL1"),
    "not text": (b"\xff\xfe\x00\x01", "not UTF-8"),
    "an alias bomb": ("a: &a [x,x]\nb: &b [*a,*a]\nbuckets: [*b,*b]\n", "RCL1"),
    "a duplicate key": (SPEC + "    versioning: Suspended\n", "versioning"),
    "a misspelled field": (bucket("lifecyle: {rules: []}"), "did you mean `lifecycle`?"),
    "an empty value": (bucket("lifecycle:"), "absent"),
    "a name that S3 would refuse": (bucket("versioning: Enabled", "Acme_Lake"), "RCL2001"),
    "a KMS key with AES256": (bucket("encryption: {sse_algorithm: AES256, kms_master_key_id: k}"), "RCL2201"),
    "two rules with one id": (bucket(f"lifecycle: {{rules: [{RULE}, {RULE}]}}"), "is taken"),
    "versioning that is absent": (bucket("versioning: absent"), "RCL2101"),
    "no rules": (bucket("lifecycle: {rules: []}"), "absent"),
    "no tags": (bucket("tags: {}"), "absent"),
    "no statements": (bucket("policy: {}"), "absent"),
    "a policy that is not JSON": (bucket("policy: {file: broken.json}"), "broken.json"),
    "a policy outside of the tree": (bucket("policy: {file: ../outside.json}"), "outside"),
    "a policy that is a device": (bucket("policy: {file: zero.json}"), "zero.json"),
    "a policy at an absolute path": (bucket("policy: {file: /etc/passwd}"), "/etc/passwd"),
    "a policy that is not there": (bucket("policy: {file: nowhere.json}"), "nowhere.json"),
    "a variable that nobody declared": (bucket("tags: {Owner: '${AWS_SECRET_ACCESS_KEY}'}"), "nobody declared"),
    "the same bucket twice": (SPEC + SPEC.removeprefix("buckets:\n"), "acme-lake"),
}


@pytest.mark.parametrize("kind", SPECS.keys())
def test_a_spec_that_cannot_be_used(reconcile: Run, spec: Path, server: Recording, kind: str) -> None:
    content, said = SPECS[kind]
    spec.write_bytes(content if isinstance(content, bytes) else content.encode())
    (spec.parent / "broken.json").write_text("{nonsense")
    (spec.parent.parent / "outside.json").write_text("{}")
    (spec.parent / "zero.json").symlink_to("/dev/zero")
    for command in (["validate"], ["plan"], ["apply", "--auto-approve"]):
        words = [*command, *([] if command == ["validate"] else ["--endpoint-url", server.address])]  # type: ignore[attr-defined]
        ended = reconcile(*words)
        assert ended.code == 1, ended
        assert ended.out == ""
        assert "error[RCL" in ended.err
        assert said in ended.err
        assert "--> specs/" in ended.err
        assert len(ended.err) < 5_000
    as_json = reconcile("plan", "--format", "json").json
    assert as_json["error"]["problems"][0]["file"].startswith("specs/")
    assert server.requests == []


@pytest.mark.parametrize("path", ["nowhere.yaml", "empty", "specs/\udcff", "\0", "/dev/zero"])
def test_a_path_without_a_spec(reconcile: Run, server: Recording, tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()
    ended = reconcile("plan", path)
    assert ended.code == 1
    assert "error[RCL130" in ended.err
    assert server.requests == []


def test_the_default_folder_may_be_missing(reconcile: Run) -> None:
    ended = reconcile("plan")
    assert ended.code == 1
    assert "`specs` cannot be read: No such file or directory" in ended.err


def test_every_mistake_of_every_file_in_one_run(offline: Run, spec: Path) -> None:
    spec.write_text(bucket("versioning: enabled", "A_B"))
    (spec.parent / "more.yaml").write_text(bucket("tags: {}"))
    ended = offline("validate")
    assert ended.code == 1
    for place in ("specs/lake.yaml:2:", "specs/lake.yaml:4:", "specs/more.yaml:4:"):
        assert f"--> {place}" in ended.err
    assert ended.err.rstrip().splitlines()[-1].startswith("3 errors in 2 files")
    as_json = offline("validate", "--format", "json")
    assert as_json.code == 1
    assert len(as_json.json["error"]["problems"]) == 3
    assert as_json.json["error"]["code"] == "RCL1000"


# ── the other side ───────────────────────────────────────────────────────────────────────────────────


def no_credentials(monkeypatch: pytest.MonkeyPatch, server: Recording) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)


def half_of_the_credentials(monkeypatch: pytest.MonkeyPatch, server: Recording) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


def a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch, server: Recording) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")


def expired_credentials(monkeypatch: pytest.MonkeyPatch, server: Recording) -> None:
    server.instead = lambda _method, _path: denied("ExpiredToken")


def credentials_that_are_not_accepted(monkeypatch: pytest.MonkeyPatch, server: Recording) -> None:
    server.instead = lambda _method, _path: denied("InvalidAccessKeyId")


def a_clock_that_is_wrong(monkeypatch: pytest.MonkeyPatch, server: Recording) -> None:
    server.instead = lambda _method, _path: denied("RequestTimeTooSkewed")


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (no_credentials, "no usable AWS credentials"),
        (half_of_the_credentials, "no usable AWS credentials"),
        (a_profile_that_is_not_there, "nobody"),
        (expired_credentials, "the AWS credentials have expired (ExpiredToken)"),
        (credentials_that_are_not_accepted, "AWS does not accept the credentials (InvalidAccessKeyId)"),
        (a_clock_that_is_wrong, "AWS refuses the time of this machine"),
    ],
)
def test_whoever_may_not_ask_is_told_so(
    reconcile: Run,
    spec: Path,
    server: Recording,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[pytest.MonkeyPatch, Recording], None],
    said: str,
) -> None:
    happens(monkeypatch, server)
    for command in (["plan"], ["apply", "--auto-approve"]):
        ended = reconcile(*command)
        assert ended.code == 1, ended
        assert said in ended.err
        assert "= help: " in ended.err
    as_json = reconcile("plan", "--format", "json")
    assert as_json.code == 1
    assert said in as_json.json["error"]["message"]
    assert server.writes == []


def test_another_account_is_told_before_anything_is_read(reconcile: Run, spec: Path, server: Recording) -> None:
    spec.write_text(SPEC.replace("    region", '    account: "210987654321"\n    region'))
    ended = reconcile("plan")
    assert ended.code == 1
    assert "these credentials belong to account 123456789012; the spec of acme-lake says 210987654321" in ended.err
    assert [method for method, _ in server.requests] == ["POST"], "only STS was asked"
    assert reconcile("plan", "--format", "json").json["error"]["code"] == "RCL5003"


def test_an_endpoint_that_does_not_answer(offline: Run, spec: Path) -> None:
    ended = offline("plan", "--endpoint-url", "http://127.0.0.1:1")
    assert ended.code == 1
    assert "http://127.0.0.1:1 does not answer" in ended.err


def test_a_bucket_that_belongs_to_somebody_else(reconcile: Run, spec: Path, server: Recording) -> None:
    server.instead = lambda method, path: b"" if (method, path) == ("HEAD", "/acme-lake") else None
    ended = reconcile("plan")
    assert ended.code == 1
    assert "the name acme-lake is taken" in ended.out
    applied = reconcile("apply", "--auto-approve")
    assert applied.code == 1
    assert server.writes == []


def test_a_bucket_in_another_region(reconcile: Run, spec: Path, server: Recording, s3: Any) -> None:
    s3.create_bucket(Bucket="acme-lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    server.requests.clear()
    ended = reconcile("plan")
    assert ended.code == 1
    assert "the bucket lives in eu-west-1; the spec says us-east-1" in ended.out
    assert server.writes == []


def test_a_live_document_that_nobody_understands(
    reconcile: Run, spec: Path, server: Recording, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    server.instead = lambda _, path: denied("MethodNotAllowed") if "tagging" in path else None
    ended = reconcile("plan")
    assert ended.code == 1
    assert "this endpoint does not support it (MethodNotAllowed)" in ended.out


# ── our own mistakes ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError("we forgot")

    monkeypatch.setattr("reconciler.question.load_specs", fails)


def test_a_mistake_of_ours_is_told_without_a_traceback(offline: Run, spec: Path, broken: None) -> None:
    ended = offline("validate")
    assert ended.code == 1
    assert "error[RCL9999]: this should not have happened: ZeroDivisionError: we forgot" in ended.err
    assert "--debug" in ended.err
    assert "Traceback" in offline("validate", "--debug").err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["plan", "--format", "json", "--bogus"], 64),
        (["--format=json", "plan"], 64),
        (["show", "--format=json", "nowhere.json"], 1),
        (["validate", "--format", "json", "nowhere"], 1),
        (["apply", "--format", "json", "--plan", "nowhere.json"], 1),
        (["plan", "--format", "json", "--out", "/nowhere/plan.json"], 64),
        (["validate", "--format", "json", "--var", "x"], 64),
    ],
)
def test_in_json_every_failure_is_one_document(reconcile: Run, spec: Path, words: list[str], code: int) -> None:
    ended = reconcile(*words)
    assert ended.code == code
    assert ended.err == ""
    assert set(ended.json) == {"format_version", "error"}
    assert ended.json["error"]["code"].startswith("RCL")
    assert ended.json["error"]["message"]


def test_a_mistake_of_ours_is_a_document_too(offline: Run, spec: Path, broken: None) -> None:
    ended = offline("validate", "--format", "json")
    assert ended.json["error"]["code"] == "RCL9999"
    assert json.loads(ended.out)["format_version"] == FORMAT_VERSION


@pytest.mark.parametrize("words", [[], ["--format", "json"]])
def test_an_interruption(offline: Run, spec: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconciler.question.load_specs", interrupted)
    ended = offline("validate", *words)
    assert ended.code == 130
    assert "nothing was written" in (ended.json["error"]["message"] if words else ended.err)
