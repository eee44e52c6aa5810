"""action.yml and the reusable workflow: every step is run as it is written, from a pull request to its merge."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.pull_request.outputs import outputs_of
from tests.ci.runners import ROOT, Job, OnGitHub, Step, stub
from tests.pull_request.fake_hosts import READ_ONLY, TOKEN, FakeGitHub, served
from tests.pull_request.repositories import Work

WORKFLOW = ROOT / ".github" / "workflows" / "reconcile.yml"
ACTION = ROOT / "action.yml"
NUMBER = 12
LAKE = "buckets:\n  - name: acme-lake\n    region: us-east-1\n    tags: {Owner: data-platform}\n"
ROLES = {"plan-role": "arn:aws:iam::123456789012:role/plan", "apply-role": "arn:aws:iam::123456789012:role/apply"}
HOSTILE = "import pathlib\npathlib.Path(__file__).with_name('executed').touch()\nraise SystemExit(9)\n"
NEVER_IMPORTED = ("venv", "pip", "yaml", "json", "sitecustomize", "usercustomize", "reconciler")
PIP = "-I -m pip --quiet --disable-pip-version-check --no-input install"


class Team:
    """A team that calls the reusable workflow, with its repository on a host on loopback."""

    def __init__(self, folder: Path, host: FakeGitHub, endpoint: str) -> None:
        self.host, self.endpoint, self.folder = host, endpoint, folder
        (folder / "team").mkdir()
        self.work = Work(folder / "team")
        for name in NEVER_IMPORTED:
            (self.work.folder / f"{name}.py").write_text(HOSTILE)
        self.base = self.work.commit()
        self.summary = folder / "summary.md"
        self.given: dict[str, str] = {}
        self.machine: OnGitHub

    def runs(self, event: str, commit: str, told: dict[str, Any], token: str = TOKEN, **inputs: str) -> Job:
        """The one job that an event starts."""
        path = self.folder / "event.json"
        path.write_text(json.dumps(told))
        self.summary.write_text("")
        given = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.host.address,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REF_NAME": "main",
            "GITHUB_REPOSITORY": "acme/lake",
            "GITHUB_SHA": commit,
            "GITHUB_STEP_SUMMARY": str(self.summary),
            **self.given,
        }
        github = {
            "event": {**told, "repository": {"default_branch": "main"}},
            "event_name": event,
            "ref": f"refs/pull/{NUMBER}/merge" if event == "pull_request" else "refs/heads/main",
            "repository": "acme/lake",
            "sha": commit,
            "token": token,
        }
        self.machine = OnGitHub(self.folder / f"machine-{len(list(self.folder.iterdir()))}", self.work.folder, given)
        [job] = self.machine.workflow(WORKFLOW, github, {"aws-region": "us-east-1", **ROLES, **inputs})
        assert not list(self.machine.folder.rglob("executed")), "nothing of the checkout is executed"
        assert TOKEN not in job.said + self.summary.read_text()
        return job

    def opened(self, head: str, repository: str = "acme/lake", token: str = TOKEN) -> Job:
        """A pull request is opened, and GitHub has merged it into its base, to try."""
        self.work.git("checkout", "-q", "-B", "tried", "main")
        self.work.git("merge", "-q", "--no-ff", "-m", "tried", head)
        pull = {
            "number": NUMBER,
            "head": {"sha": head, "repo": {"full_name": repository}},
            "base": {"sha": self.base, "ref": "main"},
        }
        return self.runs("pull_request", self.work.git("rev-parse", "HEAD"), {"pull_request": pull}, token)

    def merges(self, head: str) -> str:
        """The pull request is merged."""
        commit = self.work.merged("topic")
        pull = {"number": NUMBER, "merged_at": "2026-11-23T10:00:00Z", "merge_commit_sha": commit}
        self.host.pulls[commit] = [{**pull, "head": {"sha": head}, "base": {"ref": "main"}}]
        return commit


@pytest.fixture
def team(tmp_path: Path, endpoint: str) -> Iterator[Team]:
    host = FakeGitHub()
    with served(host):
        yield Team(tmp_path, host, endpoint)
    assert not host.unexpected


def test_from_a_pull_request_to_its_apply(team: Team, s3: Any) -> None:
    team.work.branch("topic")
    head = team.work.commit(lake=LAKE)
    checked = team.opened(head)
    assert (checked.name, checked.code) == ("check", 0), checked.said
    assert team.machine.roles == [ROLES["plan-role"]]
    assert [words["persist-credentials"] for words in team.machine.fetched] == ["False", "False"]
    assert team.machine.fetched[1]["ref"] == "f" * 40
    assert checked.outputs["to_create"] == "1"
    assert checked.outputs["exit_reason"] == "fine"
    [comment] = team.host.bodies(NUMBER)
    assert "acme-lake" in comment
    assert "acme-lake" in team.summary.read_text()
    assert s3.list_buckets()["Buckets"] == []

    commit = team.merges(head)
    applied = team.runs("push", commit, {"before": team.base})
    assert (applied.name, applied.code) == ("apply", 0), applied.said
    assert team.machine.roles == [ROLES["apply-role"]]
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["acme-lake"]
    [comment] = team.host.bodies(NUMBER)
    assert "applied" in comment

    team.given["RECONCILE_IS"] = stub(team.folder)
    drift = team.runs("schedule", commit, {})
    assert (drift.name, drift.code) == ("drift", 0), drift.said
    assert drift.said.startswith("<plan><--detailed-exitcode><--no-input>")
    assert team.machine.roles == [ROLES["plan-role"]]
    assert team.summary.read_text() == "seen\n"


def test_consent_is_given_by_whoever_starts_it_by_hand(team: Team) -> None:
    team.given["RECONCILE_IS"] = stub(team.folder)
    allowed = "loses-protection:acme-lake\nwidens-access:acme-lake"
    started = team.runs("workflow_dispatch", team.base, {"inputs": {}}, allow=allowed, paths="a.yaml\nb.yaml")
    assert (started.name, started.code) == ("apply", 0)
    words = "--allow=loses-protection:acme-lake --allow=widens-access:acme-lake a.yaml b.yaml"
    assert started.said == "<" + f"ci --apply --no-input {words}".replace(" ", "><") + ">"


def test_a_fork_has_no_role_and_may_not_comment(team: Team) -> None:
    team.work.branch("topic")
    head = team.work.commit(lake=LAKE)
    checked = team.opened(head, "mallory/lake", READ_ONLY)
    assert (checked.name, checked.code) == ("check", 0), checked.said
    assert team.machine.roles == []
    assert team.host.bodies(NUMBER) == []
    assert "as from every fork" in checked.said
    assert "acme-lake" in team.summary.read_text()


def test_a_push_to_another_branch_starts_nothing(tmp_path: Path) -> None:
    machine = OnGitHub(tmp_path / "machine", tmp_path, {})
    event = {"event_name": "push", "event": {"repository": {"default_branch": "main"}}}
    for ref in ("refs/heads/topic", "refs/tags/main"):
        assert machine.workflow(WORKFLOW, {**event, "ref": ref}, {}) == []


# ── the action by itself ─────────────────────────────────────────────────────────────────────────────


def act(folder: Path, **inputs: str) -> tuple[list[Step], OnGitHub]:
    """The steps of the action, with something in the place of `reconcile` that says what it is called with."""
    given = {"RECONCILE_IS": stub(folder), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    machine = OnGitHub(folder / "machine", folder, given)
    words = {name.replace("_", "-"): value for name, value in inputs.items()}
    return list(machine.action(folder, ROOT, words, {"github": {"token": TOKEN}}, {})), machine


CALLED: list[tuple[dict[str, str], str]] = [
    ({}, "ci --no-input specs"),
    ({"paths": "one.yaml\n\n  two.yaml  \n"}, "ci --no-input one.yaml two.yaml"),
    ({"comment": "false", "offline": "true"}, "ci --no-input --no-comment --offline specs"),
    ({"comment_key": "prod", "allow": "loses-data:acme"}, "ci --no-input --comment-key=prod specs"),
    ({"reports": "sarif=a b.sarif\nhtml=p.html"}, "ci --no-input --report=sarif=a b.sarif --report=html=p.html specs"),
    ({"mode": "apply", "offline": "true"}, "ci --apply --no-input specs"),
    (
        {"mode": "apply", "allow": "loses-data:a PUB-01:b\n"},
        "ci --apply --no-input --allow=loses-data:a --allow=PUB-01:b specs",
    ),
    (
        {"arguments": "--limit=buckets_changed=200\n--var=env=$(id)"},
        "ci --no-input --limit=buckets_changed=200 --var=env=$(id) specs",
    ),
]


@pytest.mark.parametrize(("inputs", "words"), CALLED)
def test_inputs_become_words(tmp_path: Path, inputs: dict[str, str], words: str) -> None:
    installed, ran = act(tmp_path, **inputs)[0]
    assert (installed.code, installed.said, ran.code) == (0, "", 0)
    assert ran.said.strip("<>").replace("><", " ") == words


def test_drift_is_told_in_the_summary(tmp_path: Path) -> None:
    (_, ran), _ = act(tmp_path, mode="drift", comment_key="prod")
    assert re.fullmatch(r"<plan><--detailed-exitcode><--no-input><--report=markdown=[^>]*><specs>", ran.said)
    assert (tmp_path / "summary.md").read_text() == "seen\n"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("", f"{PIP} --constraint {ROOT}/constraints.txt {ROOT}[ci]"),
        ("0.1.0", f"{PIP} --only-binary :all: reconcile-s3[ci]==0.1.0"),
    ],
)
def test_what_is_installed_is_pinned(tmp_path: Path, version: str, words: str) -> None:
    _, machine = act(tmp_path, version=version)
    assert machine.pip.read_text() == f"{words}\n"


@pytest.mark.parametrize("inputs", [{"version": "0.1.0 --index-url=x"}, {"version": "../x"}, {"mode": "aply"}])
def test_what_cannot_be_meant_is_refused(tmp_path: Path, inputs: dict[str, str]) -> None:
    steps, _ = act(tmp_path, **inputs)
    assert steps[-1].code == 64
    assert steps[-1].said.startswith(f"::error::{next(iter(inputs))}: ")


def test_outputs_are_those_of_the_command() -> None:
    outputs = yaml.safe_load(ACTION.read_text())["outputs"]
    assert outputs.keys() == outputs_of(None, 0).keys()
    assert all(one["value"] == f"${{{{ steps.reconcile.outputs.{name} }}}}" for name, one in outputs.items())


# ── what no run shows ────────────────────────────────────────────────────────────────────────────────


def test_every_action_is_pinned_and_no_script_holds_an_expression() -> None:
    for path in (ACTION, WORKFLOW):
        text = path.read_text()
        for used in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[0-9.]+|\./reconcile #.*", used), used
        assert not re.search(r"pull_request_target|secrets\.", text)
    for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_jobs_may_do_no_more_than_they_must() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {}
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    may_comment = {"contents": "read", "pull-requests": "write", "id-token": "write"}
    assert rights == {"check": may_comment, "apply": may_comment, "drift": {"contents": "read", "id-token": "write"}}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    apply = workflow["jobs"]["apply"]
    assert apply["environment"] == "${{ inputs.environment }}"
    assert apply["concurrency"]["cancel-in-progress"] is False
    assert apply["concurrency"]["queue"] == "max"
