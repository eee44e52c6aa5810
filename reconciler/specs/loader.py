"""The loader: paths in; specs, or every problem of every file, out."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from reconciler.aspects.aspect import BUILT_IN_VARIABLES
from reconciler.aspects.variables import VARIABLE, fill_text
from reconciler.bucket import BucketSpec
from reconciler.errors import InvalidSpecs, UsageError
from reconciler.problems import Code, Place, Problem, did_you_mean, in_order
from reconciler.specs.includes import included, reason, shown
from reconciler.specs.merging import merged
from reconciler.specs.wording import UNKNOWN_FIELD, WRONG_TYPE, problems_of
from reconciler.strict_yaml import LARGEST_FILE, NOT_TEXT, TOO_LARGE, Node, Source, parse

NO_FILE = Code("RCL1301", "no such file", "The path does not exist or cannot be read.")
NO_SPECS = Code(
    "RCL1302",
    "no specs here",
    "A folder is searched for files that end in `.yaml` or `.yml`; this one has none, so nothing would be checked. "
    "Name the folder that holds the specs.",
)
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
UNKNOWN_VARIABLE = Code(
    "RCL1305",
    "a variable that nobody declared",
    "Known are account_id, region, partition, bucket, and those that the file declares under `variables:`. Nothing is "
    "read from the environment. IAM's own variables, like ${aws:username}, pass through untouched.",
)
BAD_VARIABLE = Code(
    "RCL1306",
    "a variable that cannot be declared",
    "`variables:` maps names of letters, digits and underscores to text; the built-in names are taken.",
)
CODES = (NO_FILE, NO_SPECS, NOT_A_SPEC, SAME_BUCKET, UNKNOWN_VARIABLE, BAD_VARIABLE)

TOP_LEVEL = ("buckets", "defaults", "variables")
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Declared:
    """A spec and where it is written."""

    spec: BucketSpec
    place: Place


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files say: specs by bucket name, and warnings."""

    buckets: tuple[Declared, ...]
    warnings: tuple[Problem, ...]
    files: tuple[str, ...]


def load(paths: Sequence[str], variables: Mapping[str, str] | None = None) -> Loaded:
    """Read all specs under these paths.

    `variables` replaces the values of variables that the files declare. Raises `InvalidSpecs` with all
    problems of all files, or `UsageError` for a variable that no file declares.
    """
    given = dict(variables or {})
    problems: list[Problem] = []
    sources = list(sources_of(paths, problems))
    files = [_File(source, folder, given, problems) for source, folder in sources]
    if files and not problems:
        declared_names = {name for file in files for name in file.variables}
        for name in given:
            if name not in declared_names:
                near = did_you_mean(name, declared_names)
                raise UsageError(
                    f"no spec declares the variable `{name}`",
                    remedy=f"did you mean `{near}`?" if near else "declare it under `variables:`",
                )
    buckets = [bucket for file in files for bucket in file.buckets()]
    problems.extend(same_names([named for file in files for named in file.names]))
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        raise InvalidSpecs(in_order(problems))
    return Loaded(
        tuple(sorted(buckets, key=lambda bucket: bucket.spec.name)),
        in_order(problems),
        tuple(source.name for source, _ in sources),
    )


# ── files ────────────────────────────────────────────────────────────────────────────────────────────


def sources_of(paths: Sequence[str], problems: list[Problem]) -> Iterator[tuple[Source, Path]]:
    """The texts under these paths with the folders that they may include files from; each file once."""
    seen: set[Path] = set()
    for written in paths:
        if written == STANDARD_INPUT:
            yield from _read(written, Path(), problems)
            continue
        for path in files_under(Path(written), problems):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield from _read(str(path), path.parent, problems)


