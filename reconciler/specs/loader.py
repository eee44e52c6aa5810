"""The loader: paths in; specs, or every problem of every file, out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from reconciler.aspects.aspect import BUILT_IN_VARIABLES
from reconciler.aspects.variables import VARIABLE, fill_text, filled_length
from reconciler.bucket import OF_DELETION, BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS
from reconciler.errors import InvalidSpecs, UsageError
from reconciler.problems import Code, Place, Problem, did_you_mean, in_order
from reconciler.specs.fields import documents_of_others, keyed_lists
from reconciler.specs.files import sources_of
from reconciler.specs.includes import included
from reconciler.specs.merging import merged
from reconciler.specs.variables import (
    BAD_VARIABLE,
    UNKNOWN_VARIABLE,
    unknown_variables,
    variables_in_names,
    wrong_with_variables,
)
from reconciler.specs.wording import EMPTY_VALUE, UNKNOWN_FIELD, WRONG_TYPE, problems_of
from reconciler.strict_yaml import LARGEST_FILE, MOST_VALUES, TOO_LARGE, Node, Source, parse, uncollected

NOT_A_SPEC = Code(
    "RCL1303",
    "this is not a spec",
    "A spec file is a mapping with `buckets:`, a list, and optionally `defaults:` and `variables:`.",
)
SAME_BUCKET = Code(
    "RCL1304",
    "the same bucket twice",
    "Two specs of one bucket would undo each other's work. Keep one of them.",
)
TOO_MANY = Code(
    "RCL1307",
    "more problems than anybody reads",
    "After 1,000 problems the rest of a file is not looked at. Mend the first ones: many of the others usually follow "
    "from them.",
)
SAME_IDENTITY = Code(
    "RCL1308",
    "two items with one name",
    "The rules of a lifecycle are known by their `id`: it is how a plan names them, and how `defaults:` are merged. "
    "Each has its own, or none. S3 answers InvalidArgument to the same one twice.",
)
DELETES_BY_DEFAULT = Code(
    "RCL1321",
    "a deletion among the defaults",
    "A default is for every bucket of a file, and none of these words may ever reach a bucket that nobody meant: "
    "`state`, `confirm_delete`, `empty_first` and `max_objects` are written in the bucket itself.",
)
NOT_TYPED_OUT = Code(
    "RCL1322",
    "a confirmation that nobody has typed",
    "`confirm_delete` and `confirm_lock_out` are the bucket's name once more, typed out. A variable there would follow "
    "the name wherever it leads, and confirm nothing.",
)
CODES = (
    NOT_A_SPEC,
    SAME_BUCKET,
    UNKNOWN_VARIABLE,
    BAD_VARIABLE,
    TOO_MANY,
    SAME_IDENTITY,
    DELETES_BY_DEFAULT,
    NOT_TYPED_OUT,
)

NEVER_BY_DEFAULT = ("state", "confirm_delete", "empty_first", "max_objects")
ABOUT_DELETION = {"name", "state", *OF_DELETION}
"""Fields that only mean something together: when one is wrong, nothing is said of the others."""
CONFIRMATIONS = ("confirm_delete", "confirm_lock_out")
TOP_LEVEL = ("buckets", "defaults", "variables")
MOST_PROBLEMS = 1000
"""Problems of one file that are told."""
NAMELESS = "a-bucket-without-a-name"
"""Stands for a name that is missing or no name, while the rest of the bucket is looked at."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A spec and where it is written."""

    spec: BucketSpec
    place: Place
    node: Node | None = field(default=None, compare=False, repr=False)
    """The bucket as it is written, `defaults:` included: what a late problem is placed by."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files say: specs by bucket name, and warnings."""

    buckets: tuple[Declared, ...]
    warnings: tuple[Problem, ...]
    files: tuple[str, ...]


