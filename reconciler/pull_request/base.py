"""The specs of the base commit, and what a pull request would change if they were what is live.

For whoever has no credentials, like a fork. What is read is only what is needed, into a folder that goes again.
"""

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from reconciler.aspects.aspect import Aspect
from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.errors import InvalidSpecs, UsageError
from reconciler.names import namespace_of
from reconciler.planning.changeset import Changeset, Inputs, Origin
from reconciler.planning.contents import Contents
from reconciler.planning.digests import digest_of_specs
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket
from reconciler.planning.planner import plan_bucket
from reconciler.problems import Problem, Severity
from reconciler.pull_request.git import File, Repository
from reconciler.question import Question
from reconciler.specs.files import ENDINGS, SETTINGS_FILE, relative
from reconciler.specs.includes import LARGEST
from reconciler.specs.loader import Declared, load
from reconciler.strict_yaml import LARGEST_FILE

BASE_UNREADABLE = "RCL7012"
SOMEBODY = "000000000000"
"""The account of a bucket whose spec names none, where nobody can be asked."""
SOMEWHERE = "us-east-1"
INCLUDES = b"file:"
BUCKETS = b"buckets"


class Before:
    """What the specs said at the base."""

    def __init__(self, specs: Mapping[str, BucketSpec], problems: tuple[Problem, ...] = ()) -> None:
        self.specs = specs
        self.problems = problems


def specs_before(
    repository: Repository, base: str, files: Collection[str], variables: Mapping[str, str], profile: Profile
) -> Before:
    """The specs that these files held at the base. What cannot be read there is told, and taken for nothing."""
    found: dict[str, BucketSpec] = {}
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="reconcile-base-") as folder:
        for path in extracted(repository, base, files, Path(folder)):
            try:
                loaded = loaded_as_before(str(path), variables, profile)
            except InvalidSpecs as error:
                name = repository.seen_from_here(path.relative_to(folder).as_posix())
                first = next(problem.message for problem in error.problems if problem.is_error)
                said = f"{name} cannot be read as it was before: {first}"
                hint = "its buckets are shown as if they were new"
                problems.append(Problem(BASE_UNREADABLE, said, help=hint, severity=Severity.WARNING))
                continue
            found |= {bucket.spec.name: bucket.spec for bucket in loaded}
    return Before(found, tuple(problems))


def loaded_as_before(path: str, variables: Mapping[str, str], profile: Profile) -> Sequence[Declared]:
    """One file's specs; a variable that the base does not declare yet is not given."""
    given = dict(variables)
    while True:
        try:
            return load([path], given, profile).buckets
        except UsageError:
            if not given:
                raise
            given.popitem()


def extracted(repository: Repository, base: str, files: Collection[str], folder: Path) -> Iterator[Path]:
    """These spec files in a folder, as they were, with what lies below a spec that includes anything."""
    there = [file for file in repository.files(base, sorted(files)) if is_spec(file)]
    beside: set[str] = set()
    specs: list[Path] = []
    for file, content in repository.contents(there):
        path = written(folder, file, content)
        if BUCKETS not in content:
            continue  # a part of a spec, which another one includes
        specs.append(path)
        if INCLUDES in content:
            beside.add(repository.seen_from_here(str(PurePosixPath(file.path).parent)))
    around = {file.path: file for file in repository.files(base, sorted(beside)) if file.size <= LARGEST}
    for file, content in repository.contents(around[path] for path in around.keys() - {file.path for file in there}):
        written(folder, file, content)
    yield from specs


def is_spec(file: File) -> bool:
    """Whether a file may be a spec, as the loader would find it."""
    path = PurePosixPath(file.path)
    return path.suffix in ENDINGS and path.name != SETTINGS_FILE and file.size <= LARGEST_FILE


def written(folder: Path, file: File, content: bytes) -> Path:
    """The file below the folder. Git refuses to hold a path that leads out of it."""
    path = folder.joinpath(*(part for part in PurePosixPath(file.path).parts if part not in ("/", "..")))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# ── as if it were live ───────────────────────────────────────────────────────────────────────────────


def compared_with(before: Mapping[str, BucketSpec], buckets: Sequence[Declared], question: Question) -> Changeset:
    """What would change if the live buckets were what the specs of the base said."""
    plans = []
    for bucket in buckets:
        identity = somebody(bucket.spec)
        live = as_live(bucket.spec.name, before.get(bucket.spec.name), identity)
        plan = plan_bucket(bucket.spec, live, identity, Origin(bucket.place.file, bucket.place.line))
        plans.append(replace(plan, account=bucket.spec.account))
    return Changeset(
        tuple(plans),
        endpoint=None,
        inputs=Inputs(
            paths=tuple(relative(path) for path in question.paths),
            variables=dict(sorted(question.variables.items())),
            spec_digest=digest_of_specs([bucket.spec for bucket in buckets]),
        ),
    )


def somebody(spec: BucketSpec) -> Identity:
    """Whose bucket it would be, where nobody can be asked. The root user is locked out by nothing."""
    owner = namespace_of(spec.name)
    account = spec.account or (owner.account if owner else SOMEBODY)
    region = spec.region or (owner.region if owner else SOMEWHERE)
    return Identity(account, None, region, caller=f"arn:aws:iam::{account}:root")


def as_live(name: str, spec: BucketSpec | None, identity: Identity) -> LiveBucket:
    """A bucket that is what its spec says, and as AWS makes one where the spec says nothing."""
    if spec is None or spec.is_absent:
        return LiveBucket(name, Existence.MISSING)
    region = spec.region or identity.region
    around = spec.surroundings(account=identity.account, region=region)
    spec = spec.filled(around)
    around = replace(around, siblings=spec.declared())
    aspects: dict[str, LiveAspect] = {}
    for aspect, kind in BucketSpec.aspects().items():
        said, born = spec.declared().get(aspect), kind.born()
        aspects[aspect] = said.target(born, around) if isinstance(said, Aspect) else born if said is None else None
    return LiveBucket(name, Existence.EXISTS, region, aspects=aspects, contents=Contents())
