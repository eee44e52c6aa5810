"""`reconcile explain`: every field and every code has a page that fits into a terminal and tells the truth."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.bucket import BucketSpec
from reconciler.errors import UsageError
from reconciler.guardrails.catalogue import own_rules
from reconciler.specs.about_rules import ROOMS
from reconciler.specs.catalogue import catalogue
from reconciler.specs.description import dotted, example_of
from reconciler.specs.explain import WIDTH, explain
from reconciler.specs.fields import Field, all_fields
from reconciler.specs.loader import load


@pytest.mark.parametrize("topic", ["bucket", *catalogue(), *(dotted(field.path) for field in all_fields())])
def test_every_page_fits(topic: str) -> None:
    lines = explain(topic).splitlines()
    assert max(len(line) for line in lines if "arn:" not in line) <= WIDTH
    assert topic in lines[0]
    assert len(lines) >= 3


@pytest.mark.parametrize(
    "field", [field for field in all_fields() if len(field.path) == 1], ids=lambda field: field.path[0]
)
def test_every_example_is_a_spec(field: Field, folder: Path) -> None:
    (folder / "schemas").mkdir()
    (folder / "schemas" / "manifest.json").write_text("{}")
    page = explain(dotted(field.path))
    assert example_of(field) is not None
    example = page.partition("\nExample\n")[2].partition("\nIn AWS")[0]
    Path("spec.yaml").write_text(example)
    assert load(["spec.yaml"]).warnings == ()


def test_a_page_about_an_aspect() -> None:
    page = explain("lifecycle")
    assert page == explain("bucket.lifecycle")
    for said in (
        "Value     mapping",
        "or absent: make sure that there is none",
        "rules: list of mappings",
        "Reads     get_bucket_lifecycle_configuration (s3:GetLifecycleConfiguration)",
        "Risk      Whatever deletes more",
        "RCL2507  steps that S3 would not do in this order",
    ):
        assert said in page
    assert "absent:" not in explain("versioning")
    assert "Risk" not in explain("tags")


def test_a_page_about_a_field() -> None:
    assert "storage_class: one of STANDARD_IA, " in explain("bucket.lifecycle.rules.transitions")
    assert "(must be written)" in explain("bucket.lifecycle.rules.transitions")
    assert "known by their `id`" in explain("bucket.lifecycle.rules")
    assert "A bucket's own list replaces" in explain("bucket.lifecycle.rules.transitions")
    assert "Default   Enabled" in explain("bucket.lifecycle.rules.status")
    assert "Default   must be written" in explain("bucket.name")
    assert "Value     date" in explain("bucket.lifecycle.rules.expiration.date")
    assert "it is false" in explain("bucket.encryption.bucket_key_enabled")
    assert "or {file: path}" in explain("bucket.policy")


def test_a_page_about_a_code() -> None:
    assert explain("rcl2509").startswith("RCL2509 (warning): a stay that is billed longer than it lasts\n")
    assert "See also: reconcile explain bucket.lifecycle" in explain("RCL2509")
    assert "See also" not in explain("RCL1001")


def test_the_bucket_lists_all_fields() -> None:
    page = explain("bucket")
    for field in all_fields():
        assert f"{field.path[-1]} " in page


@pytest.mark.parametrize(
    ("topic", "remedy"),
    [
        ("days", "did you mean `bucket.lifecycle.rules.expiration.days` or `bucket.lifecycle.rules.transitions.days`?"),
        ("bucket.lifecyle", "did you mean `bucket.lifecycle`?"),
        ("versionning", "did you mean `bucket.versioning`?"),
        ("RCL11O1", "did you mean `RCL1101`?"),
        ("bucket.manifest.etag", "did you mean `bucket.manifest.data`?"),
        ("zzz", None),
        ("", None),
    ],
)
def test_an_unknown_topic(topic: str, remedy: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        explain(topic)
    assert refused.value.remedy == (
        remedy
        or "name a code, like RCL1101, or a field, like bucket.lifecycle; `bucket` and `settings` list all fields"
    )


def test_no_page_needs_a_heavy_library() -> None:
    program = (
        "import sys; from reconciler.specs.explain import explain; explain('bucket.manifest'); explain('RCL1101');"
        "heavy = {'boto3', 'botocore', 'deepdiff', 'jsonschema'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


def test_every_aspect_has_an_example() -> None:
    for name in BucketSpec.aspects():
        assert "\nExample\n" in explain(name)


@pytest.mark.parametrize("rule", own_rules())
def test_every_rule_has_a_page(rule: str) -> None:
    page = explain(rule.lower())
    assert page.startswith(f"{rule} (")
    assert "What to do: " in page
    assert all(len(line) <= WIDTH for line in page.splitlines())
    assert f"  {rule}  " in explain("guardrails")
    assert explain("guardrails").count(rule) >= 1
    assert rule.partition("-")[0] in ROOMS, "docs/guardrails.md has a heading for it"


def test_what_may_be_set_of_a_rule() -> None:
    assert "    days: 7\n" in explain("LIF-03")
    assert "Elsewhere: Checkov CKV_AWS_300" in explain("LIF-03")
    assert "waivers:" not in explain("WVR-01")


def test_a_rule_that_is_meant() -> None:
    with pytest.raises(UsageError) as refused:
        explain("VER-1")
    assert refused.value.remedy == "did you mean `VER-01`?"