def load(paths: Sequence[str], variables: Mapping[str, str] | None = None, profile: Profile = AWS) -> Loaded:
    """Read all specs under these paths.

    `variables` replaces the values of variables that the files declare; `profile` is the kind of S3 that they
    are for. Raises `InvalidSpecs` with all
    problems of all files, or `UsageError` for a variable that no file declares.
    """
    given = dict(variables or {})
    problems: list[Problem] = []
    with uncollected():
        files = [_File(source, folder, given, profile) for source, folder in sources_of(paths, problems)]
        if not problems and all(file.parts for file in files):
            refuse_unknown(given, {name for file in files for name in file.variables})
        buckets = [bucket for file in files for bucket in file.buckets()]
    problems.extend(problem for file in files for problem in file.problems)
    problems.extend(same_names(named for file in files for named in file.names))
    if any(problem.is_error for problem in problems):
        raise InvalidSpecs(in_order(problems))
    return Loaded(
        tuple(sorted(buckets, key=lambda bucket: bucket.spec.name)),
        in_order(problems),
        tuple(file.source.name for file in files),
    )


def refuse_for(profile: Profile, buckets: Iterable[Declared]) -> None:
    """Raise `InvalidSpecs` for what an endpoint that has only now shown what it is cannot do, unlike AWS."""
    problems = [
        bucket.node.problem(refusal.code, refusal.message, refusal.path, refusal.help)
        for bucket in buckets
        if bucket.node is not None
        for refusal in profile.differences(bucket.spec)
    ]
    if any(problem.is_error for problem in problems):
        raise InvalidSpecs(in_order(problems))


def refuse_unknown(given: Mapping[str, str], declared: Iterable[str]) -> None:
    """Raise for a variable of the command line that no file declares, or that uses other variables."""
    known = set(declared)
    for name, value in given.items():
        if name not in known:
            near = did_you_mean(name, known)
            raise UsageError(
                f"no spec declares the variable `{name}`",
                remedy=f"did you mean `{near}`?" if near else "declare it under `variables:`",
            )
        if not {*VARIABLE.findall(value)} <= {*BUILT_IN_VARIABLES}:
            raise UsageError(
                f"the value of `{name}` uses a variable of the specs: {value}",
                remedy=f"use only the built-in ones: {', '.join(BUILT_IN_VARIABLES)}",
            )


def same_names(names: Iterable[tuple[str, Place]]) -> Iterator[Problem]:
    """Buckets that are declared more than once, at the later place."""
    first: dict[str, Place] = {}
    for name, place in names:
        if name in first:
            yield Problem(SAME_BUCKET.code, f"`{name}` is declared twice", place, f"the first is at {first[name]}")
        first.setdefault(name, place)


