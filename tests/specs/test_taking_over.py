"""The law of `import`: the plan of an imported spec is empty, for every bucket that can exist.

From the documents that a GET could have read, through the text of the spec file and the loader, to a plan.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reconciler.aspects.encryption import Encryption
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.manifest import Manifest
from reconciler.aspects.ownership_controls import OwnershipControls
from reconciler.aspects.policy import Policy
from reconciler.aspects.public_access_block import PublicAccessBlock
from reconciler.aspects.tags import Tags
from reconciler.aspects.versioning import Versioning
from reconciler.bucket import BucketSpec
from reconciler.endpoints.profiles import PROFILES
from reconciler.planning.changeset import Origin
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket, Unreadable
from reconciler.planning.planner import plan_bucket
from reconciler.planning.taking_over import NOWHERE, TakenOver, everything_of, taken_over, troubles_with
from reconciler.specs.factoring import factored
from reconciler.specs.loader import Declared, load
from reconciler.specs.writing import IN_ONE_LINE, as_read, spec_file
from tests.aspects.strategies import ACCOUNT, BUCKET, LIVE, SPECS, policies

EXAMPLES = int(os.environ.get("RECONCILE_EXAMPLES", "12"))
WHO = Identity(account=ACCOUNT, endpoint=None, region="us-east-1")
BORN: dict[str, Any] = {name: kind.born() for name, kind in BucketSpec.aspects().items()}
"""A bucket as AWS makes it."""


def bucket(name: str = BUCKET, **aspects: LiveAspect) -> LiveBucket:
    return LiveBucket(name, Existence.EXISTS, "us-east-1", aspects=BORN | aspects)


def read_back(text: str) -> dict[str, Declared]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        return {found.spec.name: found for found in load([str(file)]).buckets}


def spec_of(live: LiveBucket, *, full: bool = False) -> dict[str, Any]:
    return dict(taken_over(live, WHO, full=full).fields)


@st.composite
def lives(draw: DrawFn, name: str = BUCKET) -> LiveBucket:
    """Any bucket: with and without each document, and with some that cannot be read."""
    found: dict[str, Any] = {}
    for aspect in BucketSpec.aspects():
        documents = st.just(BORN[aspect]) | st.none() | LIVE[aspect] | LIVE[aspect]
        found[aspect] = draw(documents | st.just(Unreadable("it cannot be read: access denied", "allow it")))
    return LiveBucket(name, Existence.EXISTS, "us-east-1", aspects=found)


def is_left_alone(spec: BucketSpec, live: LiveBucket) -> None:
    plan = plan_bucket(spec, live, WHO, Origin("spec.yaml", 1))
    assert plan.changes == ()
    assert plan.blockers == ()


@settings(max_examples=2 * EXAMPLES, suppress_health_check=list(HealthCheck))
@given(live=lives(), full=st.booleans())
def test_the_plan_of_an_imported_spec_is_empty(live: LiveBucket, full: bool) -> None:
    found = taken_over(live, WHO, full=full, as_read=as_read)
    [declared] = read_back(spec_file([found])).values()
    is_left_alone(declared.spec, live)
    unreadable = {name for name, aspect in live.aspects.items() if isinstance(aspect, Unreadable)}
    assert unreadable <= found.remarks.keys()
    assert not declared.spec.declared().keys() & unreadable
    assert spec_file([taken_over(live, WHO, full=full, as_read=as_read)]) == spec_file([found])


@settings(max_examples=2 * EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data(), full=st.booleans())
def test_what_buckets_share_is_told_once_and_changes_nothing(data: st.DataObject, full: bool) -> None:
    names = ["acme-one", "acme-two", "acme-three"][: data.draw(st.integers(1, 3))]
    first = data.draw(lives(names[0]))
    others = [data.draw(st.just(LiveBucket(name, *tail(first))) | lives(name)) for name in names[1:]]
    live = {one.name: one for one in (first, *others)}
    found = [taken_over(one, WHO, full=full) for one in live.values()]
    defaults, rest = factored(found)
    apart, together = read_back(spec_file(found)), read_back(spec_file(rest, defaults))
    assert {name: one.spec for name, one in together.items()} == {name: one.spec for name, one in apart.items()}
    for name, declared in together.items():
        is_left_alone(declared.spec, live[name])


def tail(live: LiveBucket) -> tuple[Any, ...]:
    return live.existence, live.region, live.trouble, live.aspects


# ── what is said ─────────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_as_aws_makes_it_needs_no_words() -> None:
    blocked = Encryption(sse_algorithm="AES256", bucket_key_enabled=False, blocked_encryption_types=("SSE-C",))
    assert spec_of(bucket(encryption=blocked)) == {"name": BUCKET, "region": "us-east-1", "account": ACCOUNT}


def test_full_says_everything() -> None:
    said = spec_of(bucket(), full=True)
    assert said.keys() >= {"encryption", "public_access_block", "ownership_controls"}
    assert [said[name] for name in ("policy", "lifecycle", "tags", "manifest")] == ["absent"] * 4
    assert "versioning" not in said, "nobody can ask for a bucket that never had versions"


def test_what_aws_gives_and_somebody_took_away_is_absent() -> None:
    said = spec_of(bucket(public_access_block=None, ownership_controls=None))
    assert said["public_access_block"] == said["ownership_controls"] == "absent"


@pytest.mark.parametrize(
    ("aspects", "remark"),
    [
        ({"policy": Unreadable("policy cannot be read: denied", "allow s3:GetBucketPolicy")}, "denied; allow"),
        ({"tags": Tags({"team": "${bucket}"})}, "it holds the text ${bucket}, which a spec takes for a variable"),
        ({"manifest": Manifest.from_s3({"Key": "metadata/bucket-manifest.yaml", "Body": "- a\n"})}, ""),
        ({"lifecycle": Lifecycle.model_validate({"rules": [{"id": "nothing"}]})}, "(RCL25"),
    ],
)  # fmt: skip
def test_what_no_spec_can_say_is_a_remark(aspects: dict[str, Any], remark: str) -> None:
    found = taken_over(bucket(**aspects), WHO)
    [name] = aspects
    assert name not in found.fields
    assert remark in found.remarks[name]


def test_what_would_not_be_taken_back_is_a_trouble() -> None:
    def troubles(**said: Any) -> dict[str, str]:
        return troubles_with({"name": BUCKET, **said}, bucket(versioning=Versioning(status="Enabled")), WHO)

    assert troubles(versioning="Enabled") == {}
    assert "versioning" in troubles(versioning="Never")
    assert troubles(versioning="Suspended") == {
        "versioning": "no spec can say it just as it is; it would change status"
    }
    assert "MFA" in troubles(versioning={"status": "Enabled", "mfa_delete": "Enabled"})["versioning"]


def test_everything_of_a_bucket_is_asked_for() -> None:
    asked = everything_of(BUCKET)
    assert asked.declared().keys() == BucketSpec.aspects().keys()
    assert asked.values() == {}


def test_an_old_name_says_so() -> None:
    assert spec_of(bucket("Acme_Lake"))["legacy_name"] is True


def test_a_manifest_that_speaks_of_what_is_usual_has_it_written_down() -> None:
    around = BucketSpec(name=BUCKET, region="us-east-1", encryption=Encryption.model_validate("AES256")).surroundings()
    manifest = Manifest(purpose="A lake", created_at="2026-01-01T00:00:00Z").target(None, around)
    said = spec_of(bucket(manifest=manifest))
    assert said["manifest"] == {"purpose": "A lake"}
    assert "encryption" in said
    odd = manifest.model_copy(update={"encryption": "rot13"})
    found = taken_over(bucket(manifest=odd), WHO)
    assert "manifest" not in found.fields
    assert "it would change encryption" in found.remarks["manifest"]
    assert "encryption" not in found.fields


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(wanted=SPECS["lifecycle"], by=SPECS["encryption"], rules=st.none() | LIVE["lifecycle"], data=st.data())
def test_a_manifest_of_ours_is_taken_over(wanted: Any, by: Any, rules: Any, data: st.DataObject) -> None:
    """It tells rules by the ids that they have in the bucket, and what the spec leaves to the bucket as it is there."""
    aspects = {"lifecycle": wanted, "encryption": by, "manifest": Manifest(purpose="A lake")}
    spec = BucketSpec.model_validate({"name": BUCKET, "region": "us-east-1"} | aspects)
    before = bucket(lifecycle=rules, encryption=data.draw(LIVE["encryption"]), manifest=None)
    plan = plan_bucket(spec, before, WHO, NOWHERE)
    changed = {change.aspect: change.after for change in plan.changes}
    after = LiveBucket(BUCKET, Existence.EXISTS, "us-east-1", aspects={**before.aspects, **changed})
    assert plan_bucket(spec, after, WHO, NOWHERE).changes == ()
    found = taken_over(after, WHO)
    assert found.remarks == {}
    assert found.fields["manifest"] == {"purpose": "A lake"}


def test_full_says_the_manifest_rather_than_what_is_usual() -> None:
    around = BucketSpec(name=BUCKET, region="us-east-1").surroundings()
    manifest = Manifest(purpose="A lake", created_at="2026-01-01T00:00:00Z").target(None, around)
    found = taken_over(bucket(manifest=manifest), WHO, full=True)
    assert found.fields["manifest"] == {"purpose": "A lake"}
    assert "encryption" not in found.fields
    assert "as AWS makes it" in found.remarks["encryption"]


def test_where_regions_mean_nothing_none_is_said() -> None:
    ceph = Identity(account=None, endpoint="http://rgw", region="default", profile=PROFILES["ceph"])
    live = LiveBucket(BUCKET, Existence.EXISTS, "default", aspects={"tags": Tags({"a": "b"})})
    assert taken_over(live, ceph).fields == {"name": BUCKET, "tags": {"a": "b"}}


def test_what_comes_back_as_something_else_is_not_said() -> None:
    live = bucket(tags=Tags({"a": "b"}))
    found = taken_over(live, WHO, as_read=lambda fields: {**fields, "tags": {"a": "c"}} if "tags" in fields else fields)
    assert found.remarks == {"tags": "no spec can say it just as it is; it would change a"}


# ── how it is written ────────────────────────────────────────────────────────────────────────────────

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


def test_it_is_written_as_people_write() -> None:
    live = bucket(
        versioning=Versioning(status="Enabled"),
        policy=Policy.model_validate(POLICY),
        tags=Tags({"Owner": "data", "Since": "2026"}),
        lifecycle=Unreadable("lifecycle cannot be read: it holds X,\nwhich \x1b nobody knows", "update this tool"),
    )
    assert spec_file([taken_over(live, WHO)]) == (
        "# yaml-language-server: $schema=../schemas/bucket-spec.schema.json\n"
        "buckets:\n"
        f"  - name: {BUCKET}\n"
        "    region: us-east-1\n"
        f'    account: "{ACCOUNT}"\n'
        "    versioning: Enabled\n"
        "    policy:\n"
        '      Version: "2012-10-17"\n'
        "      Statement:\n"
        "        - Sid: DenyPlainHttp\n"
        "          Effect: Deny\n"
        '          Principal: "*"\n'
        "          Action: s3:*\n"
        f'          Resource: ["arn:aws:s3:::{BUCKET}", "arn:aws:s3:::{BUCKET}/*"]\n'
        "          Condition:\n"
        '            Bool: {"aws:SecureTransport": "false"}\n'
        "    tags:\n"
        "      Owner: data\n"
        '      Since: "2026"\n'
        "    # lifecycle: lifecycle cannot be read: it holds X, which \\x1b nobody knows; update this tool\n"
    )


def test_what_is_shared_stands_under_defaults() -> None:
    live = [bucket(name, versioning=Versioning(status="Enabled")) for name in ("acme-one", "acme-two")]
    defaults, rest = factored([taken_over(one, WHO) for one in live])
    assert spec_file(rest, defaults) == (
        "# yaml-language-server: $schema=../schemas/bucket-spec.schema.json\n"
        "defaults:\n"
        "  region: us-east-1\n"
        f'  account: "{ACCOUNT}"\n'
        "  versioning: Enabled\n"
        "buckets:\n"
        "  - name: acme-one\n"
        "\n"
        "  - name: acme-two\n"
    )


@given(
    values=st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=2 * IN_ONE_LINE), min_size=1, max_size=3)
)
def test_every_text_comes_back(values: Mapping[str, str]) -> None:
    found = TakenOver(BUCKET, {"name": BUCKET, "manifest": {"access": values, "structure": values}})
    manifest: Any = read_back(spec_file([found]))[BUCKET].spec.manifest
    assert manifest.access == manifest.structure == values


# ── what is shared ───────────────────────────────────────────────────────────────────────────────────


def three(**differing: Any) -> list[TakenOver]:
    names = ("acme-one", "acme-two", "acme-three")
    return [
        TakenOver(
            name, {"name": name, "region": "us-east-1"} | {field: by[at] for field, by in differing.items() if by[at]}
        )
        for at, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    ("values", "shared", "own"),
    [
        (["Enabled", "Enabled", "Suspended"], "Enabled", [None, None, "Suspended"]),
        (["Enabled", "Enabled", None], None, ["Enabled", "Enabled", None]),
        (["Enabled", "Suspended", None], None, ["Enabled", "Suspended", None]),
    ],
)
def test_a_word_is_shared_by_most(values: list[Any], shared: Any, own: list[Any]) -> None:
    defaults, rest = factored(three(versioning=values))
    assert defaults == {"region": "us-east-1"} | ({"versioning": shared} if shared else {})
    assert [one.fields.get("versioning") for one in rest] == own


def test_entries_are_shared_by_all_that_have_some() -> None:
    tags = [{"Owner": "a", "Unit": "1"}, {"Owner": "a", "Unit": "2"}, "absent"]
    defaults, rest = factored(three(tags=tags))
    assert defaults["tags"] == {"Owner": "a"}
    assert [one.fields["tags"] for one in rest] == [{"Unit": "1"}, {"Unit": "2"}, "absent"]


def test_rules_and_statements_are_shared_one_by_one() -> None:
    clean, old = {"id": "clean", "expiration": {"days": 1}}, {"id": "old", "expiration": {"days": 9}}
    lifecycles = [{"rules": [old, clean]}, {"rules": [clean]}, {"rules": [clean]}]
    defaults, rest = factored(three(lifecycle=lifecycles))
    assert defaults["lifecycle"] == {"rules": [clean]}
    assert [one.fields.get("lifecycle") for one in rest] == [{"rules": [old]}, None, None]


def test_policies_that_speak_of_their_own_bucket_are_one() -> None:
    def policy(name: str) -> Any:
        arn = f"arn:aws:s3:::{name}"
        return {"Statement": [{"Sid": "A", "Resource": [arn, f"{arn}/*", f"{arn}-other/*"]}]}

    policies = [policy("acme-one"), policy("acme-two"), policy("acme-three")]
    defaults, rest = factored(three(policy=policies))
    assert "policy" not in defaults, "the other bucket has another name in each of them"
    arns = ["arn:aws:s3:::${bucket}", "arn:aws:s3:::${bucket}/*", "arn:aws:s3:::acme-one-other/*"]
    assert rest[0].fields["policy"]["Statement"][0]["Resource"] == arns


def test_what_cannot_be_taken_back_is_not_shared() -> None:
    tags = [{"Owner": "a"}, {"Owner": "a"}, {"Unit": "1"}]
    defaults, rest = factored(three(tags=tags, region=["", "", ""]))
    assert defaults == {"region": "us-east-1"}
    assert [one.fields["tags"] for one in rest] == tags


def test_a_single_bucket_shares_nothing() -> None:
    [only, *_] = three(versioning=["Enabled", "Enabled", "Enabled"])
    assert factored([only]) == ({}, (only,))


def test_a_region_that_one_bucket_does_not_say_is_not_shared() -> None:
    one, two, three_ = three()
    without = TakenOver(three_.name, {"name": three_.name})
    defaults, rest = factored([one, two, without])
    assert defaults == {}
    assert rest == (one, two, without)


@given(policy=policies())
def test_a_policy_is_taken_over_or_said_why_not(policy: Policy) -> None:
    found = taken_over(bucket(policy=policy), WHO)
    assert ("policy" in found.fields) != ("policy" in found.remarks)


def test_switches_that_differ_from_aws_are_said() -> None:
    live = PublicAccessBlock(
        block_public_acls=True, ignore_public_acls=True, block_public_policy=False, restrict_public_buckets=False
    )
    assert spec_of(bucket(public_access_block=live))["public_access_block"]["block_public_policy"] is False
    assert spec_of(bucket(ownership_controls=OwnershipControls(object_ownership="ObjectWriter")))["ownership_controls"]
