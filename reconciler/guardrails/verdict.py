"""What the rules say of one bucket, after the team's settings and the bucket's waivers."""

from typing import NamedTuple

from reconciler.governance import Waiver
from reconciler.problems import Place, Severity


class Verdict(NamedTuple):
    """One finding of a rule."""

    rule: str
    """The rule's id."""
    title: str
    severity: Severity
    """As the settings weigh it; what is waived keeps the weight that it would have."""
    path: tuple[str | int, ...]
    """From the bucket; () for the bucket itself."""
    message: str
    remedy: str
    waiver: Waiver | None = None
    """Why it is let pass."""
    place: Place | None = None
    """Where it is written, once somebody has looked."""

    @property
    def refuses(self) -> bool:
        """Whether a run with it ends with exit code 3."""
        return self.severity is Severity.ERROR and self.waiver is None
