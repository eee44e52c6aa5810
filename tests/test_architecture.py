"""The house's plan as tests: which room may know which, and what a new aspect costs."""

import ast
import re
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "reconciler").rglob("*.py"))
LONGEST_FILE = 420
LONGEST_FUNCTION = 60


def test_each_room_only_knows_the_ones_below_it() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_boto3_is_named_in_one_room_only() -> None:
    importing = {
        path.relative_to(ROOT / "reconciler").parts[0]
        for path in SOURCES
        if re.search(r"^\s*(?:import|from) (?:boto3|botocore)\b", path.read_text(), re.MULTILINE)
    }
    assert importing == {"s3"}


def test_an_aspect_is_one_file_one_import_and_one_field() -> None:
    """The proof is the eighth aspect: its name stands nowhere else in the program."""
    naming = {
        path.relative_to(ROOT / "reconciler").as_posix(): len(re.findall("ownership_?controls", line_free(path), re.I))
        for path in SOURCES
    }
    named = {name for name, times in naming.items() if times and not name.startswith("sandbox/")}
    assert named == {"aspects/ownership_controls.py", "bucket.py", "aspects/policy.py"}, (
        "the policy may say that it is applied after it; nothing else may know the aspect"
    )
    field = [line for line in (ROOT / "reconciler/bucket.py").read_text().splitlines() if "ownership_controls" in line]
    assert len(field) == 2, "one import and one field"


def line_free(path: Path) -> str:
    """The code of a file, without its docstrings and comments."""
    return ast.unparse(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_rooms_stay_small_and_have_a_name_on_the_door(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert text.count("\n") <= LONGEST_FILE, "is it two ideas?"
    assert not tree.body or ast.get_docstring(tree), "no docstring says what this room is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"
