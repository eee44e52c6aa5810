"""Words in, a command out: where options may stand, and what is said to those that do not exist."""

import io
import itertools
from argparse import Namespace
from pathlib import Path

import pytest

from reconciler.cli import main as command_line
from reconciler.cli.console import Console, columns_of_terminal
from reconciler.version import __version__
from tests.cli.conftest import Run, Terminal, typed


def test_the_version(offline: Run) -> None:
    assert offline("--version").out == f"reconcile {__version__}\n"


def test_without_a_command_there_is_help(offline: Run) -> None:
    alone, asked = offline(), offline("--help")
    assert alone.code == asked.code == 0
    assert alone.out == asked.out
    for number in ("0  fine", "1  error", "2  changes", "3  refused", "4  the saved", "5  partly", "64 usage", "130 "):
        assert number in asked.out
    for command in command_line.COMMANDS:
        assert f"    {command} " in asked.out


@pytest.mark.parametrize("command", [*command_line.COMMANDS])
def test_every_command_has_help_with_an_example(offline: Run, command: str) -> None:
    shown = offline(command, "--help")
    assert shown.code == 0
    assert f"\n  reconcile {command}" in shown.out
    assert "--endpoint-url" in shown.out


@pytest.mark.parametrize("command", [*command_line.COMMANDS])
def test_the_table_of_commands_says_what_their_files_say(command: str) -> None:
    module = command_line.command_named(command)
    assert (module.__doc__ or "").splitlines()[0] == f"{command}: {command_line.COMMANDS[command]}"


def test_options_may_stand_before_and_after_the_command(
    reconcile: Run, offline: Run, spec: Path, endpoint: str
) -> None:
    after = offline("plan", str(spec), "--endpoint-url", endpoint, "--color", "always", "--quiet")
    before = offline("--color", "always", "--quiet", "--endpoint-url", endpoint, "plan", str(spec))
    split = offline("--quiet", "plan", "--color=always", f"--endpoint-url={endpoint}", str(spec))
    assert after == before == split
    assert "\x1b[1m" in after.out
    assert after.err == ""


@pytest.mark.parametrize("words", [*itertools.permutations(["a.yaml", "--var=x=1", "b.yaml", "--quiet"])])
def test_paths_may_stand_anywhere(offline: Run, words: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"variables: {{x: y}}\nbuckets: [{{name: acme-{name}, tags: absent}}]")
    in_order = [f"acme-{word[0]}" for word in words if not word.startswith("-")]
    assert sorted(offline("validate", "--format", "json", *words).json["buckets"]) == sorted(in_order)


