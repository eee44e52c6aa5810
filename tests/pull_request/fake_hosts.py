"""GitHub and GitLab on loopback: the few paths that a check asks for, as strict as theirs.

What is asked beyond them is written down in `unexpected`, and answered with 404.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

MOST_CHARACTERS = 65_536
"""Of a comment on GitHub: "Body is too long (maximum is 65536 characters)"."""
TOKEN = "ghs_thisIsNoToken0123456789"
READ_ONLY = "ghs_ofAForkThatMayOnlyRead01"
OURS, SOMEBODY = "github-actions[bot]", "mallory"


class Answer(NamedTuple):
    """What a host says."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


class FakeHost:
    """What every host has: comments, pull requests, and who is let in."""

    def __init__(self) -> None:
        self.address = ""
        self.comments: list[dict[str, Any]] = []
        self.pulls: dict[str, list[dict[str, Any]]] = {}
        """By the commit that they have brought."""
        self.asked: list[tuple[str, str]] = []
        self.unexpected: list[tuple[str, str]] = []
        self.edits = 0

    def add(self, number: int, body: str, author: str = OURS) -> dict[str, Any]:
        """A comment that is there."""
        comment = {"id": 1000 + len(self.comments), "number": number, "body": body, "user": {"login": author}}
        self.comments.append(comment)
        return comment

    def bodies(self, number: int) -> list[str]:
        """What the comments of a pull request say."""
        return [comment["body"] for comment in self.comments if comment["number"] == number]

    def answer(self, method: str, path: str, query: dict[str, str], token: str, sent: Any) -> Answer:
        """What is answered; each host says it."""
        raise NotImplementedError


class FakeGitHub(FakeHost):
    """One repository, `acme/lake`."""

    repository = "/repos/acme/lake"

    def answer(self, method: str, path: str, query: dict[str, str], token: str, sent: Any) -> Answer:
        """REST and the one GraphQL query."""
        if token not in (f"token {TOKEN}", f"token {READ_ONLY}", f"Bearer {TOKEN}", f"Bearer {READ_ONLY}"):
            return Answer(401, {"message": "Bad credentials"})
        if method != "GET" and path != "/graphql" and READ_ONLY in token:
            return Answer(403, {"message": "Resource not accessible by integration"})
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("POST", "/graphql", lambda: Answer(200, {"data": {"viewer": {"login": OURS}}})),
            ("GET", rf"{self.repository}/issues/(\d+)/comments", lambda number: self._listed(int(number), query)),
            ("POST", rf"{self.repository}/issues/(\d+)/comments", lambda number: self._posted(int(number), sent)),
            ("GET", rf"{self.repository}/issues/comments/(\d+)", lambda comment: self._one(int(comment))),
            ("PATCH", rf"{self.repository}/issues/comments/(\d+)", lambda comment: self._edited(int(comment), sent)),
            (
                "GET",
                rf"{self.repository}/commits/([0-9a-f]{{40}})/pulls",
                lambda sha: Answer(200, self.pulls.get(sha, [])),
            ),
        ]
        for verb, pattern, respond in routes:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                return respond(*found.groups())
        self.unexpected.append((method, path))
        return Answer(404, {"message": "Not Found"})

    def _listed(self, number: int, query: dict[str, str]) -> Answer:
        page, size = int(query.get("page", "1")), int(query.get("per_page", "30"))
        mine = [self._shown(comment) for comment in self.comments if comment["number"] == number]
        address = f"{self.address}{self.repository}/issues/{number}/comments"
        following = f'<{address}?per_page={size}&page={page + 1}>; rel="next"'
        more = (("Link", following),) if len(mine) > page * size else ()
        return Answer(200, mine[(page - 1) * size : page * size], more)

    def _posted(self, number: int, sent: Any) -> Answer:
        if len(sent["body"]) > MOST_CHARACTERS:
            return Answer(422, {"message": "Validation Failed", "errors": [{"message": "Body is too long"}]})
        return Answer(201, self._shown(self.add(number, sent["body"])))

    def _one(self, comment: int) -> Answer:
        return Answer(200, self._shown(next(one for one in self.comments if one["id"] == comment)))

    def _edited(self, comment: int, sent: Any) -> Answer:
        found = next(one for one in self.comments if one["id"] == comment)
        if found["user"]["login"] != OURS:
            return Answer(403, {"message": "Must have admin rights"})
        if len(sent["body"]) > MOST_CHARACTERS:
            return Answer(422, {"message": "Validation Failed", "errors": [{"message": "Body is too long"}]})
        found["body"] = sent["body"]
        self.edits += 1
        return Answer(200, self._shown(found))

    def _shown(self, comment: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.address}{self.repository}/issues/comments/{comment['id']}"
        return {"id": comment["id"], "url": url, "body": comment["body"], "user": comment["user"]}


class FakeGitLab(FakeHost):
    """One project, number 7."""

    project = "/api/v4/projects/7"

    def __init__(self) -> None:
        super().__init__()
        self.actions: list[str] = []
        """What a note has had carried out."""

    def answer(self, method: str, path: str, query: dict[str, str], token: str, sent: Any) -> Answer:
        """The REST API."""
        if token not in (TOKEN, READ_ONLY):
            return Answer(401, {"message": "401 Unauthorized"})
        if method != "GET" and token == READ_ONLY:
            return Answer(403, {"message": "403 Forbidden"})
        notes = rf"{self.project}/merge_requests/(\d+)/notes"
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", "/api/v4/user", lambda: Answer(200, {"id": 1, "username": OURS})),
            ("GET", notes, lambda number: Answer(200, [self._shown(one) for one in self._of(int(number))])),
            ("POST", notes, lambda number: self._posted(int(number), sent)),
            ("PUT", rf"{notes}/(\d+)", lambda _, note: self._edited(int(note), sent)),
            ("GET", rf"{self.project}/repository/commits/([0-9a-f]{{40}})/merge_requests", self._pulls),
        ]
        for verb, pattern, respond in routes:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                return respond(*found.groups())
        self.unexpected.append((method, path))
        return Answer(404, {"message": "404 Not Found"})

    def _posted(self, number: int, sent: Any) -> Answer:
        self.actions += re.findall(r"(?m)^/\w+.*", sent["body"])
        return Answer(201, self._shown(self.add(number, sent["body"])))

    def _of(self, number: int) -> list[dict[str, Any]]:
        return [comment for comment in self.comments if comment["number"] == number]

    def _pulls(self, sha: str) -> Answer:
        return Answer(200, self.pulls.get(sha, []))

    def _edited(self, note: int, sent: Any) -> Answer:
        found = next(one for one in self.comments if one["id"] == note)
        found["body"] = sent["body"]
        self.edits += 1
        return Answer(200, self._shown(found))

    def _shown(self, comment: dict[str, Any]) -> dict[str, Any]:
        author = {"username": comment["user"]["login"]}
        return {"id": comment["id"], "body": comment["body"], "author": author, "system": False}


@contextmanager
def served(host: FakeHost) -> Iterator[str]:
    """The host, until it is no longer needed; its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the library
            """Nobody reads it."""

        def _any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length) or b"null")
            token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
            host.asked.append((self.command, self.path))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            answer = host.answer(self.command, parts.path, query, token, sent)
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in (("Content-Type", "application/json"), *answer.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
