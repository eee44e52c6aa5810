"""Which specs a pull request concerns."""

import json
import os
from pathlib import Path

import pytest

from reconciler.errors import InvalidSpecs, ReconcileError
from reconciler.pull_request.concern import Asked, Concern, concern_of
from reconciler.pull_request.git import Repository
from reconciler.pull_request.job import Job
from reconciler.question import Question
from reconciler.strict_yaml import LARGEST_FILE
from tests.pull_request.repositories import Work


def bucket(name: str, more: str = "") -> str:
    return f"buckets:\n  - name: acme-{name}\n    versioning: Enabled\n{more}"


WITH_FILE = bucket("lake", "    manifest: {purpose: A lake, json_schema: {file: schemas/lake.json}}\n")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.chdir(tmp_path)
    work = Work(tmp_path)
    (tmp_path / "specs" / "schemas").mkdir(parents=True)
    (tmp_path / "specs" / "schemas" / "lake.json").write_text("{}")
    work.commit(lake=WITH_FILE, logs=bucket("logs"), raw=bucket("raw"))
    work.branch("topic")
    return work


NO_JOB = Job()


def concern(base: str | None = "main", job: Job = NO_JOB, **variables: str) -> Concern:
    return concern_of(Asked(Question(("specs",), variables), base=base), job)


def test_nothing(work: Work) -> None:
    work.commit()
    assert concern().question.paths == ()


def test_a_spec_that_changes_and_one_that_moves(work: Work) -> None:
    work.commit(logs=None, moved=bucket("logs"), raw=bucket("raw", "    tags: {a: b}\n"))
    found = concern()
    assert found.question.paths == ("specs/moved.yaml", "specs/raw.yaml")
    assert set(found.before.specs) == {"acme-logs", "acme-raw"}
    assert found.problems == ()


def test_a_file_that_a_spec_includes(work: Work) -> None:
    (work.folder / "specs" / "schemas" / "lake.json").write_text('{"type": "object"}')
    work.commit()
    assert concern().question.paths == ("specs/lake.yaml",)
    assert set(concern().before.specs) == {"acme-lake"}


def test_settings_concern_all(work: Work) -> None:
    (work.folder / "reconcile.yaml").write_text("limits: {buckets_changed: 3}\n")
    work.commit()
    assert len(concern().question.paths) == 3


