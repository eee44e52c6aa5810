from typing import Any

import pytest

from reconciler.aspects.calls import Risk
from reconciler.aspects.encryption import Encryption
from reconciler.aspects.managed import ABSENT
from reconciler.aspects.manifest import Manifest
from reconciler.aspects.versioning import Versioning
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Action, Blocker, FieldChange, Origin, Plan
from reconciler.planning.digests import digest, digest_of_live, digest_of_specs
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable
from reconciler.planning.planner import compare, plan_bucket

ORIGIN = Origin("specs/lake.yaml", 3)
NOBODY = Identity(account=None, endpoint="http://localhost:9000", region=None)
US = {"name": "acme-lake", "region": "us-east-1"}
FRANKFURT = {"name": "acme-lake", "region": "eu-central-1"}
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
MISSING = LiveBucket("acme-lake", Existence.MISSING)
TAGGED = {"CreateBucketConfiguration": {"Tags": [{"Key": "Owner", "Value": "me"}]}}


def identity(**known: Any) -> Identity:
    return Identity(**{"account": "123456789012", "endpoint": None, "region": None, **known})


def there(region: str | None = "us-east-1", **aspects: Any) -> LiveBucket:
    return LiveBucket("acme-lake", Existence.EXISTS, region, aspects=aspects)


def plan_of(written: dict[str, Any], live: LiveBucket, who: Identity | None = None) -> Plan:
    return plan_bucket(BucketSpec.model_validate(written), live, who or identity(), ORIGIN)


