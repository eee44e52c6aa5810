"""Which files are read, and that none of them can hold up or mislead the run."""

import io
import os
import sys
from pathlib import Path

import pytest

from reconciler.specs.files import relative
from reconciler.specs.loader import load
from tests.specs.reading import problems_with

SPEC = "buckets:\n  - name: {}\n"


def test_files_folders_and_each_file_once(folder: Path) -> None:
    (folder / "b.yaml").write_text(SPEC.format("bbb"))
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "c.yml").write_text(SPEC.format("ccc"))
    (folder / "deep" / "notes.txt").write_text("not a spec")
    (folder / "deep" / ".hidden.yaml").write_text("not looked at")
    (folder / "deep" / ".git").mkdir()
    (folder / "deep" / ".git" / "x.yaml").write_text("not looked at")
    (folder / "deep" / "folder.yaml").mkdir()
    loaded = load(["b.yaml", "deep", ".", str(folder / "b.yaml")])
    assert loaded.files == ("b.yaml", "deep/er/c.yml")
    assert [(bucket.spec.name, str(bucket.place)) for bucket in loaded.buckets] == [
        ("bbb", "b.yaml:2:5"),
        ("ccc", "deep/er/c.yml:2:5"),
    ]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + SPEC.format("aaa").encode())))
    loaded = load(["-", "-"])
    assert loaded.files == ("-",)
    assert str(loaded.buckets[0].place) == "-:2:5"


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    (problem,) = problems_with("-")
    assert (problem.code, problem.message) == ("RCL1301", "`-` cannot be read: it is closed")


def test_a_missing_file_a_folder_without_specs_a_device_and_a_name_that_is_none(folder: Path) -> None:
    (folder / "empty").mkdir()
    problems = problems_with("nope.yaml", "empty", "/dev/zero", "x" * 300, "a\0b")
    assert [(problem.code, problem.message) for problem in problems] == [
        ("RCL1301", "`/dev/zero` is neither a file nor a folder"),
        ("RCL1301", "`a\0b` cannot be read: a name holds no null character"),
        ("RCL1301", "`nope.yaml` cannot be read: No such file or directory"),
        ("RCL1301", f"`{'x' * 300}` cannot be read: File name too long"),
        ("RCL1302", "`empty` holds no spec: no file ends in .yaml or .yml"),
    ]


def test_a_pipe_does_not_hold_the_run_up(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    assert problems_with("pipe.yaml")[0].code == "RCL1301"
    assert problems_with(".")[0].code == "RCL1302"


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "secret.yaml").write_text(SPEC.format("aaa"))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    (problem,) = problems_with("secret.yaml")
    assert problem.message == "`secret.yaml` cannot be read: Permission denied"


def test_text_that_is_not_utf_8_and_files_that_are_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "latin.yaml").write_bytes(b"buckets:\n  - name: \xe4\n")
    (folder / "utf16.yaml").write_bytes(SPEC.format("aaa").encode("utf-16"))
    (folder / "large.yaml").write_bytes(b"#" * 100)
    monkeypatch.setattr("reconciler.specs.files.LARGEST_FILE", 99)
    problems = problems_with("latin.yaml", "utf16.yaml", "large.yaml")
    assert [(problem.code, str(problem.place)) for problem in problems] == [
        ("RCL1003", "large.yaml:1:1"),
        ("RCL1002", "latin.yaml:2:1"),
        ("RCL1002", "utf16.yaml:1:1"),
    ]


def test_links_in_a_folder_may_not_lead_out_of_it(folder: Path) -> None:
    (folder / "secret.yaml").write_text("token: hunter2\n")
    (folder / "specs" / "real").mkdir(parents=True)
    (folder / "specs" / "real" / "a.yaml").write_text(SPEC.format("aaa"))
    (folder / "specs" / "b.yaml").symlink_to("real/a.yaml")
    (folder / "specs" / "loop.yaml").symlink_to("loop.yaml")
    assert len(load(["specs"]).buckets) == 1
    (folder / "specs" / "c.yaml").symlink_to("../secret.yaml")
    (problem,) = problems_with("specs")
    assert problem.code == "RCL1201"
    assert "hunter2" not in repr(problem)
    assert problems_with("specs/c.yaml")[0].code == "RCL1101"  # named by a person, it is read


def test_file_names_that_are_not_utf_8_can_be_shown(folder: Path) -> None:
    name = os.fsdecode(b"\xe4.yaml")
    Path(name).write_text("")
    (problem,) = problems_with(".")
    assert problem.place is not None
    assert problem.place.file == "\\xe4.yaml"


def test_paths_as_plans_record_them(folder: Path) -> None:
    assert relative("-") == "-"
    assert relative(str(folder / "specs")) == "specs"
    assert relative("./specs/../specs/") == "specs"
