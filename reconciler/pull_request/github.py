"""GitHub's API, through PyGithub; the only file that knows it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice

import requests
from github import Auth, Github, GithubException, GithubRetry
from github.Repository import Repository

from reconciler.pull_request.hosts import (
    LONGEST_WAIT,
    MOST_COMMENTS,
    RETRIES,
    TIMEOUT,
    HostRefuses,
    Posted,
    Pull,
    to_give,
)
from reconciler.pull_request.job import GITHUB

# PyGithub has a handler of its own write to stderr; what it has to say goes the way of all others (cli/debugging.py)
logging.getLogger("github").handlers.clear()

API = "https://api.github.com"
FORBIDDEN = (401, 403, 404)
"""GitHub says 404 of what the token may not see."""
WHO = "query { viewer { login } }"
"""What `GET /user` says to people alone, GraphQL says to the token of a job and of an app, too."""
BOT = "[bot]"


class GitHub:
    """One repository on GitHub."""

    def __init__(self, api_url: str | None, repository: str, token: str) -> None:
        retry = GithubRetry(total=RETRIES, secondary_rate_wait=LONGEST_WAIT, max_rate_limit_wait=LONGEST_WAIT)
        self._github = Github(
            auth=Auth.Token(token),
            base_url=api_url or API,
            timeout=TIMEOUT,
            retry=retry,
            per_page=100,
            # made for programs that ask all day; a check asks half a dozen times
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
        )
        self._name = repository

    @property
    def _repository(self) -> Repository:
        return self._github.get_repo(self._name)

    @cached_property
    def login(self) -> str:
        """Who we are."""
        _, answer = self._github.requester.graphql_query(WHO, {})
        return str(answer["data"]["viewer"]["login"])

    def mine(self, number: int) -> Iterator[Posted]:
        """Our own comments, oldest first."""
        with told():
            # GraphQL has not always written the suffix of a bot; whoever has it in his name is nobody else
            names = {self.login} if self.login.endswith(BOT) else {self.login, self.login + BOT}
            for comment in islice(self._repository.get_issue(number).get_comments(), MOST_COMMENTS):
                author = getattr(comment.user, "login", "")  # of somebody who is gone there is none
                if author in names:
                    yield Posted(comment.id, comment.body or "")

    def post(self, number: int, body: str) -> Posted:
        """Write a comment."""
        with told():
            return Posted(self._repository.get_issue(number).create_comment(body).id, body)

    def edit(self, number: int, comment: int, body: str) -> None:
        """Write a comment anew."""
        with told():
            self._repository.get_issue(number).get_comment(comment).edit(body)

    def merged(self, commit: str, branch: str | None) -> Pull | None:
        """The pull request that brought this commit; of several, the one whose merge it is."""
        with told():
            pulls = [
                pull
                for pull in islice(self._repository.get_commit(commit).get_pulls(), 100)
                if pull.merged_at is not None and branch in (None, pull.base.ref)
            ]
            pulls.sort(key=lambda pull: pull.merge_commit_sha != commit)
            return Pull(pulls[0].number, pulls[0].head.sha) if pulls else None


@contextmanager
def told() -> Iterator[None]:
    """GitHub's refusals in our words. What it answers is not repeated: it may hold anything."""
    try:
        yield
    except GithubException as error:
        forbidden = error.status in FORBIDDEN
        raise HostRefuses(
            f"GitHub refuses ({error.status})" + (": the token may not do that" if forbidden else ""),
            remedy=to_give(GITHUB) if forbidden else "look at githubstatus.com, then run the job again",
            forbidden=forbidden,
        ) from error
    except (requests.RequestException, KeyError, TypeError, ValueError, AssertionError) as error:
        raise HostRefuses(
            f"GitHub's API does not answer as it should: {type(error).__name__}",
            remedy="check GITHUB_API_URL, the network and the proxy",
        ) from error
