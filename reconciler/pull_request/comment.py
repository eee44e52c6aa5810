"""The one comment of a check: found by its marker and our own authorship, written anew, and closed once applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.errors import ReconcileError
from reconciler.planning.staleness import is_texts
from reconciler.problems import Problem, Severity
from reconciler.pull_request.hosts import Host, Posted, Pull
from reconciler.pull_request.record import Record, moved, record_in, record_of, written
from reconciler.reports.review import About, Compared, Review, Stage, remarks

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from reconciler.planning.outcomes import Applied

ANOTHER_PLAN = "RCL7014"
KEY = "reconcile"
"""Which comment, where a repository has but one check."""


class Reviewed(NamedTuple):
    """What a comment says was reviewed."""

    fingerprint: str
    paths: tuple[str, ...]
    head: str


def open_comment(host: Host, number: int, key: str) -> Posted | None:
    """The comment of this key that may still be edited; the last one, should there be several."""
    from reconciler.reports.markdown import marker_in

    found = None
    for comment in host.mine(number):
        marker = marker_in(comment.body)
        if marker is not None and marker.key == key and not record_in(comment.body).closed:
            found = comment
    return found


def reviewed_in(comment: Posted) -> Reviewed | None:
    """What was reviewed; None where the comment holds no plan that was compared with live buckets."""
    from reconciler.reports.markdown import marker_in

    marker, record = marker_in(comment.body), record_in(comment.body)
    if marker is None or not (record.live and marker.fingerprint and marker.head and is_texts(list(marker.paths))):
        return None
    return Reviewed(marker.fingerprint, tuple(marker.paths), marker.head)


def body_of(review: Review, key: str, *, closed: bool = False) -> str:
    """The comment, with what it remembers."""
    from reconciler.reports.markdown import render

    is_plan = review.about.compared is Compared.LIVE
    record = record_of(review.document if is_plan else None, closed=closed)
    return f"{render(review, key=key).rstrip()}\n\n{written(record)}\n"


def says_nothing(review: Review) -> bool:
    """Whether nobody has to see it: nothing changes, and nothing is remarked."""
    buckets = review.document["buckets"] if review.document else ()
    return not any(bucket["changes"] for bucket in buckets) and next(remarks(review), None) is None


def comment_on(host: Host, number: int, key: str, review: Review) -> str:
    """Say it in the comment; what was done, in a sentence. Where nothing is to be said and none is there, none is made.

    Raises `HostRefuses`.
    """
    there = open_comment(host, number, key)
    if there is None and says_nothing(review):
        return "nothing to comment on"
    if there is not None and is_merged(host, number, review.about.head):
        return f"the comment on #{number} stays as it is: that is what was merged"
    body = body_of(another_plan(review, there), key)
    if there is None:
        host.post(number, body)
        return f"commented on #{number}"
    if there.body != body:
        host.edit(number, there.id, body)
    return f"updated the comment on #{number}"


def is_merged(host: Host, number: int, head: str | None) -> bool:
    """Whether it is merged already: from then on, its comment says what was reviewed, whoever checks it again."""
    pull = host.merged(head, None) if head else None
    return pull is not None and pull.number == number


def another_plan(review: Review, there: Posted | None) -> Review:
    """The check, and that a commit has got another plan than the one that somebody may have approved."""
    before = reviewed_in(there) if there is not None else None
    now = review.document["fingerprint"] if review.document is not None else None
    if before is None or now is None or before.head != review.about.head or before.fingerprint == now:
        return review
    said = (
        f"the plan has changed since this commit was first checked: it was {before.fingerprint[:12]}, and is "
        f"{now[:12]}; whoever has approved it has seen another one"
    )
    problem = Problem(ANOTHER_PLAN, said, help="look at it again before it is merged", severity=Severity.WARNING)
    return review._replace(problems=(problem, *review.problems))


# ── after review ─────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Telling:
    """Says in a comment what becomes of a reviewed plan. What cannot be said is a warning, and holds nothing up."""

    host: Host
    number: int
    key: str
    about: About
    warn: "Callable[[str], None]"
    posted: Posted | None = None
    record: Record = field(default_factory=Record)
    document: Mapping[str, Any] | None = None
    """What an apply would do now."""
    is_writing: bool = False

    def __enter__(self) -> "Telling":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: "TracebackType | None"
    ) -> None:
        """Say why nothing, or not everything, was applied. The error goes its way."""
        if error is None:
            return
        if isinstance(error, ReconcileError):
            told = [error.message, *self.what_moved(error)]
            told += [error.remedy] if error.remedy else []
        else:
            told = ["the run was interrupted: `reconcile plan` shows what is left to do"]
        self.say(Stage.NOT_APPLIED, told, closed=False)

    def what_moved(self, error: ReconcileError) -> list[str]:
        """What is not as it was reviewed, bucket by bucket, as far as the comment remembers."""
        said = list(getattr(error, "moved", ()))
        return [*(moved(self.record, self.document) if said and self.document else ()), *said]

    def applying(self) -> None:
        """The first call is about to be made."""
        self.is_writing = True
        self.say(Stage.APPLYING, [], closed=False)

    def applied(self, outcome: "Applied") -> None:
        """What became of it."""
        from reconciler.reports.outcomes import bucket_line
        from reconciler.reports.style import Style

        told = [bucket_line(bucket, Style()).strip() for bucket in outcome.buckets]
        told += [outcome.halted.why] if outcome.halted else []
        is_whole = outcome.halted is None and all(bucket.is_whole for bucket in outcome.buckets)
        self.say(Stage.APPLIED if is_whole else Stage.NOT_APPLIED, told, closed=True)

    def say(self, stage: Stage, told: "list[str]", *, closed: bool) -> None:
        """Write the comment anew; a first one, where there is none."""
        about = self.about._replace(stage=stage, told=tuple(told))
        body = body_of(Review(self.document, (), about), self.key, closed=closed)
        body = self.remembering(body) if not (closed or self.is_writing) else body
        try:
            if self.posted is None:
                self.posted = self.host.post(self.number, body)
            else:
                self.host.edit(self.number, self.posted.id, body)
        except Exception as error:  # whatever a host does, an apply is what it is
            why = error.message if isinstance(error, ReconcileError) else type(error).__name__
            self.warn(f"the comment says nothing of it: {why}")

    def remembering(self, body: str) -> str:
        """A comment that shows what is now still asks for what was reviewed: whoever restores that may apply it."""
        if self.posted is None:
            return body
        first, _, _ = self.posted.body.partition("\n")
        _, _, shown = body.partition("\n")
        return f"{first}\n{shown.rstrip().rpartition(chr(10))[0].rstrip()}\n\n{written(self.record)}\n"


def telling_of(host: Host, pull: Pull, key: str, about: About, warn: "Callable[[str], None]") -> Telling:
    """What speaks in the comment of this pull request."""
    posted = open_comment(host, pull.number, key)
    record = record_in(posted.body) if posted else Record()
    return Telling(host, pull.number, key, about, warn, posted, record)