def files_under(path: Path, problems: list[Problem]) -> list[Path]:
    """The file itself, or the specs in a folder, by name."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        what = "is not an ordinary file" if path.exists() else "does not exist"
        problems.append(Problem(NO_FILE.code, f"`{path}` {what}", help="name a spec file, a folder of specs, or `-`"))
        return []
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix in (".yaml", ".yml")
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not found:
        problems.append(Problem(NO_SPECS.code, f"`{path}` holds no spec: no file ends in .yaml or .yml"))
    return found


def _read(written: str, folder: Path, problems: list[Problem]) -> Iterator[tuple[Source, Path]]:
    name = written if written == STANDARD_INPUT else shown(Path(written))
    at_start = Place(name, 1, 1, 2)
    try:
        if written == STANDARD_INPUT:
            data = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with Path(written).open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            problems.append(Problem(TOO_LARGE.code, f"more than {LARGEST_FILE:,} bytes", at_start))
        else:
            yield Source(name, data.decode("utf-8-sig")), folder
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problems.append(Problem(NOT_TEXT.code, "this is not UTF-8 text", Place(name, line, 1, 2)))
    except OSError as error:
        problems.append(Problem(NO_FILE.code, f"`{written}` cannot be read: {reason(error)}"))


# ── one file ─────────────────────────────────────────────────────────────────────────────────────────


class _File:
    """One spec file on its way to specs; what is wrong with it is added to `problems`."""

    def __init__(self, source: Source, folder: Path, given: Mapping[str, str], problems: list[Problem]) -> None:
        self.problems = problems
        self.folder = folder
        self.names: list[tuple[str, Place]] = []
        """Every bucket that the file names, in order or not."""
        root, found = parse(source)
        problems.extend(found)
        self.parts: dict[str, Node] = self._top_level(root) if root is not None else {}
        self.variables = self._variables()
        self.variables |= {name: value for name, value in given.items() if name in self.variables}

    def _top_level(self, root: Node) -> dict[str, Node]:
        if not isinstance(root.value, dict):
            self.problems.append(root.problem(NOT_A_SPEC, "a spec file begins with `buckets:`"))
            return {}
        for name in root.value:
            if name not in TOP_LEVEL:
                near = did_you_mean(name, TOP_LEVEL)
                hint = f"did you mean `{near}`?" if near else f"allowed here: {', '.join(TOP_LEVEL)}"
                self.problems.append(root.problem(UNKNOWN_FIELD, f"unknown field `{name}`", (name,), hint, at_key=True))
        if not root.value.keys() & {*TOP_LEVEL}:
            return {}
        if "buckets" not in root.value:
            self.problems.append(root.problem(NOT_A_SPEC, "`buckets:` is missing", (), "list the buckets under it"))
        return root.value

    def _variables(self) -> dict[str, str]:
        node = self.parts.get("variables")
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.problems.append(node.problem(WRONG_TYPE, "`variables` is a mapping of names to text"))
            return {}
        declared: dict[str, str] = {}
        for name, child in node.value.items():
            value = getattr(child.value, "written", child.value)
            if name in BUILT_IN_VARIABLES or not VARIABLE.fullmatch("${" + name + "}"):
                self.problems.append(node.problem(BAD_VARIABLE, f"`{name}` cannot be declared", (name,), at_key=True))
            elif not isinstance(value, str):
                self.problems.append(node.problem(BAD_VARIABLE, "a variable holds text", (name,), "put it in quotes"))
            else:
                declared[name] = value
        return declared

    def buckets(self) -> Iterator[Declared]:
        """The specs of this file that are in order."""
        defaults = self._defaults()
        listed = self.parts.get("buckets")
        if listed is None:
            return
        if not isinstance(listed.value, list) or not listed.value:
            self.problems.append(
                listed.problem(NOT_A_SPEC, "`buckets` is a list", (), "begin each bucket with `- name:`")
            )
            return
        for node in listed.value:
            if not isinstance(node.value, dict):
                self.problems.append(node.problem(WRONG_TYPE, "a bucket is a mapping", (), "begin it with `- name:`"))
                continue
            self._include(node)
            spec = self._spec(merged(defaults, node) if defaults is not None else node)
            if spec is not None:
                yield Declared(spec, node.source.place(node.span))

    def _defaults(self) -> Node | None:
        node = self.parts.get("defaults")
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.problems.append(node.problem(WRONG_TYPE, "`defaults` is a mapping, like a bucket without its name"))
            return None
        if "name" in node.value:
            self.problems.append(node.problem(UNKNOWN_FIELD, "`defaults` has no `name`", ("name",), at_key=True))
        self._include(node)
        return node

    def _include(self, node: Node) -> None:
        """Put the content of files where the spec names them."""
        for aspect, kind in BucketSpec.aspects().items():
            for below in kind.from_file:
                *_, (parent, missing) = node.follow((aspect, *below)[:-1])
                name = (aspect, *below)[-1]
                child = parent.child(name) if missing is None else None
                if child is not None and isinstance(child.value, dict) and list(child.value) == ["file"]:
                    parent.value[name] = included(child, self.folder, self.problems)

    def _spec(self, node: Node) -> BucketSpec | None:
        """The spec that a merged bucket says, if it is in order."""
        children = {
            name: child
            for name, child in node.value.items()
            if not (name in BucketSpec.aspects() and child.value == "unmanaged")
        }
        node = self._filled(Node(children, node.span, node.source, node.keys))
        if "name" in node.value:
            self.names.append((str(node.value["name"].value), node.source.place(node.span)))
        try:
            spec = BucketSpec.model_validate(node.plain(), by_name=True, by_alias=False)
        except ValidationError as error:
            self.problems.extend(problems_of(error, node))
            return None
        for refusal in spec.refusals():
            self.problems.append(node.problem(refusal.code, refusal.message, refusal.path, refusal.help))
        return spec

    def _filled(self, node: Node) -> Node:
        """The same node with the file's own variables filled in; unknown ones are problems."""
        value = node.value
        if isinstance(value, dict):
            return Node(
                {name: self._filled(child) for name, child in value.items()},
                node.span,
                node.source,
                node.keys,
            )
        if isinstance(value, list):
            return Node([self._filled(child) for child in value], node.span, node.source)
        if not isinstance(value, str) or "${" not in value:
            return node
        known = {*BUILT_IN_VARIABLES, *self.variables}
        for name in VARIABLE.findall(value):
            if name not in known:
                near = did_you_mean(name, known)
                hint = f"did you mean `${{{near}}}`?" if near else "declare it under `variables:`"
                self.problems.append(node.problem(UNKNOWN_VARIABLE, f"nobody declared `${{{name}}}`", (), hint))
        return Node(fill_text(value, self.variables), node.span, node.source)


def same_names(names: Sequence[tuple[str, Place]]) -> Iterator[Problem]:
    """Buckets that are declared more than once, at the later place."""
    first: dict[str, Place] = {}
    for name, place in names:
        if name in first:
            yield Problem(SAME_BUCKET.code, f"`{name}` is declared twice", place, f"the first is at {first[name]}")
        first.setdefault(name, place)


def relative(path: str) -> str:
    """A path as plans record it: relative, with slashes."""
    return path if path == STANDARD_INPUT else Path(os.path.relpath(path)).as_posix()
