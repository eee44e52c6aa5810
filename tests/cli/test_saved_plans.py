"""A saved plan is carried out as it was reviewed, or not at all."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import saved as saving
from reconciler.planning.storage import FORMAT_VERSION, fingerprint
from tests.cli.conftest import SPEC, Ended, Recording, Run, denied

Plan = dict[str, Any]


@pytest.fixture
def saved(reconcile: Run, spec: Path, server: Recording, tmp_path: Path) -> Path:
    assert reconcile("plan", "--out", "plan.json").code == 0
    server.requests.clear()
    return tmp_path / "plan.json"


def apply(reconcile: Run, *words: str) -> Ended:
    return reconcile("apply", "--plan", "plan.json", "--auto-approve", *words)


def test_a_plan_that_is_still_true_is_carried_out(reconcile: Run, saved: Path, s3: Any) -> None:
    ended = apply(reconcile)
    assert ended.code == 0
    assert s3.get_bucket_versioning(Bucket="acme-lake")["Status"] == "Enabled"
    assert ended.out.splitlines()[-1].startswith("Next: reconcile plan ")


def test_it_still_needs_consent(reconcile: Run, saved: Path, server: Recording) -> None:
    ended = reconcile("apply", "--plan", "plan.json")
    assert ended.code == 3
    assert "--plan FILE --auto-approve" in ended.err
    assert server.writes == []


def test_another_layout_of_the_same_spec_is_the_same_spec(reconcile: Run, saved: Path, spec: Path) -> None:
    spec.write_text("# reviewed\n\n" + SPEC)
    assert apply(reconcile).code == 0


def a_spec_that_says_something_else(spec: Path, s3: Any) -> None:
    spec.write_text(SPEC.replace("data-platform", "somebody"))


def a_bucket_that_has_come_into_being(spec: Path, s3: Any) -> None:
    s3.create_bucket(Bucket="acme-lake")


def a_bucket_that_nobody_describes_any_more(spec: Path, s3: Any) -> None:
    spec.write_text(SPEC.replace("acme-lake", "acme-pond"))


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (a_spec_that_says_something_else, ["acme-lake: its spec says something else"]),
        (a_bucket_that_has_come_into_being, ["acme-lake: changed in S3 since: the bucket itself"]),
        (
            a_bucket_that_nobody_describes_any_more,
            ["acme-lake: no spec describes it any more", "acme-pond: it was not part of the plan"],
        ),
    ],
)
def test_a_plan_that_is_no_longer_true_is_refused(
    reconcile: Run, saved: Path, spec: Path, s3: Any, happens: Callable[[Path, Any], None], said: list[str],
    server: Recording,
) -> None:  # fmt: skip
    happens(spec, s3)
    server.requests.clear()
    ended = apply(reconcile)
    assert ended.code == 4
    assert ended.out == ""
    assert ended.err.count("error[RCL4002]: the saved plan is no longer true") == 1
    for sentence in said:
        assert f"  - {sentence}\n" in ended.err
    assert "review a new plan: one of `reconcile plan --out`, or of a pull request's check" in ended.err
    assert server.writes == []
    as_json = apply(reconcile, "--format", "json")
    assert as_json.code == 4
    assert set(said) <= set(as_json.json["error"]["moved"])


def test_a_live_document_that_has_changed(reconcile: Run, spec: Path, s3: Any, server: Recording) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text(SPEC.replace("Enabled", "Suspended"))
    assert reconcile("plan", "--out", "plan.json").code == 0
    s3.put_bucket_tagging(Bucket="acme-lake", Tagging={"TagSet": [{"Key": "Owner", "Value": "else"}]})
    server.requests.clear()
    ended = apply(reconcile)
    assert ended.code == 4
    assert "  - acme-lake: changed in S3 since: tags\n" in ended.err
    assert server.writes == []


def test_another_endpoint_is_another_s3(offline: Run, saved: Path, endpoint: str) -> None:
    elsewhere = endpoint.replace("127.0.0.1", "localhost")
    ended = offline("apply", "--plan", "plan.json", "--auto-approve", "--endpoint-url", elsewhere)
    assert ended.code == 4
    assert f"the endpoint: reviewed {endpoint}, now {elsewhere}" in ended.err


def test_a_plan_that_was_applied_is_used_up(reconcile: Run, saved: Path) -> None:
    assert apply(reconcile).code == 0
    assert apply(reconcile).code == 4


def test_what_moved_is_told_with_what_was_reviewed(reconcile: Run, spec: Path, s3: Any) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text(SPEC.replace("data-platform", "somebody"))
    assert reconcile("plan", "--out", "plan.json").code == 0
    s3.put_bucket_tagging(Bucket="acme-lake", Tagging={"TagSet": [{"Key": "Owner", "Value": "else"}]})
    ended = apply(reconcile)
    assert ended.code == 4
    assert "  - acme-lake: Owner: reviewed data-platform, now else\n" in ended.err


def test_what_cannot_be_read_is_not_told_to_have_moved(reconcile: Run, spec: Path, s3: Any, server: Recording) -> None:
    """Nobody knows what is there now: what is said is why, and what to do."""
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text(SPEC.replace("data-platform", "somebody"))
    assert reconcile("plan", "--out", "plan.json").code == 0
    server.requests.clear()
    server.instead = lambda method, path: denied() if path.endswith("?tagging") else None
    ended = apply(reconcile)
    assert ended.code == 1
    assert "tags cannot be read: access denied" in ended.out
    assert "nobody can tell whether it is as it was reviewed" in ended.out
    assert "allow s3:GetBucketTagging for these credentials" in ended.out
    assert "changed in S3 since" not in ended.err + ended.out
    assert server.writes == []
    server.instead = lambda method, path: None
    assert apply(reconcile).code == 0, "the plan is as good as it was"


def test_a_bucket_that_has_moved_stops_no_other(reconcile: Run, spec: Path, s3: Any, server: Recording) -> None:
    other = "  - {name: acme-other, region: us-east-1, tags: {Owner: data-platform}}\n"
    spec.write_text(SPEC + other)
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text((SPEC + other).replace("data-platform", "somebody"))
    assert reconcile("plan", "--out", "plan.json").code == 0
    s3.put_bucket_tagging(Bucket="acme-lake", Tagging={"TagSet": [{"Key": "Owner", "Value": "else"}]})
    server.requests.clear()
    ended = apply(reconcile)
    assert ended.code == 5
    assert "warning: acme-lake: Owner: reviewed data-platform, now else; this bucket is left alone\n" in ended.err
    assert "not as it was reviewed" in ended.out
    assert server.writes == [("PUT", "/acme-other?tagging")]
    again = apply(reconcile)
    assert again.code == 4, "what is left of the plan has moved"


def test_a_plan_expires(reconcile: Run, saved: Path, server: Recording) -> None:
    document = json.loads(saved.read_text())
    saved.write_text(json.dumps(document | {"created_at": "2020-01-01T00:00:00Z"}))
    ended = apply(reconcile)
    assert ended.code == 4
    assert "error[RCL4002]: the saved plan may not be applied any more" in ended.err
    assert "days old, and plans expire after 24 hours (`plans_expire_after`)" in ended.err
    assert server.requests == []


# ── --expect-fingerprint ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("length", [12, 20, 64])
def test_the_plan_that_was_reviewed_elsewhere(reconcile: Run, saved: Path, length: int) -> None:
    expected = json.loads(saved.read_text())["fingerprint"][:length].upper()
    assert reconcile("apply", "--auto-approve", "--expect-fingerprint", expected).code == 0


def test_another_plan_than_the_one_that_was_reviewed(
    reconcile: Run, saved: Path, spec: Path, server: Recording
) -> None:
    expected = json.loads(saved.read_text())["fingerprint"][:12]
    spec.write_text(SPEC.replace("data-platform", "somebody"))
    ended = reconcile("apply", "--auto-approve", "--expect-fingerprint", expected)
    assert ended.code == 4
    assert "error[RCL4002]: this is not the plan that was reviewed" in ended.err
    assert f"the fingerprint: reviewed {expected}, now " in ended.err
    assert "Owner" in ended.out, "what would be done now is shown"
    assert server.writes == []


@pytest.mark.parametrize("word", ["", "abc", "xyzxyzxyzxyz", "a" * 65])
def test_what_is_no_fingerprint(offline: Run, word: str) -> None:
    ended = offline("apply", "--expect-fingerprint", word)
    assert ended.code == 64
    assert "at least 12 hexadecimal characters" in ended.err


# ── files that are no plans ──────────────────────────────────────────────────────────────────────────


def tampered(document: Plan) -> None:
    document["buckets"][0]["changes"].pop()


def tampered_calls(document: Plan) -> None:
    document["buckets"][0]["changes"][0]["calls"][0]["params"] = {"ACL": "public-read"}


def tampered_paths(document: Plan) -> None:
    document["inputs"]["paths"] = ["/etc"]


@pytest.mark.parametrize("tamper", [tampered, tampered_calls, tampered_paths])
@pytest.mark.parametrize("command", [["apply", "--auto-approve", "--plan"], ["show"]])
def test_a_plan_that_was_edited_is_refused(
    reconcile: Run, saved: Path, server: Recording, tamper: Callable[[Plan], None], command: list[str]
) -> None:
    document = json.loads(saved.read_text())
    tamper(document)
    saved.write_text(json.dumps(document))
    ended = reconcile(*command, "plan.json")
    assert ended.code == 4
    assert "plan.json itself was changed after it was written" in ended.err
    assert server.requests == []


def test_an_edited_plan_with_a_new_fingerprint_is_refused_all_the_same(
    reconcile: Run, saved: Path, server: Recording
) -> None:
    document = json.loads(saved.read_text())
    tampered_calls(document)
    saved.write_text(json.dumps(document | {"fingerprint": fingerprint(document)}))
    ended = apply(reconcile)
    assert ended.code == 4
    assert server.writes == []


def with_format(version: str) -> Callable[[Plan], Any]:
    return lambda document: document | {"format_version": version}


NOT_PLANS: dict[str, tuple[Callable[[Plan], Any], str]] = {
    "another major version": (with_format("2.0"), "has format 2.0; this version reads 1."),
    "no version": (lambda _: {}, "is not a saved plan"),
    "a list": (lambda document: [document], "is not a saved plan"),
    "a failure": (lambda _: {"format_version": "1.0", "error": {}}, "planning failed"),
    "half of it": (lambda document: {"format_version": "1.0"}, "is not a saved plan"),
    "nonsense inside": (lambda document: document | {"buckets": [{"name": 3}]}, "buckets[0]"),
    "nonsense deep inside": (lambda document: document | {"summary": "none"}, "summary: 'none' is not of type"),
    "an aspect of the future": (
        lambda document: json.loads(json.dumps(document).replace('"versioning"', '"teleportation"')),
        "does not know the aspect teleportation",
    ),
}


@pytest.mark.parametrize("kind", NOT_PLANS.keys())
@pytest.mark.parametrize("command", [["apply", "--auto-approve", "--plan"], ["show"]])
def test_what_is_not_a_plan_is_refused(reconcile: Run, saved: Path, kind: str, command: list[str]) -> None:
    make, said = NOT_PLANS[kind]
    saved.write_text(json.dumps(make(json.loads(saved.read_text()))))
    ended = reconcile(*command, "plan.json")
    assert ended.code == 1
    assert "error[RCL4003]" in ended.err
    assert said in ended.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a saved plan"),
        (b"{", "is not a saved plan"),
        (b"\xff\xfe\x00", "is not a saved plan"),
        (b"[" * 100_000, "is not a saved plan"),
        (None, "plan.json cannot be read: No such file or directory"),
    ],
)
def test_what_is_not_json_is_refused(offline: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "plan.json").write_bytes(content)
    for command in (["show"], ["apply", "--auto-approve", "--plan"]):
        ended = offline(*command, "plan.json")
        assert ended.code == 1
        assert said in ended.err


def test_a_folder_is_no_plan(offline: Run, tmp_path: Path) -> None:
    ended = offline("show", str(tmp_path))
    assert ended.code == 1
    assert "cannot be read: Is a directory" in ended.err


@pytest.mark.parametrize("spoil", [lambda spec: spec.unlink(), lambda spec: spec.write_text(SPEC + "    tag: {}\n")])
def test_specs_that_cannot_be_read_any_more_have_moved(
    reconcile: Run, saved: Path, spec: Path, server: Recording, spoil: Callable[[Path], Any]
) -> None:
    spoil(spec)
    ended = apply(reconcile)
    assert ended.code == 4
    assert "the specs cannot be read any more: " in ended.err
    assert server.writes == []


def test_a_target_that_is_gone_has_moved(reconcile: Run, spec: Path, server: Recording) -> None:
    assert reconcile("plan", "--out", "plan.json", "--target", "acme-lake").code == 0
    spec.write_text(SPEC.replace("acme-lake", "acme-pond"))
    ended = apply(reconcile)
    assert ended.code == 4
    assert "no spec describes the bucket `acme-lake`" in ended.err


def test_the_next_command_after_a_saved_plan_is_about_the_same_specs(reconcile: Run, spec: Path) -> None:
    assert reconcile("plan", "specs/lake.yaml", "--target", "acme-lake", "--out", "plan.json").code == 0
    assert apply(reconcile).out.splitlines()[-1].endswith(" specs/lake.yaml --target acme-lake")


def test_a_plan_goes_into_a_pipe_and_through_a_link_and_never_over_a_spec(
    reconcile: Run, spec: Path, tmp_path: Path
) -> None:
    pipe, link, real = tmp_path / "pipe", tmp_path / "link.json", tmp_path / "real.json"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert reconcile("plan", "--out", str(pipe)).code == 0
    assert json.loads(os.read(reader, 1 << 20))["format_version"] == FORMAT_VERSION
    os.close(reader)
    assert pipe.is_fifo()
    link.symlink_to(real)
    assert reconcile("plan", "--out", str(link)).code == 0
    assert link.is_symlink()
    assert json.loads(real.read_text())["format_version"] == FORMAT_VERSION
    named = spec.with_suffix(".spec")
    named.write_text(SPEC)
    for out, said in ((spec, "would be taken for a spec"), (named, "would replace a spec")):
        ended = reconcile("plan", str(named), "--out", str(out))
        assert ended.code == 64
        assert said in ended.err
        assert out.read_text() == SPEC
    assert reconcile("plan", "--out", "").code == 64


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("nowhere/plan.json", "there is no folder"),
        ("/dev/full/plan.json", "there is no folder /dev/full"),
        ("specs", "is a folder"),
        ("/proc/plan.json", "may not be written"),
    ],
)
@pytest.mark.parametrize("command", [["plan"], ["merge", "part.json"]], ids=["plan", "merge"])
def test_where_no_plan_can_be_saved_none_is_made(
    reconcile: Run, spec: Path, server: Recording, monkeypatch: pytest.MonkeyPatch,
    command: list[str], out: str, said: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(os, "access", lambda place, mode: not str(place).startswith("/proc"))  # root may do anything
    ended = reconcile(*command, "--out", out)
    assert (ended.code, said in ended.err) == (64, True), ended.err
    assert server.requests == []


def test_a_plan_that_cannot_be_saved_is_shown_all_the_same(
    reconcile: Run, offline: Run, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have taken minutes."""
    assert reconcile("plan", "--shard", "1/1", "--out", "part.json").code == 0

    def full(*paths: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    for ended in (reconcile("plan", "--out", "plan.json"), offline("merge", "part.json", "--out", "plan.json")):
        assert ended.code == 1
        assert "+ acme-lake" in ended.out
        assert "Next:" not in ended.out
        assert "the plan cannot be saved to plan.json: No space left on device" in ended.err
    for words in (["plan", "--out", "plan.json"], ["merge", "part.json", "--out", "plan.json"]):
        assert "cannot be saved" in reconcile(*words, "--format", "json").json["error"]["message"]
    assert list(Path().rglob("*.part")) == []


def test_a_plan_that_nobody_could_read_is_not_saved(
    reconcile: Run, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reconcile("plan", "--out", "plan.json").code == 0
    before = Path("plan.json").read_text()
    monkeypatch.setattr(saving, "LARGEST", len(before.encode()))
    assert reconcile("plan", "--out", "plan.json").code == 0, "as large as may be"
    assert reconcile("show", "plan.json").code == 0
    monkeypatch.setattr(saving, "LARGE", 1)
    assert "Reading plan.json, which has 0 MiB\n" in reconcile("show", "plan.json").err, "who waits knows for what"
    monkeypatch.setattr(saving, "LARGEST", len(before.encode()) - 1)
    ended = reconcile("plan", "--out", "plan.json")
    assert (ended.code, "the plan is not saved: it has" in ended.err) == (1, True)
    assert "plan --shard 1/2" in ended.err
    shown = reconcile("show", "plan.json")
    assert (shown.code, "no saved plan has" in shown.err) == (1, True)


def test_a_saved_plan_may_be_read_by_whom_the_umask_lets(reconcile: Run, spec: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        assert reconcile("plan", "--out", "plan.json").code == 0
    finally:
        os.umask(before)
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o640
