"""Lock-out: what a plan says of a policy that keeps the caller, or whom the spec names, from undoing it."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS, CEPH, LOCALSTACK, UNKNOWN
from reconciler.planning.changeset import Action, Blocker, Changeset, Inputs, Origin, Plan
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable
from reconciler.planning.lock_out import Asking, depends_on_role, is_secure
from reconciler.planning.permissions import permissions
from reconciler.planning.planner import plan_bucket
from reconciler.planning.storage import to_document

ACCOUNT = "123456789012"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/run"
ROLE, ADMIN, ROOT = (
    f"arn:aws:iam::{ACCOUNT}:role/data/etl",
    f"arn:aws:iam::{ACCOUNT}:role/admin",
    f"arn:aws:iam::{ACCOUNT}:root",
)
US = {"name": "acme-lake", "region": "us-east-1"}
SWITCHES = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
CLOSED = BucketSpec.aspects()["public_access_block"].model_validate(dict.fromkeys(SWITCHES, True))
CONFIRMED: dict[str, Any] = {"confirm_lock_out": "acme-lake"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    usual = {"Effect": "Deny", "Principal": "*", "Action": "s3:*BucketPolicy", "Resource": "arn:aws:s3:::acme-lake"}
    return {"Version": "2012-10-17", "Statement": [usual | statement for statement in statements]}


DENY_ALL = policy({"Sid": "DenyAll"})
DENY_PUT = policy({"Sid": "NoPut", "Action": "s3:PutBucketPolicy"})
ONLY_ETL = policy({"Sid": "OnlyEtl", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}})
ONLY_VPC = policy({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}})


def identity(caller: str | None = SESSION, profile: Profile = AWS, endpoint: str | None = None) -> Identity:
    return Identity(ACCOUNT, endpoint, "us-east-1", profile, caller)


def live(role_arn: str | None = ROLE, **aspects: Any) -> LiveBucket:
    return LiveBucket("acme-lake", Existence.EXISTS, "us-east-1", aspects=aspects, role_arn=role_arn)


def plan_of(wanted: dict[str, Any], there: LiveBucket | None = None, who: Identity | None = None, **spec: Any) -> Plan:
    written = BucketSpec.model_validate(US | {"policy": wanted} | spec)
    return plan_bucket(written, there or live(), who or identity(), Origin("s.yaml", 1))


def said(plan: Plan) -> list[str]:
    return [f"{blocker.why} ({blocker.remedy})" for blocker in plan.blockers]


# ── the caller ───────────────────────────────────────────────────────────────────────────────────────


def test_the_caller_would_be_locked_out() -> None:
    plan = plan_of(DENY_ALL, tags={"a": "b"})
    assert plan.action is Action.BLOCKED
    assert [change.aspect for change in plan.changes] == ["tags"]
    assert plan.blockers == (
        Blocker(
            "policy",
            "the new policy would lock you out: statement `DenyAll` denies s3:GetBucketPolicy, s3:PutBucketPolicy and "
            f"s3:DeleteBucketPolicy to {ROLE}; only the root user of account {ACCOUNT} could undo it",
            "except yourself in the statement, by ArnNotLike on aws:PrincipalArn, or write "
            "`confirm_lock_out: acme-lake` if it is meant",
        ),
    )


def test_a_new_bucket_locks_out_as_well() -> None:
    plan = plan_of(DENY_ALL, LiveBucket("acme-lake", Existence.MISSING))
    assert [change.aspect for change in plan.changes] == ["bucket"]
    assert [blocker.aspect for blocker in plan.blockers] == ["policy"]


def test_what_can_still_be_deleted_can_be_undone() -> None:
    [words] = said(plan_of(DENY_PUT))
    assert f"statement `NoPut` denies s3:PutBucketPolicy to {ROLE} (" in words


def test_several_statements_are_named_together() -> None:
    [words] = said(plan_of(policy({"Sid": "A"}, {"Action": "s3:Put*"}, {"Effect": "Allow", "Principal": ROLE})))
    assert "statement `A` and statement 2 deny s3:GetBucketPolicy" in words


def test_a_policy_that_shuts_out_others_passes() -> None:
    for wanted in (ONLY_ETL, policy({"Principal": {"AWS": ADMIN}}), policy({"Resource": "arn:aws:s3:::acme-lake/*"})):
        assert plan_of(wanted).blockers == ()


def test_what_nobody_can_prove_is_not_put() -> None:
    [words] = said(plan_of(ONLY_VPC))
    assert words.startswith("the new policy may lock you out: statement 1 may deny s3:GetBucketPolicy, ")
    assert "it depends on `StringNotEquals aws:SourceVpce`, which nobody here can tell" in words


def test_the_path_of_a_role_that_nobody_knows() -> None:
    [words] = said(plan_of(ONLY_ETL, live(role_arn=None)))
    assert f"to the role etl of account {ACCOUNT}; it depends on `ArnNotEquals aws:PrincipalArn`" in words
    assert words.endswith(
        "(allow iam:GetRole for these credentials, which tells the path of the role, or write "
        "`confirm_lock_out: acme-lake` if it is meant)"
    )


def test_not_principal_proves_nothing() -> None:
    everywhere = {"Sid": "Only", "NotPrincipal": {"AWS": [ROLE, SESSION, ROOT]}, "Principal": None}
    [words] = said(plan_of(policy(everywhere)))
    assert "it depends on `NotPrincipal`" in words
    assert 'say `Principal: "*"` and ArnNotLike on aws:PrincipalArn' in words


def test_the_spec_says_that_it_is_meant() -> None:
    for wanted in (DENY_ALL, ONLY_VPC):
        plan = plan_of(wanted, **CONFIRMED)
        assert (plan.blockers, plan.findings) == ((), ())
        assert [change.aspect for change in plan.changes] == ["policy"]


def test_a_policy_that_goes_locks_nobody_out() -> None:
    there = live(policy=BucketSpec.aspects()["policy"].model_validate(DENY_ALL))
    written = BucketSpec.model_validate(US | {"policy": "absent"})
    plan = plan_bucket(written, there, identity(), Origin("s.yaml", 1))
    assert (plan.blockers, plan.findings) == ((), ())


# ── the root user, and endpoints that are not AWS ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("profile", "undone"),
    [(AWS, True), (LOCALSTACK, True), (CEPH, False), (UNKNOWN, False)],
    ids=lambda one: str(one)[:20],
)
def test_the_root_user_is_never_locked_out_of_aws(profile: Profile, undone: bool) -> None:
    plan = plan_of(DENY_ALL, live(role_arn=None), identity(ROOT, profile))
    assert (plan.blockers == ()) is undone
    assert undone or "; it may be that nobody could undo it" in said(plan)[0]


def test_where_nobody_knows_the_caller_only_what_surely_does_not_apply_passes() -> None:
    nobody = Identity(None, "http://ceph.internal", None, CEPH)
    for wanted, passes in (
        (policy({"Principal": {"Service": "logging.s3.amazonaws.com"}}), True),
        (policy({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-lake/*"}), True),
        (policy({"Principal": {"AWS": ADMIN}}), False),
        (policy({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}), True),
        (policy({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}), False),
        (ONLY_ETL, False),
    ):
        assert (plan_of(wanted, live(), nobody).blockers == ()) is passes, wanted
    [words] = said(plan_of(policy({"Principal": {"AWS": ADMIN}}), live(), nobody))
    assert "to whoever asks; it depends on `Principal`" in words


def test_an_account_that_nobody_knows_has_a_root_user_too() -> None:
    [words] = said(plan_of(DENY_ALL, live(), Identity(None, "http://localhost:4566", None, LOCALSTACK)))
    assert "; only the root user of its account could undo it" in words


@pytest.mark.parametrize(
    ("endpoint", "secure"),
    [
        (None, True),
        ("sandbox", True),
        ("https://s3.example.com", True),
        ("http://127.0.0.1:5000", True),
        ("http://127.8.8.8", True),
        ("http://me:secret@localhost:9000/", True),
        ("http://a.b.localhost", True),
        ("http://[::1]:9000", True),
        ("http://[fe80::1]:9000", False),
        ("http://10.0.0.1:9000", False),
        ("http://localhost.example.com", False),
        ("http://s3.example.com", False),
    ],
)
def test_what_counts_as_tls(endpoint: str | None, secure: bool) -> None:
    assert is_secure(endpoint) is secure


# ── keep_access ──────────────────────────────────────────────────────────────────────────────────────


def test_whom_the_spec_keeps_is_asked_for_as_well() -> None:
    plan = plan_of(ONLY_ETL, keep_access=[ROLE, ADMIN, ROOT])
    [words] = said(plan)
    assert words == (
        f"the new policy would lock out {ADMIN}, which `keep_access` names: statement `OnlyEtl` denies "
        "s3:GetBucketPolicy, s3:PutBucketPolicy and s3:DeleteBucketPolicy to it (except it in the statement, by "
        "ArnNotLike on aws:PrincipalArn, or take it out of `keep_access`)"
    )
    assert plan.findings == ()


def test_whom_the_spec_keeps_it_cannot_want_to_lock_out_as_well() -> None:
    assert len(plan_of(ONLY_ETL, keep_access=[ADMIN], **CONFIRMED).blockers) == 1
    assert len(plan_of(ONLY_VPC, keep_access=[ADMIN]).blockers) == 2
    assert plan_of(ONLY_VPC, keep_access=[ADMIN], **CONFIRMED).blockers == ()
    assert "may lock out arn:aws:iam::123456789012:role/admin, which" in said(plan_of(ONLY_VPC, keep_access=[ADMIN]))[1]


def test_a_principal_of_another_account_cannot_be_kept() -> None:
    [words] = said(plan_of(ONLY_ETL, keep_access=["arn:aws:iam::999999999999:role/etl"]))
    assert "S3 answers MethodNotAllowed to everybody who is not of the bucket's own account 123456789012" in words
    assert words.endswith("(take it out of `keep_access`)")
    nobody = Identity(None, "http://localhost:1", None, LOCALSTACK)
    wanted = policy({"Principal": {"Service": "logging.s3.amazonaws.com"}})
    assert plan_of(wanted, live(), nobody, keep_access=["arn:aws:iam::999999999999:role/etl"]).blockers == ()


def test_a_policy_that_stays_as_it_is_is_only_told() -> None:
    there = live(policy=BucketSpec.aspects()["policy"].model_validate(ONLY_ETL))
    plan = plan_of(ONLY_ETL, there, keep_access=[ROLE, ADMIN])
    assert plan.action is Action.NONE
    [found] = plan.findings
    assert (found.code, found.severity, found.path) == ("RCL3011", "warning", ("keep_access", "1"))
    assert found.message.startswith(
        f"the policy would lock out {ADMIN}, which `keep_access` names: statement `OnlyEtl`"
    )


def test_of_a_policy_that_stays_nothing_is_said_about_the_caller() -> None:
    """Who plans is not who applies, and both have to read the same plan."""
    there = live(policy=BucketSpec.aspects()["policy"].model_validate(ONLY_ETL))
    for who in (identity(), identity(f"arn:aws:iam::{ACCOUNT}:user/reviewer"), identity(None)):
        plan = plan_of(ONLY_ETL, there, who, keep_access=[ROLE])
        assert (plan.action, plan.findings) == (Action.NONE, ())


# ── what must not happen without the policy ──────────────────────────────────────────────────────────


def test_no_shield_drops_while_the_policy_is_blocked() -> None:
    opened: dict[str, Any] = {
        "public_access_block": {"restrict_public_buckets": False},
        "ownership_controls": "ObjectWriter",
    }
    there = live(public_access_block=CLOSED, ownership_controls=BucketSpec.aspects()["ownership_controls"].born())
    plan = plan_of(DENY_ALL, there, tags={"a": "b"}, **opened)
    assert [change.aspect for change in plan.changes] == ["tags"]
    assert [blocker.aspect for blocker in plan.blockers] == ["policy", "public_access_block", "ownership_controls"]
    assert "it would drop what may shield the policy" in plan.blockers[1].why


def test_no_shield_drops_over_a_policy_that_cannot_be_read() -> None:
    there = live(public_access_block=CLOSED, policy=Unreadable("access denied", "allow it"))
    plan = plan_of(ONLY_ETL, there, public_access_block={"restrict_public_buckets": False})
    assert [blocker.aspect for blocker in plan.blockers] == ["policy", "public_access_block"]


def test_what_tightens_or_opens_a_gate_goes_on() -> None:
    for there, wanted in ((None, True), (CLOSED, False)):
        plan = plan_of(DENY_ALL, live(public_access_block=there), public_access_block={"block_public_policy": wanted})
        assert [change.aspect for change in plan.changes] == ["public_access_block"]


# ── what a saved plan holds ──────────────────────────────────────────────────────────────────────────


def fingerprint(plan: Plan) -> str:
    return str(to_document(Changeset((plan,), None, Inputs(())), "1.0")["fingerprint"])


def test_whoever_reviews_and_whoever_applies_have_one_plan() -> None:
    users = [f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("ann", "bob")]
    callers = [identity(arn) for arn in (*users, SESSION, f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/other", ROOT)]
    wanted = policy({"Principal": {"AWS": ADMIN}})
    assert len({fingerprint(plan_of(wanted, who=who)) for who in callers}) == 1


def test_two_sessions_of_a_role_are_blocked_in_the_same_words() -> None:
    other = SESSION.replace("run", "other")
    assert fingerprint(plan_of(DENY_ALL, who=identity(other))) == fingerprint(plan_of(DENY_ALL))


# ── which policies depend on the path of the role ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wanted", "caller", "depends"),
    [
        (ONLY_ETL, SESSION, True),
        (ONLY_ETL, ROLE, False),
        (ONLY_ETL, None, False),
        (DENY_ALL, SESSION, False),
        (ONLY_VPC, SESSION, False),
        (policy({"Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}}), SESSION, False),
        (policy({"Effect": "Allow", "Condition": {"ArnLike": {"aws:PrincipalArn": ROLE}}}), SESSION, False),
        ("absent", SESSION, False),
    ],
)
def test_when_a_role_has_to_be_looked_up(wanted: Any, caller: str | None, depends: bool) -> None:
    spec = BucketSpec.model_validate(US | {"policy": wanted})
    assert depends_on_role(spec, Asking(identity(caller), spec.surroundings(ACCOUNT))) is depends


@pytest.mark.parametrize(
    ("wanted", "more", "resource"),
    [
        (ONLY_ETL, {"account": ACCOUNT}, [f"arn:aws:iam::{ACCOUNT}:role/*"]),
        (ONLY_ETL, {}, ["arn:aws:iam::*:role/*"]),
        (DENY_ALL, {}, None),
        (ONLY_VPC, {}, None),
        ("absent", {}, None),
        (None, {}, ["arn:aws:iam::*:role/*"]),
    ],
)
@pytest.mark.parametrize("writing", [True, False])
def test_the_role_may_be_looked_up_only_where_that_serves(
    wanted: Any, more: dict[str, Any], resource: list[str] | None, writing: bool
) -> None:
    specs = None if wanted is None else [BucketSpec.model_validate(US | more | {"policy": wanted})]
    found = {one["Sid"]: one for one in permissions(specs, writing=writing)["Statement"]}.get("OwnRole")
    assert (found and (found["Action"], found["Resource"])) == (resource and (["iam:GetRole"], resource))
