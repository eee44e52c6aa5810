"""Law 5 against servers that nobody here wrote: what was applied needs no more changes."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Kind
from reconciler.errors import InvalidSpecs
from reconciler.planning.changeset import Action
from reconciler.run import Access, Question, carry_out, make_plan
from tests.aspects.strategies import ACCOUNT, LIVE
from tests.s3.converging import buckets, converges, specs
from tests.servers.place import Remote
from tests.servers.results import Results

EXAMPLES = int(os.environ.get("RECONCILE_EXAMPLES", "6"))
ROOT = Path(__file__).parents[2]
PARTLY = {Kind.LOSES, Kind.REFUSES}
ENFORCED = "it enforces the policies that it is given, also on the manifest that follows"
FAILS = {("moto", "all together"): ENFORCED, ("moto", "specs/lake.yaml"): ENFORCED}
"""What no profile can put right: it is in the table as it is."""
with_a_server = settings(
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes here
)


@pytest.fixture
def note(place: Remote, results: Results) -> Callable[[str, str], None]:
    """Write one cell of this server's column."""
    return partial(results.note, place.identity.profile.name)


@pytest.mark.parametrize("aspect", BucketSpec.aspects())
def test_every_aspect_converges_by_itself(place: Remote, aspect: str, note: Callable[[str, str], None]) -> None:
    note(aspect, "fails")

    @with_a_server
    @given(spec=specs((aspect,)), live=st.none() | LIVE[aspect].map(lambda one: {aspect: one}))
    def law(spec: BucketSpec, live: Any) -> None:
        converges(place, spec, live)

    law()
    kinds = {fact.kind for fact in place.identity.profile.facts if fact.aspect == aspect}
    note(aspect, "unsupported" if Kind.LACKS in kinds else "converges" if not kinds & PARTLY else "converges, but for")


def cannot(place: Remote, row: str, note: Callable[[str, str], None]) -> None:
    """Leave a test that is known to fail on this server."""
    why = FAILS.get((place.identity.profile.name, row))
    note(row, "fails" + (f": {why}" if why else ""))
    if why:
        pytest.xfail(why)


def test_all_aspects_together_converge(place: Remote, note: Callable[[str, str], None]) -> None:
    cannot(place, "all together", note)

    @with_a_server
    @given(spec=specs(), live=buckets())
    def law(spec: BucketSpec, live: Any) -> None:
        converges(place, spec, live)

    law()
    note("all together", "converges")


@pytest.mark.parametrize("file", ["lake.yaml", "fleet.yaml"])
def test_the_example_specs_converge_or_are_refused(
    place: Remote, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, note: Callable[[str, str], None]
) -> None:
    cannot(place, f"specs/{file}", note)
    copytree(ROOT / "specs", tmp_path / "specs")
    for spec in (tmp_path / "specs").rglob("*.*"):  # not every server has an STS that could say it
        spec.write_text(spec.read_text().replace("${account_id}", place.identity.account or ACCOUNT))
    monkeypatch.chdir(tmp_path)
    place.reset()
    question = Question((f"specs/{file}",), {})
    access = Access(region="us-east-1", endpoint_url=place.clients.endpoint_url)
    try:
        planned = make_plan(question, access)
    except InvalidSpecs as error:
        refusals = error.problems
    else:
        refusals = ()
    if refusals:
        assert {problem.place is not None for problem in refusals} == {True}
        assert place.s3.list_buckets()["Buckets"] == []
        codes = sorted({problem.code for problem in refusals if problem.is_error})
        note(f"specs/{file}", f"refused: {', '.join(codes)}")
        return
    assert {plan.action for plan in planned.changeset.plans} == {Action.CREATE}
    assert carry_out(planned, patience=place.clock.patience()).exit_code == 0
    again = make_plan(question, access)
    assert {plan.action for plan in again.changeset.plans} == {Action.NONE}
    assert carry_out(again).buckets == ()
    note(f"specs/{file}", "converges")
