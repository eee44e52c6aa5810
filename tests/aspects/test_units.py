"""What the laws and cases leave over: small parts, each by itself."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from reconciler.aspects import manifest_schema
from reconciler.aspects.aspect import Aspect, collections_of, pascal_case
from reconciler.aspects.calls import Call, Effect, Risk
from reconciler.aspects.encryption import Encryption, same_key
from reconciler.aspects.lifecycle import Lifecycle, Rule
from reconciler.aspects.lifecycle_words import in_words
from reconciler.aspects.managed import Absent
from reconciler.aspects.manifest import Manifest, encryption_words
from reconciler.aspects.ownership_controls import OwnershipControls
from reconciler.aspects.public_access_block import PublicAccessBlock
from reconciler.aspects.tags import Tags, is_ignored
from reconciler.aspects.variables import fill, variables_in
from reconciler.aspects.versioning import Versioning
from reconciler.bucket import BucketSpec, partition_of
from reconciler.scalars import Moment, Text, WrittenInt

# ── scalars ──────────────────────────────────────────────────────────────────────────────────────────

MOMENTS = [
    ("2030-01-31", "2030-01-31T00:00:00Z"),
    ("2030-01-31T00:00:00.000Z", "2030-01-31T00:00:00Z"),
    ("2030-01-31T01:00:00+01:00", "2030-01-31T00:00:00Z"),
    ("20300131", "2030-01-31T00:00:00Z"),
    (datetime(2030, 1, 31, tzinfo=UTC), "2030-01-31T00:00:00Z"),
    (datetime(2030, 1, 31), "2030-01-31T00:00:00Z"),  # noqa: DTZ001 - a server without a time zone
    (datetime(2030, 1, 31, 2, tzinfo=timezone(timedelta(hours=2))), "2030-01-31T00:00:00Z"),
]


@pytest.mark.parametrize(("written", "read"), MOMENTS)
def test_moments(written: Any, read: str) -> None:
    assert TypeAdapter(Moment).validate_python(written) == read


@pytest.mark.parametrize(
    "written", ["", "soon", "2030-02-30", 2030, True, None, date(2030, 1, 1), "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_moment(written: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Moment).validate_python(written)
    assert caught.value.errors()[0]["type"] == "RCL1108"


def test_text_keeps_what_was_written() -> None:
    number = WrittenInt(7)
    number.written = "007"
    assert TypeAdapter(Text).validate_python(number) == "007"
    with pytest.raises(ValidationError):
        TypeAdapter(Text).validate_python(7)


# ── variables ────────────────────────────────────────────────────────────────────────────────────────

VARIABLES = {"region": "us-east-1", "account_id": None}


@pytest.mark.parametrize(
    ("written", "filled", "left"),
    [
        ("x", "x", []),
        ("a-${region}-${region}", "a-us-east-1-us-east-1", []),
        ("${account_id}", "${account_id}", ["account_id"]),
        ("${aws:username} ${*} ${?} ${$} $region {region}", "${aws:username} ${*} ${?} ${$} $region {region}", []),
        ({"${region}": ["${region}", 5, None]}, {"${region}": ["us-east-1", 5, None]}, []),
        (({"a": "${x}"}, ["${y}"]), [{"a": "${x}"}, ["${y}"]], ["x", "y"]),
        (5, 5, []),
    ],
)
def test_variables(written: Any, filled: Any, left: list[str]) -> None:
    assert fill(written, VARIABLES) == filled
    assert list(variables_in(filled)) == left


def test_a_spec_without_variables_is_itself() -> None:
    spec = BucketSpec.model_validate(
        {"name": "acme-lake", "region": "eu-west-1", "encryption": "absent", "tags": {"a": "b"}}
    )
    assert spec.filled(spec.surroundings()) is spec
    around = spec.surroundings(account="123456789012", region="us-east-1")
    assert around.variables == {
        "account_id": "123456789012",
        "region": "eu-west-1",
        "partition": "aws",
        "bucket": "acme-lake",
    }


def test_filling_in_leaves_what_was_left_out() -> None:
    written = {"name": "acme-lake", "tags": {"Region": "${region}"}, "versioning": "absent", "encryption": "AES256"}
    spec = BucketSpec.model_validate(written)
    full = spec.filled(spec.surroundings(region="eu-west-1"))
    assert full == BucketSpec.model_validate(written | {"tags": {"Region": "eu-west-1"}})
    assert full.model_fields_set == {"name", "tags", "versioning", "encryption"}
    assert full.versioning is Absent.ABSENT


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        (None, "aws"),
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_partitions(region: str | None, partition: str) -> None:
    assert partition_of(region) == partition


# ── what all aspects share ───────────────────────────────────────────────────────────────────────────


def test_an_empty_value_is_told_from_a_missing_one() -> None:
    with pytest.raises(ValidationError) as caught:
        BucketSpec.model_validate({"name": "acme-lake", "lifecycle": None})
    assert caught.value.errors()[0]["type"] == "RCL1103"


def test_the_word_absent_in_two_spellings() -> None:
    for word in ("absent", Absent.ABSENT):
        assert BucketSpec(name="acme-lake", tags=word).declared() == {"tags": Absent.ABSENT}


def test_the_schema_of_a_spec_knows_its_words() -> None:
    schema = BucketSpec.model_json_schema()
    words = schema["properties"]["tags"]["anyOf"]
    assert ["absent", "unmanaged"] in [option.get("enum") for option in words]


def test_documents_of_two_kinds_are_never_equal() -> None:
    assert Tags({}) != PublicAccessBlock()
    assert Tags({"a": "1", "b": "2"}) == Tags({"b": "2", "a": "1"})
    assert hash(Tags({"a": "1", "b": "2"})) == hash(Tags({"b": "2", "a": "1"}))


def test_an_aspect_has_nothing_against_anything_unless_it_says_so() -> None:
    plain, around = Aspect(), BucketSpec(name="acme-lake").surroundings()
    assert not [*plain.refusals(around), *plain.remarks(), *plain.refusals_of_absence(), *plain.obstacles(None, plain)]
    assert plain.create_params() == {}
    assert Aspect.get_params(None) == {}
    assert Aspect.target_of_absence(plain, around) is None
    assert Aspect.risk(None, plain) is plain.risk_when_new() is Risk.HARMLESS


def test_s3_spells_names_in_its_own_way() -> None:
    assert pascal_case("noncurrent_days") == "NoncurrentDays"


@pytest.mark.parametrize("kind", [Versioning, OwnershipControls])
def test_a_kind_that_cannot_be_deleted_says_so(kind: type[Aspect]) -> None:
    if kind.api.delete is None:
        with pytest.raises(AssertionError):
            kind.calls(kind.model_validate("Enabled"), None)
    else:
        assert kind.calls(None, None)[0].operation == kind.api.delete


def test_a_deletion_leaves_nothing_behind() -> None:
    kinds: list[type[Aspect]] = [*BucketSpec.aspects().values(), OwnershipControls]
    for kind in kinds:
        if kind.api.delete is not None:
            assert kind.from_calls([Call(kind.api.delete)]) is None


def test_repeated_identities_are_all_shown() -> None:
    rules = Lifecycle.model_validate({"rules": [{"id": "a", "expiration": {"days": day}} for day in (1, 2)]})
    assert list(rules.picture()["rules"]) == ["a", "a'"]


def test_collections_hold_items_with_identity() -> None:
    assert collections_of(Lifecycle) == ("rules",)
    assert collections_of(BucketSpec.aspects()["policy"]) == ("Statement",)
    assert collections_of(Tags) == ()


def test_most_aspects_need_no_sentence() -> None:
    assert Tags({"a": "b"}).item_words() == {}


# ── encryption ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, None, True),
        (None, "k", False),
        ("k", "k", True),
        ("arn:aws:kms:us-east-1:1:key/k", "k", True),
        ("k", "arn:aws:kms:us-east-1:1:key/k", True),
        ("arn:aws:kms:us-east-1:1:key/xk", "k", False),
        ("arn:aws:kms:us-east-1:1:alias/k", "alias/k", False),
        ("arn:aws:kms:us-east-1:1:key/k", "arn:aws:kms:us-east-1:2:key/k", False),
    ],
)
def test_same_key(one: str | None, other: str | None, same: bool) -> None:
    assert same_key(one, other) is same


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("AES256", "AES256 (keys held by S3)"),
        ("aws:kms", "aws:kms with the key aws/s3"),
        ({"sse_algorithm": "aws:kms:dsse", "kms_master_key_id": "k"}, "aws:kms:dsse (two layers) with the key k"),
        ({"sse_algorithm": "aws:kms", "kms_master_key_id": "alias/k"}, "aws:kms with the key alias/k"),
        ({"sse_algorithm": "AES256", "bucket_key_enabled": True}, "AES256 (keys held by S3), one bucket key"),
    ],
)
def test_encryption_in_words(written: Any, words: str) -> None:
    assert encryption_words(Encryption.model_validate(written), BucketSpec(name="acme-lake").surroundings()) == words


# ── lifecycle ────────────────────────────────────────────────────────────────────────────────────────

WORDS: list[tuple[dict[str, Any], str]] = [
    (
        {
            "filter": {"prefix": "raw/"},
            "transitions": [{"days": 90, "storage_class": "GLACIER"}, {"days": 30, "storage_class": "STANDARD_IA"}],
            "expiration": {"days": 365},
        },
        "raw/ → STANDARD_IA after 30 days → GLACIER after 90 days → deleted after 365 days",
    ),
    ({"expiration": {"days": 1}}, "all objects → deleted after 1 day"),
    ({"expiration": {"date": "2030-01-31"}, "status": "Disabled"}, "all objects → deleted on 2030-01-31 (disabled)"),
    (
        {"expiration": {"expired_object_delete_marker": True}},
        "all objects → delete markers without versions removed",
    ),
    (
        {
            "filter": {"tags": {"b": "2", "a": "1"}, "object_size_greater_than": 0, "object_size_less_than": 9},
            "transitions": [{"date": "2030-01-31", "storage_class": "GLACIER"}],
        },
        "all objects tagged a=1, b=2 over 0 bytes under 9 bytes → GLACIER on 2030-01-31",
    ),
    (
        {
            "noncurrent_version_transitions": [
                {"noncurrent_days": 30, "newer_noncurrent_versions": 3, "storage_class": "GLACIER"}
            ],
            "noncurrent_version_expiration": {"noncurrent_days": 90},
        },
        "old versions of all objects → GLACIER after 30 days but the 3 newest → deleted after 90 days",
    ),
    (
        {
            "filter": {"prefix": "a/"},
            "expiration": {"days": 2},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        },
        "a/ → deleted after 2 days; unfinished uploads to a/ → aborted after 7 days",
    ),
    ({}, ""),
]


@pytest.mark.parametrize(("rule", "words"), WORDS)
def test_rules_in_words(rule: dict[str, Any], words: str) -> None:
    assert in_words(Rule.model_validate({"id": "a", **rule})) == words
    lifecycle = Lifecycle.model_validate({"rules": [{"id": "a", **rule}]})
    assert lifecycle.item_words() == {"a": words}


def expiring(**rule: Any) -> Lifecycle:
    return Lifecycle.model_validate({"rules": [{"id": "a", **rule}]})


VERSIONS = {"noncurrent_days": 30, "newer_noncurrent_versions": 3}
MOVE = [{"days": 1, "storage_class": "GLACIER"}]
LOSES, COSTS = Risk.LOSES_DATA, Risk.COSTS_MONEY
RISKS: list[tuple[Lifecycle | None, Lifecycle | None, Risk]] = [
    (None, expiring(expiration={"days": 7}), LOSES),
    (None, expiring(transitions=MOVE), COSTS),
    (None, expiring(expiration={"expired_object_delete_marker": True}), COSTS),
    (None, expiring(expiration={"days": 7}, status="Disabled"), COSTS),
    (expiring(expiration={"days": 7}), None, COSTS),
    (expiring(expiration={"days": 7}), expiring(expiration={"days": 8}), COSTS),
    (expiring(expiration={"days": 7}), expiring(expiration={"days": 6}), LOSES),
    (expiring(expiration={"days": 7}), expiring(expiration={"date": "2030-01-31"}), LOSES),
    (expiring(expiration={"date": "2030-01-31"}), expiring(expiration={"date": "2030-02-01"}), COSTS),
    (expiring(expiration={"date": "2030-01-31"}), expiring(expiration={"date": "2030-01-30"}), LOSES),
    (expiring(transitions=MOVE), expiring(transitions=MOVE, expiration={"days": 7}), LOSES),
    (expiring(expiration={"days": 7}), expiring(expiration={"days": 7}, transitions=MOVE), COSTS),
    (expiring(expiration={"days": 7}, status="Disabled"), expiring(expiration={"days": 7}), LOSES),
    (expiring(expiration={"days": 7}, filter={"prefix": "a"}), expiring(expiration={"days": 7}), LOSES),
    (expiring(expiration={"days": 7}), expiring(noncurrent_version_expiration=VERSIONS), LOSES),
    (
        expiring(noncurrent_version_expiration=VERSIONS, expiration={"days": 7}),
        expiring(noncurrent_version_expiration=VERSIONS | {"noncurrent_days": 31}),
        COSTS,
    ),
    (
        expiring(noncurrent_version_expiration=VERSIONS),
        expiring(noncurrent_version_expiration=VERSIONS | {"newer_noncurrent_versions": 2}),
        LOSES,
    ),
]


@pytest.mark.parametrize(("before", "after", "risk"), RISKS)
def test_risks_of_lifecycles(before: Any, after: Any, risk: Risk) -> None:
    assert Lifecycle.risk(before, after) is risk


def test_rules_by_another_name_lose_nothing() -> None:
    before, after = (Lifecycle.model_validate({"rules": [{"id": name, "expiration": {"days": 7}}]}) for name in "ab")
    assert Lifecycle.risk(before, after) is Risk.COSTS_MONEY


def named(*rules: dict[str, Any]) -> list[str]:
    lifecycle = Lifecycle.model_validate({"rules": rules})
    return [str(rule.id) for rule in lifecycle.target(None, BucketSpec(name="acme-lake").surroundings()).rules]


def test_rules_without_a_name_are_named_after_what_they_are_about() -> None:
    raw = {"filter": {"prefix": "raw/2026 Q1/"}, "expiration": {"days": 7}}
    [first] = named(raw)
    assert first.startswith("expire-raw-2026-Q1-")
    assert named(raw | {"expiration": {"days": 8}}) == [first]
    assert named(raw | {"filter": {}})[0].startswith("expire-")
    assert named(raw | {"expiration": None, "transitions": MOVE})[0].startswith("archive-raw-2026-Q1-")
    uploads = {"abort_incomplete_multipart_upload": {"days_after_initiation": 7}}
    assert named(uploads)[0].startswith("clean-up-")
    assert len(named({"filter": {"prefix": "x" * 1000}} | uploads)[0]) < 60


def test_rules_about_the_same_that_differ_have_different_names() -> None:
    rules = [{"expiration": {"days": days}} for days in (7, 8)]
    names = named(*rules)
    assert len(set(names)) == 2
    assert names == named(*reversed(rules))
    taken = [{"id": name, "expiration": {"days": 9}} for name in names]
    assert len(set(named(*rules, *taken))) == 4


def test_a_live_rule_without_a_name_is_named_as_a_spec_s_would_be() -> None:
    wire = {"Rules": [{"Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 7}}]}
    assert [rule.id for rule in Lifecycle.from_s3(wire).rules] == named(
        {"filter": {"prefix": "x"}, "expiration": {"days": 7}}
    )


def test_a_lifecycle_as_a_spec_says_only_what_is_not_usual() -> None:
    around = BucketSpec(name="acme-lake").surroundings()
    rule: dict[str, Any] = {
        "id": "a",
        "expiration": {"date": "2030-01-31"},
        "transitions": [{"date": "2029-01-31", "storage_class": "GLACIER"}],
    }
    usual = {"transition_default_minimum_object_size": "all_storage_classes_128K"}
    assert Lifecycle.model_validate(usual | {"rules": [rule]}).as_spec(around) == {"rules": [rule]}
    other = {"transition_default_minimum_object_size": "varies_by_storage_class", "rules": [rule]}
    assert Lifecycle.model_validate(other).as_spec(around) == other


AS_SPECS: list[tuple[Aspect, Any]] = [
    (Versioning(status="Enabled", mfa_delete="Enabled"), "Enabled"),
    (Encryption(sse_algorithm="AES256", bucket_key_enabled=False, blocked_encryption_types=()), "AES256"),
    (
        Encryption(sse_algorithm="aws:kms", bucket_key_enabled=True, blocked_encryption_types=("SSE-C",)),
        {"sse_algorithm": "aws:kms", "bucket_key_enabled": True, "blocked_encryption_types": ["SSE-C"]},
    ),
    (OwnershipControls(object_ownership="ObjectWriter"), "ObjectWriter"),
    (Tags({"aws:x": "1", "Owner": "me", "cost:a": "2"}), {"Owner": "me"}),
    (Tags({"aws:x": "1"}), "absent"),
    (
        Manifest.model_validate({"bucket": "b", "created_at": "x", "etag": "e", "purpose": "y", "key": "m.yaml"}),
        {"key": "m.yaml", "purpose": "y"},
    ),
    (Manifest.model_validate({"bucket": "b", "encryption": "x", "lifecycle": {"a": "b"}}), {}),
]


@pytest.mark.parametrize(("live", "written"), AS_SPECS)
def test_live_documents_as_people_would_write_them(live: Aspect, written: Any) -> None:
    assert live.as_spec(BucketSpec(name="acme-lake", ignore_tags=("cost:*",)).surroundings()) == written


@pytest.mark.parametrize(
    ("live", "why"),
    [
        (Manifest.from_s3({"Key": "m.yaml", "Body": "- a\n"}), "`m.yaml` is not a manifest"),
        (Manifest.model_validate({"owner": {"phone": "1"}, "team": "x"}), "team, owner.phone need a schema"),
    ],
)
def test_live_documents_that_no_spec_can_say(live: Aspect, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        live.as_spec(BucketSpec(name="acme-lake").surroundings())


@pytest.mark.parametrize(
    "rule",
    [
        {"ID": "a", "Status": "Enabled", "Prefix": "x", "Filter": {}},
        {"ID": "a", "Status": "Enabled", "Prefix": "x", "Filter": {"Prefix": "y"}},
        {"ID": "a", "Status": "Enabled", "Prefix": "x", "Filter": None},
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "x", "And": {"Prefix": "y"}}},
        {"ID": "a", "Status": "Enabled", "Filter": {"And": {"Tags": [{"Key": "k", "Value": v} for v in "ab"]}}},
        {"ID": "a", "Status": "Enabled", "Filter": {"Tag": {"Key": "k", "Value": "a"}, "Tags": 5}},
        {
            "ID": "a",
            "Status": "Enabled",
            "Filter": {"Tag": {"Key": "k", "Value": "a"}, "And": {"Tags": [{"Key": "k", "Value": "b"}]}},
        },
        {"ID": "a", "Status": "Enabled", "Filter": {"And": {"Tags": [{"Key": ["x"], "Value": "b"}]}}},
        {"ID": "a", "Status": "Enabled", "Prefix": "x", "Unknown": 1},
        {"ID": "a", "Status": "enabled", "Prefix": "x"},
        {"ID": "a", "Status": "Enabled", "Filter": {"And": {"Tags": [{"Value": "b"}]}}},
        {"ID": "a", "Status": "Enabled", "Filter": {"And": {"Tags": "x"}}},
        {"ID": "a", "Status": "Enabled", "Transitions": [{"Days": 1, "StorageClass": "NEW_CLASS"}]},
        "x",
    ],
)
def test_a_rule_that_nobody_knows_is_an_error(rule: Any) -> None:
    with pytest.raises(ValueError):
        Lifecycle.from_s3({"Rules": [rule]})


def test_a_prefix_beside_a_filter() -> None:
    rule = {"ID": "a", "Status": "Enabled", "Prefix": "", "Filter": {"Prefix": "raw/"}, "Expiration": {"Days": 1}}
    assert Lifecycle.from_s3({"Rules": [rule]}).rules[0].filter.prefix == "raw/"


def test_a_filter_that_is_no_mapping() -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"id": "a", "filter": "raw/", "transitions": ["x"]})


# ── tags, manifest, ownership ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "pattern", "ignored"),
    [
        ("a", "a", True),
        ("ab", "a", False),
        ("ab", "a*", True),
        ("ab", "*", True),
        ("b", "a*", False),
        ("A", "a", False),
    ],
)
def test_ignored_tags(key: str, pattern: str, ignored: bool) -> None:
    assert is_ignored(key, (pattern,)) is ignored


def test_a_manifest_of_a_bucket_without_more() -> None:
    spec = BucketSpec.model_validate(
        {"name": "acme-lake", "region": "us-east-1", "encryption": "absent", "manifest": {}}
    )
    assert isinstance(spec.manifest, Manifest)
    assert spec.manifest.target(None, spec.surroundings()).body() == {
        "bucket": "acme-lake",
        "region": "us-east-1",
        "created_at": "(set when applied)",
    }


@pytest.mark.parametrize(
    "body", ["", "{}\n", "purpose:\n", "owner: 5\n", "key: x\n", "- a\n", "a: 1\na: 2\n", "{", "text"]
)
def test_what_is_no_manifest_is_kept_as_text(body: str) -> None:
    read = Manifest.from_s3({"Key": "m.yaml", "Body": body, "ETag": ""})
    assert read.unreadable_text == body
    assert Manifest.from_s3(read.to_s3()) == read
    assert read.picture() == {"(not a manifest)": f"{len(body)} characters"}


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"bucket": "b", "created_at": "x"}, []),
        ({"bucket": 5, "created_at": "x"}, [("bucket",)]),
        ({}, [(), ()]),
        ({"bucket": "b", "created_at": "x", "data": {"contains_pii": "no"}}, [("data", "contains_pii")]),
    ],
)
def test_the_schema_of_a_manifest(body: dict[str, Any], paths: list[Any]) -> None:
    found = [path for path, _ in manifest_schema.misfits(body)]
    assert len(found) >= len(paths)
    assert set(found) == set(paths)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("0987", "0987"),
        ("nO", "nO"),
        ("1.5e3", "1.5e3"),
        ("\x85", "\x85"),
        ("a\u2028b", "a\u2028b"),
        ("a\nb\n", "a\nb\n"),
    ],
)
def test_a_manifest_reads_back_what_it_says(text: str, read: str) -> None:
    manifest = Manifest.model_validate({"bucket": "b", "access": [text], "structure": {text or "x": text}})
    again = Manifest.from_s3(manifest.to_s3())
    assert again.access == [read]
    assert again == manifest


OWNERSHIP = [
    (None, "BucketOwnerEnforced", Effect.TIGHTEN, Risk.CUTS_ACCESS),
    ("ObjectWriter", "BucketOwnerEnforced", Effect.TIGHTEN, Risk.CUTS_ACCESS),
    ("BucketOwnerEnforced", "ObjectWriter", Effect.LOOSEN, Risk.WIDENS_ACCESS),
    ("BucketOwnerEnforced", None, Effect.LOOSEN, Risk.WIDENS_ACCESS),
    (None, "ObjectWriter", Effect.LOOSEN, Risk.HARMLESS),
    ("ObjectWriter", "BucketOwnerPreferred", Effect.LOOSEN, Risk.HARMLESS),
]


@pytest.mark.parametrize(("before", "after", "effect", "risk"), OWNERSHIP)
def test_ownership(before: str | None, after: str | None, effect: Effect, risk: Risk) -> None:
    old, new = (OwnershipControls.model_validate(word) if word else None for word in (before, after))
    assert [call.effect for call in OwnershipControls.calls(old, new)] == [effect]
    assert OwnershipControls.risk(old, new) is risk


def test_ownership_in_both_spellings() -> None:
    enforced = OwnershipControls.model_validate({"object_ownership": "BucketOwnerEnforced"})
    assert OwnershipControls.from_s3(enforced.to_s3()) == enforced
    assert enforced.create_params() == {"ObjectOwnership": "BucketOwnerEnforced"}
    around = BucketSpec(name="acme-lake").surroundings()
    assert not list(enforced.refusals(around))
    [refusal] = OwnershipControls().refusals(around)
    assert refusal.code.code == "RCL2801"
    wires: list[dict[str, Any]] = [
        {},
        {"OwnershipControls": {"Rules": []}},
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "x"}]}},
    ]
    for wire in wires:
        with pytest.raises(ValueError):
            OwnershipControls.from_s3(wire)


def test_a_manifest_that_could_never_be_read_again_is_refused() -> None:
    spec = BucketSpec.model_validate({"name": "acme-lake", "manifest": {"purpose": "x" * (1024 * 1024)}})
    [refusal] = spec.refusals()
    assert refusal.code.code == "RCL2702"
    assert "1,048,576 are the most" in refusal.message
