"""Outputs of a step: read as the runner reads them, whatever stands in them."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ExitCode
from reconciler.pull_request.outputs import REASONS, outputs_of, write_outputs


def read(path: Path) -> dict[str, str]:
    """As GitHub's runner does: a name, a delimiter, and lines until the delimiter."""
    found: dict[str, str] = {}
    lines = iter(path.read_text().split("\n"))
    for line in lines:
        name, _, delimiter = line.partition("<<")
        if delimiter:
            value = []
            for part in lines:
                if part == delimiter:
                    break
                value.append(part)
            found[name] = "\n".join(value)
    return found


@given(st.dictionaries(st.sampled_from(("risk", "changes")), st.text(st.sampled_from("a<\n-:EOF"), max_size=20)))
def test_law_no_value_becomes_another_output(said: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "outputs"
        write_outputs(str(path), said)
        assert read(path) == said


def test_every_end_has_a_reason() -> None:
    assert set(REASONS) == set(ExitCode)
    assert outputs_of(None, ExitCode.STALE)["exit_reason"] == "stale"
