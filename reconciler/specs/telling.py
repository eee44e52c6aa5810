"""What is told of one file: every problem but those that only follow from others, and not more than anybody reads."""

from collections.abc import Iterable

from reconciler.nodes import Source
from reconciler.problems import Code, Place, Problem

TOO_MANY = Code(
    "RCL1307",
    "more problems than anybody reads",
    "After 1,000 problems the rest of a file is not looked at. Mend the first ones: many of the others usually follow "
    "from them.",
)
CODES = (TOO_MANY,)
MOST_PROBLEMS = 1000
"""Problems of one file that are told."""


class Told:
    """The problems of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.misread: set[Place | None] = set()
        """Where something cannot be read as it is meant: what follows from that is not told as well."""

    @property
    def enough(self) -> bool:
        """Whether there are so many problems that the rest of the file is left."""
        return len(self.problems) > MOST_PROBLEMS

    def tell(self, problems: Iterable[Problem]) -> None:
        """Note problems, but for those that only follow from what was misread."""
        for problem in () if self.enough else problems:
            if problem.place not in self.misread:
                self.problems.append(problem)
            if len(self.problems) == MOST_PROBLEMS:
                said = f"more than {MOST_PROBLEMS:,} problems: the rest of the file is left out"
                self.problems.append(Problem(TOO_MANY.code, said, self.source.place((1, 1, 2))))
                break

    def tell_misread(self, problems: Iterable[Problem]) -> None:
        """Note problems that others follow from at the same place."""
        before = len(self.problems)
        self.tell(problems)
        self.misread |= {problem.place for problem in self.problems[before:]}