# ── a bucket that is not there ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "known_region", "params"),
    [
        (US, None, {}),
        (US | {"tags": {"Owner": "me"}}, None, TAGGED),
        (FRANKFURT, None, {"CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}),
        (
            FRANKFURT | {"tags": {"Owner": "me"}},
            None,
            {
                "CreateBucketConfiguration": {
                    "LocationConstraint": "eu-central-1",
                    **TAGGED["CreateBucketConfiguration"],
                }
            },
        ),
        ({"name": "acme-lake"}, "eu-west-3", {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-3"}}),
        ({"name": "acme-lake", "tags": "absent"}, "us-east-1", {}),
    ],
)
def test_creation(written: dict[str, Any], known_region: str | None, params: Any) -> None:
    plan = plan_of(written, MISSING, identity(region=known_region))
    creation = plan.changes[0]
    assert plan.action is Action.CREATE
    assert not plan.exists
    assert creation.aspect == "bucket"
    assert creation.risk is Risk.HARMLESS
    assert [(call.operation, call.params) for call in creation.calls] == [("create_bucket", params)]
    assert creation.fields == (
        FieldChange(("name",), None, "acme-lake"),
        FieldChange(("region",), None, written.get("region", known_region)),
    )
    assert plan.live["bucket"] == digest(None)


def test_a_new_bucket_gets_its_aspects_and_has_no_data_to_lose() -> None:
    rules = {"rules": [{"id": "a", "expiration": {"days": 1}}]}
    plan = plan_of(US | {"lifecycle": rules, "versioning": "Enabled", "encryption": "absent"}, MISSING)
    assert [change.aspect for change in plan.changes] == ["bucket", "versioning", "lifecycle"]
    assert plan.risk is Risk.HARMLESS


def test_a_region_nobody_names() -> None:
    [blocker] = plan_of({"name": "acme-lake"}, MISSING).blockers
    assert "nothing says in which region" in blocker.why
    assert "--region" in blocker.remedy


# ── a bucket that is there ───────────────────────────────────────────────────────────────────────────


def test_nothing_to_do() -> None:
    plan = plan_of(US | {"versioning": "Enabled"}, there(versioning=Versioning.from_s3({"Status": "Enabled"})))
    assert plan.action is Action.NONE
    assert plan.risk is Risk.HARMLESS
    assert plan.live == {
        "bucket": digest({"region": "us-east-1"}),
        "versioning": digest_of_live(Versioning.from_s3({"Status": "Enabled"})),
    }


def test_a_plan_without_changes_keeps_no_live_document() -> None:
    tags = {"Owner": "me"}
    live = there(versioning=Versioning(status="Enabled"), encryption=Encryption(sse_algorithm="AES256"))
    plan = plan_of(US | {"versioning": "Enabled", "encryption": "AES256"}, live)
    assert plan.action is Action.NONE
    assert plan.around.siblings == plan.spec.declared()
    assert not any(kept is found for kept in plan.around.siblings.values() for found in live.aspects.values())
    changed = plan_of(US | {"versioning": "Enabled", "encryption": "AES256", "tags": tags}, live)
    assert changed.around.siblings["encryption"] is live.aspects["encryption"]


def test_a_server_that_does_not_say_its_region() -> None:
    plan = plan_of(FRANKFURT, there(region=None), identity(region="us-east-1"))
    assert (plan.region, plan.blockers) == ("eu-central-1", ())


def test_the_wrong_region() -> None:
    plan = plan_of(FRANKFURT | {"versioning": "Enabled"}, there(region="us-west-2"))
    assert plan.action is Action.BLOCKED
    assert not plan.changes
    [blocker] = plan.blockers
    assert blocker.aspect == "bucket"
    assert "lives in us-west-2" in blocker.why
    assert "`region: us-west-2`" in blocker.remedy


def test_a_bucket_out_of_reach() -> None:
    trouble = Unreadable("it belongs to somebody else", "choose another name")
    plan = plan_of(US, LiveBucket("acme-lake", Existence.UNCLEAR, trouble=trouble))
    assert plan.blockers == (Blocker("bucket", trouble.why, trouble.remedy),)
    assert not plan.changes


def test_a_bucket_out_of_reach_is_never_created() -> None:
    with pytest.raises(AssertionError):
        plan_of(US, LiveBucket("acme-lake", Existence.UNCLEAR))


def test_what_cannot_be_read_is_blocked_and_the_rest_is_planned() -> None:
    denied = Unreadable("s3:GetBucketPolicy is not allowed", "allow it")
    written = US | {"policy": "absent", "tags": {"Owner": "me"}, "versioning": "Suspended"}
    plan = plan_of(written, there(policy=denied, versioning=Versioning(status="Enabled", mfa_delete="Disabled")))
    assert plan.action is Action.BLOCKED
    assert plan.blockers == (Blocker("policy", denied.why, denied.remedy),)
    assert [change.aspect for change in plan.changes] == ["versioning", "tags"]
    assert set(plan.live) == {"bucket", "versioning", "tags"}
    assert plan.risk is Risk.LOSES_PROTECTION


def test_an_obstacle_blocks_its_aspect() -> None:
    live = Versioning(status="Enabled", mfa_delete="Enabled")
    plan = plan_of(US | {"versioning": "Suspended", "tags": {"a": "b"}}, there(versioning=live))
    assert [blocker.aspect for blocker in plan.blockers] == ["versioning"]
    assert [change.aspect for change in plan.changes] == ["tags"]


def test_more_tags_than_a_bucket_holds() -> None:
    kind = BucketSpec.aspects()["tags"]
    live = kind.from_s3({"TagSet": [{"Key": "theirs", "Value": "x"}, {"Key": "aws:x", "Value": "x"}]})
    fifty = {f"k{number}": "v" for number in range(50)}
    [blocker] = plan_of(US | {"tags": fifty, "ignore_tags": ["theirs"]}, there(tags=live)).blockers
    assert "51" in blocker.why
    assert not plan_of(US | {"tags": fifty}, there(tags=live)).blockers


# ── variables ────────────────────────────────────────────────────────────────────────────────────────

ROLE = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::${account_id}:root"}, "Action": "s3:*", "Resource": "*"}
    ]
}


def test_an_account_that_nobody_knows() -> None:
    plan = plan_of(US | {"policy": ROLE}, there(), NOBODY)
    [blocker] = plan.blockers
    assert blocker.why.startswith("${account_id} has no value here")
    assert 'account: "…"' in blocker.remedy


def test_an_account_that_the_spec_knows() -> None:
    plan = plan_of(US | {"policy": ROLE, "account": "111122223333"}, there(), NOBODY)
    assert not plan.blockers
    assert "111122223333" in plan.changes[0].calls[0].params["Policy"]


def test_a_region_that_nobody_knows() -> None:
    plan = plan_of({"name": "acme-lake", "tags": {"Region": "${region}"}}, there(region=None), NOBODY)
    [blocker] = plan.blockers
    assert blocker.remedy == "write `region:` into the spec"


def test_variables_of_iam_are_not_ours() -> None:
    policy = {"Statement": [ROLE["Statement"][0] | {"Resource": "arn:aws:s3:::b/${aws:username}/${*}"}]}
    assert not plan_of(US | {"policy": policy}, there()).blockers


# ── what is worth knowing ────────────────────────────────────────────────────────────────────────────


def test_findings_of_the_spec_and_of_what_is_live() -> None:
    rules = {
        "rules": [{"id": "a", "expiration": {"days": 31}, "transitions": [{"days": 30, "storage_class": "GLACIER"}]}]
    }
    live = Versioning(status="Enabled", mfa_delete="Enabled")
    plan = plan_of(US | {"lifecycle": rules, "versioning": "Enabled"}, there(versioning=live))
    assert [(found.code, found.severity, found.path) for found in plan.findings] == [
        ("RCL2509", "warning", ("lifecycle", "rules", "a", "transitions", "GLACIER")),
        ("RCL2103", "warning", ("versioning", "mfa_delete")),
    ]


def test_absence_that_cannot_be_is_blocked_not_crashed() -> None:
    live = Versioning(status="Enabled", mfa_delete="Disabled")
    around = BucketSpec.model_validate(US).surroundings()
    outcome = compare("versioning", ABSENT, live, around)
    assert isinstance(outcome, tuple)
    assert "S3 cannot take versioning away" in outcome[0].why


@pytest.mark.parametrize("spelling", [KEY, f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"])
def test_a_manifest_says_the_same_of_a_key_however_the_server_spells_it(spelling: str) -> None:
    encryption = {"sse_algorithm": "aws:kms", "kms_master_key_id": KEY}
    live = Encryption.model_validate(encryption | {"kms_master_key_id": spelling, "bucket_key_enabled": True})
    spec = US | {"encryption": encryption, "manifest": {"purpose": "A lake"}}
    [change] = plan_of(spec, there(encryption=live, manifest=None)).changes
    assert isinstance(change.after, Manifest)
    words = f"aws:kms with the key arn:aws:kms:us-east-1:123456789012:key/{KEY}, one bucket key"
    assert change.after.encryption == words


def test_a_manifest_speaks_of_the_spec_where_the_bucket_cannot_be_read() -> None:
    rules = {"rules": [{"id": "tmp", "expiration": {"days": 7}}]}
    spec = US | {"lifecycle": rules, "encryption": "absent", "manifest": {"purpose": "A lake"}}
    live = there(lifecycle=Unreadable("no", "ask"), encryption=Encryption.born(), manifest=None)
    [change] = plan_of(spec, live).changes
    assert isinstance(change.after, Manifest)
    assert change.after.lifecycle == {"tmp": "all objects → deleted after 7 days"}
    assert change.after.encryption is None


def test_the_digest_of_specs_is_of_what_they_say() -> None:
    one, other = (BucketSpec.model_validate({"name": name}) for name in ("a-a", "b-b"))
    short = BucketSpec.model_validate({"name": "c-c", "versioning": "Enabled"})
    long = BucketSpec.model_validate({"name": "c-c", "versioning": {"status": "Enabled"}})
    assert digest_of_specs([one, other]) == digest_of_specs([other, one])
    assert digest_of_specs([short]) == digest_of_specs([long])
    assert digest_of_specs([one]) != digest_of_specs([other])


# ── names that not everybody can create ──────────────────────────────────────────────────────────────

OURS = "acme-lake-123456789012-us-east-1-an"


def test_a_name_in_the_accounts_own_namespace_says_so_when_it_is_created() -> None:
    [creation] = plan_bucket(
        BucketSpec(name=OURS, region="us-east-1"), LiveBucket(OURS, Existence.MISSING), identity(), ORIGIN
    ).changes
    assert creation.calls[0].params == {"BucketNamespace": "account-regional"}


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (identity(account="444455556666", region="us-east-1"), "this would be account 444455556666 in us-east-1"),
        (identity(region="eu-west-1"), "this would be account 123456789012 in eu-west-1"),
    ],
)
def test_a_name_in_somebody_elses_namespace_cannot_be_created(who: Identity, said: str) -> None:
    [blocker] = plan_bucket(BucketSpec(name=OURS), LiveBucket(OURS, Existence.MISSING), who, ORIGIN).blockers
    assert blocker.why == f"only account 123456789012 can create this name, in us-east-1; {said}"


def test_an_old_name_must_exist() -> None:
    spec = BucketSpec(name="Acme_Lake", region="us-east-1", legacy_name=True)
    [blocker] = plan_bucket(spec, LiveBucket(spec.name, Existence.MISSING), identity(), ORIGIN).blockers
    assert "S3 takes such a name for no new bucket" in blocker.why
    assert not plan_bucket(spec, LiveBucket(spec.name, Existence.EXISTS, "us-east-1"), identity(), ORIGIN).blockers


# ── a public policy in a new bucket ──────────────────────────────────────────────────────────────────

PUBLIC = {
    "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-lake/*"}
}


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ({}, ["a new bucket blocks public policies, and this one lets in everybody"]),
        ({"public_access_block": {"ignore_public_acls": True}}, ["a new bucket blocks public policies, and this one"]),
        ({"public_access_block": {"block_public_policy": False}}, []),
        ({"public_access_block": "absent"}, []),
    ],
)
def test_a_new_bucket_takes_a_public_policy_only_where_its_gate_is_opened(block: Any, why: list[str]) -> None:
    plan = plan_of({**US, "policy": PUBLIC, **block}, MISSING)
    assert [blocker.why[: len(said)] for blocker, said in zip(plan.blockers, why, strict=True)] == why
    assert ("policy" in {change.aspect for change in plan.changes}) is not bool(why)


def test_a_bucket_that_exists_may_take_a_public_policy() -> None:
    plan = plan_of({**US, "policy": PUBLIC}, there(policy=None))
    assert [change.aspect for change in plan.changes] == ["policy"]
    assert [finding.code for finding in plan.findings] == ["RCL2412"]
