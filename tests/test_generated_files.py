"""What is generated and checked in is what the code would generate now."""

import runpy
import sys
from pathlib import Path
from types import ModuleType

import pytest

from reconciler.specs import documentation, schema
from tests import tables
from tests.servers import table

ROOT = Path(__file__).parents[1]
FILES = {f"schemas/{name}": text for name, text in schema.texts().items()} | {
    f"docs/{name}": text for name, text in (documentation.texts() | tables.texts() | table.texts()).items()
}


@pytest.mark.parametrize("name", FILES)
def test_generated_files_are_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name], "out of date; run: make generate"


@pytest.mark.parametrize("module", [schema, documentation, tables, table])
def test_the_command_that_makes_them(module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [module.__name__, str(tmp_path)])
    runpy.run_path(str(module.__file__), run_name="__main__")
    assert {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()} == module.texts()


def test_the_docs_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    written = documentation.write_docs(tmp_path / "docs")
    assert [path.name for path in written] == ["errors.md", "aspects.md", "guardrails.md"]
    assert all(path.read_text(encoding="utf-8").startswith("# ") for path in written)
