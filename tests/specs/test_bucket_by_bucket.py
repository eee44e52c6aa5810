"""A file is read bucket by bucket, and nobody can tell: the same specs, the same problems, much less to keep."""

import copy
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.endpoints.profiles import PROFILES
from reconciler.errors import InvalidSpecs, UsageError
from reconciler.nodes import Node, Source
from reconciler.specs import spec_file
from reconciler.specs.loader import Declared, late_problems, load, refuse_for
from reconciler.specs.sharing import Shared
from reconciler.strict_yaml import parse
from tests.aspects.strategies import SPECS
from tests.fuzz.mutations import SCALARS, spoiled
from tests.specs.test_fuzz import EXAMPLES, NAMES, VALUES

TEXTS = [path.read_text() for path in sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))]
LATER = ("defaults: {tags: {late: 1}}\n", "variables: {env: late}\n", "buckets: [{name: late}]\n", "other: 1\n")
POLICY = "Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '${what}'}]\n"
USUAL = """
variables: {env: prod}
defaults:
  region: us-east-1
  tags: {Environment: "${env}"}
  lifecycle: {rules: [{id: old, expiration: {days: 30}}]}
buckets:
  - name: acme-one
    policy: {file: policy.yaml}
  - name: acme-two
    tags: {Kind: x}
    lifecycle: {rules: [{id: young, expiration: {days: 3}, filter: {object_size_greater_than: 9}}]}
"""


def everything(text: str) -> Any:
    """What is said of a spec, to the last letter."""
    Path("policy.yaml").write_text(POLICY)
    Path("odd.yaml").write_text("a: yes\nb: no\n")
    Path("spec.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        loaded = load(["spec.yaml"])
    except InvalidSpecs as refused:
        return refused.problems
    except UsageError as refused:
        return str(refused)
    said = [(one.place, repr(one.spec), one.spec.model_dump_json(exclude_unset=True)) for one in loaded.buckets]
    return loaded.warnings, said


@contextmanager
def as_a_whole() -> Iterator[None]:
    """Nothing that is read bucket by bucket stands."""
    with patch.object(spec_file.Reading, "stands", return_value=False):
        yield


def nobody_can_tell(text: str) -> None:
    bucket_by_bucket = everything(text)
    with as_a_whole():
        assert bucket_by_bucket == everything(text)


@given(spoiled(st.sampled_from(EXAMPLES), VALUES | SCALARS, most=4), st.lists(st.sampled_from(LATER), max_size=1))
def test_whatever_a_spec_says(spec: Any, later: list[str]) -> None:
    written = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)
    nobody_can_tell("\n".join((written, *later)))


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3), max_size=4), VALUES, st.booleans())
def test_whatever_buckets_share(buckets: list[Any], defaults: Any, first: bool) -> None:
    shared = {"variables": {"env": "x"}, "defaults": {"policy": {"file": "policy.yaml"}, "tags": defaults}}
    listed = {"buckets": [{"name": f"aa{at % 3}"} | bucket for at, bucket in enumerate(buckets)]}
    nobody_can_tell(yaml.safe_dump(shared | listed if first else listed | shared, sort_keys=False))


@given(st.data())
def test_whatever_text_stands_there(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([USUAL, *TEXTS]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 30, len(text))))
    instead = data.draw(st.text(max_size=4) | st.sampled_from(["yes", "${x}", "{file: odd.yaml}", "", "1.0"]))
    nobody_can_tell(text[:start] + instead + text[end:])


def many(bad: str, number: int) -> str:
    return "buckets:\n" + "".join(f"  - {bad}\n  - {{name: aaa{at}, foo: x}}\n" for at in range(number))


@pytest.mark.parametrize("bad", ["x", "{name: A}", "{name: aaa, policy: {file: odd.yaml}}", "{name: aaa, tags: {a: }}"])
def test_more_problems_than_anybody_reads(bad: str) -> None:
    nobody_can_tell(many(bad, 700))


