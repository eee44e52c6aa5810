"""Texts of specs, live buckets, saved plans and servers do nothing in any output of any command."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.bucket import BucketSpec
from reconciler.cli.console import Console
from reconciler.errors import ReconcileError
from reconciler.inert import inert_lines
from reconciler.planning.changeset import Blocker
from reconciler.planning.live import Identity
from reconciler.planning.outcomes import Applied, BucketOutcome, Outcome, Result
from reconciler.planning.storage import fingerprint
from reconciler.reports.outcomes import bucket_line, render_outcome
from reconciler.reports.style import Style
from reconciler.reports.text import render
from reconciler.s3.clients import Clients
from tests.cli.conftest import SPEC, Ended, Recording, Run
from tests.hostile import ALL, TEXTS, WRITABLE, is_inert
from tests.reports.plans import document, live_as, plan

every_text = pytest.mark.parametrize("text", ALL, ids=TEXTS.keys())
in_xml = [text for text in WRITABLE if all(sign in "\n\r\t" or sign >= " " for sign in text)]
"""What an answer of S3 can hold: no other XML can be read."""
answered = [" ".join(in_xml), "\n".join(in_xml), "::error file=x,line=1::gone", "##[group]hidden"]


def are_inert(ended: Ended, *, json_too: bool = False) -> None:
    assert is_inert(ended.out)
    assert is_inert(ended.err)
    assert "RCL9999" not in ended.out + ended.err, "this should not have happened"
    if json_too and ended.out:
        json.loads(ended.out)


def written(path: Path, data: Any) -> None:
    """Plain data as JSON, which is YAML."""
    path.write_text(json.dumps(data), encoding="utf-8")


# ── plans ────────────────────────────────────────────────────────────────────────────────────────────


def everywhere(text: str) -> dict[str, Any]:
    """A bucket with a text wherever one may stand."""
    statement = {"Sid": text, "Effect": "Allow", "Principal": {"AWS": text}, "Action": text, "Resource": [text, "x"]}
    return {
        "name": "acme-lake",
        "region": "us-east-1",
        "tags": {text: text, f"x{text}": "a", "y": f"a {text}"},
        "policy": {"Id": text, "Statement": [statement | {"Condition": {text: {text: text}}}]},
        "lifecycle": {"rules": [{"id": text or "x", "filter": {"prefix": text}, "expiration": {"days": 3}}]},
        "manifest": {"purpose": text, "access": {text: [text, {text: text}]}, "owner": {"name": text}},
    }


def plan_of(text: str) -> dict[str, Any]:
    """The document of a plan with a text everywhere: in what is new, in what goes, and in what is said about it."""
    hostile, plain = (BucketSpec.model_validate(everywhere(one), by_name=True, by_alias=False) for one in (text, "a"))
    found = document(plan(hostile), plan(plain, live_as(hostile)), plan(hostile, live_as(plain)), endpoint=text or None)
    for number, bucket in enumerate(found["buckets"]):
        bucket |= {"name": f"{text}{number}", "region": text, "account": text, "source": {"file": text, "line": 1}}
        bucket["blockers"] = [{"aspect": text, "why": text, "remedy": text}]
        bucket["findings"] = [
            {"code": "RCL1000\n", "severity": "warning", "path": text, "message": text, "remedy": text}
        ]
        for change in bucket["changes"]:
            change["consequences"] = [text]
    found["inputs"] |= {"paths": [text], "targets": [text], "variables": {text: text}}
    found["needs"] = [{"kind": "consent", "about": text, "why": text, "flag": f"--allow loses-data:{text}"}]
    found["fingerprint"] = fingerprint(found)
    return found


@pytest.mark.parametrize("text", WRITABLE)
@pytest.mark.parametrize("words", [(), ("--color", "always"), ("--format", "json")], ids=["text", "colour", "json"])
def test_a_saved_plan_that_is_shown(offline: Run, tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    written(tmp_path / "plan.json", plan_of(text))
    ended = offline("show", "plan.json", *words)
    assert ended.code == 0, ended.err
    are_inert(ended)
    if "json" in words:
        assert ended.json == plan_of(text)


@every_text
def test_a_plan_at_a_terminal_and_what_became_of_it(text: str) -> None:
    shown = plan_of(text) if text in WRITABLE else plan_of("x") | {"endpoint": text}
    made = plan(BucketSpec.model_validate(everywhere("a") | {"name": text}, by_name=True, by_alias=False))
    made = replace(made, blockers=(Blocker("policy", text, text),))
    outcomes = tuple(Outcome(change, Result.FAILED, text) for change in made.changes)
    ended = Applied((BucketOutcome(made, outcomes),))
    for style in (Style(color=True, width=30, wraps=True), Style(width=90, wraps=True), Style(unicode=False)):
        assert is_inert(inert_lines(render(shown, style, next_command=text)))
        assert is_inert(inert_lines(render_outcome(ended, style, text)))
        assert is_inert(inert_lines(bucket_line(ended.buckets[0], style)))


@every_text
def test_a_saved_plan_that_is_none(offline: Run, tmp_path: Path, text: str) -> None:
    for spoiled in (
        {"format_version": text},
        {"format_version": "1.0", "inputs": text},
        plan_of("x") | {"summary": text},
    ):
        written(tmp_path / "plan.json", spoiled)
        for words in (["show"], ["show", "--format=json"], ["apply", "--auto-approve", "--plan"]):
            ended = offline(*words, "plan.json")
            assert ended.code == 1
            are_inert(ended)


# ── specs ────────────────────────────────────────────────────────────────────────────────────────────


def with_a_text(text: str) -> dict[str, Any]:
    """A spec with a text in every place, most of which it does not fit into."""
    return {
        "variables": {text: text, "env": text},
        text: text,
        "buckets": [
            {"name": text, text: text, "region": text, "account": text, "state": text, "keep_access": [text]},
            everywhere(text) | {"versioning": text, "encryption": {"sse_algorithm": text}, "policy": {"file": text}},
            everywhere("${" + text + "}") | {"name": "acme-more", "confirm_lock_out": text, "ignore_tags": [text]},
            everywhere("${env}") | {"name": "acme-most", "allow_unknown_actions": [text]},
        ],
    }


@every_text
@pytest.mark.parametrize("how", [json.dumps, lambda data: yaml.dump(data, allow_unicode=True, default_style="'")])
def test_a_spec_that_is_refused(offline: Run, spec: Path, text: str, how: Callable[[Any], str]) -> None:
    spec.write_bytes(how(with_a_text(text)).encode(errors="surrogatepass"))
    for words in (["validate"], ["validate", "--format", "json"], ["validate", "--color=always"], ["plan"]):
        ended = offline(*words)
        assert ended.code == 1
        are_inert(ended, json_too="json" in words)


@pytest.mark.parametrize("text", [text for text in WRITABLE if "\0" not in text])
def test_words_of_the_command_line_and_names_of_files(offline: Run, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / f"{text.replace('/', '_')}.yaml").write_text("buckets: [{name: acme-lake, tag: x}]")
    (tmp_path / "reconcile.yaml").write_text("limits: {}\n")
    for words in (
        ["validate"],
        ["validate", text],
        ["validate", "--var", f"{text}=x"],
        ["validate", f"--{text}"],
        [text],
        ["explain", text],
        ["show", text],
        ["runs", text],
        ["rollback", text],
        ["import", text],
        ["import", "--all", "--out", text],
        ["plan", "--target", text],
        ["apply", "--allow", text],
        ["apply", "--limit", f"{text}=1"],
        ["apply", "--expect-fingerprint", text],
        ["validate", "--settings", text],
        ["validate", "--endpoint-profile", text],
    ):
        are_inert(offline(*words))


@every_text
def test_settings(offline: Run, spec: Path, tmp_path: Path, text: str) -> None:
    written(
        tmp_path / "reconcile.yaml", {"limits": {text: text}, "lock": {"bucket": text}, text: text, "journal": text}
    )
    are_inert(offline("plan"))
    are_inert(offline("plan", "--format=json"), json_too=True)


# ── live buckets and servers ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", answered, ids=range(len(answered)))
def test_what_a_server_says_when_it_refuses(reconcile: Run, spec: Path, server: Recording, text: str) -> None:
    said = escape(text, quote=True)
    answer = f"<Error><Code>{said}</Code><Message>{said}</Message><BucketName>{said}</BucketName></Error>".encode()
    spec.write_text(SPEC + "  - {name: acme-other, region: us-east-1, policy: absent}\n")
    for refused in (lambda method, path: answer, lambda method, path: answer if method == "PUT" else None):
        server.instead = refused
        for words in (
            ["plan"],
            ["plan", "--format", "json"],
            ["plan", "--verbose"],
            ["apply", "--auto-approve", "--color", "always"],
            ["apply", "--auto-approve", "--format", "json"],
            ["import", "--all"],
            ["doctor"],
        ):
            are_inert(reconcile(*words), json_too="json" in words)


@pytest.mark.parametrize("text", ["::error file=x::y", " ::set-env name=a::b", "::", ": ::x", "a @everyone"])
def test_live_tags(reconcile: Run, spec: Path, s3: Any, text: str) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    tags = [{"Key": text.strip(), "Value": text}, {"Key": "Owner", "Value": text}]
    s3.put_bucket_tagging(Bucket="acme-lake", Tagging={"TagSet": tags})
    for words in (["plan"], ["plan", "--color", "always"], ["plan", "--format", "json"], ["import", "--all"]):
        are_inert(reconcile(*words))
    assert reconcile("plan", "--out", "plan.json").code == 0
    s3.put_bucket_tagging(Bucket="acme-lake", Tagging={"TagSet": [{"Key": "Owner", "Value": f"{text} x"}]})
    are_inert(reconcile("apply", "--plan", "plan.json", "--auto-approve"))
    are_inert(reconcile("import", "--all", "--out", "taken.yaml"))
    assert reconcile("plan", "--detailed-exitcode", "taken.yaml").code == 0


@every_text
def test_who_is_asking(offline: Run, spec: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    somebody = Identity(text, text, text, caller=text)
    monkeypatch.setattr(Clients, "identity", lambda self: somebody)
    spec.write_text(SPEC.replace("    region", '    account: "123456789012"\n    region'))
    for words in (["doctor"], ["plan"], ["plan", "--format", "json"]):
        are_inert(offline(*words))


@pytest.mark.parametrize("text", WRITABLE)  # pytest writes down what is logged
def test_a_mistake_of_ours_and_what_libraries_log(
    offline: Run, spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    def identity(self: Clients) -> Identity:
        logging.getLogger("botocore.x").warning("said: %s", text)
        raise ZeroDivisionError(text)

    monkeypatch.setattr(Clients, "identity", identity)
    for words in (["plan"], ["plan", "--debug"], ["plan", "--format", "json"]):
        ended = offline(*words)
        assert is_inert(ended.out)
        assert is_inert(ended.err)
        assert ("Traceback" in ended.err) is ("--debug" in words)


@every_text
def test_questions(offline: Run, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    from argparse import Namespace

    from reconciler.cli.consent import get_consent
    from reconciler.planning.needs import Kind, Need

    console = Console(Namespace())
    console.may_ask = True
    need = Need(Kind.CONSENT, text, text, f"--allow loses-data:{text}")
    with pytest.raises(ReconcileError):
        get_consent(Namespace(allow=[], auto_approve=False), console, [need])
    console.line(text)
    console.notice(text)
    console.document({text: text})
    out, err = capsys.readouterr()
    assert is_inert(err)
    assert is_inert(out)
    assert json.loads(out) == {text: text}
