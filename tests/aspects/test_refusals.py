"""Every code of every aspect: what is refused with it, where, and the nearest thing that is not."""

from typing import Any

import pytest

from reconciler.bucket import CODES, BucketSpec
from reconciler.problems import Severity
from tests.aspects.test_laws import every_aspect

RULE = {"id": "a", "expiration": {"days": 7}}
STATEMENT = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
SCHEMA = {"properties": {"team": {"type": "string"}, "owner": {"properties": {"phone": {}}}}}
NO_SCHEMAS: tuple[dict[str, Any], ...] = (
    {"$schema": []},
    {"$schema": 5},
    {"$ref": "#"},
    {"$ref": "https://example.com/schema.json"},
    {"$ref": "#/$defs/nobody"},
    {"properties": {"bucket": {"pattern": "("}}},
)


def rule(**fields: Any) -> dict[str, Any]:
    return {"lifecycle": {"rules": [RULE | fields]}}


def policy(**elements: Any) -> dict[str, Any]:
    found = {name: value for name, value in (STATEMENT | elements).items() if value is not None}
    return {"policy": {"Statement": [found]}}


def moved(*moves: tuple[Any, str], **fields: Any) -> dict[str, Any]:
    steps = [
        {("date" if isinstance(when, str) else "days"): when, "storage_class": storage_class}
        for when, storage_class in moves
    ]
    return rule(transitions=steps, **{"expiration": None, **fields})


def old(*moves: tuple[int, str], end: int | None = None) -> dict[str, Any]:
    steps = [{"noncurrent_days": days, "storage_class": storage_class} for days, storage_class in moves]
    return rule(
        noncurrent_version_transitions=steps,
        noncurrent_version_expiration=None if end is None else {"noncurrent_days": end},
    )


def at(path: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in path.split("/"))