class _File:
    """One spec file on its way to specs."""

    def __init__(self, source: Source, folder: Path, given: Mapping[str, str], profile: Profile) -> None:
        self.profile = profile
        self.source = source
        self.folder = folder
        self.problems: list[Problem] = []
        self.names: list[tuple[str, Place]] = []
        """Every bucket that the file names, in order or not."""
        self.contents: dict[str, Node | None] = {}
        """What included files hold, by their path as written."""
        self.filled_in = 0
        """How many characters its texts have in which variables are filled in."""
        self.misread: set[Place | None] = set()
        """Where something cannot be read as it is meant: what follows from that is not told as well."""
        root, found = parse(source)
        self.tell_misread(found)
        self.parts: dict[str, Node] = self._top_level(root) if root is not None else {}
        self.variables = self._variables()
        self.variables |= {name: value for name, value in given.items() if name in self.variables}

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

    # ── the parts of the file ────────────────────────────────────────────────────────────────────────

    def _top_level(self, root: Node) -> dict[str, Node]:
        if not isinstance(root.value, dict):
            self.tell([root.problem(NOT_A_SPEC, "a spec file begins with `buckets:`")])
            return {}
        self.tell(unknown_at_top(root))
        if not root.value.keys() & {*TOP_LEVEL}:
            return {}
        if "buckets" not in root.value:
            self.tell([root.problem(NOT_A_SPEC, "`buckets:` is missing", (), "list the buckets under it")])
        return root.value

    def _variables(self) -> dict[str, str]:
        node = self.parts.get("variables")
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.tell([node.problem(WRONG_TYPE, "`variables` is a mapping of names to text")])
            return {}
        declared = {name: getattr(child.value, "written", child.value) for name, child in node.value.items()}
        self.tell_misread(wrong_with_variables(node, declared))
        return {name: value for name, value in declared.items() if isinstance(value, str)}

    def buckets(self) -> Iterator[Declared]:
        """The specs of this file that are in order."""
        defaults = self._defaults()
        listed = self.parts.get("buckets")
        if listed is None:
            return
        if not isinstance(listed.value, list) or not listed.value:
            said = "there is no bucket in this list" if listed.value == [] else "`buckets` is a list"
            self.tell([listed.problem(NOT_A_SPEC, said, (), "begin each bucket with `- name:`")])
            return
        for node, whole in self._wholes(listed.value, defaults):
            if self.enough:
                break
            spec = self._spec(whole)
            if spec is not None:
                yield Declared(spec, node.source.place(node.span), whole)

    def _wholes(self, listed: Iterable[Node], defaults: Node | None) -> list[tuple[Node, Node]]:
        """Each bucket as it is written and as it is meant; none, if `defaults:` and files make too much of them."""
        found: list[tuple[Node, Node]] = []
        values = 0
        for node in listed:
            if self.enough:
                break
            if not isinstance(node.value, dict):
                self.tell([node.problem(WRONG_TYPE, "a bucket is a mapping", (), "begin it with `- name:`")])
                continue
            self._include(node)
            whole = merged(defaults, node) if defaults is not None else node
            values += whole.size
            if values > MOST_VALUES:
                said = f"more than {MOST_VALUES:,} values, with what `defaults:` and included files add"
                self.tell([node.problem(TOO_LARGE, said, (), "split the file")])
                return []
            found.append((node, whole))
        return found

    def _defaults(self) -> Node | None:
        node = self.parts.get("defaults")
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.tell([node.problem(WRONG_TYPE, "`defaults` is a mapping, like a bucket without its name")])
            return None
        if "name" in node.value:
            self.tell([node.problem(UNKNOWN_FIELD, "`defaults` has no `name`", ("name",), at_key=True)])
        for name in NEVER_BY_DEFAULT:
            if name in node.value:
                said = f"`{name}` among the defaults would be about every bucket of this file"
                hint = "write it in the bucket that is to go"
                self.tell([node.problem(DELETES_BY_DEFAULT, said, (name,), hint, at_key=True)])
        self._include(node)
        return node

    # ── files in the place of values ─────────────────────────────────────────────────────────────────

    def _include(self, node: Node) -> None:
        """Put the content of files where the spec names them; what cannot be had is left out."""
        for aspect, kind in BucketSpec.aspects().items():
            for below in kind.from_file:
                path = (aspect, *below)
                *_, (parent, _) = node.follow(path[:-1])
                child = parent.value.get(path[-1]) if isinstance(parent.value, dict) else None
                if child is None or not isinstance(child.value, dict) or list(child.value) != ["file"]:
                    continue
                content = self._content(self._filled(child.value["file"]))
                if content is None:
                    del parent.value[path[-1]]
                else:
                    parent.value[path[-1]] = content

    def _content(self, named: Node) -> Node | None:
        """What an included file holds; each file is read once."""
        written = str(named.value)
        if written not in self.contents:
            self.contents[written], found = included(named, self.folder)
            self.tell_misread(found)
        return self.contents[written]

    # ── one bucket ───────────────────────────────────────────────────────────────────────────────────

    def _spec(self, node: Node) -> BucketSpec | None:
        """The spec that a merged bucket says, if it is in order."""
        children = {
            name: child
            for name, child in node.value.items()
            if not (name in BucketSpec.aspects() and child.value == "unmanaged")
        }
        for confirmed in (children[name] for name in CONFIRMATIONS if name in children):
            if VARIABLE.search(confirmed.text):
                hint = "type the name of the bucket that is meant"
                self.tell_misread([confirmed.problem(NOT_TYPED_OUT, "this holds a variable", (), hint)])
        node = self._filled(Node(children, node.span, node.source, node.keys))
        name = node.value.get("name")
        if name is not None and isinstance(name.value, str):
            self.names.append((name.value, node.source.place(node.span)))
        self.tell_misread(empty_values(node))
        self._tell_unclear_identities(node)
        plain = node.plain()
        try:
            spec = BucketSpec.model_validate(plain, by_name=True, by_alias=False)
        except ValidationError as error:
            found = error.errors(include_url=False)
            self.tell(problems_of(found, node))
            # what is in order is looked at all the same, so that one run tells everything
            wrong = {mistake["loc"][0] for mistake in found}
            wrong |= ABOUT_DELETION - {"name"} if wrong & ABOUT_DELETION else set()
            wrong |= {*CONFIRMATIONS} if "name" in wrong else set()
            rest = {"name": NAMELESS} | {name: value for name, value in plain.items() if name not in wrong}
            self._tell_refusals(BucketSpec.model_validate(rest, by_name=True, by_alias=False), node)
            return None
        self._tell_refusals(spec, node)
        return spec

    def _tell_refusals(self, spec: BucketSpec, node: Node) -> None:
        self.tell(
            node.problem(refusal.code, refusal.message, refusal.path, refusal.help)
            for refusal in self.profile.refusals(spec)
        )

    def _tell_unclear_identities(self, bucket: Node) -> None:
        """Items of lists with identity that have that of another."""
        for path, key in keyed_lists().items():
            *_, (listed, missing) = bucket.follow(path)
            items = listed.value if missing is None and isinstance(listed.value, list) else []
            first: dict[str, Node] = {}
            for item in items:
                if not isinstance(item.value, dict) or key not in item.value:
                    continue
                named = item.value[key]
                if named.text in first:
                    place = first[named.text].source.place(first[named.text].span)
                    said = f"the `{key}` `{named.text}` is taken"
                    self.tell_misread([named.problem(SAME_IDENTITY, said, (), f"the first is at {place}")])
                    self.misread.add(place)
                first.setdefault(named.text, named)

    def _filled(self, node: Node) -> Node:
        """The node with the file's own variables filled in; unknown ones are problems."""
        value = node.value
        if isinstance(value, dict):
            self.tell_misread(variables_in_names(node))
            children = {name: self._filled(child) for name, child in value.items()}
            same = all(children[name] is child for name, child in value.items())
            return node if same else Node(children, node.span, node.source, node.keys)
        if isinstance(value, list):
            items = [self._filled(child) for child in value]
            same = all(item is child for item, child in zip(items, value, strict=True))
            return node if same else Node(items, node.span, node.source)
        if not isinstance(value, str) or "${" not in value:
            return node
        self.tell_misread(unknown_variables(node, self.variables))
        before = self.filled_in
        self.filled_in += filled_length(value, self.variables)
        if self.filled_in > LARGEST_FILE:
            said = f"with its variables filled in, this file has more than {LARGEST_FILE:,} characters"
            self.tell([node.problem(TOO_LARGE, said)] if before <= LARGEST_FILE else ())
            return node
        return Node(fill_text(value, self.variables), node.span, node.source)


def unknown_at_top(root: Node) -> Iterator[Problem]:
    """Names beside `buckets:` that mean nothing."""
    for name in root.value:
        if name not in TOP_LEVEL:
            near = did_you_mean(name, TOP_LEVEL)
            hint = f"did you mean `{near}`?" if near else f"allowed here: {', '.join(TOP_LEVEL)}"
            yield root.problem(UNKNOWN_FIELD, f"unknown field `{name}`", (name,), hint, at_key=True)


def empty_values(node: Node, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Names with nothing after the colon, but in documents of other people's languages, where null is a value.

    An aspect that is empty is told by the aspect itself, which knows what it could mean.
    """
    if isinstance(node.value, list):
        for item in node.value:
            yield from empty_values(item, path)
    elif isinstance(node.value, dict) and path not in documents_of_others():
        for name, child in node.value.items():
            if child.value is not None:
                yield from empty_values(child, (*path, name))
            elif path or name not in BucketSpec.aspects():
                hint = "write a value, or leave the line out"
                yield node.problem(EMPTY_VALUE, "this is empty", (name,), hint, at_key=True)
