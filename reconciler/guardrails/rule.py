"""What a rule is, what it sees, and what it says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from reconciler.aspects.aspect import Aspect, Surroundings
from reconciler.aspects.managed import Absent
from reconciler.bucket import BucketSpec
from reconciler.problems import Severity


class Sensitivity(IntEnum):
    """How much harm it does when what is in a bucket gets out: its `Classification` tag, in order."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3


class Parameters(BaseModel):
    """What a team may set of a rule, under its id in `reconcile.yaml`; most rules have nothing to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Offence(NamedTuple):
    """One thing that a rule has against a spec."""

    path: tuple[str | int, ...]
    """From the bucket to what is wrong: names of fields, identities and positions; () for the bucket itself."""
    message: str
    """What is wrong, in a sentence without a full stop, with the values that are wrong."""
    help: str | None = None
    """What to write instead, where that is more than the rule's own `mend` says."""
    severity: Severity | None = None
    """Where this case of it weighs otherwise than the rule says."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule sees: one spec of a bucket that is to be there, with its variables filled in as far as is known."""

    spec: BucketSpec
    around: Surroundings
    """Account and region may be stand-ins (`Surroundings.stand_ins`): nothing follows from those."""
    parameters: Any
    """The rule's own `Parameters`."""
    sensitivity: Sensitivity | None
    """None where no tag says it."""
    classification_tag: str = "Classification"
    """The key of the tag that says it."""
    classifications: tuple[str, ...] = tuple(level.name.lower() for level in Sensitivity)
    """What may stand there."""

    @property
    def purpose(self) -> str | None:
        """What the bucket is for, as its spec says; None where it does not."""
        return self.spec.purpose

    @property
    def is_confidential(self) -> bool:
        """Whether the tag says that it does harm when what is in the bucket gets out."""
        return self.sensitivity is not None and self.sensitivity >= Sensitivity.CONFIDENTIAL

    def value(self, aspect: str) -> Any:
        """The value that an aspect is to have; None where the spec leaves it out, or wants none."""
        found = getattr(self.spec, aspect)
        return found if isinstance(found, Aspect) else None

    def is_declared(self, aspect: str) -> bool:
        """Whether the spec says anything about an aspect."""
        return getattr(self.spec, aspect) is not None

    def is_absent(self, aspect: str) -> bool:
        """Whether the spec wants there to be none."""
        return isinstance(getattr(self.spec, aspect), Absent)


Check = Callable[[Subject], Iterator[Offence]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as its file declares it.

    A rule speaks about what a spec says. About what it leaves out, which is not ours to touch, it speaks only where
    the bucket's purpose or classification asks for it.
    """

    id: str
    """Like ``PUB-01``: how settings, waivers and reports call it, for ever."""
    title: str
    """What it demands, in a short sentence without a full stop."""
    why: str
    """What happens to those who do without, and the source where it is a fact about AWS. Markdown."""
    mend: str
    """What to write in the spec."""
    check: Check
    severity: Severity = Severity.ERROR
    is_on: bool = True
    """Whether it is asked unless the settings say otherwise."""
    parameters: type[Parameters] = Parameters
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What others call it: `Security Hub`, `CIS 5.0`, `Checkov`, `Trivy`, `Prowler`."""
