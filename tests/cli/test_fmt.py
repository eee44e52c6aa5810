"""fmt: files, links, standard input, and what it says."""

from pathlib import Path

import pytest

from tests.cli.conftest import SPEC, Run

UGLY = SPEC.replace("  - name", "- name").replace("    ", "  ") + "# end"


def test_files_are_rewritten_and_named(offline: Run, spec: Path) -> None:
    assert offline("fmt").out == ""
    spec.write_text(UGLY)
    spec.chmod(0o640)
    name = f"specs/{spec.name}"
    checked = offline("fmt", "--check", "--quiet")
    assert (checked.code, checked.out, checked.err) == (1, f"{name}\n", "")
    assert spec.read_text() == UGLY
    ended = offline("fmt")
    assert (ended.code, ended.out) == (0, f"{name}\n")
    assert ended.err == "1 of 1 file rewritten\n"
    assert spec.read_text() == SPEC + "# end\n"
    assert spec.stat().st_mode & 0o777 == 0o640
    assert offline("fmt", "--check").code == 0
    assert [path.name for path in spec.parent.iterdir()] == [spec.name]


def test_a_difference_is_shown_and_nothing_is_written(offline: Run, spec: Path) -> None:
    spec.write_text(UGLY)
    ended = offline("fmt", "--diff", "--color", "always")
    assert ended.code == 0
    assert "\x1b[31m-- name: acme-lake\x1b[" in ended.out
    assert offline("fmt", "--diff", "--check").code == 1
    assert spec.read_text() == UGLY


def test_a_file_with_problems_stops_no_other(offline: Run, spec: Path) -> None:
    spec.write_text(UGLY)
    bad = spec.parent / "bad.yaml"
    bad.write_text("a:   yes\n")
    (spec.parent / "policy.json").write_text("{}")
    ended = offline("fmt", "specs", "specs/policy.json", "specs/none.yaml")
    assert ended.code == 1
    assert ended.out == f"specs/{spec.name}\n"
    for said in ("specs/bad.yaml:1:6", "RCL1006", "RCL1310", "RCL1301"):
        assert said in ended.err
    assert bad.read_text() == "a:   yes\n"


def test_a_link_stays_one_and_the_mark_of_an_editor_goes(offline: Run, spec: Path) -> None:
    spec.write_bytes(b"\xef\xbb\xbf" + SPEC.encode())
    link = Path("link.yaml")
    link.symlink_to(spec)
    assert offline("fmt", "link.yaml", str(spec)).out == "link.yaml\n"
    assert link.is_symlink()
    assert spec.read_bytes() == SPEC.encode()


def test_what_cannot_be_written_is_told(offline: Run, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    spec.write_text(UGLY)
    monkeypatch.setattr(Path, "replace", refuse)
    ended = offline("fmt")
    assert (ended.code, ended.out) == (1, "")
    assert "cannot be written" in ended.err
    assert spec.read_text() == UGLY
    assert len([*spec.parent.iterdir()]) == 1


@pytest.mark.parametrize(("more", "code", "out"), [([], 0, SPEC + "# end\n"), (["--check"], 1, "-\n")])
def test_standard_input(offline: Run, more: list[str], code: int, out: str) -> None:
    ended = offline("fmt", "-", *more, piped=UGLY)
    assert (ended.code, ended.out) == (code, out)