@pytest.mark.parametrize(
    ("words", "said", "remedy"),
    [
        (["plna"], "there is no command `plna`", "did you mean `plan`?"),
        (["frobnicate"], "there is no command `frobnicate`", "choose from validate, lint, plan, apply, ci"),
        (["plan", "--quite"], "there is no option `--quite`", "did you mean `--quiet`?"),
        (["--quite", "plan"], "there is no option `--quite`", "did you mean `--quiet`?"),
        (["--colour", "never", "plan"], "there is no option `--colour`", "did you mean `--color`?"),
        (["plan", "--detailed-exit-code"], "there is no option", "did you mean `--detailed-exitcode`?"),
        (["apply", "--auto-aprove=1"], "there is no option `--auto-aprove`", "did you mean `--auto-approve`?"),
        (["plan", "--xyzzy"], "there is no option `--xyzzy`", "see `reconcile plan --help`"),
        (["plan", "--format", "jsno"], "--format is not `jsno`", "did you mean `json`?"),
        (["sandbox", "statsu"], "action is not `statsu`", "did you mean `status`?"),
        (["sandbox"], "required: action", "see `reconcile sandbox --help`"),
        (["plan", "--out"], "expected one argument", "see `reconcile plan --help`"),
        (["plan", "-x"], "-x", "--help"),
        (["show"], "required: PLAN", "see `reconcile show --help`"),
        (["show", "a", "b"], "unrecognized arguments: b", "--help"),
        (["plan", "--var", "x"], "`--var x` has no value", "write --var NAME=VALUE"),
        (["plan", "--sandbox", "--profile", "p"], "--sandbox goes with neither", "leave one of them out"),
        (["plan", "--out", "p.json", "-"], "a saved plan reads its specs again", "put the spec into a file"),
        (["apply", "--plan", "p.json", "specs"], "a saved plan says itself", "leave PATH"),
        (["plan", "--endpoint-url", "localhost:9000"], "is not the URL", "https://"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    offline: Run, spec: Path, words: list[str], said: str, remedy: str
) -> None:
    ended = offline(*words)
    assert ended.code == 64
    assert ended.out == ""
    assert ended.err.startswith("error[RCL9001]: ")
    assert said in ended.err
    assert remedy in ended.err


def test_options_are_never_guessed(offline: Run, spec: Path) -> None:
    assert offline("plan", "--detailed").code == 64
    assert offline("plan", "--end", "http://127.0.0.1:1").code == 64


def test_a_misspelled_target_is_told_from_the_right_one(offline: Run, spec: Path) -> None:
    ended = offline("plan", "--target", "acme-lakr")
    assert ended.code == 64
    assert "no spec describes the bucket `acme-lakr`" in ended.err
    assert "did you mean `acme-lake`?" in ended.err
    assert "check --target" in offline("plan", "--target", "zzz").err


# ── how output looks ─────────────────────────────────────────────────────────────────────────────────

COLOURS = [
    ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
    ("never", {"FORCE_COLOR": "1"}, True, False),
    ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ("auto", {"NO_COLOR": ""}, True, True),
    ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
    ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
    ("auto", {"TERM": "dumb"}, True, False),
    ("auto", {}, True, True),
    ("auto", {}, False, False),
]


@pytest.mark.parametrize(("option", "environment", "terminal", "coloured"), COLOURS)
def test_colour_is_asked_of_the_option_then_the_environment_then_the_stream(
    option: str, environment: dict[str, str], terminal: bool, coloured: bool
) -> None:
    stream = typed("", Terminal if terminal else io.TextIOWrapper)
    assert Console(Namespace(color=option), environment).wants_color(stream) is coloured


def test_colours_of_a_real_command(offline: Run, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in offline("validate").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in offline("validate").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in offline("validate").out
    assert "\x1b[32m" in offline("validate", "--color", "always").out


def test_a_stream_that_is_closed_is_no_terminal() -> None:
    stream = typed("")
    stream.close()
    assert Console(Namespace(color="auto"), {}).wants_color(stream) is False
    assert Console(Namespace(), {}).style(None).unicode is False


def test_nobody_is_asked_in_json_or_without_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", typed("", Terminal))
    assert Console(Namespace()).may_ask
    assert not Console(Namespace(no_input=True)).may_ask
    assert not Console(Namespace(format="json")).may_ask


def test_to_a_stream_that_is_closed_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    Console(Namespace()).result("said to nobody")


def test_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.get_terminal_size", lambda _: type("Size", (), {"columns": 200}))
    assert columns_of_terminal({"COLUMNS": "120"}) == 120
    assert columns_of_terminal({"COLUMNS": "300"}) == 200, "what is wider than there is room would wrap"
    assert columns_of_terminal({"COLUMNS": "wide"}) == 200
    assert columns_of_terminal({"COLUMNS": "0"}) == 200

    def no_terminal(_: int) -> None:
        raise OSError

    monkeypatch.setattr("os.get_terminal_size", no_terminal)
    assert columns_of_terminal({}) == 80
    assert columns_of_terminal({"COLUMNS": "120"}) == 120


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "iso-8859-15", "cp1252", "koi8-r"])
def test_what_a_stream_cannot_spell_is_escaped(
    offline: Run, spec: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding))
    assert command_line.main(["validate"]) == 0
    assert command_line.main(["validate", "--format", "json", "--var", "ö=1"]) == 64
    said = written.getvalue().decode("ascii")
    assert said.startswith("ok 1 bucket in 1 file")
    assert "`\\u00f6`" in said


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_on_standard_output_is_what_it_would_be_on_disk(
    offline: Run, spec: Path, encoding: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escapes are for people; in a file they would be another value, or no YAML."""
    text = end.join(["# ##[section]\u00a0\u200b", "buckets:", "- name: acme-lake", "  tags: {Ort: Köln 日本}", ""])
    spec.write_bytes(text.encode())
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding))
    assert offline("fmt", "-", piped=text).code == 0
    assert offline("fmt").code == 0
    name = f"specs/{spec.name}\n".encode()
    assert written.getvalue() == spec.read_bytes() + name
    assert "Köln 日本" in spec.read_text()


def test_what_a_terminal_would_obey_is_escaped_in_a_file_too(
    offline: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.cli.console.is_terminal", lambda _: True)
    ended = offline("fmt", "-", "--color", "never", piped="buckets:\n  - name: acme-lake # \u202e\n")
    assert ended.out == "buckets:\n  - name: acme-lake  # \\u202e\n"
