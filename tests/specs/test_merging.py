"""`defaults:` under a bucket: maps deep, lists with identity item by item, the bucket's own always wins."""

import pytest

from tests.specs.reading import load_bucket, problems_in

DEFAULTS = """
defaults:
  region: us-east-1
  encryption: {sse_algorithm: AES256, blocked_encryption_types: [SSE-C]}
  tags: {Owner: platform, Environment: prod}
  ignore_tags: [a, b]
  lifecycle:
    rules:
      - {id: versions, noncurrent_version_expiration: {noncurrent_days: 90}}
      - {id: uploads, abort_incomplete_multipart_upload: {days_after_initiation: 7}}
  policy:
    Version: "2012-10-17"
    Statement:
      - {Sid: DenyHttp, Effect: Deny, Principal: "*", Action: "s3:*", Resource: "arn:aws:s3:::aaa"}
buckets:
"""


def merged(bucket: str) -> dict[str, object]:
    return load_bucket(DEFAULTS + f"  - {{name: aaa, {bucket}}}\n")


def test_mappings_are_merged_deep_and_the_own_value_wins() -> None:
    bucket = merged("region: eu-west-1, encryption: {sse_algorithm: 'aws:kms'}, tags: {Owner: web, Extra: x}")
    assert bucket["region"] == "eu-west-1"
    assert bucket["encryption"] == {"sse_algorithm": "aws:kms", "blocked_encryption_types": ["SSE-C"]}
    assert bucket["tags"] == {"Owner": "web", "Environment": "prod", "Extra": "x"}


def test_rules_are_merged_by_id() -> None:
    bucket = merged(
        "lifecycle: {rules: [{id: own, expiration: {days: 1}},"
        " {id: versions, status: Disabled, noncurrent_version_expiration: {noncurrent_days: 30}}]}"
    )
    assert bucket["lifecycle"] == {
        "rules": [
            {"id": "own", "expiration": {"days": 1}},
            {"id": "uploads", "abort_incomplete_multipart_upload": {"days_after_initiation": 7}},
            {"id": "versions", "status": "Disabled", "noncurrent_version_expiration": {"noncurrent_days": 30}},
        ]
    }


def test_other_lists_are_replaced_and_so_are_transitions() -> None:
    assert merged("ignore_tags: [c]")["ignore_tags"] == ["c"]
    text = (
        "defaults:\n  lifecycle:\n    rules:\n"
        "      - {id: x, transitions: [{days: 30, storage_class: STANDARD_IA}, {days: 90, storage_class: GLACIER}]}\n"
        "buckets:\n  - name: aaa\n"
        "    lifecycle: {rules: [{id: x, transitions: [{days: 60, storage_class: GLACIER}]}]}\n"
    )
    rules = load_bucket(text)["lifecycle"]["rules"]  # type: ignore[index]
    assert rules[0]["transitions"] == [{"days": 60, "storage_class": "GLACIER"}]


@pytest.mark.parametrize(
    ("own", "sids"),
    [
        ("[{Sid: Own, Effect: Deny, Principal: '*', Action: s3:*, Resource: 'arn:aws:s3:::aaa'}]", ["DenyHttp", "Own"]),
        ("{Sid: Own, Effect: Deny, Principal: '*', Action: s3:*, Resource: 'arn:aws:s3:::aaa'}", ["DenyHttp", "Own"]),
        ("{Sid: DenyHttp, Action: s3:Get*}", ["DenyHttp"]),
        ("[{Effect: Deny, Principal: '*', Action: s3:*, Resource: 'arn:aws:s3:::aaa'}]", ["DenyHttp", None]),
    ],
)
def test_statements_are_merged_by_sid_also_where_one_stands_alone(own: str, sids: list[str | None]) -> None:
    policy = merged(f"policy: {{Statement: {own}}}")["policy"]
    assert [statement.get("Sid") for statement in policy["Statement"]] == sids  # type: ignore[index]
    assert policy["Version"] == "2012-10-17"  # type: ignore[index]


def test_two_statements_that_stand_alone_do_not_become_one() -> None:
    one = "Statement: {{Sid: {}, Effect: Deny, Principal: '*', Action: s3:*, Resource: 'arn:aws:s3:::aaa'}}"
    text = f"defaults: {{policy: {{{one.format('A')}}}}}\nbuckets: [{{name: aaa, policy: {{{one.format('B')}}}}}]\n"
    policy = load_bucket(text)["policy"]
    assert [statement["Sid"] for statement in policy["Statement"]] == ["A", "B"]  # type: ignore[index]


def test_another_kind_of_value_replaces_the_default() -> None:
    assert merged("encryption: absent, policy: unmanaged, lifecycle: unmanaged, tags: absent") == {
        "name": "aaa",
        "region": "us-east-1",
        "encryption": "absent",
        "tags": "absent",
        "ignore_tags": ["a", "b"],
    }
    assert problems_in(DEFAULTS + "  - {name: aaa, lifecycle: {rules: {id: x}}}\n") == [
        "16:36 RCL1105 this is a mapping; expected is a list"
    ]


def test_rules_without_a_name_are_added() -> None:
    text = (
        "defaults:\n  lifecycle:\n    rules:\n      - {expiration: {days: 1}}\n      - {id: x, expiration: {days: 2}}\n"
        "buckets:\n  - name: aaa\n    lifecycle: {rules: [{expiration: {days: 3}}, {id: x, status: Disabled}]}\n"
    )
    rules = load_bucket(text)["lifecycle"]["rules"]  # type: ignore[index]
    assert rules == [
        {"expiration": {"days": 1}},
        {"id": "x", "expiration": {"days": 2}, "status": "Disabled"},
        {"expiration": {"days": 3}},
    ]


def test_items_that_are_no_mappings_or_have_the_same_name_are_left_to_be_told() -> None:
    assert problems_in(
        DEFAULTS
        + "  - {name: aaa, lifecycle: {rules: [text, {expiration: {days: 1}}, {id: uploads}, {id: uploads}]}}\n"
    ) == [
        "16:37 RCL1105 this is text; expected is a mapping",
        "16:88 RCL1308 the `id` `uploads` is taken",
    ]


def test_a_mistake_is_shown_where_it_is_written() -> None:
    assert problems_in(
        DEFAULTS
        + "  - {name: aaa, lifecycle: {rules: [{id: versions, noncurrent_version_expiration: {noncurrent_days: 0}}]}}\n"
    ) == ["16:101 RCL2505 0 is not between 1 and 2147483647"]
    text = DEFAULTS.replace("noncurrent_days: 90", "noncurrent_days: 0")
    assert problems_in(text + "  - {name: aaa, lifecycle: {rules: [{id: versions, status: Disabled}]}}\n") == [
        "9:73 RCL2505 0 is not between 1 and 2147483647"
    ]
