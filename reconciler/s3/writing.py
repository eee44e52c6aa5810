"""One write: its precondition, the call, and what has become of it when the answer was lost.

S3 has no conditional writes for configuration. Right before each call its document is read once more: what
somebody else wrote since it was reviewed would be lost with the next whole document. When an answer does not
come, the document tells what the call has done; nobody guesses.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.calls import AT_APPLY, Call
from reconciler.endpoints.profile import Profile
from reconciler.errors import ReconcileError
from reconciler.planning.changeset import Plan
from reconciler.planning.comparison import field_changes
from reconciler.planning.digests import digest_of_live
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.planning.order import Step
from reconciler.planning.planner import says_nothing
from reconciler.planning.recording import Recorder
from reconciler.planning.staleness import MOST_FIELDS, shortly
from reconciler.planning.storage import path_text
from reconciler.s3.clients import Clients
from reconciler.s3.errors import S3_ERRORS, code_of, in_short, is_unanswered, may_have_worked
from reconciler.s3.looking import Looker, kind_of, left_of
from reconciler.s3.patience import Patience
from reconciler.s3.progress import Progress
from reconciler.s3.throttling import sent_once

TRIES = 2
"""Of a call whose answer was lost and that has done nothing; botocore has tried each of them several times."""
PLAN_AGAIN = "run `reconcile plan` again"

log = logging.getLogger(__name__)


class Stage(Enum):
    """What a document shows of a call."""

    BEFORE = "as it was before the call"
    AFTER = "as the call was to leave it"
    BEHIND = "as it was before an earlier call of the same change: the read is stale"
    MOVED = "something else"
    UNREADABLE = "nobody can tell"


class Writer:
    """Makes the calls of the lanes, one at a time in each."""

    def __init__(
        self,
        clients: Clients,
        looker: Looker,
        patience: Patience,
        recorder: Recorder,
        time_of_apply: str,
        ended: Callable[[ReconcileError], None],
    ) -> None:
        self.clients = clients
        self.looker = looker
        self.patience = patience
        self.recorder = recorder
        self.time_of_apply = time_of_apply
        self.ended = ended
        """Told of what ends the whole run."""

    def write(self, plan: Plan, step: Step, progress: Progress) -> None:
        """Make one call of a change, unless it is not needed; return when it has done its work.

        Raises what S3 raises, or `ReconcileError` where somebody else was there, or nobody can tell.
        """
        document = _Document(plan, step, progress.made(step.change))
        document.refuse_what_deletes_the_bucket(self.looker.reader.identity.profile)
        for left in reversed(range(TRIES)):
            try:
                self.once(document, progress, again=left + 1 < TRIES)
            except S3_ERRORS as error:
                if not document.may_have_worked(error):
                    raise
                if self.has_worked(document, error):
                    return
                if not left or not is_unanswered(error) or self.patience.stop.is_set():
                    raise
            else:
                return

    def once(self, document: "_Document", progress: Progress, *, again: bool) -> None:
        """The look and the call, with patience for what passes by itself, which may have been somebody's write."""
        begun = False

        def attempt() -> None:
            nonlocal begun
            found = self.precondition(document, again=again or begun)
            if found is _DONE:
                return
            if not begun:
                progress.begin(document.step, self.patience.stop)
                begun = True
                self.recorder.begins(document.plan, document.step, found)
            self.perform(document.plan, document.step.call)

        try:
            self.patience.persist(attempt, newborn=not document.plan.exists)
        except Exception as error:
            if begun:
                self.recorder.ended(document.plan, document.step, in_short(error))
            raise
        else:
            if begun:
                self.recorder.ended(document.plan, document.step, None)
        finally:
            progress.end()

    def perform(self, plan: Plan, call: Call) -> None:
        """Make one call on a bucket, in the name of its owner."""
        client = self.clients.s3(plan.region)
        with sent_once():
            getattr(client, call.operation)(Bucket=plan.name, **self.looker.reader.owner, **self.dated(call.params))

    def dated(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with the time of this apply where the plan leaves room for it."""
        body = params.get("Body")
        if not isinstance(body, str):
            return dict(params)
        dated = body.replace(f"\ncreated_at: {AT_APPLY}\n", f"\ncreated_at: '{self.time_of_apply}'\n", 1)
        return {**params, "Body": dated.encode()}

    # ── before ───────────────────────────────────────────────────────────────────────────────────────

    def precondition(self, document: "_Document", *, again: bool) -> Any:
        """The document that the call replaces; `_DONE` where there is nothing to do.

        `again` says that the call may have been made already. In a bucket of this run nothing is looked at but
        what is to be deleted: a server that does not know a sub-resource may take the deletion of it for the
        deletion of the bucket, so that nothing is deleted whose GET has not answered with it.
        """
        if not document.plan.exists:
            if not document.deletes:
                return document.left_before
            found = self.looker.document(document.plan, document.step.change)
            document.refuse_unreadable(found)
            return _DONE if found is None else found
        found = self.look(document, {Stage.BEHIND}, self.within(document))
        stage = document.stage(found)
        if again and stage is Stage.AFTER:
            return _DONE
        if stage is Stage.BEHIND:
            raise ReconcileError(
                "S3 still shows what was there before the call that this run has just made: nobody can tell whether "
                "somebody else has put it back",
                remedy=PLAN_AGAIN,
            )
        document.refuse_unreadable(found)
        if not document.is_before(found):
            raise document.moved(found)
        return found

    def within(self, document: "_Document") -> float:
        """How long reads may be stale after a call of this change."""
        seconds: float = document.kind.api.visible_within
        return seconds

    def look(self, document: "_Document", wait_for: set[Stage], within: float) -> LiveAspect:
        """The document, looked at until it shows something else than these, or there is no more time."""
        return self.patience.until(
            lambda found: document.stage(found) not in wait_for,
            lambda: self.looker.document(document.plan, document.step.change),
            within,
        )

    # ── after ────────────────────────────────────────────────────────────────────────────────────────

    def has_worked(self, document: "_Document", error: Exception) -> bool:
        """Whether a call has done its work whose answer does not say so. Raises where nobody can tell."""
        plan, change, operation = document.plan, document.step.change, document.step.call.operation
        try:
            found = self.look(document, {Stage.BEFORE, Stage.BEHIND}, self.patience.settled)
        except ReconcileError as trouble:
            self.ended(trouble)
            found = Unreadable(trouble.message, trouble.remedy or PLAN_AGAIN)
        stage = document.stage(found)
        if isinstance(found, Unreadable):
            raise ReconcileError(
                f"the answer was lost ({in_short(error)}), and {found.why}: nobody can tell whether it was done",
                remedy=PLAN_AGAIN,
            ) from error
        log.info("%s of %s was not answered; the document is %s", operation, plan.name, stage.value)
        self.recorder.resolved(plan, change, stage is Stage.AFTER)
        if stage is Stage.MOVED and plan.exists:  # of a new bucket, nobody knows what it was born with
            raise document.moved(found) from error
        return stage is Stage.AFTER


_DONE = object()
"""Instead of a document: there is nothing to do."""


class _Document:
    """The document that a call is about: what it was, what earlier calls of the change left, what it is to be."""

    def __init__(self, plan: Plan, step: Step, made: Sequence[Call]) -> None:
        self.plan = plan
        self.step = step
        self.made = made
        self.kind = kind_of(plan, step.change)
        self.deletes = step.call.operation == self.kind.api.delete

    def may_have_worked(self, error: Exception) -> bool:
        """Whether the call may have done its work, its answer being this error."""
        gone = self.deletes and code_of(error) in self.kind.api.absent
        return gone or may_have_worked(error)

    @property
    def left_before(self) -> Aspect | None:
        """The document as this run has left it, or as the plan knows it."""
        return self.kind.from_calls(self.made) if self.made else self.step.change.before

    def is_before(self, found: LiveAspect) -> bool:
        """Whether this is what the call was meant to replace."""
        if isinstance(found, Unreadable):
            return False
        return same(found, self.left_before) if self.made else self.is_reviewed(found)

    def is_reviewed(self, found: Aspect | None) -> bool:
        """Whether this is the live document of the plan."""
        return digest_of_live(found) == self.plan.live[self.step.change.aspect]

    def is_after(self, found: LiveAspect) -> bool:
        """Whether the call has come true: all that was asked for if it is the last one of its change."""
        if isinstance(found, Unreadable):
            return False
        calls = (*self.made, self.step.call)
        if len(calls) == len(self.step.change.calls):
            return left_of(self.plan, self.step.change, found) == ()
        return same(found, self.kind.from_calls(calls))

    def is_behind(self, found: Aspect | None) -> bool:
        """Whether this is what was there before an earlier call of this run: nobody else's."""
        earlier = (self.kind.from_calls(self.made[:number]) for number in range(1, len(self.made)))
        return bool(self.made) and (self.is_reviewed(found) or any(same(found, one) for one in earlier))

    def stage(self, found: LiveAspect) -> Stage:
        """What a look at the document shows."""
        if isinstance(found, Unreadable):
            return Stage.UNREADABLE
        if self.is_before(found):
            return Stage.BEFORE
        if self.is_after(found):
            return Stage.AFTER
        return Stage.BEHIND if self.is_behind(found) else Stage.MOVED

    # ── refusals ─────────────────────────────────────────────────────────────────────────────────────

    def refuse_what_deletes_the_bucket(self, profile: Profile) -> None:
        """Some servers take the deletion of a sub-resource that they do not know for that of the bucket."""
        aspect = self.step.change.aspect
        if self.deletes and aspect in profile.deletes_bucket:
            raise ReconcileError(
                f"{profile.name} would delete the bucket itself", remedy=f"take {aspect} out of the spec"
            )

    def refuse_unreadable(self, found: LiveAspect) -> None:
        """What cannot be read any more is not written over: it may be somebody else's by now."""
        if isinstance(found, Unreadable):
            since = ""
            if self.plan.exists:
                since = (
                    "; it could be read when this was planned: permissions have changed, or the bucket is another one"
                )
            raise ReconcileError(f"{found.why}{since}", remedy=found.remedy)

    def moved(self, found: LiveAspect) -> ReconcileError:
        """Somebody else was here: what was reviewed, and what is there now."""
        before = self.left_before
        now = None if isinstance(found, Unreadable) or says_nothing(found) else found
        then = "written" if self.made else "reviewed"
        fields = field_changes(*self.kind.pictures(None if says_nothing(before) else before, now))
        told = [
            f"{path_text(field.path)}: {then} {shortly(field.before)}, now {shortly(field.after)}" for field in fields
        ]
        more = [f"and {len(told) - MOST_FIELDS} more"] if len(told) > MOST_FIELDS else []
        what = ": " + "; ".join(told[:MOST_FIELDS] + more) if told else ""
        return ReconcileError(f"somebody else has changed it since it was {then}{what}", remedy=PLAN_AGAIN)


def same(one: Aspect | None, other: Aspect | None) -> bool:
    """Whether two documents mean the same; one that says nothing is none."""
    return (says_nothing(one) and says_nothing(other)) or one == other