# ── how often it is read, and what is kept ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "times"),
    [
        (USUAL, 1),
        ("buckets: [{name: aaa}]\ndefaults: {region: us-east-1}\n", 2),
        ("buckets: [{name: aaa, tags: {a: yes}}]\n", 2),
        ("buckets: [{name: aaa, foo: 1}]\n", 1),
        ("buckets: []\n", 1),
        ("buckets: x\n", 1),
        ("- buckets\n", 1),
        ("buckets: [{name: aaa}]\n---\n", 2),
        ("buckets: [{name: aaa}]\n]", 1),
    ],
)
def test_how_often_a_file_is_read(text: str, times: int) -> None:
    with patch.object(spec_file, "parse", side_effect=parse) as read:
        everything(text.replace("{file: policy.yaml}", "absent"))
    assert read.call_count == times


def nodes_there_are() -> int:
    gc.collect()
    return sum(type(one) is Node for one in gc.get_objects())


def test_nobody_keeps_how_a_bucket_is_written() -> None:
    Path("policy.yaml").write_text(POLICY.replace("${what}", "arn:aws:s3:::acme-one"))
    Path("spec.yaml").write_text(USUAL)
    before = nodes_there_are()
    loaded = load(["spec.yaml"])
    assert len(loaded.buckets) == 2
    assert nodes_there_are() == before


# ── problems that are found late ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", PROFILES)
def test_a_late_problem_stands_where_an_early_one_would(name: str) -> None:
    profile = PROFILES[name]
    Path("policy.yaml").write_text(POLICY.replace("${what}", "arn:aws:s3:::acme-one"))
    Path("spec.yaml").write_text(USUAL)
    try:
        load(["spec.yaml"], profile=profile)
        early = None
    except InvalidSpecs as refused:
        early = refused.problems
    loaded = load(["spec.yaml"])
    Path("policy.yaml").unlink()  # what was read once is not read again
    if early is None:
        refuse_for(profile, loaded.buckets)
        return
    with pytest.raises(InvalidSpecs) as late:
        refuse_for(profile, loaded.buckets)
    assert late.value.problems == early


def test_a_spec_that_was_never_written_is_told_by_its_place() -> None:
    Path("spec.yaml").write_text("buckets: [{name: aaa, versioning: Enabled, region: us-east-1}]\n")
    (bucket,) = load(["spec.yaml"]).buckets
    refusal = next(iter(BucketSpec(name="A").refusals()))
    (problem,) = late_problems([(Declared(bucket.spec, bucket.place), refusal)])
    assert (problem.place, problem.message) == (bucket.place, refusal.message)


# ── what buckets say alike ───────────────────────────────────────────────────────────────────────────


def test_equal_aspects_of_many_buckets_are_one_object() -> None:
    aspects = "{Kind: x}, versioning: Enabled, lifecycle: {rules: [{id: a, expiration: {days: 1}}]}"
    for number in (1, 2):
        Path(f"{number}.yaml").write_text(
            f"buckets: [{{name: aaa{number}, tags: {aspects}}}, {{name: bbb{number}, tags: {aspects}}}]\n"
        )
    first, *others = [one.spec for one in load(["1.yaml", "2.yaml"]).buckets]
    for name, value in first.declared().items():
        assert all(getattr(other, name) is value for other in others)


def test_what_only_looks_alike_is_not_shared() -> None:
    written = ["1", "1.0", "1.00", "+1", '"1"', "01e0", "1e0", '"true"', "a", "absent"]
    Path("spec.yaml").write_text(
        "buckets:\n" + "".join(f"  - {{name: aaa{at}, tags: {{a: {one}}}}}\n" for at, one in enumerate(written[:-1]))
    )
    said = [one.spec.model_dump()["tags"]["a"] for one in load(["spec.yaml"]).buckets]
    assert said == [one.strip('"') for one in written[:-1]]


@given(st.data())
def test_shared_or_not_a_spec_says_the_same(data: st.DataObject) -> None:
    documents = {
        name: data.draw(documents).model_dump(mode="json", by_alias=False, exclude_unset=True)
        for name, documents in SPECS.items()
    }
    node, _ = parse(Source("spec.yaml", yaml.safe_dump({"name": "aaa"} | documents, sort_keys=False)))
    assert node is not None
    plainly = BucketSpec.model_validate(node.plain(), by_name=True, by_alias=False)
    shared = Shared()
    for _ in range(2):
        spec = BucketSpec.model_validate(copy.copy(shared.plain(node)), by_name=True, by_alias=False)
        assert repr(spec) == repr(plainly)
        assert spec.model_fields_set == plainly.model_fields_set
        assert spec.model_dump_json(exclude_unset=True) == plainly.model_dump_json(exclude_unset=True)
