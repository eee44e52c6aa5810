"""Where a check runs: on GitHub Actions, on GitLab CI or anywhere else, as the environment tells it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

NOWHERE = "0" * 40
"""What a host says for the commit before the first one."""
GITHUB, GITLAB = "github", "gitlab"


class Job(NamedTuple):
    """One job of a pipeline; all of it may be unknown."""

    host: str | None = None
    api_url: str | None = None
    repository: str | None = None
    """``owner/name`` on GitHub; the number of the project on GitLab."""
    number: int | None = None
    """Of the pull request or merge request that the job is about."""
    commit: str | None = None
    """What was checked out."""
    head: str | None = None
    """The pull request's last commit: on GitHub not what was checked out, which is a merge of it."""
    base: str | None = None
    """What the pull request is compared with."""
    before: str | None = None
    """On a push: the branch's last commit before it."""
    branch: str | None = None
    """On a push: the branch."""
    run_url: str | None = None
    is_fork: bool = False
    is_merged: bool = False
    """Whether the pull request is: not known of a push, which says nothing of pull requests."""


def job_of(environment: Mapping[str, str]) -> Job:
    """The job that this environment belongs to."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return on_github(environment)
    if environment.get("GITLAB_CI") == "true":
        return on_gitlab(environment)
    return Job()


def on_github(environment: Mapping[str, str]) -> Job:
    """A job of GitHub Actions (docs.github.com, "Variables reference"; the event is what its webhook would get)."""
    event = event_in(environment.get("GITHUB_EVENT_PATH"))
    pull: Mapping[str, Any] = event.get("pull_request") or {}
    repository, commit = environment.get("GITHUB_REPOSITORY"), environment.get("GITHUB_SHA")
    server, run = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_RUN_ID")
    head, base = pull.get("head") or {}, pull.get("base") or {}
    return Job(
        GITHUB,
        environment.get("GITHUB_API_URL"),
        repository,
        number=pull.get("number"),
        commit=commit,
        head=head.get("sha") or commit,
        base=base.get("sha"),
        before=known(event.get("before")),
        branch=environment.get("GITHUB_REF_NAME") if not pull else None,
        run_url=f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None,
        is_fork=bool(pull) and ((head.get("repo") or {}).get("full_name") != repository),
        is_merged=pull.get("merged") is True,
    )


def on_gitlab(environment: Mapping[str, str]) -> Job:
    """A job of GitLab CI (docs.gitlab.com, "Predefined CI/CD variables reference")."""
    number, project = environment.get("CI_MERGE_REQUEST_IID", ""), environment.get("CI_PROJECT_ID")
    target, source = (environment.get(f"CI_MERGE_REQUEST_{side}PROJECT_ID") for side in ("", "SOURCE_"))
    commit = environment.get("CI_COMMIT_SHA")
    return Job(
        GITLAB,
        environment.get("CI_API_V4_URL"),
        target or project,
        number=int(number) if number.isdecimal() else None,
        commit=commit,
        head=environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or commit,
        base=environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or None,
        before=known(environment.get("CI_COMMIT_BEFORE_SHA")),
        branch=environment.get("CI_COMMIT_BRANCH"),
        run_url=environment.get("CI_JOB_URL"),
        is_fork=bool(number) and source != target,
    )


def known(commit: object) -> str | None:
    """A commit, if this is one."""
    return commit if isinstance(commit, str) and commit and commit != NOWHERE else None


def event_in(path: str | None) -> Mapping[str, Any]:
    """What has started the job; nothing where nobody can read it."""
    try:
        event = json.loads(Path(path).read_bytes()) if path else {}
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}
