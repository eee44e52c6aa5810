"""Whoever shows pull requests: what is asked of them, and how they refuse."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from reconciler.errors import ReconcileError, UsageError
from reconciler.pull_request.job import GITHUB, GITLAB, Job

NO_ANSWER = "RCL7002"
TIMEOUT = 20
"""Seconds for one answer of a host."""
RETRIES = 2
LONGEST_WAIT = 30
"""Seconds that a host may have us wait before it is asked again."""
MOST_COMMENTS = 3_000
"""Comments of one pull request that are looked through."""
TO_INSTALL = "pip install 'reconcile-s3[ci]'"


class HostRefuses(ReconcileError):  # noqa: N818 - reads as what it is
    """The host does not answer, or does not let us."""

    code = NO_ANSWER

    def __init__(self, message: str, *, remedy: str | None = None, forbidden: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.forbidden = forbidden
        """Whether the token is not allowed to; a fork's never is."""


class Posted(NamedTuple):
    """A comment of our own that is there."""

    id: int
    body: str


class Pull(NamedTuple):
    """A pull request that was merged."""

    number: int
    head: str
    """Its last commit."""


class Host(Protocol):
    """A host, for one repository. Every method raises `HostRefuses`."""

    def mine(self, number: int) -> Iterator[Posted]:
        """The comments of a pull request that were written by whoever the token belongs to, oldest first."""
        ...

    def post(self, number: int, body: str) -> Posted:
        """Write a comment."""
        ...

    def edit(self, number: int, comment: int, body: str) -> None:
        """Write a comment anew."""
        ...

    def merged(self, commit: str, branch: str | None) -> Pull | None:
        """The pull request whose merge has brought this commit to the branch."""
        ...


def host_of(job: Job, environment: Mapping[str, str]) -> Host:
    """The host of this job. Raises `UsageError` where there is none, and `HostRefuses` without a token."""
    if job.host not in (GITHUB, GITLAB) or not job.repository:
        raise UsageError(
            "this is neither a job of GitHub Actions nor of GitLab CI: there is no pull request to comment on",
            remedy="leave comments to the pipeline: --no-comment",
        )
    names = ("GITHUB_TOKEN", "GH_TOKEN") if job.host == GITHUB else ("GITLAB_TOKEN",)
    token = next((environment[name] for name in names if environment.get(name)), None)
    if token is None:
        raise HostRefuses(f"there is no token for the comment: {names[0]} is not set", remedy=to_give(job.host))
    try:
        if job.host == GITHUB:
            from reconciler.pull_request.github import GitHub

            return GitHub(job.api_url, job.repository, token)
        from reconciler.pull_request.gitlab import GitLab

        return GitLab(job.api_url, job.repository, token)
    except ImportError as error:
        raise HostRefuses("what talks to the host is not installed", remedy=TO_INSTALL) from error


def to_give(host: str | None) -> str:
    """What gives a job the token that it needs."""
    if host == GITHUB:
        return (
            "give the step `env: {GITHUB_TOKEN: ${{ github.token }}}` and the job `permissions: pull-requests: write`"
        )
    return "set GITLAB_TOKEN to a project access token with the scope `api`: CI_JOB_TOKEN may not write comments"
