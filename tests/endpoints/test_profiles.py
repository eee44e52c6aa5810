"""Profiles as data: what they refuse, where, and how answers are spelled back."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.aspects.managed import ABSENT
from reconciler.bucket import BucketSpec
from reconciler.endpoints.detection import SAYS_SANDBOX, detected
from reconciler.endpoints.profile import CODE_OF, DEEP, Fact, Kind, Profile, Spelling, values_at
from reconciler.endpoints.profiles import (
    AWS,
    CEPH,
    LOCALSTACK,
    MINISTACK,
    MOTO,
    PROFILES,
    SANDBOX,
    UNKNOWN,
    names,
    profile_named,
)
from reconciler.errors import UsageError
from reconciler.sandbox import faithful

RULE: dict[str, Any] = {"id": "old", "expiration": {"days": 9}}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::acme-lake/*",
            "Condition": {"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:max-keys": 0}},
        }
    ],
}


def spec(**said: Any) -> BucketSpec:
    return BucketSpec.model_validate({"name": "acme-lake", "region": "us-east-1"} | said)


def told(profile: Profile, **said: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(refusal.code.code, refusal.path) for refusal in profile.differences(spec(**said))]


@pytest.mark.parametrize(
    ("profile", "said", "refused"),
    [
        (CEPH, {"encryption": "AES256"}, [("RCL2051", ("encryption",))]),
        (CEPH, {"encryption": ABSENT}, [("RCL2051", ("encryption",))]),
        (CEPH, {"ownership_controls": "ObjectWriter"}, [("RCL2051", ("ownership_controls",))]),
        (CEPH, {"versioning": "Enabled", "tags": {"a": ""}, "lifecycle": {"rules": [RULE]}}, []),
        (
            CEPH,
            {"lifecycle": {"rules": [RULE | {"filter": {"object_size_greater_than": 100}}]}},
            [("RCL2052", ("lifecycle", "rules", "old", "filter", "object_size_greater_than"))],
        ),
        (
            CEPH,
            {"lifecycle": {"rules": [{"noncurrent_version_expiration": {"newer_noncurrent_versions": 3}}]}},
            [("RCL2052", ("lifecycle", "rules", 0, "noncurrent_version_expiration", "newer_noncurrent_versions"))],
        ),
        (
            CEPH,
            {"policy": POLICY},
            [("RCL2053", ("policy", "Statement", 0, "Condition", "Bool", "aws:SecureTransport"))],
        ),
        (
            UNKNOWN,
            {"lifecycle": {"rules": [RULE | {"filter": {"object_size_less_than": 100}}]}},
            [("RCL2054", ("lifecycle", "rules", "old", "filter", "object_size_less_than"))],
        ),
        (
            MINISTACK,
            {"lifecycle": {"rules": [RULE | {"filter": {"object_size_greater_than": 0}}]}},
            [("RCL2052", ("lifecycle", "rules", "old", "filter", "object_size_greater_than"))],
        ),
        (MINISTACK, {"lifecycle": {"rules": [RULE | {"filter": {"object_size_greater_than": 1}}]}}, []),
        (LOCALSTACK, {"manifest": ABSENT}, [("RCL2053", ("manifest",))]),
        (LOCALSTACK, {"manifest": {"purpose": "x"}, "encryption": ABSENT}, []),
        (
            LOCALSTACK,
            {"encryption": {"sse_algorithm": "aws:kms:dsse", "kms_master_key_id": "alias/a"}},
            [("RCL2053", ("encryption", "kms_master_key_id"))],
        ),
        (LOCALSTACK, {"encryption": {"sse_algorithm": "aws:kms", "kms_master_key_id": "alias/a"}}, []),
        (MOTO, {"tags": {"Owner": ""}}, []),
        (
            MOTO,
            {"lifecycle": {"rules": [RULE | {"filter": {"tags": {"Kind": "", "a": "b"}}}]}},
            [("RCL2052", ("lifecycle", "rules", "old", "filter", "tags", "Kind"))],
        ),
    ],
)
def test_what_a_server_cannot_do_is_refused_at_its_place(
    profile: Profile, said: dict[str, Any], refused: list[tuple[str, tuple[str | int, ...]]]
) -> None:
    assert told(profile, **said) == refused
    assert told(AWS, **said) == told(SANDBOX, **said) == []


def test_a_refusal_says_who_what_and_why() -> None:
    [lost] = CEPH.differences(spec(lifecycle={"rules": [RULE | {"filter": {"object_size_less_than": 100}}]}))
    assert lost.message == (
        "ceph loses `lifecycle.rules.*.filter.object_size_less_than` = 100: "
        "the rule would apply to objects of every size"
    )
    assert lost.help == "take it out of the spec for this endpoint (profile ceph, docs/endpoints.md)"
    [lacked] = CEPH.differences(spec(encryption="AES256"))
    assert lacked.message.startswith("ceph lacks `encryption`: GET lists the bucket")
    assert "`encryption`" in str(lacked.help)
    [blocked] = MOTO.differences(spec(encryption={"sse_algorithm": "AES256", "blocked_encryption_types": ["SSE-C"]}))
    assert blocked.message == "moto loses `encryption.blocked_encryption_types`: it stores no blocked types"
    [doubt] = UNKNOWN.differences(spec(lifecycle={"rules": [RULE | {"filter": {"object_size_less_than": 1}}]}))
    assert "--endpoint-profile" in str(doubt.help)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_what_aws_refuses_every_profile_refuses_but_for_regions_that_are_free(profile: Profile) -> None:
    wrong = BucketSpec.model_validate({"name": "Acme", "region": "garage", "account": "1"})
    codes = [refusal.code.code for refusal in profile.refusals(wrong)]
    assert codes == ["RCL2001", *([] if profile.free_regions else ["RCL2002"]), "RCL2003"]


def test_the_profiles_of_aws_and_of_the_sandbox_know_no_exception() -> None:
    for profile in (AWS, SANDBOX):
        assert replace(profile, name="", about="") == Profile("", "")


def test_a_fact_that_is_only_worth_knowing_refuses_nothing() -> None:
    profile = Profile("x", "", (Fact("tags", Kind.DIFFERS, "", ""),))
    assert told(profile, tags={"a": "b"}) == []
    assert {*CODE_OF} == {*Kind} - {Kind.DIFFERS}


def test_every_fact_names_a_field_that_there_is() -> None:
    for profile in PROFILES.values():
        for fact in profile.facts:
            kind = BucketSpec.aspects()[fact.aspect]
            assert fact.source
            assert not fact.path or fact.path[0] in {*kind.model_fields, "*", DEEP}


# ── spellings ────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_server_adds_is_taken_out_and_nothing_else() -> None:
    def rules(*filters: Any) -> dict[str, Any]:
        return {"Rules": [{"ID": "a", "Filter": one} for one in filters]}

    answer = rules({"And": {"Prefix": "a", "ObjectSizeGreaterThan": 0}}, {"And": {"ObjectSizeGreaterThan": 5}}, {})
    assert MINISTACK.as_aws("lifecycle", answer) == rules(
        {"And": {"Prefix": "a"}}, {"And": {"ObjectSizeGreaterThan": 5}}, {}
    )
    assert MINISTACK.as_aws("tags", answer) == answer
    assert MINISTACK.as_aws("lifecycle", {"Rules": "odd"}) == {"Rules": "odd"}
    assert AWS.as_aws("lifecycle", answer) is answer


def test_a_spelling_may_mean_another_value() -> None:
    profile = Profile("x", "", spellings=(Spelling("tags", ("A", "B"), "odd", "even", "", ""),))
    assert profile.as_aws("tags", {"A": {"B": "odd", "C": 1}}) == {"A": {"B": "even", "C": 1}}


def test_an_etag_loses_its_quotes_where_they_are_not_understood() -> None:
    assert CEPH.as_aws("manifest", {"ETag": '"abc"'}) == {"ETag": "abc"}
    assert CEPH.as_aws("manifest", {"ETag": None}) == {"ETag": None}
    assert AWS.as_aws("manifest", {"ETag": '"abc"'}) == {"ETag": '"abc"'}


def test_a_path_that_leads_nowhere_finds_nothing() -> None:
    assert list(values_at(None, ("rules", "*"))) == []
    assert list(values_at({"a": [1, True]}, (DEEP,))) == [(("a", 0), 1), (("a", 1), True)]


# ── names and detection ──────────────────────────────────────────────────────────────────────────────


def test_profiles_are_known_by_name() -> None:
    assert profile_named("ceph") is CEPH
    assert names().startswith("aws, sandbox")
    with pytest.raises(UsageError) as near:
        profile_named("cehp")
    assert near.value.remedy == "did you mean `ceph`?"
    with pytest.raises(UsageError) as far:
        profile_named("quux-object-store")
    assert far.value.remedy == f"choose from {names()}"


@pytest.mark.parametrize(
    ("headers", "profile"),
    [
        ({"x-reconcile-sandbox": "1", "Server": "Werkzeug/3.1"}, SANDBOX),
        ({"X-LocalStack": "true", "Server": "hypercorn-h11"}, LOCALSTACK),
        ({"x-amz-request-id": "tx00000417f895ab2284d70-006b031b45-1005-default"}, CEPH),
        ({"x-amz-request-id": "txb7a5dcb7a5dcb7a5dcb7a-006b031b45"}, UNKNOWN),
        ({"Server": "Werkzeug/3.1.9 Python/3.11.7, amazon.com", "x-amzn-requestid": "abc"}, MOTO),
        ({"Server": "Werkzeug/3.1.9 Python/3.11.7"}, UNKNOWN),
        ({"Server": "MinIO", "x-amz-request-id": "186E5E7F1B6A1B6C"}, UNKNOWN),
        (
            {
                "access-control-allow-methods": "GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH",
                "x-amz-request-id": "a",
                "x-amzn-requestid": "b",
            },
            MINISTACK,
        ),
        ({"access-control-allow-methods": "GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH"}, UNKNOWN),
        ({}, UNKNOWN),
    ],
)
def test_a_server_gives_itself_away_by_its_headers(headers: dict[str, str], profile: Profile) -> None:
    assert detected(headers) is profile


def test_the_sandbox_says_what_it_is() -> None:
    assert {*faithful.SANDBOX} == {SAYS_SANDBOX}
