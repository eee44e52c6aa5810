"""How a spec says that a bucket is to go, and what keeps it from being said by accident."""

import json

import pytest

from reconciler.specs.schema import bucket_spec_schema
from reconciler.specs.spec_file import NEVER_BY_DEFAULT
from tests.specs.reading import load_bucket, problems_in

GONE = "{name: acme-lake, state: absent, confirm_delete: acme-lake}"


def test_a_bucket_that_is_to_go() -> None:
    assert load_bucket(f"buckets:\n  - {GONE}\n") == {
        "name": "acme-lake",
        "state": "absent",
        "confirm_delete": "acme-lake",
    }


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("state: absent", "state"),
        ("state: present", "state"),
        ("confirm_delete: acme-lake", "confirm_delete"),
        ("empty_first: true", "empty_first"),
        ("max_objects: 5", "max_objects"),
    ],
)
def test_no_default_deletes_a_fleet(line: str, name: str) -> None:
    said = f"`{name}` among the defaults would be about every bucket of this file"
    text = f"defaults:\n  {line}\nbuckets:\n  - {{name: acme-lake, state: present}}\n"
    assert f"2:3 RCL1321 {said}" in problems_in(text)
    assert name in NEVER_BY_DEFAULT


def test_a_tombstone_may_be_a_default_of_buckets_that_all_go() -> None:
    text = f"defaults: {{tombstone: true}}\nbuckets:\n  - {GONE}\n"
    assert load_bucket(text)["tombstone"] is True
    assert "RCL2012" in problems_in(text + "  - {name: acme-stays}\n")[0]


@pytest.mark.parametrize("name", ["acme-${env}", "${env}-lake"])
def test_a_confirmation_is_typed_out(name: str) -> None:
    text = f'variables: {{env: dev}}\nbuckets:\n  - {{name: "{name}", state: absent, confirm_delete: "{name}"}}\n'
    found = problems_in(text)
    assert [problem.split()[1] for problem in found] == ["RCL1322"]


def test_a_name_made_of_variables_is_confirmed_as_it_comes_out() -> None:
    text = 'variables: {env: dev}\nbuckets:\n  - {name: "acme-${env}", state: absent, confirm_delete: acme-dev}\n'
    assert load_bucket(text)["name"] == "acme-dev"
    assert [problem.split()[1] for problem in problems_in(text.replace("env: dev", "env: prod"))] == ["RCL2011"]


@pytest.mark.parametrize(
    ("bucket", "codes"),
    [
        ("{state: absent, confirm_delete: acme-lake}", ["RCL1102"]),
        ("{name: acme-lake, state: gone, confirm_delete: acme-lake}", ["RCL1104"]),
        ("{name: acme-lake, state: absent, confirm_delete: [acme-lake]}", ["RCL1105"]),
        (
            "{name: acme-lake, state: absent, confirm_delete: acme-lake, empty_first: true, max_objects: all}",
            ["RCL1105"],
        ),
    ],
)
def test_one_mistake_is_told_once(bucket: str, codes: list[str]) -> None:
    assert [problem.split()[1] for problem in problems_in(f"buckets:\n  - {bucket}\n")] == codes


def test_editors_offer_no_deletion_among_the_defaults() -> None:
    definitions = bucket_spec_schema()["definitions"]
    assert {*NEVER_BY_DEFAULT} <= definitions["Bucket"]["properties"].keys()
    assert not {*NEVER_BY_DEFAULT} & definitions["Defaults"]["properties"].keys()
    assert json.dumps(definitions["Bucket"]["properties"]["state"]).count("absent") >= 1