# code, what is refused, at which path, and what is not
REFUSED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("RCL2001", {"name": "ab"}, "name", {"name": "abc"}),
    ("RCL2001", {"name": "a" * 64}, "name", {"name": "a" * 63}),
    ("RCL2001", {"name": "Acme"}, "name", {"name": "acme"}),
    ("RCL2001", {"name": "acme_lake"}, "name", {"name": "acme-lake"}),
    ("RCL2001", {"name": "-acme"}, "name", {"name": "9-acme"}),
    ("RCL2001", {"name": "acme\n"}, "name", {"name": "acme"}),
    ("RCL2001", {"name": "a..b"}, "name", {"name": "a.b"}),
    ("RCL2001", {"name": "a.-b"}, "name", {"name": "a--b"}),
    ("RCL2001", {"name": "192.168.5.4"}, "name", {"name": "192.168.5.4a"}),
    ("RCL2001", {"name": "xn--acme"}, "name", {"name": "xn-acme"}),
    ("RCL2001", {"name": "acme-s3alias"}, "name", {"name": "acme-s3"}),
    ("RCL2001", {"name": "${nobody}"}, "name", {"name": "acme"}),
    ("RCL2002", {"region": "Frankfurt"}, "region", {"region": "eu-central-1"}),
    ("RCL2002", {"region": ""}, "region", {"region": "us-gov-west-1"}),
    ("RCL2003", {"account": "12345678901"}, "account", {"account": "012345678901"}),
    (
        "RCL2004",
        {"tags": {"cost:a": "1"}, "ignore_tags": ["cost:*"]},
        "tags/cost:a",
        {"tags": {"cost": "1"}, "ignore_tags": ["cost:*", "costs"]},
    ),
    ("RCL2101", {"versioning": "absent"}, "versioning", {"versioning": "Suspended"}),
    ("RCL2102", {"versioning": {}}, "versioning", {"versioning": {"status": "Enabled"}}),
    (
        "RCL2201",
        {"encryption": {"sse_algorithm": "AES256", "kms_master_key_id": "k"}},
        "encryption/kms_master_key_id",
        {"encryption": {"sse_algorithm": "aws:kms", "kms_master_key_id": "k"}},
    ),
    ("RCL2202", {"encryption": {"bucket_key_enabled": True}}, "encryption", {"encryption": "absent"}),
    (
        "RCL2301",
        {"public_access_block": {}},
        "public_access_block",
        {"public_access_block": {"block_public_acls": False}},
    ),
    ("RCL2401", {"policy": {}}, "policy", {"policy": "absent"}),
    ("RCL2401", {"policy": {"Statement": []}}, "policy", policy()),
    ("RCL2402", {"policy": {"Statment": [STATEMENT]}}, "policy/Statment", policy()),
    (
        "RCL2402",
        {"policy": {"Version": "2012", "Statement": STATEMENT}},
        "policy/Version",
        {"policy": {"Statement": STATEMENT}},
    ),
    ("RCL2402", {"policy": {"Statement": "x"}}, "policy/Statement", {"policy": {"Statement": STATEMENT}}),
    ("RCL2402", policy(Effect="allow"), "policy/Statement/0/Effect", policy(Effect="Allow")),
    ("RCL2402", policy(Effect=None), "policy/Statement/0", policy()),
    ("RCL2402", policy(Conditon={}), "policy/Statement/0/Conditon", policy(Condition={})),
    ("RCL2402", policy(Zzz={}), "policy/Statement/0/Zzz", policy()),
    ("RCL2402", policy(Action=None), "policy/Statement/0", policy(Action=None, NotAction="s3:*")),
    ("RCL2402", policy(NotAction="s3:*"), "policy/Statement/0/NotAction", policy()),
    ("RCL2402", policy(Resource=[5]), "policy/Statement/0/Resource", policy(Resource=["*"])),
    (
        "RCL2402",
        policy(Principal="arn:aws:iam::1:root"),
        "policy/Statement/0/Principal",
        policy(Principal={"AWS": "arn"}),
    ),
    ("RCL2402", policy(Principal=["*"]), "policy/Statement/0/Principal", policy(Principal={"AWS": ["*"]})),
    ("RCL2402", policy(Principal={}), "policy/Statement/0/Principal", policy(Principal={"Service": "s"})),
    ("RCL2402", policy(Principal={"Aws": "*"}), "policy/Statement/0/Principal", policy(Principal={"Federated": "f"})),
    (
        "RCL2402",
        policy(Principal={"AWS": [5]}),
        "policy/Statement/0/Principal",
        policy(Principal={"CanonicalUser": "c"}),
    ),
    ("RCL2402", policy(Condition=["x"]), "policy/Statement/0/Condition", policy(Condition={"Bool": {"a": "b"}})),
    ("RCL2402", policy(Condition={"Bool": "x"}), "policy/Statement/0/Condition", policy(Condition={"Bool": {}})),
    ("RCL2402", policy(Sid=["x"]), "policy/Statement/0/Sid", policy(Sid="x")),
    (
        "RCL2402",
        policy(Effect="Allow", Principal=None, NotPrincipal={"AWS": "1"}),
        "policy/Statement/0/NotPrincipal",
        policy(Principal=None, NotPrincipal={"AWS": "1"}),
    ),
    (
        "RCL2403",
        {"policy": {"Statement": [STATEMENT | {"Sid": "A"}, STATEMENT | {"Sid": "A"}]}},
        "policy/Statement/1/Sid",
        {
            "policy": {
                "Statement": [STATEMENT, STATEMENT | {"Sid": "None"}, STATEMENT | {"Sid": ""}, STATEMENT | {"Sid": ""}]
            }
        },
    ),
    ("RCL2404", policy(Resource=["x" * 20_480]), "policy", policy(Resource=["x" * 20_000])),
    ("RCL2404", policy(Resource=["é" * 10_240]), "policy", policy(Resource=["é" * 10_000])),
    ("RCL2501", {"lifecycle": {"rules": []}}, "lifecycle", {"lifecycle": "absent"}),
    ("RCL2502", rule(id=""), "lifecycle/rules/", rule()),
    ("RCL2502", rule(id="x" * 256), f"lifecycle/rules/{'x' * 256}/id", rule(id="x" * 255)),
    (
        "RCL2502",
        {"lifecycle": {"rules": [RULE, RULE]}},
        "lifecycle/rules/a/id",
        {"lifecycle": {"rules": [RULE, RULE | {"id": "A"}]}},
    ),
    ("RCL2503", rule(expiration=None), "lifecycle/rules/a", rule(expiration={"expired_object_delete_marker": True})),
    ("RCL2503", rule(expiration={"expired_object_delete_marker": False}), "lifecycle/rules/a", rule()),
    ("RCL2504", rule(expiration={"days": 1, "date": "2030-01-31"}), "lifecycle/rules/a/expiration", rule()),
    (
        "RCL2504",
        rule(transitions=[{"days": 1, "date": "2030-01-31", "storage_class": "GLACIER"}], expiration=None),
        "lifecycle/rules/a/transitions/GLACIER",
        moved((1, "GLACIER")),
    ),
    (
        "RCL2504",
        moved(("2030-01-31", "GLACIER"), expiration={"days": 9}),
        "lifecycle/rules/a",
        moved(("2030-01-31", "GLACIER")),
    ),
    ("RCL2505", rule(expiration={"days": 0}), "lifecycle/rules/a/expiration/days", rule(expiration={"days": 1})),
    ("RCL2505", moved((-1, "GLACIER")), "lifecycle/rules/a/transitions/GLACIER/days", moved((0, "GLACIER"))),
    (
        "RCL2505",
        rule(abort_incomplete_multipart_upload={}),
        "lifecycle/rules/a/abort_incomplete_multipart_upload/days_after_initiation",
        rule(abort_incomplete_multipart_upload={"days_after_initiation": 1}),
    ),
    (
        "RCL2505",
        rule(noncurrent_version_expiration={"newer_noncurrent_versions": 3}),
        "lifecycle/rules/a/noncurrent_version_expiration",
        rule(noncurrent_version_expiration={"noncurrent_days": 1, "newer_noncurrent_versions": 3}),
    ),
    (
        "RCL2505",
        rule(noncurrent_version_expiration={"noncurrent_days": 1, "newer_noncurrent_versions": 101}),
        "lifecycle/rules/a/noncurrent_version_expiration/newer_noncurrent_versions",
        rule(noncurrent_version_expiration={"noncurrent_days": 1, "newer_noncurrent_versions": 100}),
    ),
    (
        "RCL2505",
        rule(noncurrent_version_transitions=[{"newer_noncurrent_versions": 0, "storage_class": "GLACIER"}]),
        "lifecycle/rules/a/noncurrent_version_transitions/GLACIER/newer_noncurrent_versions",
        rule(noncurrent_version_transitions=[{"newer_noncurrent_versions": 1, "storage_class": "GLACIER"}]),
    ),
    (
        "RCL2505",
        rule(filter={"object_size_greater_than": 10, "object_size_less_than": 10}),
        "lifecycle/rules/a/filter",
        rule(filter={"object_size_greater_than": 10, "object_size_less_than": 11}),
    ),
    (
        "RCL2505",
        rule(filter={"object_size_less_than": 5 * 1024**4 + 1}),
        "lifecycle/rules/a/filter/object_size_less_than",
        rule(filter={"object_size_less_than": 5 * 1024**4}),
    ),
    (
        "RCL2505",
        {"lifecycle": {"rules": [RULE | {"id": str(number)} for number in range(1001)]}},
        "lifecycle/rules",
        {"lifecycle": {"rules": [RULE | {"id": str(number)} for number in range(1000)]}},
    ),
    (
        "RCL2506",
        rule(expiration={"date": "2030-01-31T01:00:00Z"}),
        "lifecycle/rules/a/expiration/date",
        rule(expiration={"date": "2030-01-31T01:00:00+01:00"}),
    ),
    (
        "RCL2506",
        moved(("2030-01-31T00:00:01", "GLACIER")),
        "lifecycle/rules/a/transitions/GLACIER/date",
        moved(("2030-01-31", "GLACIER")),
    ),
    ("RCL2507", moved((1, "GLACIER"), (2, "GLACIER")), "lifecycle/rules/a/transitions/GLACIER", moved((1, "GLACIER"))),
    (
        "RCL2507",
        moved((1, "ONEZONE_IA"), (90, "GLACIER_IR")),
        "lifecycle/rules/a/transitions/GLACIER_IR",
        moved((1, "ONEZONE_IA"), (90, "GLACIER")),
    ),
    (
        "RCL2507",
        moved((90, "STANDARD_IA"), (30, "GLACIER")),
        "lifecycle/rules/a/transitions/GLACIER",
        moved((30, "STANDARD_IA"), (90, "GLACIER")),
    ),
    (
        "RCL2507",
        moved(("2031-01-31", "STANDARD_IA"), ("2030-01-31", "GLACIER")),
        "lifecycle/rules/a/transitions/GLACIER",
        moved(("2030-01-31", "STANDARD_IA"), ("2031-01-31", "GLACIER")),
    ),
    (
        "RCL2507",
        moved((90, "GLACIER"), expiration={"days": 90}),
        "lifecycle/rules/a/expiration",
        moved((90, "GLACIER"), expiration={"days": 180}),
    ),
    (
        "RCL2507",
        moved(("2030-01-31", "GLACIER"), expiration={"date": "2030-01-31"}),
        "lifecycle/rules/a/expiration",
        moved(("2030-01-31", "GLACIER"), expiration={"date": "2030-12-31"}),
    ),
    (
        "RCL2507",
        old((30, "GLACIER"), end=30),
        "lifecycle/rules/a/noncurrent_version_expiration",
        old((30, "GLACIER"), end=120),
    ),
    (
        "RCL2507",
        old((60, "STANDARD_IA"), (30, "GLACIER")),
        "lifecycle/rules/a/noncurrent_version_transitions/GLACIER",
        old((30, "STANDARD_IA"), (60, "GLACIER")),
    ),
    (
        "RCL2508",
        rule(filter={"tags": {"a": "b"}}, abort_incomplete_multipart_upload={"days_after_initiation": 1}),
        "lifecycle/rules/a/abort_incomplete_multipart_upload",
        rule(filter={"tags": {"a": "b"}}),
    ),
    (
        "RCL2508",
        rule(filter={"tags": {"a": "b"}}, expiration={"expired_object_delete_marker": True}),
        "lifecycle/rules/a/expiration/expired_object_delete_marker",
        rule(filter={"prefix": "b"}, expiration={"expired_object_delete_marker": True}),
    ),
    (
        "RCL2509",
        moved((30, "STANDARD_IA"), (45, "GLACIER")),
        "lifecycle/rules/a/transitions/STANDARD_IA",
        moved((30, "STANDARD_IA"), (60, "GLACIER")),
    ),
    (
        "RCL2509",
        moved((30, "DEEP_ARCHIVE"), expiration={"days": 209}),
        "lifecycle/rules/a/transitions/DEEP_ARCHIVE",
        moved((30, "DEEP_ARCHIVE"), expiration={"days": 210}),
    ),
    ("RCL2601", {"tags": {}}, "tags", {"tags": "absent"}),
    ("RCL2602", {"tags": {str(n): "" for n in range(51)}}, "tags", {"tags": {str(n): "" for n in range(50)}}),
    ("RCL2602", {"tags": {"AWS:x": ""}}, "tags/AWS:x", {"tags": {"awsx": ""}}),
    ("RCL2602", {"tags": {"": "x"}}, "tags/", {"tags": {"x": ""}}),
    ("RCL2602", {"tags": {"k" * 129: "x"}}, f"tags/{'k' * 129}", {"tags": {"k" * 128: "x"}}),
    ("RCL2602", {"tags": {"k": "v" * 257}}, "tags/k", {"tags": {"k": "v" * 256}}),
    ("RCL2602", {"tags": {"k!": "v"}}, "tags/k!", {"tags": {"k é_.:/=+-@1": "v"}}),
    ("RCL2602", {"tags": {"k": "a,b"}}, "tags/k", {"tags": {"k": "a b"}}),
    ("RCL2602", {"tags": {"k": "a\n"}}, "tags/k", {"tags": {"k": "a"}}),
    ("RCL2701", {"manifest": {"bucket": "x"}}, "manifest/bucket", {"manifest": {"purpose": "x"}}),
    ("RCL2701", {"manifest": {"created_at": "x"}}, "manifest/created_at", {"manifest": {}}),
    ("RCL2701", {"manifest": {"etag": "x"}}, "manifest/etag", {"manifest": {}}),
    ("RCL2701", {"manifest": {"unreadable_text": ""}}, "manifest/unreadable_text", {"manifest": {}}),
    (
        "RCL2702",
        {"manifest": {"json_schema": {"required": ["purpose"]}}},
        "manifest",
        {"manifest": {"json_schema": {"required": ["purpose"]}, "purpose": "x"}},
    ),
    (
        "RCL2702",
        {"manifest": {"json_schema": SCHEMA, "team": 5}},
        "manifest/team",
        {"manifest": {"json_schema": SCHEMA, "team": "x"}},
    ),
    (
        "RCL2703",
        {"manifest": {"json_schema": {"type": "nonsense"}}},
        "manifest/json_schema",
        {"manifest": {"json_schema": {"type": "object"}}},
    ),
    *(
        ("RCL2703", {"manifest": {"json_schema": schema}}, "manifest/json_schema", {"manifest": {"json_schema": {}}})
        for schema in NO_SCHEMAS
    ),
    (
        "RCL2704",
        {"manifest": {"json_schema": SCHEMA, "teem": "x"}},
        "manifest/teem",
        {"manifest": {"json_schema": SCHEMA, "team": "x"}},
    ),
    (
        "RCL2704",
        {"manifest": {"owner": {"phone": "1"}}},
        "manifest/owner/phone",
        {"manifest": {"json_schema": SCHEMA, "owner": {"phone": "1"}}},
    ),
    (
        "RCL2704",
        {"manifest": {"json_schema": {"properties": {"owner": True}}, "owner": {"phone": "1"}}},
        "manifest/owner/phone",
        {"manifest": {"owner": {"name": "x"}}},
    ),
    ("RCL2705", {"manifest": {"key": ""}}, "manifest/key", {"manifest": {"key": "m"}}),
    ("RCL2705", {"manifest": {"key": "/m"}}, "manifest/key", {"manifest": {"key": "a/m"}}),
    ("RCL2705", {"manifest": {"key": "m/"}}, "manifest/key", {"manifest": {"key": "m.yaml"}}),
    *(
        [("RCL2801", {"ownership_controls": {}}, "ownership_controls", {"ownership_controls": "ObjectWriter"})]
        if "ownership_controls" in BucketSpec.aspects()
        else []
    ),
    ("RCL2705", {"manifest": {"key": "é" * 513}}, "manifest/key", {"manifest": {"key": "é" * 512}}),
]


