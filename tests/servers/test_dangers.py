"""No server is ever asked to delete a sub-resource that it might take for the bucket; and the facts still hold."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.managed import ABSENT
from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Fact, Kind, values_at
from reconciler.endpoints.profiles import PROFILES, UNKNOWN
from tests.s3.converging import may_be_absent, spec_of
from tests.s3.world import outcomes
from tests.servers.place import Remote

BUCKET = "acme-prod-data-lake"
DELETABLE = [
    name
    for name, kind in BucketSpec.aspects().items()
    if kind.api.delete is not None and not kind.api.of_object and may_be_absent(name)
]


def is_there(place: Remote) -> bool:
    return [bucket["Name"] for bucket in place.s3.list_buckets()["Buckets"]] == [BUCKET]


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("known", [True, False], ids=["its profile", "nothing known"])
@pytest.mark.parametrize("aspect", DELETABLE)
def test_no_deletion_of_a_sub_resource_deletes_the_bucket(
    place: Remote, aspect: str, known: bool, exists: bool
) -> None:
    place.reset()
    if exists:
        place.s3.create_bucket(Bucket=BUCKET)
    here = place if known else replace(place, identity=replace(place.identity, profile=UNKNOWN))
    applied = here.apply(here.plan(spec_of({aspect: ABSENT})))
    assert is_there(place)
    lacks = any(fact.kind is Kind.LACKS and fact.aspect == aspect for fact in place.identity.profile.facts)
    if lacks:
        assert [name for name in place.clients.calls if name.startswith("Delete")] == []
    else:
        assert {outcome.result.value for outcome in outcomes(applied).values()} <= {"applied"}


RULE = {"id": "r", "expiration": {"days": 9}}
SAMPLES: dict[tuple[str, str], Any] = {
    ("lifecycle", "object_size_greater_than"): {"rules": [RULE | {"filter": {"object_size_greater_than": 100}}]},
    ("lifecycle", "object_size_less_than"): {"rules": [RULE | {"filter": {"object_size_less_than": 100}}]},
    ("lifecycle", "newer_noncurrent_versions"): {
        "rules": [{"id": "r", "noncurrent_version_expiration": {"noncurrent_days": 9, "newer_noncurrent_versions": 4}}]
    },
    ("lifecycle", "transition_default_minimum_object_size"): {
        "rules": [RULE],
        "transition_default_minimum_object_size": "varies_by_storage_class",
    },
    ("encryption", "kms_master_key_id"): {"sse_algorithm": "aws:kms:dsse", "kms_master_key_id": "alias/lake"},
    ("encryption", "blocked_encryption_types"): {"sse_algorithm": "AES256", "blocked_encryption_types": ["SSE-C"]},
    ("encryption", ""): "AES256",
    ("ownership_controls", ""): "BucketOwnerEnforced",
    ("tags", "*"): {"Kind": " "},
    ("lifecycle", "*"): {"rules": [RULE | {"filter": {"tags": {"Kind": ""}}}]},
    ("policy", "**"): {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
            "Condition": {"Bool": {"aws:SecureTransport": False}},
        },
    },
}
"""A document for each kind of fact that can be tried with one PUT and one GET."""


def sample_of(fact: Fact) -> Aspect | None:
    if "noncurrent_version_transitions" in fact.path or fact.values == (0,):
        return None
    sample = SAMPLES.get((fact.aspect, fact.path[-1] if fact.path else ""))
    return None if sample is None else BucketSpec.aspects()[fact.aspect].model_validate(sample, by_name=True)


def comes_back(place: Remote, fact: Fact, sample: Aspect) -> bool:
    """Whether the server takes what the fact is about, and answers it again."""
    kind = type(sample)
    (call,) = kind.calls(None, sample.target(None, spec_of({}).surroundings()))
    try:
        getattr(place.s3, call.operation)(Bucket=BUCKET, **call.params)
        answer = getattr(place.s3, kind.api.get)(Bucket=BUCKET)
        live = kind.from_response({name: item for name, item in answer.items() if name != "ResponseMetadata"})
    except (ClientError, ValueError):
        return False
    wanted = [value for _, value in values_at(sample, fact.path)]
    return live is not None and [value for _, value in values_at(live, fact.path)] == wanted


@pytest.mark.parametrize("name", PROFILES)
def test_the_facts_of_a_profile_are_still_true(place: Remote, name: str) -> None:
    """A server that has learned something is worth a line in its profile."""
    if place.identity.profile.name != name:
        return
    for fact in place.identity.profile.facts:
        sample = sample_of(fact)
        if sample is not None:
            place.reset()
            place.s3.create_bucket(Bucket=BUCKET)
            assert not comes_back(place, fact, sample), f"{name} no longer {fact.kind} {fact.aspect}.{fact.path}"
