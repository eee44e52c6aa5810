"""Everything that can go wrong on purpose, and how the process ends.

The tree::

    ReconcileError             a refusal with a code, a sentence and a remedy; never shown as a traceback
    ├── UsageError             the command line asks for something that makes no sense        64
    ├── InvalidSpecs           the specs have problems, each with its place                    1
    │   └── InvalidSettings    reconcile.yaml has problems, each with its place                1
    ├── CannotReachS3          no credentials, expired ones, an endpoint that does not answer  1
    │   └── NoCredentials      there are none at all                                           1
    ├── WrongAccount           the credentials belong to another account than the spec says    1
    ├── SandboxError           the embedded S3 could not be started or stopped                 1
    ├── ConsentMissing         nobody agreed to the change                                     3
    ├── Locked                 another run holds the lock                                      3
    ├── GuardrailBroken        a spec breaks a rule of the team, and nobody has waived it          3
    ├── LimitExceeded          one run would touch more than the team's limits allow           3
    ├── PlanIsStale            a saved plan no longer describes the specs or the live buckets  4
    ├── OutputLost             what was to be printed cannot be: a full disk, say              1
    └── Interrupted            somebody pressed Ctrl-C before anything was written           130

Codes (``RCL####``) are explained by ``reconcile explain CODE``; the catalogue is `reconciler.problems`.
"""

from collections.abc import Sequence
from enum import IntEnum

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to load: a fifth of what `--help` may cost
if TYPE_CHECKING:
    from reconciler.problems import Problem


class ExitCode(IntEnum):
    """How a command ends. Other programs rely on these numbers: none is ever reused for something else."""

    FINE = 0
    ERROR = 1
    CHANGES = 2
    """Only with ``--detailed-exitcode``: the plan is not empty."""
    REFUSED = 3
    """A guardrail refused, nobody consented, or another run holds the lock. Nothing was written."""
    STALE = 4
    """The saved plan is no longer true."""
    PARTLY_APPLIED = 5
    USAGE = 64
    INTERRUPTED = 130


class ReconcileError(Exception):
    """A refusal that a person can act on: what is wrong, and what to do about it."""

    exit_code = ExitCode.ERROR
    code = "RCL9000"

    def __init__(self, message: str, *, remedy: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        if code is not None:
            self.code = code


class UsageError(ReconcileError):
    """The command line asks for something that makes no sense."""

    exit_code = ExitCode.USAGE
    code = "RCL9001"


class InvalidSpecs(ReconcileError):  # noqa: N818 - reads as what it is
    """The specs have problems; each of them knows its place."""

    code = "RCL1000"

    def __init__(self, problems: "Sequence[Problem]") -> None:
        super().__init__(f"{len(problems)} problem(s) in the specs")
        self.problems = tuple(problems)


class InvalidSettings(InvalidSpecs):
    """`reconcile.yaml` has problems; each of them knows its place."""

    code = "RCL1400"

    def __init__(self, problems: "Sequence[Problem]") -> None:
        super().__init__(problems)
        self.message = f"{len(problems)} problem(s) in the settings"


class CannotReachS3(ReconcileError):  # noqa: N818
    """No credentials, expired ones, or an endpoint that does not answer."""

    code = "RCL5001"


class NoCredentials(CannotReachS3):
    """Nobody has given this process credentials, good or bad."""

    code = "RCL5002"


class WrongAccount(ReconcileError):  # noqa: N818
    """The credentials belong to another account than the spec says."""

    code = "RCL5003"


class SandboxError(ReconcileError):
    """The embedded S3 could not be started, found or stopped."""

    code = "RCL6001"


class ConsentMissing(ReconcileError):  # noqa: N818
    """Nobody agreed to the change."""

    exit_code = ExitCode.REFUSED
    code = "RCL4001"


class GuardrailBroken(ReconcileError):  # noqa: N818
    """The spec of a bucket that is to be changed breaks a rule that nobody has waived."""

    exit_code = ExitCode.REFUSED
    code = "RCL4006"


class LimitExceeded(ReconcileError):  # noqa: N818
    """One run would touch more than the team's limits allow."""

    exit_code = ExitCode.REFUSED
    code = "RCL4004"


class Locked(ReconcileError):  # noqa: N818
    """Another run is applying right now: it holds the lock that the settings name."""

    exit_code = ExitCode.REFUSED
    code = "RCL5005"


class PlanIsStale(ReconcileError):  # noqa: N818
    """A saved plan no longer describes the specs or the live buckets; `moved` says what moved."""

    exit_code = ExitCode.STALE
    code = "RCL4002"

    def __init__(self, moved: Sequence[str], message: str = "the saved plan is no longer true") -> None:
        super().__init__(
            message,
            remedy="review a new plan: one of `reconcile plan --out`, or of a pull request's check",
        )
        self.moved = tuple(moved)


class OutputLost(ReconcileError):  # noqa: N818
    """What was to be printed cannot be written where it should go."""

    code = "RCL9003"


class Interrupted(ReconcileError):  # noqa: N818
    """Somebody pressed Ctrl-C. An apply whose calls are under way ends by itself and tells what it did."""

    exit_code = ExitCode.INTERRUPTED
    code = "RCL9002"

    def __init__(self, *, writing: bool = False) -> None:
        if writing:
            super().__init__("interrupted", remedy="see what is left to do with `reconcile plan`")
        else:
            super().__init__("interrupted; nothing was written")
