"""A pull request from its first push to its merge, and what may come in between."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.cli.conftest import Ended, Run
from tests.pull_request.fake_hosts import READ_ONLY, SOMEBODY, TOKEN, FakeGitHub, FakeGitLab, served
from tests.pull_request.repositories import Work

LAKE = """\
buckets:
  - name: acme-lake
    region: us-east-1
    versioning: Enabled
    tags: {Owner: data-platform}
"""
LAKE_WITH_TEAM = LAKE.replace("data-platform}", "data-platform, Team: lake}")
LOGS = """\
buckets:
  - name: acme-logs
    region: us-east-1
    tags: {Owner: data-platform}
"""
WRONG = "buckets:\n  - name: acme-wrong\n    versionning: Enabled\n"
NUMBER = 12
JOB = (
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "GITHUB_EVENT_PATH",
    "GITHUB_REF_NAME",
    "GITHUB_SHA",
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_SERVER_URL",
    "GITHUB_RUN_ID",
)


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may themselves run in a job."""
    for name in (*JOB, "GH_TOKEN", "CI_MERGE_REQUEST_IID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that the tests copy, which is quicker than to make one."""
    work = Work(tmp_path_factory.mktemp("team"))
    work.commit(lake=LAKE, logs=LOGS)
    return work.folder


@pytest.fixture
def work(team: Path, tmp_path: Path, no_job: None) -> Work:
    """The specs of a team, merged and applied long ago."""
    copytree(team, tmp_path, dirs_exist_ok=True)
    return Work(tmp_path, new=False)


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    host = FakeGitHub()
    with served(host):
        yield host
    assert not host.unexpected


class OnGitHub:
    """Jobs of GitHub Actions."""

    def __init__(self, work: Work, host: FakeGitHub, patch: pytest.MonkeyPatch) -> None:
        self.work, self.host, self.patch = work, host, patch
        self.outputs = work.folder.parent / f"{work.folder.name}-outputs"
        self.summary = work.folder.parent / f"{work.folder.name}-summary"

    def _begin(self, event: dict[str, Any], token: str | None, commit: str) -> None:
        path = self.work.folder.parent / f"{self.work.folder.name}-event.json"
        path.write_text(json.dumps(event))
        self.outputs.write_text("")
        self.summary.write_text("")
        for name, value in {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.host.address,
            "GITHUB_REPOSITORY": "acme/lake",
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_SHA": commit,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "99",
            "GITHUB_REF_NAME": "main",
            "GITHUB_OUTPUT": str(self.outputs),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }.items():
            self.patch.setenv(name, value)
        if token is None:
            self.patch.delenv("GITHUB_TOKEN", raising=False)
        else:
            self.patch.setenv("GITHUB_TOKEN", token)

    def pull_request(self, *, token: str | None = TOKEN, fork: bool = False) -> None:
        """A push to the pull request, whose commit is checked out."""
        head, base = self.work.git("rev-parse", "HEAD"), self.work.git("rev-parse", "main")
        origin = {"full_name": "somebody/lake" if fork else "acme/lake"}
        pull = {"number": NUMBER, "head": {"sha": head, "repo": origin}, "base": {"sha": base, "ref": "main"}}
        self._begin({"pull_request": pull}, token, head)

    def push(self, head: str, commit: str) -> None:
        """The pull request was merged."""
        pull = {
            "number": NUMBER,
            "merged_at": "2026-11-23T10:00:00Z",
            "merge_commit_sha": commit,
            "head": {"sha": head},
            "base": {"ref": "main"},
        }
        self.host.pulls[commit] = self.host.pulls[head] = [pull]
        self._begin({"before": self.work.git("rev-parse", f"{commit}^1")}, TOKEN, commit)

    @property
    def said(self) -> dict[str, str]:
        """The outputs of the step."""
        lines = self.outputs.read_text().splitlines()
        return {lines[at].partition("<<")[0]: lines[at + 1] for at in range(0, len(lines), 3)}


@pytest.fixture
def job(work: Work, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> OnGitHub:
    return OnGitHub(work, github, monkeypatch)


def changed(work: Work, **files: str | None) -> str:
    """A pull request of one commit."""
    work.branch("topic")
    return work.commit(**(files or {"lake": LAKE_WITH_TEAM}))


def no_secrets(ended: Ended, job: OnGitHub) -> None:
    """The token is nowhere."""
    everywhere = ended.out + ended.err + job.summary.read_text() + "".join(one["body"] for one in job.host.comments)
    assert TOKEN not in everywhere
    assert READ_ONLY not in everywhere


# ── from the first push to the merge ─────────────────────────────────────────────────────────────────


def test_a_pull_request_is_planned_commented_on_pushed_again_and_applied_once(
    reconcile: Run, s3: Any, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    changed(work)
    job.pull_request()

    opened = reconcile("ci")
    assert opened.code == 0, opened.err
    assert len(github.bodies(NUMBER)) == 1
    assert "acme-lake" in opened.out
    assert "acme-logs" not in opened.out, "only what is changed is planned"
    assert job.said["changes"] == "true"
    assert (job.said["to_create"], job.said["to_change"], job.said["to_delete"]) == ("0", "1", "0")
    assert job.said["exit_reason"] == "fine"
    assert job.summary.read_text()
    no_secrets(opened, job)
    first = github.bodies(NUMBER)[0]

    head = work.commit(lake=LAKE_WITH_TEAM.replace("Team: lake", "Team: sea"))
    job.pull_request()
    pushed = reconcile("ci")
    assert pushed.code == 0, pushed.err
    (second,) = github.bodies(NUMBER)
    assert second != first, "the same comment, written anew"
    assert head in second

    job.push(head, work.merged("topic"))
    merged = reconcile("ci", "--apply")
    assert merged.code == 0, merged.err
    assert {"Key": "Team", "Value": "sea"} in s3.get_bucket_tagging(Bucket="acme-lake")["TagSet"]
    (third,) = github.bodies(NUMBER)
    assert "acme-lake" in third
    assert "applied" in third
    assert job.said["exit_reason"] == "fine"
    no_secrets(merged, job)

    edits = github.edits
    again = reconcile("ci", "--apply")
    assert again.code == 0, "nothing is left to do"
    assert github.edits == edits, "what was applied is closed"


def test_what_has_moved_since_the_review_is_not_applied_and_the_comment_says_what(
    reconcile: Run, s3: Any, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    head = changed(work)
    job.pull_request()
    assert reconcile("ci").code == 0
    before = s3.get_bucket_tagging(Bucket="acme-lake")["TagSet"]
    s3.put_bucket_versioning(Bucket="acme-lake", VersioningConfiguration={"Status": "Suspended"})

    job.push(head, work.merged("topic"))
    refused = reconcile("ci", "--apply")
    assert refused.code == 4
    assert s3.get_bucket_tagging(Bucket="acme-lake")["TagSet"] == before
    (body,) = github.bodies(NUMBER)
    assert "acme-lake: changed in `S3` since: versioning" in body
    assert job.said["exit_reason"] == "stale"

    s3.put_bucket_versioning(Bucket="acme-lake", VersioningConfiguration={"Status": "Enabled"})
    assert reconcile("ci", "--apply").code == 0, "it is what was reviewed again"
    assert len(github.bodies(NUMBER)) == 1


def test_a_check_that_is_run_again_after_the_merge_reviews_nothing(
    reconcile: Run, s3: Any, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    head = changed(work)
    job.pull_request()
    assert reconcile("ci").code == 0
    merge = work.merged("topic")
    s3.put_bucket_versioning(Bucket="acme-lake", VersioningConfiguration={"Status": "Suspended"})
    job.push(head, merge)
    assert reconcile("ci", "--apply").code == 4
    bodies = github.bodies(NUMBER)

    work.git("checkout", "-q", "topic")
    job.pull_request()
    again = reconcile("ci")
    assert again.code == 0
    assert "stays as it is: that is what was merged" in again.err
    assert github.bodies(NUMBER) == bodies
    work.git("checkout", "-q", "main")
    job.push(head, merge)
    assert reconcile("ci", "--apply").code == 4
    assert s3.get_bucket_versioning(Bucket="acme-lake")["Status"] == "Suspended"


def test_another_plan_for_the_same_commit_is_told(
    reconcile: Run, s3: Any, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    changed(work)
    job.pull_request()
    assert reconcile("ci").code == 0
    s3.put_bucket_versioning(Bucket="acme-lake", VersioningConfiguration={"Status": "Suspended"})
    assert reconcile("ci").code == 0
    (body,) = github.bodies(NUMBER)
    assert "the plan has changed since this commit was first checked" in body
    assert "RCL7014" in body


def test_a_check_that_s3_keeps_from_its_end_says_so_in_the_comment(
    offline: Run, reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    changed(work)
    job.pull_request()
    assert reconcile("ci").code == 0
    work.commit(lake=LAKE_WITH_TEAM.replace("Enabled", "Suspended"))
    job.pull_request()
    ended = offline("ci", "--endpoint-url", "http://127.0.0.1:9")
    assert ended.code == 1
    (body,) = github.bodies(NUMBER)
    assert "not checked" in body
    assert "acme-lake" not in body, "what it said before was about another commit"
    assert "::error" in ended.out
    assert "ot checked" in job.summary.read_text()
    assert job.said["exit_reason"] == "error"


def test_of_two_merges_in_one_push_the_one_that_is_not_applied_is_told(
    reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    work.branch("first")
    work.commit(logs=LOGS.replace("data-platform", "lake"))
    work.branch("topic")
    head = work.commit(lake=LAKE_WITH_TEAM)
    job.pull_request()
    assert reconcile("ci").code == 0
    before, first, merge = work.git("rev-parse", "main"), work.merged("first"), work.merged("topic")
    job.push(head, merge)
    github.pulls[first] = [{**github.pulls[merge][0], "number": 11, "merge_commit_sha": first}]
    event = Path(os.environ["GITHUB_EVENT_PATH"])
    event.write_text(json.dumps({"before": before}))
    ended = reconcile("ci", "--apply")
    assert ended.code == 0
    assert "this push has also brought #11" in ended.err


def test_outputs_that_cannot_be_written_fail_no_check(
    reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    changed(work)
    job.pull_request()
    monkeypatch.setenv("GITHUB_OUTPUT", "/nowhere/at/all")
    assert reconcile("ci").code == 0
    assert len(github.bodies(NUMBER)) == 1


def test_a_commit_that_nobody_has_checked_is_not_applied(
    reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    changed(work)
    job.pull_request()
    assert reconcile("ci").code == 0
    head = work.commit(lake=LAKE_WITH_TEAM.replace("Team: lake", "Team: sea"))
    job.push(head, work.merged("topic"))
    refused = reconcile("ci", "--apply")
    assert refused.code == 4
    assert head[:12] in refused.err


def test_a_merge_without_a_comment_is_fine_only_where_nothing_changes(
    reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    work.branch("topic")
    head = work.commit(lake=LAKE + "    # a comment\n")
    job.pull_request()
    assert reconcile("ci").code == 0
    assert github.bodies(NUMBER) == [], "nothing changes, and nothing was said before"
    job.push(head, work.merged("topic"))
    assert reconcile("ci", "--apply").code == 0

    work.git("checkout", "-q", "-b", "unseen")
    head = work.commit(lake=LAKE_WITH_TEAM)
    job.push(head, work.merged("unseen"))
    assert reconcile("ci", "--apply").code == 4


def test_a_rule_that_is_switched_off_is_told_even_where_nothing_changes(
    reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    work.branch("topic")
    (work.folder / "reconcile.yaml").write_text("guardrails: {rules: {PUB-01: none}}\n")
    work.commit(logs=LOGS + "    purpose: logs\n")
    job.pull_request()
    assert reconcile("ci").code == 0
    (body,) = github.bodies(NUMBER)
    assert "`guardrails.rules.PUB-01` was not set" in body.replace("\\", "")
    assert "the purpose of acme-logs was not set, and is logs" in body.replace("\\", "")


def test_nothing_is_applied_before_the_merge(reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub) -> None:
    changed(work)
    job.pull_request()
    refused = reconcile("ci", "--apply")
    assert refused.code == 64
    assert "#12 is not merged" in refused.err
    assert github.asked == []


def test_only_our_own_comment_says_what_was_reviewed(
    reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    head = changed(work)
    job.pull_request()
    assert reconcile("ci").code == 0
    github.comments[0]["user"] = {"login": SOMEBODY}
    job.push(head, work.merged("topic"))
    assert reconcile("ci", "--apply").code == 4


def test_risks_are_agreed_to_on_the_command_line_alone(
    reconcile: Run, s3: Any, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    head = changed(work, lake=LAKE.replace("Enabled", "Suspended"))
    job.pull_request()
    assert reconcile("ci").code == 0
    job.push(head, work.merged("topic"))
    assert reconcile("ci", "--apply").code == 3
    (body,) = github.bodies(NUMBER)
    assert "nobody has agreed" in body
    assert reconcile("ci", "--apply", "--allow", "loses-protection:acme-lake").code == 0
    assert s3.get_bucket_versioning(Bucket="acme-lake")["Status"] == "Suspended"


def test_an_apply_of_ones_own_says_in_the_comment_what_becomes_of_it(
    reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    changed(work)
    job.pull_request()
    assert reconcile("ci").code == 0
    words = ("apply", "specs/lake.yaml", "--auto-approve", "--comment", "--expect-fingerprint")
    assert reconcile(*words, "0" * 12).code == 4
    (body,) = github.bodies(NUMBER)
    assert "not the plan that was reviewed" in body
    job.patch.setenv("GITHUB_TOKEN", READ_ONLY)
    applied = reconcile(*words, job.said["fingerprint"])
    assert applied.code == 0
    assert "warning: the comment says nothing of it" in applied.err
    assert github.bodies(NUMBER) == [body]


# ── without credentials, and without a word ──────────────────────────────────────────────────────────


def test_a_fork_sees_what_its_specs_change_and_may_not_comment(
    offline: Run, work: Work, job: OnGitHub, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    changed(work)
    job.pull_request(token=READ_ONLY, fork=True)
    ended = offline("ci")
    assert ended.code == 0, ended.err
    assert "Team" in ended.out
    assert "ot compared with live buckets" in ended.err
    assert "as from every fork" in ended.err
    assert github.bodies(NUMBER) == []
    assert (job.said["to_create"], job.said["to_change"]) == ("0", "1")
    no_secrets(ended, job)


@pytest.mark.parametrize("token", [None, READ_ONLY, "wrong"])
def test_a_comment_that_fails_fails_no_check(offline: Run, work: Work, job: OnGitHub, token: str | None) -> None:
    changed(work)
    job.pull_request(token=token)
    ended = offline("ci", "--offline")
    assert ended.code == 0
    assert "warning: no comment" in ended.err
    assert "permissions: pull-requests: write" in ended.err


def test_a_host_that_is_not_there_fails_no_check(offline: Run, work: Work, job: OnGitHub) -> None:
    changed(work)
    job.pull_request()
    job.patch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    ended = offline("ci", "--offline")
    assert ended.code == 0
    assert "warning: no comment" in ended.err
    assert "GITHUB_API_URL" in ended.err


def test_invalid_specs_are_said_everywhere(offline: Run, work: Work, job: OnGitHub, github: FakeGitHub) -> None:
    changed(work, wrong=WRONG)
    job.pull_request()
    ended = offline("ci", "--offline")
    assert ended.code == 1
    assert "versionning" in ended.err
    (body,) = github.bodies(NUMBER)
    assert "versionning" in body
    assert job.said["exit_reason"] == "invalid"


def test_a_spec_that_goes_leaves_its_bucket_alone(offline: Run, work: Work, job: OnGitHub, github: FakeGitHub) -> None:
    changed(work, logs=None)
    job.pull_request()
    ended = offline("ci", "--offline")
    assert ended.code == 0
    (body,) = github.bodies(NUMBER)
    assert "acme-logs" in body
    assert "RCL7011" in ended.err


def test_a_comment_that_is_there_says_that_nothing_changes_any_more(
    offline: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    changed(work)
    job.pull_request()
    assert offline("ci", "--offline").code == 0
    work.commit(lake=LAKE)
    job.pull_request()
    assert offline("ci", "--offline").code == 0
    (body,) = github.bodies(NUMBER)
    assert "Team" not in body


def test_several_environments_have_a_comment_each(offline: Run, work: Work, job: OnGitHub, github: FakeGitHub) -> None:
    for number in range(150):
        github.add(NUMBER, f"I think that {number}", SOMEBODY)
    changed(work)
    job.pull_request()
    for _ in range(2):
        for key in ("prod", "dev"):
            assert offline("ci", "--offline", "--comment-key", key).code == 0
    assert len(github.bodies(NUMBER)) == 152


def test_a_shallow_clone_says_what_to_do(offline: Run, work: Work, job: OnGitHub, tmp_path: Path) -> None:
    changed(work)
    job.pull_request()
    shallow = tmp_path.parent / f"{tmp_path.name}-shallow"
    work.git("clone", "-q", "--depth", "1", f"file://{tmp_path}", str(shallow))
    job.patch.chdir(shallow)
    ended = offline("ci", "--offline")
    assert ended.code == 1
    assert "fetch-depth: 0" in ended.err
    assert job.said["exit_reason"] == "error"


def test_anywhere_else_a_base_is_named(offline: Run, work: Work) -> None:
    changed(work)
    ended = offline("ci", "--offline", "--base", "main")
    assert ended.code == 0
    assert "acme-lake" in ended.out
    assert offline("ci", "--offline", "--base", "main", "--detailed-exitcode").code == 2
    gone = offline("ci", "--offline", "--base", "release")
    assert gone.code == 1
    assert "git fetch origin release" in gone.err


def test_what_a_fork_compares_is_nothing_that_was_reviewed(
    reconcile: Run, work: Work, job: OnGitHub, github: FakeGitHub
) -> None:
    head = changed(work)
    job.pull_request()
    assert reconcile("ci", "--offline").code == 0
    assert len(github.bodies(NUMBER)) == 1
    job.push(head, work.merged("topic"))
    refused = reconcile("ci", "--apply")
    assert refused.code == 4
    assert "nothing says that this plan was reviewed" in refused.err


# ── GitLab ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_merge_request_on_gitlab(reconcile: Run, s3: Any, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    base = work.git("rev-parse", "main")
    head = changed(work)
    host = FakeGitLab()
    with served(host) as address:
        for name, value in {
            "GITLAB_CI": "true",
            "GITLAB_TOKEN": TOKEN,
            "CI_API_V4_URL": f"{address}/api/v4",
            "CI_PROJECT_ID": "7",
            "CI_COMMIT_SHA": head,
            "CI_MERGE_REQUEST_IID": str(NUMBER),
            "CI_MERGE_REQUEST_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        }.items():
            monkeypatch.setenv(name, value)
        for _ in range(2):
            checked = reconcile("ci")
            assert checked.code == 0, checked.err
            assert len(host.bodies(NUMBER)) == 1
        merge = work.merged("topic")
        host.pulls[merge] = [
            {"iid": NUMBER, "state": "merged", "sha": head, "merge_commit_sha": merge, "target_branch": "main"}
        ]
        monkeypatch.delenv("CI_MERGE_REQUEST_IID")
        monkeypatch.setenv("CI_COMMIT_SHA", merge)
        monkeypatch.setenv("CI_COMMIT_BRANCH", "main")
        monkeypatch.setenv("CI_COMMIT_BEFORE_SHA", base)
        ended = reconcile("ci", "--apply")
        assert ended.code == 0, ended.err
        assert {"Key": "Team", "Value": "lake"} in s3.get_bucket_tagging(Bucket="acme-lake")["TagSet"]
        assert "applied" in host.bodies(NUMBER)[0]
        monkeypatch.setenv("CI_MERGE_REQUEST_IID", "13")
        monkeypatch.setenv("GITLAB_TOKEN", READ_ONLY)
        refused = reconcile("ci", "--base", base, "--offline")
        assert refused.code == 0
        assert "CI_JOB_TOKEN may not write comments" in refused.err
    assert not host.unexpected
