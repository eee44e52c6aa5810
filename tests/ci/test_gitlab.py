"""templates/reconcile.yml: the script of every job is run as it is written."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.version import __version__
from tests.ci.runners import ROOT, Job, OnGitLab, component, stub
from tests.ci.test_github import HOSTILE, LAKE, NEVER_IMPORTED, NUMBER, PIP
from tests.pull_request.fake_hosts import TOKEN, FakeGitLab, served
from tests.pull_request.repositories import Work

TEMPLATE = ROOT / "templates" / "reconcile.yml"
ROLES = {"plan-role": "arn:aws:iam::123456789012:role/plan", "apply-role": "arn:aws:iam::123456789012:role/apply"}


class Team:
    """A team that includes the component, with its project on a host on loopback."""

    def __init__(self, folder: Path, host: FakeGitLab, endpoint: str) -> None:
        self.host, self.endpoint, self.folder = host, endpoint, folder
        (folder / "team").mkdir()
        self.work = Work(folder / "team")
        for name in NEVER_IMPORTED:
            (self.work.folder / f"{name}.py").write_text(HOSTILE)
        self.base = self.work.commit()
        self.given: dict[str, str] = {}
        self.machine: OnGitLab

    def runs(self, source: str, commit: str, token: str | None = TOKEN, **variables: str) -> Job:
        """The one job of a pipeline of this kind."""
        given = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "CI_API_V4_URL": f"{self.host.address}/api/v4",
            "CI_JOB_ID": "99",
            "CI_PROJECT_ID": "7",
            "GITLAB_CI": "true",
            **({"GITLAB_TOKEN": token} if token else {}),
            **self.given,
        }
        self.machine = OnGitLab(self.folder / f"machine-{len(list(self.folder.iterdir()))}", self.work.folder, given)
        known = {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": commit, "CI_DEFAULT_BRANCH": "main", **variables}
        [job] = self.machine.pipeline(TEMPLATE, known, {"aws-region": "us-east-1", **ROLES})
        assert not list(self.machine.folder.rglob("executed")), "nothing of the checkout is executed"
        assert TOKEN not in job.said
        return job

    def opened(self, head: str, source: str = "7", token: str | None = TOKEN) -> Job:
        """A merge request is opened."""
        return self.runs(
            "merge_request_event",
            head,
            token,
            CI_MERGE_REQUEST_DIFF_BASE_SHA=self.base,
            CI_MERGE_REQUEST_IID=str(NUMBER),
            CI_MERGE_REQUEST_PROJECT_ID="7",
            CI_MERGE_REQUEST_SOURCE_PROJECT_ID=source,
        )


@pytest.fixture
def team(tmp_path: Path, endpoint: str) -> Iterator[Team]:
    host = FakeGitLab()
    with served(host):
        yield Team(tmp_path, host, endpoint)
    assert not host.unexpected


def test_a_merge_request_is_checked_with_the_role_that_may_read(team: Team) -> None:
    team.work.branch("topic")
    checked = team.opened(team.work.commit(lake=LAKE))
    assert (checked.name, checked.code) == ("reconcile-check", 0), checked.said
    assert json.loads(checked.outputs["terraform"]) == {"create": 1, "update": 0, "delete": 0}
    assert isinstance(json.loads(checked.outputs["codequality"]), list)
    [comment] = team.host.bodies(NUMBER)
    assert "acme-lake" in comment
    assert "ot compared with live buckets" not in checked.said + comment, "STS has taken the token"
    assert team.machine.pip.read_text() == f"{PIP} --only-binary :all: reconcile-s3[ci]=={__version__}\n"


REPORTS = "--report=gitlab-terraform=reconcile-counts.json --report=gitlab-codequality=reconcile-quality.json"
CALLED = [
    ("merge_request_event", {}, f"ci --no-input --comment-key=reconcile {REPORTS} --offline specs"),
    ("push", {"CI_COMMIT_BRANCH": "main"}, "ci --apply --no-input --comment-key=reconcile specs"),
    (
        "web",
        {"CI_COMMIT_BRANCH": "main", "RECONCILE_ALLOW": "loses-data:a PUB-01:b"},
        "ci --apply --no-input --comment-key=reconcile --allow=loses-data:a --allow=PUB-01:b specs",
    ),
    ("schedule", {"CI_COMMIT_BRANCH": "main"}, "plan --no-input --detailed-exitcode specs"),
]


@pytest.mark.parametrize(("source", "variables", "words"), CALLED)
def test_what_has_started_it_becomes_words(team: Team, source: str, variables: dict[str, str], words: str) -> None:
    team.given["RECONCILE_IS"] = stub(team.folder)
    of_a_fork = {"CI_MERGE_REQUEST_PROJECT_ID": "7", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8"}
    job = team.runs(source, team.base, None, **of_a_fork, **variables)
    assert job.code == 0
    assert job.said.strip("<>").replace("><", " ") == words


def test_a_push_to_another_branch_starts_nothing(tmp_path: Path) -> None:
    machine = OnGitLab(tmp_path / "machine", tmp_path, {})
    known = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic", "CI_DEFAULT_BRANCH": "main"}
    assert machine.pipeline(TEMPLATE, known, {"aws-region": "us-east-1"}) == []


def test_only_one_apply_runs_at_a_time_and_none_is_interrupted() -> None:
    jobs = component(TEMPLATE, {"aws-region": "us-east-1", "environment": "prod"})
    apply = jobs["reconcile-apply"]
    assert (apply["resource_group"], apply["environment"]) == ("reconcile-prod", {"name": "prod"})
    assert apply["interruptible"] is False
    assert jobs["reconcile-check"]["interruptible"] is True
