"""Documents and specs that nobody would expect, and that must not bring the tool down.

The reader takes a ValueError for "cannot tell"; anything else would end the run with a traceback.
"""

import contextlib
import json
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import BaseModel, JsonValue, ValidationError

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.manifest import DEFAULT_KEY
from reconciler.aspects.ownership_controls import OwnershipControls
from reconciler.bucket import CODES, BucketSpec
from reconciler.planning.changeset import Origin
from reconciler.planning.digests import digest_of_live
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.planner import plan_bucket
from reconciler.planning.storage import to_text
from reconciler.problems import Severity
from tests.aspects.strategies import anything, texts
from tests.aspects.test_laws import complaints, every_aspect, operations

OF_THIS_AND_THE_NEXT = {"ownership_controls": OwnershipControls, **BucketSpec.aspects()}
data = st.data()

# ── what a server may answer ─────────────────────────────────────────────────────────────────────────


def answers(shape: Any, depth: int = 0) -> SearchStrategy[Any]:
    """Anything that botocore may make of an answer: with members left out, and texts that AWS would not choose."""
    if shape.type_name == "structure":
        members = {name: answers(member, depth + 1) for name, member in shape.members.items()}
        return st.fixed_dictionaries({}, optional=members)
    if shape.type_name == "list":
        return st.lists(answers(shape.member, depth + 1), max_size=2)
    plain: Mapping[str, SearchStrategy[Any]] = {
        "string": st.sampled_from(shape.enum) | texts if getattr(shape, "enum", None) else texts,
        "integer": st.integers(-1, 2**40),
        "long": st.integers(-1, 2**40),
        "boolean": st.booleans(),
        "timestamp": st.datetimes(timezones=st.timezones()),
    }
    return plain[shape.type_name]


statement_like = st.dictionaries(
    st.sampled_from(("Sid", "Effect", "Principal", "NotPrincipal", "Action", "Resource", "Condition", "Foo")),
    anything | st.dictionaries(st.sampled_from(("AWS", "StringEquals", "Bool")), anything, max_size=2),
    max_size=5,
)
policy_like = st.dictionaries(
    st.sampled_from(("Version", "Id", "Statement", "Foo")),
    st.lists(statement_like, max_size=3) | statement_like | anything,
)
special: Mapping[str, SearchStrategy[Any]] = {
    "policy": st.fixed_dictionaries({}, optional={"Policy": (policy_like | anything).map(json.dumps) | texts}),
    "manifest": st.fixed_dictionaries(
        {"Key": st.just(DEFAULT_KEY), "Body": texts | anything.map(json.dumps)}, optional={"ETag": texts}
    ),
}


def wires(name: str, kind: type[Aspect]) -> SearchStrategy[Any]:
    return special[name] if name in special else answers(operations()[kind.api.get].output_shape)


@pytest.mark.parametrize(("name", "kind"), OF_THIS_AND_THE_NEXT.items(), ids=OF_THIS_AND_THE_NEXT.keys())
@given(data=data)
def test_an_odd_answer_is_a_document_or_a_value_error(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    wire = data.draw(wires(name, kind))
    try:
        document = kind.from_s3(wire)
    except ValueError:
        return
    assert kind.from_s3(document.to_s3()) == document
    assert len(digest_of_live(document)) == 64
    list(document.remarks())
    json.dumps(document.picture())


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        '{"Statement":' + "[" * 600 + "]" * 600 + "}",
        '{"Statement":"\\ud800"}',
        "null",
        "[]",
        '"x"',
        "",
        "{",
    ],
)
def test_a_policy_that_is_none_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        BucketSpec.aspects()["policy"].from_s3({"Policy": text})


@every_aspect
def test_an_empty_answer_is_nothing_or_a_value_error(name: str, kind: type[Aspect]) -> None:
    if name == "manifest":  # its answer is made by the reader itself
        return
    with contextlib.suppress(ValueError):
        assert kind.from_response({}) is None


# ── what a spec may say ──────────────────────────────────────────────────────────────────────────────

FRAGMENTS = st.sampled_from(("", "x", "*", "aws:x", "${region}", "${account_id}", "2030-01-31", "a" * 300, "é", "/"))
NUMBERS = st.sampled_from((-1, 0, 1, 30, 101, 2**31, 6 * 1024**4))
SCHEMA_LIKE = st.dictionaries(
    st.sampled_from(("$schema", "$ref", "type", "required", "properties", "pattern", "additionalProperties", "enum")),
    anything | st.sampled_from(("#", "object", ["owner"], {"team": {}}, {"bucket": {"pattern": "("}})),
    max_size=3,
)


def values_of(kind: Any) -> SearchStrategy[Any]:
    """Plain data that a model may accept for this type."""
    if kind is JsonValue or kind is Any:
        return anything
    if hasattr(kind, "__metadata__"):
        return values_of(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) in (Union, types.UnionType):
        return st.one_of([values_of(option) for option in get_args(kind) if option is not type(None)])
    if get_origin(kind) is tuple:
        return st.lists(values_of(get_args(kind)[0]), max_size=3)
    if get_origin(kind) is dict:
        return st.dictionaries(FRAGMENTS | texts, values_of(get_args(kind)[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        members = {name: values_of(info.annotation) for name, info in kind.model_fields.items()}
        return members["root"] if "root" in members else st.fixed_dictionaries({}, optional=members)
    return {str: FRAGMENTS | texts, int: NUMBERS, bool: st.booleans()}[kind]


def specs_of(name: str, kind: type[Aspect]) -> SearchStrategy[Any]:
    if name == "policy":
        return policy_like
    if name == "manifest":
        plain = values_of(kind)
        return plain | st.builds(lambda written, schema: written | {"json_schema": schema}, plain, SCHEMA_LIKE)
    return values_of(kind)


@every_aspect
@given(data=data)
def test_an_odd_spec_is_refused_with_a_known_code_or_can_be_planned(
    name: str, kind: type[Aspect], data: st.DataObject
) -> None:
    written = data.draw(specs_of(name, kind))
    try:
        spec = BucketSpec.model_validate({"name": "acme-lake", "region": "us-east-1", name: written})
    except ValidationError:
        assume(False)
        raise
    refusals = list(spec.refusals())
    for refusal in refusals:
        assert refusal.code in (*kind.codes, *CODES)
        assert refusal.path[0] == name
        assert refusal.message
    if any(refusal.severity is Severity.ERROR for refusal in refusals):
        return
    identity = Identity("123456789012", None, None)
    for live in (LiveBucket("acme-lake", Existence.MISSING), LiveBucket("acme-lake", Existence.EXISTS, "us-east-1")):
        plan = plan_bucket(spec, live, identity, Origin("specs/lake.yaml", 1))
        assert not plan.blockers or name == "versioning"  # MFA delete cannot be asked for
        for change in plan.changes:
            assert change.fields
            for call in change.calls:
                assert complaints(call) == ""
                to_text(dict(call.params))
