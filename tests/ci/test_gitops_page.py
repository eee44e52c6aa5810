"""docs/gitops.md: workflows are linted and run, policies are what the tool prints, commands do what the page says."""

import json
import re
import shlex
from collections.abc import Callable
from fnmatch import fnmatchcase
from operator import eq
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.main import make_parser
from reconciler.errors import ExitCode
from reconciler.pull_request.outputs import REASONS
from reconciler.specs.files import SETTINGS_FILE
from tests.ci.runners import ROOT, OnGitHub, component, stub
from tests.ci.test_github import ACTION, LAKE, WORKFLOW
from tests.ci.test_gitlab import TEMPLATE
from tests.ci.test_linted import passes, schema
from tests.ci.test_pre_commit import HOOKS
from tests.cli.conftest import Run
from tests.pull_request.repositories import Work

PAGE = (ROOT / "docs/gitops.md").read_text(encoding="utf-8")
SHORT = re.findall(r"^```yaml\n(jobs:\n.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
BLOCKS: dict[str, str] = {name: text for _, name, text in re.findall(r"^```(\w+) (\S+)\n(.*?)^```$", PAGE, re.M | re.S)}
COMMANDS: list[str] = re.findall(r"^\$ (reconcile .*)$", PAGE, re.M)
WORKFLOWS = [name for name in BLOCKS if name.startswith(".github/workflows/")]
OURS = "acme/reconcile"
CALLED = f"{OURS}/.github/workflows/reconcile.yml"
REPOSITORY = "repo:acme@1234567/lake@7654321"


# ── what is linted ───────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_found_by_whoever_looks_hardest(tmp_path: Path) -> None:
    for name in (*WORKFLOWS, ".pre-commit-config.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BLOCKS[name])
    passes("zizmor", "--offline", "--no-progress", "--strict-collection", "--persona", "auditor", str(tmp_path))
    schema("vendor.github-workflows", *(tmp_path / name for name in WORKFLOWS))
    pipeline = tmp_path / ".gitlab-ci.yml"
    pipeline.write_text(BLOCKS[".gitlab-ci.yml"])
    schema("vendor.gitlab-ci", pipeline)


def test_every_block_is_looked_at() -> None:
    looked_at = {*WORKFLOWS, ".pre-commit-config.yaml", ".gitlab-ci.yml", "CODEOWNERS"}
    assert BLOCKS.keys() - looked_at == {*TRUST, "permissions-plan", "permissions-apply"}
    assert PAGE.count("\n```") == 2 * (len(BLOCKS) + len(COMMANDS))


# ── what is run ──────────────────────────────────────────────────────────────────────────────────────


def calls(name: str) -> list[dict[str, Any]]:
    """The jobs of a workflow that call ours."""
    [text] = SHORT if name == "README.md" else [BLOCKS[name]]
    jobs = yaml.safe_load(text)["jobs"].values()
    return [job for job in jobs if job.get("uses", "").startswith(f"{CALLED}@")]


@pytest.mark.parametrize("name", [*[name for name in WORKFLOWS if calls(name)], "README.md"])
def test_callers_give_what_is_asked_for(name: str) -> None:
    called = yaml.safe_load(WORKFLOW.read_text())
    inputs = called[True]["workflow_call"]["inputs"]
    needed = {right: value for job in called["jobs"].values() for right, value in job["permissions"].items()}
    assert calls(name)
    for job in calls(name):
        assert {name for name, one in inputs.items() if one.get("required")} <= job["with"].keys() <= inputs.keys()
        assert job["permissions"] == needed


def event(name: str, repository: Work) -> dict[str, Any]:
    """What GitHub tells of an event."""
    pull = {"number": 1, "head": {"repo": {"full_name": "acme/lake"}}}
    return {
        "event_name": name,
        "event": {"pull_request": pull, "repository": {"default_branch": "main"}},
        "ref": "refs/heads/main",
        "repository": "acme/lake",
        "sha": repository.git("rev-parse", "HEAD"),
        "token": "a token",
    }


@pytest.fixture
def machine(tmp_path: Path) -> OnGitHub:
    Work(tmp_path).commit(lake=LAKE)
    given = {"RECONCILE_IS": stub(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    return OnGitHub(tmp_path / "machine", tmp_path, given)


@pytest.mark.parametrize(
    ("started", "role", "said"),
    [
        ("pull_request", "plan", "<ci><--no-input><specs>"),
        ("push", "apply", "<ci><--apply><--no-input><specs>"),
        ("schedule", "plan", "<plan><--detailed-exitcode><--no-input>"),
        ("workflow_dispatch", "apply", "<ci><--apply><--no-input><--allow=loses-data:acme-lake><specs>"),
    ],
)
def test_the_workflow(machine: OnGitHub, started: str, role: str, said: str) -> None:
    name = ".github/workflows/buckets.yml"
    assert started in yaml.safe_load(BLOCKS[name])[True]
    [call] = calls(name)
    given = {"allow": "loses-data:acme-lake"} if started == "workflow_dispatch" else {}
    inputs = {key: value.replace("${{ inputs.allow }}", given.get("allow", "")) for key, value in call["with"].items()}
    [job] = machine.workflow(WORKFLOW, event(started, Work(machine.repository, new=False)), inputs)
    assert job.code == 0
    assert job.said.startswith(said)
    assert machine.roles == [f"arn:aws:iam::123456789012:role/reconcile-{role}"]


def test_the_action_by_itself(machine: OnGitHub) -> None:
    workflow = yaml.safe_load(BLOCKS[".github/workflows/check.yml"])
    github = event("pull_request", Work(machine.repository, new=False))
    job = machine.job("check", workflow["jobs"]["check"], {"github": github})
    assert job.code == 0, job.said
    assert job.said.startswith("<ci><--no-input><--report=html=plan.html><--report=sarif=plan.sarif><specs>")
    assert machine.fetched == [{"fetch-depth": "0", "persist-credentials": "False"}]


def test_other_actions_are_those_that_we_use_ourselves() -> None:
    def used(text: str) -> set[str]:
        return {line for line in re.findall(r"uses: (.*@.*)$", text, re.M) if not line.startswith(OURS)}

    assert used("".join(BLOCKS[name] for name in WORKFLOWS)) <= used(WORKFLOW.read_text())
    assert f"{OURS}@" in BLOCKS[".github/workflows/check.yml"]
    assert ACTION.exists()


def test_the_component() -> None:
    [included] = yaml.safe_load(BLOCKS[".gitlab-ci.yml"])["include"]
    assert included["component"].startswith(f"$CI_SERVER_FQDN/{OURS}/{TEMPLATE.stem}@")
    jobs = component(TEMPLATE, included["inputs"])
    roles = {name: job["variables"]["RECONCILE_ROLE"].partition("reconcile-")[2] for name, job in jobs.items()}
    assert roles == {"reconcile-check": "plan", "reconcile-apply": "apply", "reconcile-drift": "plan"}


def test_the_hooks() -> None:
    [repository] = yaml.safe_load(BLOCKS[".pre-commit-config.yaml"])["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == HOOKS.keys()


def test_the_owners() -> None:
    owned = dict(line.split() for line in BLOCKS["CODEOWNERS"].splitlines())
    assert owned.keys() == {"/specs/", f"/{SETTINGS_FILE}", "/guardrails/", "/.github/"}


# ── whom a role trusts ───────────────────────────────────────────────────────────────────────────────

TRUST = {
    "trust-plan": [f"{REPOSITORY}:pull_request", f"{REPOSITORY}:ref:refs/heads/main"],
    "trust-apply": [f"{REPOSITORY}:environment:production"],
    "trust-gitlab-plan": [f"project_path:acme/lake:ref_type:branch:ref:{name}" for name in ("topic", "main")],
    "trust-gitlab-apply": ["project_path:acme/lake:ref_type:branch:ref:main"],
}
STRANGERS = [
    f"{REPOSITORY}:ref:refs/heads/topic",
    f"{REPOSITORY}:environment:development",
    "repo:mallory@1/lake@2:environment:production",
    "repo:mallory@1/lake@2:pull_request",
    "project_path:acme/lake:ref_type:tag:ref:main",
    "project_path:mallory/lake:ref_type:branch:ref:main",
]


def trusts(document: Any, issuer: str, audience: str, subject: str) -> bool:
    """Whether a role may be taken by a job whose token says so."""
    [statement] = document["Statement"]
    assert statement["Principal"]["Federated"].endswith(f":oidc-provider/{issuer}")
    claims = {f"{issuer}:aud": audience, f"{issuer}:sub": subject}
    assert {key for asked in statement["Condition"].values() for key in asked} == claims.keys()
    compare: dict[str, Callable[[str, str], bool]] = {"StringEquals": eq, "StringLike": fnmatchcase}
    return all(
        any(compare[operator](claims[key], value) for value in ([values] if isinstance(values, str) else values))
        for operator, asked in statement["Condition"].items()
        for key, values in asked.items()
    )


@pytest.mark.parametrize("name", TRUST)
def test_a_role_trusts_whom_it_is_for_and_nobody_else(name: str) -> None:
    issuer = "gitlab.com" if "gitlab" in name else "token.actions.githubusercontent.com"
    audience = "https://gitlab.com" if "gitlab" in name else "sts.amazonaws.com"
    everybody = {*STRANGERS, *(subject for subjects in TRUST.values() for subject in subjects)}
    document = json.loads(BLOCKS[name])
    trusted = {subject for subject in everybody if trusts(document, issuer, audience, subject)}
    assert trusted == {*TRUST[name]}
    assert not any(trusts(document, issuer, "somebody", subject) for subject in everybody)


# ── what the tool says itself ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["plan", "apply"])
def test_permissions_are_what_the_tool_prints(offline: Run, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.chdir(ROOT)
    [line] = [command for command in COMMANDS if f"--permissions {what}" in command]
    printed = offline(*shlex.split(line)[1:])
    assert printed.code == 0
    assert json.loads(BLOCKS[f"permissions-{what}"]) == printed.json


def test_every_way_to_end_is_told() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", PAGE, re.M)
    assert [int(code) for code, _ in rows] == sorted(ExitCode)
    told = {int(code): re.findall(r"`([\w-]+)`", reasons) for code, reasons in rows}
    assert all(REASONS[code] == told[code][0] for code in ExitCode)
    assert told[ExitCode.ERROR][1:] == ["invalid", "blocked"]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_are_understood(line: str) -> None:
    words = shlex.split(line)[1:]
    assert make_parser(words).parse_args(words).command == words[0]


def command(start: str) -> list[str]:
    [line] = [line for line in COMMANDS if line.startswith(f"reconcile {start} ")]
    return shlex.split(line)[1:]


def test_drift_has_a_report(offline: Run, endpoint: str, s3: Any, tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "lake.yaml").write_text(LAKE)
    s3.create_bucket(Bucket="acme-lake")
    ended = offline(*command("plan"), "--endpoint-url", endpoint)
    assert ended.code == 2, ended.err
    assert "acme-lake" in (tmp_path / "drift.md").read_text()


def test_the_check_anywhere_else(offline: Run, tmp_path: Path) -> None:
    work = Work(tmp_path)
    work.git("update-ref", "refs/remotes/origin/main", work.commit())
    work.branch("topic")
    work.commit(lake=LAKE)
    ended = offline(*command("ci --offline"))
    assert ended.code == 0, ended.err
    assert "acme-lake" in ended.out
