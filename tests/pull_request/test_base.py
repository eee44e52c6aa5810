"""Specs compared with specs: what says the same changes nothing, and nothing of the base is followed or executed."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.endpoints.profiles import AWS
from reconciler.planning.changeset import Action
from reconciler.problems import Place
from reconciler.pull_request.base import compared_with, specs_before
from reconciler.pull_request.git import Repository
from reconciler.question import Question
from reconciler.specs.loader import Declared, load
from tests.aspects.strategies import SPECS
from tests.pull_request.repositories import Work

ROOT = Path(__file__).parents[2]
NOTHING = Question((), {})
SPEC = "buckets:\n  - name: acme-lake\n    versioning: Enabled\n"


def declared(spec: BucketSpec) -> Declared:
    return Declared(spec, Place("specs/lake.yaml", 2, 5, 6))


@given(st.sampled_from(sorted(SPECS)).flatmap(lambda name: st.tuples(st.just(name), SPECS[name])))
def test_law_a_spec_compared_with_itself_changes_nothing(said: tuple[str, Any]) -> None:
    name, document = said
    spec = BucketSpec.model_construct(_fields_set={"name", name}, name="acme-lake", **{name: document})
    (plan,) = compared_with({"acme-lake": spec}, [declared(spec)], NOTHING).plans
    assert (plan.action, plan.blockers) == (Action.NONE, ())


@pytest.mark.parametrize("name", ["lake", "fleet"])
def test_the_example_specs_are_new_or_as_they_were(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    buckets = load([f"specs/{name}.yaml"]).buckets
    same = compared_with({bucket.spec.name: bucket.spec for bucket in buckets}, buckets, NOTHING)
    assert {plan.action for plan in same.plans} == {Action.NONE}
    assert {plan.action for plan in compared_with({}, buckets, NOTHING).plans} == {Action.CREATE}


def test_a_bucket_that_is_to_go_is_shown_as_going() -> None:
    going = BucketSpec.model_validate({"name": "acme-lake", "state": "absent", "confirm_delete": "acme-lake"})
    before = BucketSpec.model_validate({"name": "acme-lake", "versioning": "Enabled"})
    (plan,) = compared_with({"acme-lake": before}, [declared(going)], NOTHING).plans
    assert plan.action is Action.DELETE
    (plan,) = compared_with({"acme-lake": going}, [declared(before)], NOTHING).plans
    assert plan.action is Action.CREATE


def before(work: Work, commit: str, *files: str) -> tuple[set[str], list[str]]:
    """The buckets of these files at a commit, and what is wrong with them."""
    found = specs_before(Repository(work.folder), commit, files, {"env": "prod"}, AWS)
    return set(found.specs), [problem.message for problem in found.problems]


def test_what_stood_at_the_base_is_read_with_what_it_includes(tmp_path: Path) -> None:
    work = Work(tmp_path)
    policy = tmp_path / "specs" / "policies" / "lake.json"
    policy.parent.mkdir(parents=True)
    policy.write_text('{"Version": "2012-10-17", "Statement": []}')
    schema = "    manifest: {purpose: A lake, json_schema: {file: policies/lake.json}}\n"
    first = work.commit(lake=SPEC + schema, wrong="buckets: 3\n")
    work.commit(lake=None, wrong=None)
    names, problems = before(work, first, "specs/lake.yaml", "specs/wrong.yaml", "specs/never.yaml")
    assert names == {"acme-lake"}
    assert len(problems) == 1
    assert "specs/wrong.yaml" in problems[0]


def test_a_part_of_a_spec_is_none_at_the_base_either(tmp_path: Path) -> None:
    work = Work(tmp_path)
    policy = tmp_path / "specs" / "policies" / "lake.yaml"
    policy.parent.mkdir(parents=True)
    policy.write_text("{type: object}")
    schema = "    manifest: {purpose: A lake, json_schema: {file: policies/lake.yaml}}\n"
    first = work.commit(lake=SPEC + schema)
    assert before(work, first, "specs/lake.yaml", "specs/policies/lake.yaml") == ({"acme-lake"}, [])


def test_links_submodules_and_paths_outside_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(SPEC)
    (tmp_path / "repository").mkdir()
    work = Work(tmp_path / "repository")
    work.write(real=SPEC)
    (work.folder / "specs" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    work.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},specs/module")
    first = work.commit()
    assert before(work, first, "specs/link.yaml", "specs/module", "../secret.yaml", "/etc/passwd") == (set(), [])
    assert before(work, first, "specs/link.yaml", "specs/real.yaml") == ({"acme-lake"}, [])
