"""The scenarios of other tools (`scenario_files`), on an S3 that answers as AWS does, and on a hostile one.

The hostile one spells every document in another way at each look, and shuffles what has no order; nothing that is
expected changes by that.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.s3.hostile import (
    HostileWorld,
    echoes_less,
    knows_no_new_principals,
    names_errors_otherwise,
    respells_documents,
    shuffles_and_renames_principals,
)
from tests.scenarios.scenario_files import NOT_HERE, read, scenario_files
from tests.scenarios.stage import Stage

SPELLS_ANEW = (names_errors_otherwise, echoes_less, shuffles_and_renames_principals, respells_documents)
SCENARIO = {"id", "name", "restates", "steps"}
OF_SCENARIO = {"live", "bucket", "answers", "deleted", "created"}
STEP = {"spec", "changes", "fields", "findings", "blocked", "meanwhile", "calls", "fails", "then", "unsaid"}
NOT_HERE_FIELDS = {"id", "name", "restates", "why"}
NUMBERS = range(1, 117)


def scenarios() -> list[Any]:
    """Every scenario on both; where S3 is never asked, it makes no difference how S3 spells."""
    return [
        pytest.param(scenario, hostile, id=f"{scenario['id']} {scenario['name']}{' (spelled anew)' if hostile else ''}")
        for file in scenario_files()
        for scenario in file.scenarios
        for hostile in ([False] if all("refused" in step for step in scenario["steps"]) else [False, True])
    ]


@pytest.mark.parametrize(("scenario", "hostile"), scenarios())
def test_scenario(world: HostileWorld, tmp_path: Path, scenario: dict[str, Any], hostile: bool) -> None:
    does = SPELLS_ANEW if hostile else (shuffles_and_renames_principals,) if "deleted" in scenario else ()
    if "created" in scenario:
        does = (knows_no_new_principals, *does)
    stage = Stage(world, tmp_path)
    stage.prepare(scenario)
    world.hostility.does = does
    *others, last = scenario["steps"]
    for step in others:
        stage.play(step, importing=not hostile)
    stage.play(last)


# ── the files themselves ─────────────────────────────────────────────────────────────────────────────


def test_scenarios_have_only_fields_that_somebody_looks_at() -> None:
    for scenario in (scenario for file in scenario_files() for scenario in file.scenarios):
        assert scenario.keys() >= SCENARIO, scenario
        assert scenario.keys() <= SCENARIO | OF_SCENARIO, scenario
        for step in scenario["steps"]:
            assert step.keys() in ({"meddle"}, {"spec", "refused"}) or step.keys() <= STEP, step


def test_every_scenario_is_in_one_place() -> None:
    """Here, or among those that are not, with the reason."""
    elsewhere = read(NOT_HERE)
    ids = [scenario["id"] for file in scenario_files() for scenario in file.scenarios]
    ids += [scenario["id"] for scenario in elsewhere]
    assert len(set(ids)) == len(ids)
    numbered = [re.fullmatch(r"S(\d{3})[a-z]?", one) for one in ids]
    assert {int(one[1]) for one in numbered if one} == set(NUMBERS)
    assert all(numbered), ids
    assert [scenario["id"] for scenario in elsewhere if scenario.keys() != NOT_HERE_FIELDS] == []
