"""What a pull request concerns: of all specs, which are validated, those that it changes, and what they were before."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.endpoints.profiles import AWS, profile_named
from reconciler.errors import InvalidSpecs
from reconciler.problems import Problem
from reconciler.pull_request.affected import changes, files_concerned, files_of, gone
from reconciler.pull_request.agreements import (
    changes_in_rules,
    changes_in_settings,
    changes_in_specs,
    outside_of_links,
    schemas_of,
)
from reconciler.pull_request.base import Before, specs_before
from reconciler.pull_request.git import Repository
from reconciler.pull_request.job import Job
from reconciler.question import Question, load_specs
from reconciler.specs.files import SETTINGS_FILE, relative, sources_of
from reconciler.specs.guardrails import checkout_of
from reconciler.specs.includes import OUTSIDE
from reconciler.specs.loader import Declared, Loaded
from reconciler.specs.settings import load_settings
from reconciler.specs.sharing import Shared
from reconciler.specs.spec_file import SpecText, read_file

if TYPE_CHECKING:
    from reconciler.settings import Account


class Asked(NamedTuple):
    """What a check is asked for."""

    question: Question
    endpoint_profile: str | None = None
    accounts: "Sequence[Account]" = ()
    settings: str | None = None
    """Where the team's settings stand, if not where they usually do."""
    all: bool = False
    """Whether specs are planned that are not changed, too."""
    base: str | None = None
    head: str | None = None


class Concern(NamedTuple):
    """What is to be planned, and what it is compared with where nobody may ask S3."""

    loaded: Loaded
    question: Question
    before: Before
    base: str
    head: str | None
    """Commits, as full hashes."""
    problems: tuple[Problem, ...]
    """What there is to say of the specs that are concerned, and of those that are gone."""


def concern_of(asked: Asked, job: Job) -> Concern:
    """What this pull request is about. Raises `InvalidSpecs` for the problems of all specs, changed or not."""
    refuse_links_out(asked.question.paths)
    loaded = load_specs(asked.question, asked.endpoint_profile, asked.accounts)
    repository = Repository()
    base = where_it_began(repository, asked, job)
    changed = repository.changed(base)
    settings = relative(asked.settings or SETTINGS_FILE)
    asks_of_all = (settings, *schemas_of(load_settings(asked.settings), settings))
    if asked.all or any(changes(file, changed) for file in asks_of_all):
        files = tuple(sorted({bucket.place.file for bucket in loaded.buckets}))
    else:
        files = files_concerned(loaded, changed)
    chosen = tuple(bucket for bucket in loaded.buckets if bucket.place.file in files)
    of_these = {name for bucket in chosen for name in files_of(bucket)}
    warnings = tuple(one for one in loaded.warnings if one.place is None or one.place.file in of_these)
    question = Question(files, variables_of(files, asked.question.variables))
    profile = profile_named(asked.endpoint_profile or AWS.name)
    paths = tuple(one for path in asked.question.paths for one in (relative(path), outside_of_links(path)))
    were_specs = {*files, *map(outside_of_links, files), *(name for name in changed if is_below(name, paths))}
    before = specs_before(repository, base, were_specs, asked.question.variables, profile)
    agreed = agreements(repository, base, asked, chosen, before, changed)
    missing = gone(before.specs.keys(), {bucket.spec.name for bucket in loaded.buckets})
    head = asked.head or job.head
    return Concern(
        Loaded(chosen, warnings, files),
        question,
        before,
        base,
        repository.commit(head or "HEAD") or head,
        (*agreed, *missing, *warnings),
    )


def refuse_links_out(paths: Sequence[str]) -> None:
    """Raise `InvalidSpecs` for specs that lie in the checkout by their names and elsewhere by a link in them.

    What a file of the machine holds would be shown with its mistakes to whoever reads the check.
    """
    here, checkout = Path.cwd(), checkout_of(Path())
    by_name = [path for path in paths if Path(os.path.normpath(here / path)).is_relative_to(checkout)]
    links = [path for path in by_name if not Path(path).resolve().is_relative_to(checkout)]
    said = "`{}` is, or lies behind, a link that leads out of the repository"
    hint = "the specs of a pull request lie in its own repository"
    if links:
        raise InvalidSpecs([Problem(OUTSIDE.code, said.format(path), help=hint) for path in links])


def agreements(
    repository: Repository,
    base: str,
    asked: Asked,
    chosen: "Sequence[Declared]",
    before: Before,
    changed: Collection[str],
) -> Iterator[Problem]:
    """What this changes of what the check goes by."""
    file = relative(asked.settings or SETTINGS_FILE)
    settings = load_settings(asked.settings)
    if changes(file, changed):
        yield from changes_in_settings(repository, base, file, settings)
    yield from changes_in_rules(settings, file, changed)
    yield from changes_in_specs(before.specs, chosen)


def where_it_began(repository: Repository, asked: Asked, job: Job) -> str:
    """The commit that the pull request started from.

    GitHub checks out a merge of the pull request into its base: that base is its first parent, whatever has been
    pushed since the job was started.
    """
    parents = repository.parents()
    if asked.base is None and len(parents) > 1 and job.head in parents[1:]:
        return parents[0]
    return repository.merge_base(repository.base(asked.base or job.base or job.before))


def is_below(name: str, paths: Sequence[str]) -> bool:
    """Whether a file is one of these paths, or in one of these folders."""
    return any(path in (".", name) or name.startswith(f"{path}/") for path in paths)


def variables_of(files: Collection[str], given: Mapping[str, str]) -> dict[str, str]:
    """The variables of the command line that these files declare; others belong to other files."""
    if not given:
        return {}
    declared = {
        name
        for source, folder in sources_of(sorted(files), [])
        for name in read_file(SpecText(source, folder, {}, AWS), Shared()).variables
    }
    return {name: value for name, value in given.items() if name in declared}
