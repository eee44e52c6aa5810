"""The JSON Schemas: valid for draft-07 and 2020-12, and of one mind with the loader."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from reconciler.errors import InvalidSpecs
from reconciler.nodes import Source
from reconciler.planning.changeset import Changeset, Inputs, Origin
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.plan_schema import plan_schema
from reconciler.planning.planner import plan_bucket
from reconciler.planning.storage import to_document, to_text
from reconciler.specs.catalogue import GENERAL, all_codes, catalogue, owner_of, section_of
from reconciler.specs.loader import load
from reconciler.specs.schema import bucket_spec_schema, manifest_schema, schemas, write_all
from reconciler.strict_yaml import parse

ROOT = Path(__file__).parents[2]
DRAFTS = (Draft7Validator, Draft202012Validator)


def misfits(text: str) -> list[str]:
    """What both drafts say of a spec as an editor reads it."""
    node, problems = parse(Source("spec.yaml", text))
    assert node is not None
    assert not problems
    said = [[error.message for error in draft(bucket_spec_schema()).iter_errors(node.plain())] for draft in DRAFTS]
    assert said[0] == said[1]
    return said[0]


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("name", schemas())
def test_the_schemas_are_schemas(name: str, draft: Any) -> None:
    draft.check_schema(schemas()[name])


@pytest.mark.parametrize("name", ["lake", "fleet"])
def test_the_example_specs_fit_and_point_at_the_schema(name: str) -> None:
    text = (ROOT / "specs" / f"{name}.yaml").read_text()
    assert misfits(text) == []
    assert text.startswith("# yaml-language-server: $schema=../schemas/bucket-spec.schema.json\n")


@pytest.mark.parametrize(
    "bucket",
    [
        "account: 012345678901",
        "account: 123456789012",
        "tags: {version: 1.10, n: 3}",
        "tags: absent",
        "tags: unmanaged",
        "versioning: Suspended",
        "versioning: {status: Enabled}",
        "versioning: unmanaged",
        "encryption: aws:kms",
        "encryption: {sse_algorithm: aws:kms, bucket_key_enabled: true}",
        "lifecycle: {rules: [{id: x, expiration: {date: 2030-01-31}}]}",
        "lifecycle: {rules: [{id: 7, filter: {tags: {a: 1}}, expiration: {days: 1}}, {expiration: {days: 2}}]}",
        "manifest: {owner: {name: x}, access: [1, {a: b}]}",
        "policy: {Statement: {Effect: Deny, Principal: '*', Action: s3:*, Resource: arn:aws:s3:::aaa}}",
    ],
)
def test_what_the_loader_accepts_is_not_flagged(bucket: str) -> None:
    text = f"variables: {{a: 1}}\ndefaults: {{region: us-east-1}}\nbuckets:\n  - name: aaa\n    {bucket}\n"
    assert misfits(text) == []
    Path("spec.yaml").write_text(text)
    load(["spec.yaml"])


@pytest.mark.parametrize(
    "text",
    [
        "buckets: []",
        "defaults: {}",
        "bukets: []\nbuckets: [{name: aaa}]",
        "variables: {bucket: x}\nbuckets: [{name: aaa}]",
        "variables: {a-b: x}\nbuckets: [{name: aaa}]",
        "variables: {a: true}\nbuckets: [{name: aaa}]",
        "defaults: {name: x}\nbuckets: [{name: aaa}]",
        "defaults: {foo: x}\nbuckets: [{name: aaa}]",
        "buckets: [{region: us-east-1}]",
        "buckets: [{name: aaa, lifecyle: {}}]",
        "buckets: [{name: aaa, region: }]",
        "buckets: [{name: aaa, lifecycle: }]",
        "buckets: [{name: aaa, versioning: Enable}]",
        "buckets: [{name: aaa, versioning: absent}]",
        "buckets: [{name: aaa, versioning: true}]",
        "buckets: [{name: aaa, encryption: AES-256}]",
        "buckets: [{name: aaa, encryption: {SSEAlgorithm: AES256}}]",
        "buckets: [{name: aaa, public_access_block: {block_public_acls: 'true'}}]",
        "buckets: [{name: aaa, lifecycle: {rules: [{id: x, days: 1}]}}]",
        "buckets: [{name: aaa, lifecycle: {rules: [{id: x, expiration: {days: '1'}}]}}]",
        "buckets: [{name: aaa, lifecycle: {rules: [{id: x, transitions: [{days: 1}]}]}}]",
        "buckets: [{name: aaa, lifecycle: {rules: {id: x}}}]",
        "buckets: [{name: aaa, tags: [a]}]",
        "buckets: [{name: aaa, tags: {a: [b]}}]",
        "buckets: [{name: aaa, ignore_tags: a}]",
        "buckets: [{name: aaa, policy: text}]",
        "buckets: [{name: aaa, manifest: {owner: Joe}}]",
    ],
)
def test_what_is_flagged_the_loader_refuses_too(text: str) -> None:
    assert misfits(text)
    Path("spec.yaml").write_text(text)
    with pytest.raises(InvalidSpecs):
        load(["spec.yaml"])


def test_what_people_never_write_is_not_offered() -> None:
    manifest = bucket_spec_schema()["definitions"]["Manifest"]["properties"]
    assert {"environment", "purpose", "owner", "json_schema"} <= manifest.keys()
    assert not manifest.keys() & {
        "bucket",
        "region",
        "created_at",
        "encryption",
        "lifecycle",
        "etag",
        "unreadable_text",
    }


def test_every_field_is_described() -> None:
    for name, definition in bucket_spec_schema()["definitions"].items():
        for field, about in definition.get("properties", {}).items():
            assert about.get("description"), f"{name}.{field}"


def test_nothing_stands_beside_a_reference() -> None:
    def look(value: Any) -> None:
        if isinstance(value, dict):
            assert "$ref" not in value or len(value) == 1
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    for schema in schemas().values():
        look(schema)


def test_a_manifest_as_it_lies_in_a_bucket() -> None:
    body = {"bucket": "aaa", "created_at": "2030-01-01T00:00:00Z", "owner": {"name": "x", "more": 1}, "team": 1}
    assert Draft7Validator(manifest_schema()).is_valid(body)
    assert not Draft7Validator(manifest_schema()).is_valid(body | {"purpose": 3})
    assert not Draft7Validator(manifest_schema()).is_valid({"bucket": "aaa"})


def test_a_plan_and_a_failure() -> None:
    valid = Draft7Validator(plan_schema()).is_valid
    failure = {"format_version": "1.0", "error": {"code": "RCL5001", "message": "x", "remedy": None}}
    assert valid(failure)
    assert not valid(failure | {"format_version": "2.0"})
    assert not valid({"format_version": "1.0"})
    plan: dict[str, Any] = {
        "format_version": "1.3",
        "tool_version": "1.0",
        "fingerprint": "0" * 64,
        "endpoint": None,
        "inputs": {"paths": ["specs"], "variables": {}, "targets": [], "spec_digest": "0" * 64},
        "buckets": [],
        "summary": {"create": 0, "update": 0, "delete": 0, "none": 0, "blocked": 0},
        "something_new": 1,
    }
    assert valid(plan)
    assert not valid(plan | {"fingerprint": ""})
    assert not valid({name: value for name, value in plan.items() if name != "summary"})


def test_the_files_are_written_where_they_are_wanted() -> None:
    written = write_all(Path("new/folder"))
    assert [path.name for path in written] == list(schemas())
    assert all(path.read_text().startswith("{\n") for path in written)


# ── codes ────────────────────────────────────────────────────────────────────────────────────────────


def test_no_code_is_used_twice() -> None:
    codes = [code.code for code in all_codes()]
    assert sorted(codes) == sorted(set(codes))


def test_every_code_that_is_used_is_explained() -> None:
    used = {
        code
        for file in (ROOT / "reconciler").rglob("*.py")
        for code in re.findall(r"RCL\d{4}", file.read_text("utf-8"))
    }
    assert used <= catalogue().keys()


def test_every_code_says_something_under_a_heading() -> None:
    for code in catalogue().values():
        assert code.title[0].islower() or code.title.startswith(("YAML", "MFA", "S3", "KMS"))
        assert code.explanation.endswith(".")
        assert section_of(code)
    assert owner_of(catalogue()["RCL2601"]) == "tags"
    assert owner_of(GENERAL[0]) is None


def test_the_loader_reads_yaml_as_editors_do() -> None:
    """The example specs mean the same to a plain YAML 1.2 reader, but for text that looks like a number."""
    for name in ("lake", "fleet"):
        text = (ROOT / "specs" / f"{name}.yaml").read_text()
        node, _ = parse(Source(name, text))
        assert node is not None
        assert yaml.safe_load(text) == node.plain()


def test_plans_that_are_made_fit_the_contract() -> None:
    identity = Identity("123456789012", None, "us-east-1")
    plans = tuple(
        plan_bucket(bucket.spec, live, identity, Origin(bucket.place.file, bucket.place.line))
        for bucket in load([str(ROOT / "specs")]).buckets
        for live in (
            LiveBucket(bucket.spec.name, Existence.MISSING),
            LiveBucket(bucket.spec.name, Existence.EXISTS, "eu-north-1"),
            LiveBucket(bucket.spec.name, Existence.EXISTS, bucket.spec.region),
        )
    )
    document = to_document(Changeset(plans, None, Inputs(("specs",), spec_digest="0" * 64)), "1.0")
    assert {bucket["action"] for bucket in document["buckets"]} == {"create", "update", "blocked"}
    assert [error.message for error in Draft7Validator(plan_schema()).iter_errors(json.loads(to_text(document)))] == []