def refusals(written: dict[str, Any]) -> list[tuple[str, tuple[str | int, ...]]]:
    spec = BucketSpec.model_validate({"name": "acme-lake", "region": "us-east-1", **written})
    return [(refusal.code.code, refusal.path) for refusal in spec.refusals()]


@pytest.mark.parametrize(("code", "refused", "path", "accepted"), REFUSED)
def test_what_is_refused_and_what_is_not(
    code: str, refused: dict[str, Any], path: str, accepted: dict[str, Any]
) -> None:
    assert (code, at(path)) in refusals(refused)
    assert refusals(accepted) == []


@every_aspect
def test_every_code_has_its_examples(name: str, kind: Any) -> None:
    codes = {code.code for code in kind.codes} - {"RCL2103"}  # MFA delete is a remark on what is live
    assert codes <= {code for code, *_ in REFUSED}


def test_the_codes_of_the_bucket_have_their_examples() -> None:
    assert {code.code for code in CODES} <= {code for code, *_ in REFUSED}


def test_codes_are_unique_and_explained() -> None:
    codes = [*CODES, *(code for kind in BucketSpec.aspects().values() for code in kind.codes)]
    assert len({code.code for code in codes}) == len(codes)
    assert all(code.title and len(code.explanation) > 40 for code in codes)
    assert [code.code for code in codes if code.severity is Severity.WARNING] == ["RCL2103", "RCL2509"]
