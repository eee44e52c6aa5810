"""What guardrails say, in plans: it ends a run, asks for somebody's word, and changes nothing else."""

from dataclasses import replace
from datetime import date

from reconciler.errors import ExitCode
from reconciler.governance import Waiver
from reconciler.guardrails.verdict import Verdict
from reconciler.planning.changeset import Changeset, Inputs, Plan
from reconciler.planning.consent import broken
from reconciler.planning.needs import Kind, Need
from reconciler.planning.storage import bucket
from reconciler.problems import Place, Severity
from tests.reports.plans import plan

CHANGED = plan("{name: acme-lake, versioning: Suspended}")
UNCHANGED = plan("{name: acme-raw, versioning: Enabled}", "{name: acme-raw, versioning: Enabled}")
WAIVER = Waiver(rule="VER-01", reason="for a while", owner="lake", expires=date(2027, 3, 31))
ERROR = Verdict("VER-01", "Old versions are kept", Severity.ERROR, ("versioning",), "it is off", "turn it on")
ADVICE = ERROR._replace(rule="LIF-01", severity=Severity.WARNING)


def changeset(*plans: Plan) -> Changeset:
    return Changeset(plans, None, Inputs(("specs",)))


def judged(plan: Plan, *verdicts: Verdict) -> Plan:
    return replace(plan, verdicts=verdicts)


def test_an_error_that_nobody_has_waived_ends_with_three() -> None:
    assert changeset(judged(CHANGED, ERROR, ADVICE)).exit_code(detailed=True) is ExitCode.REFUSED
    assert changeset(judged(UNCHANGED, ERROR)).exit_code() is ExitCode.REFUSED
    assert changeset(judged(CHANGED, ADVICE)).exit_code(detailed=True) is ExitCode.CHANGES
    assert changeset(judged(CHANGED, ERROR._replace(waiver=WAIVER))).exit_code() is ExitCode.FINE


def test_what_is_blocked_is_an_error_first() -> None:
    blocked = plan("{name: acme-lake, account: '123456789012', region: us-east-1, tags: {a: '${account_id}'}}")
    assert changeset(judged(blocked, ERROR)).exit_code() is ExitCode.REFUSED
    from reconciler.planning.changeset import Blocker

    blocked = replace(judged(blocked, ERROR), blockers=(Blocker("tags", "no", "yes"),))
    assert changeset(blocked).exit_code() is ExitCode.ERROR


def test_a_rule_wants_one_word_for_each_bucket_that_is_changed() -> None:
    twice = (ERROR, ERROR._replace(message="and again"), ADVICE)
    needs = broken(changeset(judged(CHANGED, *twice), judged(UNCHANGED, ERROR)))
    assert needs == (Need(Kind.GUARDRAIL, "acme-lake", "breaks VER-01: it is off", "--allow VER-01:acme-lake"),)
    assert broken(changeset(judged(CHANGED, ERROR._replace(waiver=WAIVER)))) == ()


def test_a_verdict_as_data() -> None:
    placed = ERROR._replace(path=("policy", "Statement", 0), place=Place("a.yaml", 3, 5, 9), waiver=WAIVER)
    plain, whole = bucket(judged(CHANGED, ERROR, placed))["guardrails"]
    assert plain == {
        "rule": "VER-01",
        "title": "Old versions are kept",
        "severity": "error",
        "path": "versioning",
        "message": "it is off",
        "remedy": "turn it on",
        "place": None,
        "waiver": None,
    }
    assert whole["path"] == "policy.Statement.0"
    assert whole["place"] == {"file": "a.yaml", "line": 3, "column": 5, "end_column": 9}
    assert whole["waiver"] == {"reason": "for a while", "owner": "lake", "expires": "2027-03-31"}