def test_a_spec_that_is_a_link_and_a_folder_above(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    (work.folder / "shared").mkdir()
    (work.folder / "specs" / "raw.yaml").rename(work.folder / "specs" / ".raw.yaml")
    (work.folder / "specs" / "raw.yaml").symlink_to(".raw.yaml")
    work.git("checkout", "-q", "-B", "main")
    work.commit()
    work.branch("link")
    (work.folder / "specs" / ".raw.yaml").write_text(bucket("raw", "    tags: {a: b}\n"))
    work.commit()
    assert concern().question.paths == ("specs/raw.yaml",)
    monkeypatch.chdir(work.folder / "shared")
    found = concern_of(Asked(Question(("../specs",), {}), base="main"), Job())
    assert found.question.paths == ("../specs/raw.yaml",)


def test_what_others_have_merged_meanwhile_is_none_of_it(work: Work) -> None:
    head = work.commit(raw=bucket("raw", "    tags: {a: b}\n"))
    work.git("checkout", "-q", "main")
    started = work.git("rev-parse", "HEAD")
    work.commit(logs=bucket("logs", "    tags: {c: d}\n"))
    assert concern("topic").question.paths == ("specs/logs.yaml",)
    work.git("checkout", "-q", "-b", "test-merge")
    work.git("merge", "-q", "--no-ff", "-m", "as GitHub checks it out", "topic")
    assert concern(None, Job(head=head, base=started)).question.paths == ("specs/raw.yaml",)


def test_variables_go_to_the_files_that_declare_them(work: Work) -> None:
    work.commit(raw="variables: {team: nobody}\n" + bucket("raw", "    tags: {Team: '${team}'}\n"))
    assert concern(team="lake").question.variables == {"team": "lake"}
    work.git("checkout", "-q", "-B", "main")
    work.commit(logs=bucket("logs", "    tags: {c: d}\n"))
    assert concern("HEAD^1", team="lake").question.variables == {}


def test_a_base_that_is_an_option_is_none(work: Work) -> None:
    with pytest.raises(ReconcileError, match="not in this clone"):
        Repository().base("--output=/tmp/x")


def test_no_repository_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(ReconcileError, match="not a git repository"):
        Repository(tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ReconcileError, match="no git"):
        Repository(tmp_path)


# ── what the check goes by ───────────────────────────────────────────────────────────────────────────


def agreed(text: str, **files: str) -> list[str]:
    """What is told of a change of the settings and of these specs."""
    Path("reconcile.yaml").write_text(text)
    Work(Path(), new=False).commit(**files)
    return [problem.message for problem in concern().problems if problem.code == "RCL7013"]


def test_settings_that_change_are_told(work: Work) -> None:
    rule = {"id": "ACME-01", "title": "A rule", "json_schema": "rule.json"}
    (work.folder / "rule.json").write_text("{}")
    by = "this pull request changes what it is checked by: "
    assert agreed("guardrails: {rules: {PUB-01: none}, classification: {words: {secret: restricted}}}\n") == [
        by + '`guardrails.classification.words.secret` was not set, and is "restricted"',
        by + '`guardrails.rules.PUB-01` was not set, and is "none"',
    ]
    work.git("checkout", "-q", "-B", "main")
    work.branch("another")
    assert agreed("# nothing any more\n") == [
        by + '`guardrails.classification.words.secret` was "restricted", and is not set',
        by + '`guardrails.rules.PUB-01` was "none", and is not set',
    ]
    [own, *_] = agreed(json.dumps({"guardrails": {"own": [rule]}, "limits": {"buckets_deleted": 100}}))
    assert own.startswith(by + "`guardrails.classification")
    work.git("checkout", "-q", "-B", "main")
    work.branch("a-third")
    (work.folder / "rule.json").write_text('{"type": "object"}')
    assert agreed(Path("reconcile.yaml").read_text()) == [by + "rule.json, the rule ACME-01"]


@pytest.mark.parametrize("before", ["limits: {buckets_changed: lots}\n", "\ufeff- \ufffe", "x" * (LARGEST_FILE + 1)])
def test_settings_that_nobody_could_read_before(work: Work, before: str) -> None:
    (work.folder / "reconcile.yaml").write_text(before)
    work.commit()
    work.git("checkout", "-q", "-B", "main")
    work.branch("mended")
    [said] = agreed("limits: {buckets_changed: 3}\n")
    assert said == "reconcile.yaml cannot be read as it was before: what it sets now may be new"


def test_purposes_and_waivers_that_change_are_told(work: Work) -> None:
    waiver = "{rule: PUB-01, reason: for a while, owner: lake, expires: 2999-12-31}"
    more = f"    purpose: other\n    waivers: [{waiver}]\n"
    assert agreed("{}", logs=bucket("logs", more), new=bucket("new", more)) == [
        "the purpose of acme-logs was not set, and is other: other guardrails are asked",
        "a waiver of PUB-01 for acme-logs is new, until 2999-12-31, by lake: for a while",
        "a waiver of PUB-01 for acme-new is new, until 2999-12-31, by lake: for a while",
    ]
    work.git("checkout", "-q", "-B", "main")
    work.branch("another")
    assert agreed("{}", logs=bucket("logs", more + "    tags: {a: b}\n")) == []


def accounts(*numbers: int) -> str:
    ids = ", ".join(f'"{number:012}"' for number in numbers)
    return f"guardrails: {{rules: {{POL-03: {{accounts: [{ids}]}}}}}}\n"


def test_of_a_long_list_whatever_comes_and_goes_is_told(work: Work) -> None:
    agreed(accounts(*range(1, 30)))
    work.git("checkout", "-q", "-B", "main")
    work.branch("another")
    by = "this pull request changes what it is checked by: `guardrails.rules.POL-03.accounts`"
    assert agreed(accounts(*range(2, 31))) == [f'{by} loses "000000000001" and gets "000000000030"']
    work.git("checkout", "-q", "-B", "main")
    work.branch("a-third")
    assert agreed(accounts(*reversed(range(2, 31)))) == [f"{by} stands in another order"]


def test_settings_behind_a_link_are_settings(work: Work) -> None:
    (work.folder / "team").mkdir()
    (work.folder / "team" / "settings.yaml").write_text("limits: {buckets_changed: 3}\n")
    (work.folder / "reconcile.yaml").symlink_to("team/settings.yaml")
    work.commit()
    work.git("checkout", "-q", "-B", "main")
    work.branch("linked")
    assert agreed("limits: {buckets_changed: 1000}\n") == [
        "this pull request changes what it is checked by: `limits.buckets_changed` was 3, and is 1000"
    ]
    assert len(concern().question.paths) == 3, "they concern all specs"


def test_a_rule_of_the_team_concerns_all_specs(work: Work) -> None:
    own = {"own": [{"id": "ACME-01", "title": "A rule", "json_schema": "rule.json"}]}
    (work.folder / "rule.json").write_text("{}")
    (work.folder / "reconcile.yaml").write_text(json.dumps({"guardrails": own}))
    work.commit()
    work.git("checkout", "-q", "-B", "main")
    work.branch("tightened")
    (work.folder / "rule.json").write_text('{"required": ["account"]}')
    work.commit()
    assert len(concern().question.paths) == 3


def test_specs_behind_a_linked_folder_were_there_before(work: Work) -> None:
    (work.folder / "infra").mkdir()
    (work.folder / "specs").rename(work.folder / "infra" / "specs")
    (work.folder / "specs").symlink_to("infra/specs")
    work.commit()
    work.git("checkout", "-q", "-B", "main")
    work.branch("behind")
    work.commit(logs=None, raw=bucket("raw", "    purpose: temp\n"))
    assert [(problem.code, problem.message) for problem in concern().problems] == [
        ("RCL7013", "the purpose of acme-raw was not set, and is temp: other guardrails are asked"),
        ("RCL7011", "no spec describes `acme-logs` any more: nothing happens to the bucket"),
    ]


@pytest.mark.parametrize("named", ["specs", "specs/raw.yaml", "specs/below"])
def test_specs_behind_a_link_out_of_the_repository_are_not_read(
    work: Work, tmp_path_factory: pytest.TempPathFactory, named: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "below").mkdir()
    (outside / "raw.yaml").write_text("aws_secret_access_key = secret")
    (work.folder / "specs").rename(work.folder / "was")
    (work.folder / "specs").symlink_to(outside)
    work.commit()
    with pytest.raises(InvalidSpecs) as found:
        concern_of(Asked(Question((named,), {}), base="main"), NO_JOB)
    [problem] = found.value.problems
    assert problem.code == "RCL1201"
    assert problem.message == f"`{named}` is, or lies behind, a link that leads out of the repository"


def test_whoever_names_files_elsewhere_means_them(work: Work, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "raw.yaml"
    elsewhere.write_text(bucket("elsewhere"))
    for named in (str(elsewhere), os.path.relpath(elsewhere)):
        [found] = concern_of(Asked(Question((named,), {}), base="main", all=True), NO_JOB).loaded.buckets
        assert found.spec.name == "acme-elsewhere"
