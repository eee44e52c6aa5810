"""Nothing takes for ever, and nothing grows without an end: the worst inputs, and each bound by itself."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.aspects import team_schema
from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.errors import InvalidSpecs
from reconciler.policy_language import difference
from reconciler.policy_language.actions import kinds_of
from reconciler.policy_language.values import read
from reconciler.reports.problems import LONGEST_LINE, render_problems
from reconciler.reports.style import Style
from reconciler.specs import spec_file, variables
from reconciler.specs.loader import load

ROOT = Path(__file__).parents[2]
PARTS = 3
SPEC = "buckets:\n  - {name: aaa, tags: {a: b}}\n  - {name: bbb, tags: {a: b}}\n"


@pytest.mark.parametrize("part", range(PARTS))
def test_the_worst_inputs_end_by_themselves(part: int) -> None:
    command = [sys.executable, "-m", "tests.fuzz.worst", str(part), str(PARTS)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("ok ") > 10


def refused(text: str) -> list[str]:
    """What is told of a spec."""
    Path("spec.yaml").write_text(text)
    with pytest.raises(InvalidSpecs) as caught:
        load(["spec.yaml"])
    return [f"{problem.code} {problem.message}" for problem in caught.value.problems]


def test_a_file_has_only_so_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.strict_yaml.MOST_VALUES", 9)
    assert refused(SPEC) == ["RCL1003 more than 9 values"]
    monkeypatch.setattr("reconciler.strict_yaml.MOST_VALUES", 10)
    Path("spec.yaml").write_text(SPEC)
    assert len(load(["spec.yaml"]).buckets) == 2


def test_after_a_thousand_problems_nothing_is_looked_at() -> None:
    told = refused("buckets: [" + "x, " * 1500 + "{name: A}]")
    assert len(told) == 1001
    assert not any("RCL2001" in one for one in told)


def test_defaults_and_files_do_not_multiply_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spec_file, "MOST_VALUES", 11)
    text = "defaults: {tags: {x: y, z: w}}\n" + SPEC
    assert refused(text) == ["RCL1003 more than 11 values, with what `defaults:` and included files add"]
    monkeypatch.setattr(spec_file, "MOST_VALUES", 12)
    Path("spec.yaml").write_text(text)
    assert len(load(["spec.yaml"]).buckets) == 2


def test_variables_do_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "variables: {long: abcdefghij}\n" + SPEC.replace("a: b", "a: '${long}-${long}-${region}'")
    filled = len("abcdefghij-abcdefghij-${region}")
    monkeypatch.setattr(variables, "LARGEST_FILE", 2 * filled - 1)
    assert f"RCL1003 with its variables filled in, this file has more than {2 * filled - 1} characters" in refused(text)
    monkeypatch.setattr(variables, "LARGEST_FILE", 2 * filled)
    Path("spec.yaml").write_text(text)
    assert len(load(["spec.yaml"]).buckets) == 2


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("name", "a" * 256, "RCL2001"),
        ("region", "us" + "-a" * 126 + "-12", "RCL2002"),
        ("account", "1" * 256, "RCL2003"),
    ],
)
def test_what_is_filled_in_for_a_variable_is_no_longer_than_a_name(field: str, text: str, code: str) -> None:
    written = {"name": "acme-lake", "tags": {"a": "${bucket}${region}"}, field: text}
    assert [refusal.code.code for refusal in BucketSpec.model_validate(written).refusals()] == [code]


def test_a_policy_that_is_far_too_large_is_told_in_one_sentence() -> None:
    spec = BucketSpec.model_validate({"name": "acme-lake", "policy": {"Statement": [{"Foo": "x" * 1000}] * 50}})
    assert [refusal.message for refusal in spec.refusals()] == [
        "this policy has 50,565 characters: S3 takes at most 20,480 bytes"
    ]


def test_a_schema_that_asks_for_itself_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_schema, "MOST_REFERENCES", 2)
    twice: dict[str, Any] = {
        "$ref": "#/definitions/a",
        "definitions": {"a": {"allOf": [{"$ref": "#/definitions/b"}], "b": {}}},
    }
    twice["definitions"]["b"] = {"required": ["x"]}
    assert [message for _, message in team_schema.misfits_of_team({}, twice)] == ["'x' is a required property"]
    twice["definitions"]["b"] = {"allOf": [{"$ref": "#/definitions/c"}]}
    twice["definitions"]["c"] = True
    with pytest.raises(ValueError, match="more often than anybody can follow"):
        list(team_schema.misfits_of_team({}, twice))


def test_a_place_in_a_very_long_line_is_shown_with_what_stands_around_it() -> None:
    buckets = ", ".join(f"{{name: aaa{at}, versioning: Enabled}}" for at in range(500))
    Path("spec.yaml").write_text(f"buckets: [{buckets}, {{name: zzz, tag: x}}, {buckets.replace('aaa', 'bbb')}]")
    with pytest.raises(InvalidSpecs) as caught:
        load(["spec.yaml"])
    lines = render_problems(caught.value.problems, Style(width=60)).split("\n")
    pointed = next(at for at, line in enumerate(lines) if "^^^" in line)
    start = lines[pointed].index("^^^")
    assert lines[pointed - 1][start : start + 3] == "tag"
    assert lines[pointed - 1].startswith("1 | …")
    assert lines[pointed - 1].endswith("…")
    assert len(buckets) > 10 * LONGEST_LINE


# ── policies ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("action", "known"),
    [
        ("s3:GetObject", True),
        ("S3:gETobject", True),
        ("s3:Get*", True),
        ("s3:Get****Object", True),
        ("s3:GetObjec?", True),
        ("s3:GetObjec??", False),
        ("*", True),
        ("s3:*e*e*e*e*e*e*e*e*e*x", False),
        ("s3:Get.bject", False),
    ],
)
def test_actions_are_told_from_patterns_without_regular_expressions(action: str, known: bool) -> None:
    assert (kinds_of(action) is not None) is known


def test_a_name_that_stands_twice_is_found_among_many() -> None:
    with pytest.raises(ValueError, match="`a1` stands twice"):
        read('{"a1": 1, "a2": 2, "a1": 3}')
    assert read('{"a1": {"a1": 1}, "a2": 2}') == {"a1": {"a1": "1"}, "a2": "2"}


def statements(*resources: str) -> Policy:
    return Policy({"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": one} for one in resources]})


def test_statements_without_names_have_strokes_and_then_numbers() -> None:
    shown = statements(*"abcdefg").picture()["Statement"]
    assert [*shown] == ["Deny s3:*" + mark for mark in ("", "'", "''", "'''", "'4", "'5", "'6")]


def test_too_many_statements_are_not_compared_each_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = statements("a", "b"), statements("c", "d")
    shown, _ = Policy.pictures(before, after)
    assert [*shown["Statement"]] == ["Deny s3:*", "Deny s3:*'"], "each has its counterpart"
    monkeypatch.setattr(difference, "MOST_PAIRS", 3)
    shown, _ = Policy.pictures(before, after)
    assert [*shown["Statement"]] == ["Deny s3:*''", "Deny s3:*'''"], "and now none has"
    json.dumps(shown)
