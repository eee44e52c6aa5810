"""GitLab's API, through python-gitlab; the only file that knows it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError

from reconciler.pull_request.hosts import MOST_COMMENTS, TIMEOUT, HostRefuses, Posted, Pull, to_give
from reconciler.pull_request.job import GITLAB

API = "https://gitlab.com/api/v4"
VERSION = "/api/v4"
FORBIDDEN = (401, 403)
COMMAND = re.compile(r"^/", re.MULTILINE)
"""What GitLab takes for a quick action, like `/merge`, and carries out for whoever writes the note."""


class GitLab:
    """One project on GitLab."""

    def __init__(self, api_url: str | None, project: str, token: str) -> None:
        url = (api_url or API).rstrip("/").removesuffix(VERSION)
        self._gitlab = Gitlab(url, private_token=token, timeout=TIMEOUT, per_page=100, keep_base_url=True)
        self._project = self._gitlab.projects.get(project, lazy=True)

    @cached_property
    def login(self) -> str:
        """Who we are."""
        self._gitlab.auth()
        assert self._gitlab.user is not None, "whoever is let in is somebody"
        return str(self._gitlab.user.username)

    def mine(self, number: int) -> Iterator[Posted]:
        """Our own notes, oldest first."""
        with told():
            login = self.login
            notes = self._merge_request(number).notes.list(iterator=True, order_by="created_at", sort="asc")
            for note in islice(notes, MOST_COMMENTS):
                if not note.system and note.author["username"] == login:
                    yield Posted(note.id, note.body)

    def post(self, number: int, body: str) -> Posted:
        """Write a note."""
        with told():
            return Posted(self._merge_request(number).notes.create({"body": disarmed(body)}).id, body)

    def edit(self, number: int, comment: int, body: str) -> None:
        """Write a note anew."""
        with told():
            self._merge_request(number).notes.update(comment, {"body": disarmed(body)})

    def merged(self, commit: str, branch: str | None) -> Pull | None:
        """The merge request that brought this commit; of several, the one whose merge it is."""
        with told():
            found = [
                request
                for request in self._project.commits.get(commit, lazy=True).merge_requests()
                if request["state"] == "merged" and branch in (None, request["target_branch"])
            ]
            found.sort(key=lambda one: commit not in (one.get("merge_commit_sha"), one.get("squash_commit_sha")))
            return Pull(int(found[0]["iid"]), str(found[0]["sha"])) if found else None

    def _merge_request(self, number: int) -> Any:
        return self._project.mergerequests.get(number, lazy=True)


def disarmed(body: str) -> str:
    """The note with nothing in it that GitLab would carry out."""
    return COMMAND.sub(" /", body)


@contextmanager
def told() -> Iterator[None]:
    """GitLab's refusals in our words. What it answers is not repeated: it may hold anything."""
    try:
        yield
    except GitlabError as error:
        forbidden = error.response_code in FORBIDDEN
        raise HostRefuses(
            f"GitLab refuses ({error.response_code})" + (": the token may not do that" if forbidden else ""),
            remedy=to_give(GITLAB) if forbidden else "look at the state of the server, then run the job again",
            forbidden=forbidden,
        ) from error
    except (requests.RequestException, KeyError, TypeError, ValueError, AssertionError) as error:
        raise HostRefuses(
            f"GitLab's API does not answer as it should: {type(error).__name__}",
            remedy="check CI_API_V4_URL, the network and the proxy",
        ) from error
