"""What a pull request changes of what the check itself goes by: the team's settings, purposes and waivers.

Nothing of that changes a bucket, so that no plan tells it; and each of it may be why a risky change looks harmless.
Whoever reviews has to see it.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from reconciler.bucket import BucketSpec
from reconciler.nodes import Source
from reconciler.problems import Place, Problem, Severity
from reconciler.pull_request.git import Repository
from reconciler.settings import Settings
from reconciler.specs.files import relative
from reconciler.specs.loader import Declared
from reconciler.strict_yaml import EMPTY_FILE, LARGEST_FILE, parse

AGREEMENT_CHANGES = "RCL7013"
LONGEST = 100
"""Characters of a setting that are shown."""
NOT_SET = "not set"


def changes_in_settings(repository: Repository, base: str, file: str, now: Settings) -> Iterator[Problem]:
    """Each setting that this pull request changes; `file` is where they stand, from this folder."""
    before = settings_before(repository, base, file)
    if before is None:
        yield told(f"{file} cannot be read as it was before: what it sets now may be new", Place(file, 1, 1, 1))
        return
    was, is_now = dict(leaves(before)), dict(leaves(now))
    for name in sorted(was.keys() | is_now.keys()):
        old, new = was.get(name, NOT_SET), is_now.get(name, NOT_SET)
        if old != new:
            yield told(f"this pull request changes what it is checked by: `{name}` was {old}, and is {new}")


def settings_before(repository: Repository, base: str, file: str) -> Settings | None:
    """The settings at the base; the defaults where there were none, None where nobody can read them."""
    for found, content in repository.contents(repository.files(base, [file])):
        if len(content) > LARGEST_FILE:
            return None
        try:
            node, problems = parse(Source(found.path, content.decode("utf-8-sig")))
            if node is None:
                return Settings() if {problem.code for problem in problems} <= {EMPTY_FILE.code} else None
            return Settings.model_validate(node.plain())
        except (ValidationError, UnicodeDecodeError):
            return None
    return Settings()


def leaves(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every setting that is made, by its path; lists are told as a whole."""
    yield from leaves_of(settings.model_dump(mode="json", exclude_defaults=True), "")


def leaves_of(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The same of a part of them."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from leaves_of(item, f"{path}.{name}" if path else str(name))
        return
    text = json.dumps(value, ensure_ascii=False)
    yield path, text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def changes_in_rules(settings: Settings, file: str, changed: Collection[str]) -> Iterator[Problem]:
    """The team's own rules whose schemas this pull request changes."""
    folder = PurePosixPath(file).parent
    for own in settings.guardrails.own:
        schema = relative(str(Path(folder / own.json_schema)))
        if schema in changed:
            said = f"this pull request changes what it is checked by: {schema}, the rule {own.id}"
            yield told(said, Place(schema, 1, 1, 1))


def changes_in_specs(before: Mapping[str, BucketSpec], now: Sequence[Declared]) -> Iterator[Problem]:
    """The purposes and waivers of specs that were there before."""
    for bucket in now:
        spec, old = bucket.spec, before.get(bucket.spec.name)
        if old is None:
            continue
        if old.purpose != spec.purpose:
            was, is_now = (one.purpose or NOT_SET for one in (old, spec))
            said = f"the purpose of {spec.name} was {was}, and is {is_now}: other guardrails are asked"
            yield told(said, bucket.place)
        for waiver in spec.waivers:
            if waiver not in old.waivers:
                said = f"a waiver of {waiver.rule} for {spec.name} is new, until {waiver.expires}, by {waiver.owner}"
                yield told(f"{said}: {waiver.reason}", bucket.place)


def told(message: str, place: Place | None = None) -> Problem:
    """For whoever reviews."""
    return Problem(AGREEMENT_CHANGES, message, place, severity=Severity.WARNING)
