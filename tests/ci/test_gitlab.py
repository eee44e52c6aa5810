"""templates/reconcile.yml: the script of every job is run as it is written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def test_from_a_merge_request_to_drift(team: Team, s3: Any) -> None:
    team.work.branch("topic")
    head = team.work.commit(lake=LAKE)
    checked = team.opened(head)
    assert (checked.name, checked.code) == ("reconcile-check", 0), checked.said
    assert json.loads(checked.outputs["terraform"]) == {"create": 1, "update": 0, "delete": 0}
    assert isinstance(json.loads(checked.outputs["codequality"]), list)
    [comment] = team.host.bodies(NUMBER)
    assert "acme-lake" in comment
    assert team.machine.pip.read_text() == f"{PIP} --only-binary :all: reconcile-s3[ci]=={__version__}\n"

    commit = team.work.merged("topic")
    request = {"iid": NUMBER, "state": "merged", "sha": head, "merge_commit_sha": commit, "target_branch": "main"}
    team.host.pulls[commit] = [request]
    applied = team.runs("push", commit, CI_COMMIT_BRANCH="main", CI_COMMIT_BEFORE_SHA=team.base)
    assert (applied.name, applied.code) == ("reconcile-apply", 0), applied.said
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["acme-lake"]
    assert "applied" in team.host.bodies(NUMBER)[0]

    s3.put_bucket_tagging(Bucket="acme-lake", Tagging={"TagSet": [{"Key": "Owner", "Value": "somebody"}]})
    drifted = team.runs("schedule", commit, CI_COMMIT_BRANCH="main")
    assert (drifted.name, drifted.code) == ("reconcile-drift", 2), drifted.said


def test_a_fork_has_neither_roles_nor_a_token(team: Team) -> None:
    team.work.branch("topic")
    checked = team.opened(team.work.commit(lake=LAKE), source="8", token=None)
    assert (checked.name, checked.code) == ("reconcile-check", 0), checked.said
    assert "as from every fork" in checked.said
    assert json.loads(checked.outputs["terraform"]) == {"create": 1, "update": 0, "delete": 0}


def test_consent_is_given_by_whoever_starts_it_by_hand(team: Team) -> None:
    team.given["RECONCILE_IS"] = stub(team.folder)
    allowed = "loses-protection:acme-lake widens-access:acme-lake"
    started = team.runs("web", team.base, CI_COMMIT_BRANCH="main", RECONCILE_ALLOW=allowed)
    assert (started.name, started.code) == ("reconcile-apply", 0)
    words = "--allow=loses-protection:acme-lake --allow=widens-access:acme-lake specs"
    assert started.said == "<" + f"ci --apply --no-input --comment-key=reconcile {words}".replace(" ", "><") + ">"


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
