"""Files of more values than anybody means: the bounds, made small."""

import pytest

from reconciler import strict_yaml
from reconciler.specs import spec_file, telling, variables
from tests.specs.reading import problems_in


def test_more_values_than_a_file_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "MOST_VALUES", 20)
    (said,) = problems_in("buckets:\n" + "".join(f"  - {{name: acme-{n}, versioning: Enabled}}\n" for n in range(9)))
    assert "more than 20 values" in said


def test_what_defaults_and_files_add_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spec_file, "MOST_VALUES", 30)
    text = "defaults: {tags: {a: b, c: d, e: f, g: h}}\nbuckets:\n"
    said = problems_in(text + "".join(f"  - name: acme-{n}\n" for n in range(5)))
    assert any("more than 30 values, with what `defaults:` and included files add" in one for one in said)


def test_after_so_many_problems_the_rest_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MOST_PROBLEMS", 3)
    said = problems_in(
        "buckets:\n" + "".join(f"  - {{name: acme-{n}, policy: {{file: no{n}.yaml}}}}\n" for n in range(9))
    )
    assert len(said) == 4
    assert "the rest of the file is left out" in said[0]


def test_variables_that_make_too_much_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "LARGEST_FILE", 100)
    text = f"variables: {{long: {'x' * 60}}}\nbuckets:\n"
    text += "  - {name: acme-lake, tags: {a: '${long}', b: '${long}', c: '${long}'}}\n"
    said = problems_in(text)
    assert sum("with its variables filled in" in one for one in said) == 1
