"""The loader: paths in; specs, or every problem of every file, out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.aspects.aspect import BUILT_IN_VARIABLES, Refusal
from reconciler.aspects.variables import VARIABLE
from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS
from reconciler.errors import InvalidSpecs, UsageError
from reconciler.nodes import Node
from reconciler.problems import Code, Place, Problem, Severity, did_you_mean, in_order
from reconciler.specs.files import sources_of
from reconciler.specs.sharing import Shared
from reconciler.specs.spec_file import SpecFile, SpecText, nodes_in, read_file
from reconciler.strict_yaml import uncollected

SAME_BUCKET = Code(
    "RCL1304",
    "the same bucket twice",
    "Two specs of one bucket would undo each other's work. Keep one of them.",
)
CODES = (SAME_BUCKET,)


@dataclass(frozen=True, slots=True)
class Declared:
    """A spec and where it is written."""

    spec: BucketSpec
    place: Place
    text: SpecText | None = field(default=None, compare=False, repr=False)
    """What a late problem is placed by."""


class Loaded(NamedTuple):
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
    shared = Shared()
    with uncollected():
        texts = (SpecText(source, folder, given, profile) for source, folder in sources_of(paths, problems))
        files = without_parts([read_file(text, shared) for text in texts])
        if not problems and all(file.is_spec for file in files):
            refuse_unknown(given, {name for file in files for name in file.variables})
        buckets = [Declared(spec, place, file.text) for file in files for spec, place in file.specs]
    problems.extend(problem for file in files for problem in file.problems)
    problems.extend(same_names(named for file in files for named in file.names))
    if any(problem.is_error for problem in problems):
        raise InvalidSpecs(in_order(problems))
    return Loaded(
        tuple(sorted(buckets, key=lambda bucket: bucket.spec.name)),
        in_order(problems),
        tuple(file.text.source.name for file in files),
    )


def without_parts(files: Sequence[SpecFile]) -> list[SpecFile]:
    """The files without those that others include, and that have nothing of a spec: a policy that lies beside it."""
    included = {source.name for file in files for source in file.text.included.values()}
    return [file for file in files if file.is_spec or file.text.source.name not in included]


def refuse_for(profile: Profile, buckets: Iterable[Declared]) -> None:
    """Raise `InvalidSpecs` for what an endpoint that has only now shown what it is cannot do, unlike AWS."""
    refusals = [(bucket, refusal) for bucket in buckets for refusal in profile.differences(bucket.spec)]
    if any(refusal.severity is Severity.ERROR for _, refusal in refusals):
        raise InvalidSpecs(in_order(late_problems(refusals)))


def late_problems(refusals: Iterable[tuple[Declared, Refusal]]) -> Iterator[Problem]:
    """What is found only after loading, at its places: the files are read once more, for nobody keeps how they look."""
    nodes: dict[int, Mapping[Place, Node]] = {}
    for bucket, refusal in refusals:
        text = bucket.text
        if text is None:
            yield Problem(refusal.code.code, refusal.message, bucket.place, refusal.help, refusal.severity)
            continue
        if id(text) not in nodes:
            nodes[id(text)] = nodes_in(text)
        yield nodes[id(text)][bucket.place].problem(refusal.code, refusal.message, refusal.path, refusal.help)


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
