"""One spec file: variables, `defaults:` and included files in; its buckets as they are meant, or its problems, out.

What buckets share usually stands before them. Then each bucket becomes a spec as soon as it is read, and only
specs are kept: a fleet of ten thousand buckets never stands in memory as it is written. Where that does not
lead to the end – what is shared comes later, YAML that specs do not have, far too many problems – the file is
read again as a whole, and only what that finds is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.nodes import Node, Source
from reconciler.problems import Code, Place, Problem, did_you_mean
from reconciler.specs.includes import Includes
from reconciler.specs.merging import merged
from reconciler.specs.sharing import Shared
from reconciler.specs.telling import Told
from reconciler.specs.validating import Validation
from reconciler.specs.variables import Filling, wrong_with_variables
from reconciler.specs.wording import UNKNOWN_FIELD, WRONG_TYPE
from reconciler.strict_yaml import MOST_VALUES, TOO_LARGE, HandedOver, parse

NOT_A_SPEC = Code(
    "RCL1303",
    "this is not a spec",
    "A spec file is a mapping with `buckets:`, a list, and optionally `defaults:` and `variables:`.",
)
DELETES_BY_DEFAULT = Code(
    "RCL1321",
    "a deletion among the defaults",
    "A default is for every bucket of a file, and none of these words may ever reach a bucket that nobody meant: "
    "`state`, `confirm_delete`, `empty_first` and `max_objects` are written in the bucket itself.",
)
CODES = (NOT_A_SPEC, DELETES_BY_DEFAULT)

NEVER_BY_DEFAULT = ("state", "confirm_delete", "empty_first", "max_objects")
BUCKETS = "buckets"
TOP_LEVEL = (BUCKETS, "defaults", "variables")
ENOUGH_TO_GUESS = MOST_VALUES // 100
"""How many values `defaults:` must have added before anybody guesses how many it will be in the end."""


@dataclass(frozen=True, slots=True)
class SpecText:
    """What a spec file is made of: its text, and what decides how that is meant."""

    source: Source
    folder: Path
    """Where it may include files from."""
    given: Mapping[str, str]
    """Values of the command line for variables."""
    profile: Profile
    included: Mapping[str, Source] = field(default_factory=dict)
    """Files that were read before, by their path as written: they are not read again."""


class SpecFile(NamedTuple):
    """What a spec file says."""

    text: SpecText
    """What it was made of, with the files that it includes."""
    specs: Sequence[tuple[BucketSpec, Place]]
    """The specs that are in order."""
    names: Sequence[tuple[str, Place]]
    """Every bucket that the file names, in order or not."""
    problems: Sequence[Problem]
    variables: Mapping[str, str]
    is_spec: bool
    """Whether it has anything that a spec file has."""


def read_file(text: SpecText, shared: Shared) -> SpecFile:
    """Read a spec file, if possible bucket by bucket."""
    reading = Reading(text, shared)
    root, problems = parse(text.source, HandedOver(BUCKETS, reading.take))
    if not reading.stands(root, problems):
        if reading.has_begun and root is not None:
            root, problems = parse(text.source)
        reading = Reading(text, shared)
        reading.read_whole(root, problems)
    return SpecFile(
        replace(text, included=reading.includes.texts),
        reading.found,
        reading.validation.names,
        reading.told.problems,
        reading.filling.variables,
        bool(reading.parts),
    )


def nodes_in(text: SpecText) -> dict[Place, Node]:
    """The buckets as they are written, with what `defaults:` and files add, by their places.

    They were not kept: the text is read again.
    """
    root, _ = parse(text.source)
    assert root is not None, "specs were made of it"
    reading = Reading(text, Shared())
    reading.begin(root)
    return {node.place: whole for node, whole in reading.wholes(root.value[BUCKETS].value)}


class Reading:
    """One way through a spec file."""

    def __init__(self, text: SpecText, shared: Shared) -> None:
        self.text = text
        self.told = Told(text.source)
        self.filling = Filling({}, self.told)
        self.includes = Includes(text.folder, self.filling, self.told, text.included)
        self.validation = Validation(self.filling, self.told, text.profile, shared)
        self.has_begun = False
        self.parts: Mapping[str, Node] = {}
        self.defaults: Node | None = None
        self.found: list[tuple[BucketSpec, Place]] = []
        """The specs that are in order."""
        self.size_of_defaults = 0
        self.added = 0
        """How many values `defaults:` and files add at the most."""
        self.values = 0
        """How many there are with them at the most."""
        self.expected = 0
        """How many there will be, as far as anybody can guess."""
        self.first = 0
        """Where the first bucket stands."""

    # ── bucket by bucket, or as a whole ──────────────────────────────────────────────────────────────

    def take(self, bucket: Node, root: Node, values: int) -> None:
        """Take the next bucket of the file, of which nothing is known of what comes after."""
        if not self.has_begun:
            self.begin(root)
            self.first = bucket.start
            self.size_of_defaults = self.defaults.size if self.defaults is not None else 0
        if self.is_beyond_bounds:
            return
        whole, added = self._whole(bucket)
        self.added += added + self.size_of_defaults
        self.values = values + self.added
        self.expected = values + self._to_be_added(bucket)
        if whole is not None:
            self._specify(bucket, whole)

    @property
    def is_beyond_bounds(self) -> bool:
        """Whether what is told depends on what has not been read yet."""
        too_many = self.values > MOST_VALUES or self.expected > 2 * MOST_VALUES
        return self.told.enough or self.filling.is_too_much or too_many

    def _to_be_added(self, bucket: Node) -> int:
        """How many values will be added if the file goes on as it has begun: work that may be for nothing is seen."""
        passed, length = bucket.start - self.first, len(self.text.source.text) - self.first
        return self.added * length // passed if passed and self.added > ENOUGH_TO_GUESS else 0

    def stands(self, root: Node | None, problems: Sequence[Problem]) -> bool:
        """Whether nothing has turned up in the end that what was taken depends on."""
        if root is None or problems or not self.has_begun or self.is_beyond_bounds:
            return False
        *_, last = root.value
        return bool(last == BUCKETS)

    def read_whole(self, root: Node | None, problems: Iterable[Problem]) -> None:
        """Take everything that the file says."""
        self.told.tell_misread(problems)
        if root is None:
            return
        self.begin(root)
        listed = self.parts.get(BUCKETS)
        if listed is None:
            return
        if not isinstance(listed.value, list) or not listed.value:
            said = "there is no bucket in this list" if listed.value == [] else "`buckets` is a list"
            self.told.tell([listed.problem(NOT_A_SPEC, said, (), "begin each bucket with `- name:`")])
            return
        for bucket, whole in self.wholes(listed.value):
            if self.told.enough:
                break
            self._specify(bucket, whole)

    def _specify(self, bucket: Node, whole: Node) -> None:
        place = bucket.place
        spec = self.validation.spec_of(whole, place)
        if spec is not None:
            self.found.append((spec, place))

    # ── the parts of the file ────────────────────────────────────────────────────────────────────────

    def begin(self, root: Node) -> None:
        """Take what the buckets share."""
        self.has_begun = True
        self.parts = self._top_level(root)
        variables = self._variables()
        self.filling.variables = variables | {
            name: value for name, value in self.text.given.items() if name in variables
        }
        self.defaults = self._defaults()

    def _top_level(self, root: Node) -> Mapping[str, Node]:
        if not isinstance(root.value, dict):
            self.told.tell([root.problem(NOT_A_SPEC, "a spec file begins with `buckets:`")])
            return {}
        self.told.tell(unknown_at_top(root))
        if root.keys and not root.keys.keys() & {*TOP_LEVEL}:
            return {}  # it is something else altogether, which its fields tell
        if BUCKETS not in root.keys:
            self.told.tell([root.problem(NOT_A_SPEC, "`buckets:` is missing", (), "list the buckets under it")])
        parts: Mapping[str, Node] = root.value
        return parts

    def _variables(self) -> dict[str, str]:
        node = self.parts.get("variables")
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.told.tell([node.problem(WRONG_TYPE, "`variables` is a mapping of names to text")])
            return {}
        declared = {name: getattr(child.value, "written", child.value) for name, child in node.value.items()}
        self.told.tell_misread(wrong_with_variables(node, declared))
        return {name: value for name, value in declared.items() if isinstance(value, str)}

    def _defaults(self) -> Node | None:
        node = self.parts.get("defaults")
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.told.tell([node.problem(WRONG_TYPE, "`defaults` is a mapping, like a bucket without its name")])
            return None
        if "name" in node.value:
            self.told.tell([node.problem(UNKNOWN_FIELD, "`defaults` has no `name`", ("name",), at_key=True)])
        for name in NEVER_BY_DEFAULT:
            if name in node.value:
                said = f"`{name}` among the defaults would be about every bucket of this file"
                hint = "write it in the bucket that is to go"
                self.told.tell([node.problem(DELETES_BY_DEFAULT, said, (name,), hint, at_key=True)])
        self.includes.put_into(node)
        return node

    # ── the buckets as they are meant ────────────────────────────────────────────────────────────────

    def wholes(self, listed: Iterable[Node]) -> list[tuple[Node, Node]]:
        """Each bucket as it is written and as it is meant; none, if `defaults:` and files make too much of them."""
        found: list[tuple[Node, Node]] = []
        values = 0
        for bucket in listed:
            if self.told.enough:
                break
            whole, _ = self._whole(bucket)
            if whole is None:
                continue
            values += whole.size
            if values > MOST_VALUES:
                said = f"more than {MOST_VALUES:,} values, with what `defaults:` and included files add"
                self.told.tell([bucket.problem(TOO_LARGE, said, (), "split the file")])
                return []
            found.append((bucket, whole))
        return found

    def _whole(self, bucket: Node) -> tuple[Node | None, int]:
        """A bucket as it is meant, and how many values files add to it."""
        if not isinstance(bucket.value, dict):
            self.told.tell([bucket.problem(WRONG_TYPE, "a bucket is a mapping", (), "begin it with `- name:`")])
            return None, 0
        added = self.includes.put_into(bucket)
        return (merged(self.defaults, bucket) if self.defaults is not None else bucket), added


def unknown_at_top(root: Node) -> Iterator[Problem]:
    """Names beside `buckets:` that mean nothing."""
    for name in root.value:
        if name not in TOP_LEVEL:
            near = did_you_mean(name, TOP_LEVEL)
            hint = f"did you mean `{near}`?" if near else f"allowed here: {', '.join(TOP_LEVEL)}"
            yield root.problem(UNKNOWN_FIELD, f"unknown field `{name}`", (name,), hint, at_key=True)
