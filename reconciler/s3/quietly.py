"""A recorder that cannot stop a run: what goes wrong with its notes is logged, and the calls go on."""

import logging

from reconciler.planning.changeset import Change, Plan
from reconciler.planning.live import LiveAspect
from reconciler.planning.order import Step
from reconciler.planning.outcomes import BucketOutcome
from reconciler.planning.recording import Recorder

log = logging.getLogger(__name__)


class Quietly:
    """Passes everything on to a recorder, and swallows what it raises."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def begins(self, plan: Plan, step: Step, before: LiveAspect) -> None:
        """A call is about to be made."""
        try:
            self.recorder.begins(plan, step, before)
        except Exception:
            lost(plan)

    def ended(self, plan: Plan, step: Step, error: str | None) -> None:
        """The call was answered, or failed for this reason."""
        try:
            self.recorder.ended(plan, step, error)
        except Exception:
            lost(plan)

    def resolved(self, plan: Plan, change: Change, came_true: bool) -> None:
        """Whether a change whose answer was lost has come true."""
        try:
            self.recorder.resolved(plan, change, came_true)
        except Exception:
            lost(plan)

    def finished(self, outcome: BucketOutcome) -> None:
        """All that is tried of one bucket has been tried."""
        try:
            self.recorder.finished(outcome)
        except Exception:
            lost(outcome.plan)


def lost(plan: Plan) -> None:
    """A note could not be kept."""
    log.warning("the journal could not keep a note about %s", plan.name, exc_info=True)
