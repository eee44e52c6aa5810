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
from reconciler.pull_request.affected import changes
from reconciler.pull_request.git import Repository
from reconciler.settings import Settings
from reconciler.specs.files import relative
from reconciler.specs.loader import Declared
from reconciler.strict_yaml import EMPTY_FILE, LARGEST_FILE, parse

AGREEMENT_CHANGES = "RCL7013"
LONGEST = 300
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
        old, new = was.get(name), is_now.get(name)
        if old != new:
            yield told(f"this pull request changes what it is checked by: `{name}` {difference(old, new)}")


def settings_before(repository: Repository, base: str, file: str) -> Settings | None:
    """The settings at the base; the defaults where there were none, None where nobody can read them."""
    if Path(file).is_symlink():
        file = outside_of_links(file)
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


def difference(old: Any, new: Any) -> str:
    """What has become of a setting. Of lists only what comes and goes: whatever changes is seen."""
    if isinstance(old, list) and isinstance(new, list):
        gone, come = ([one for one in some if one not in others] for some, others in ((old, new), (new, old)))
        parts = [
            f"{words} {', '.join(map(shown, found))}" for words, found in (("loses", gone), ("gets", come)) if found
        ]
        return " and ".join(parts) or "stands in another order"
    return f"was {shown(old)}, and is {shown(new)}"


def shown(value: Any) -> str:
    """A setting in few words."""
    if value is None:
        return NOT_SET
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def leaves(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Every setting that is made, by its path; lists are compared as a whole."""
    yield from leaves_of(settings.model_dump(mode="json", exclude_defaults=True), "")


def leaves_of(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The same of a part of them."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from leaves_of(item, f"{path}.{name}" if path else str(name))
        return
    yield path, value


def outside_of_links(file: str) -> str:
    """A path without links, as seen from here."""
    return relative(str(Path(file).resolve()))


def schemas_of(settings: Settings, file: str) -> dict[str, str]:
    """The files of the team's own rules, from this folder, with the rules' ids."""
    folder = PurePosixPath(file).parent
    return {relative(str(Path(folder / own.json_schema))): own.id for own in settings.guardrails.own}


def changes_in_rules(settings: Settings, file: str, changed: Collection[str]) -> Iterator[Problem]:
    """The team's own rules whose schemas this pull request changes."""
    for schema, rule in schemas_of(settings, file).items():
        if changes(schema, changed):
            said = f"this pull request changes what it is checked by: {schema}, the rule {rule}"
            yield told(said, Place(schema, 1, 1, 1))


def changes_in_specs(before: Mapping[str, BucketSpec], now: Sequence[Declared]) -> Iterator[Problem]:
    """The purposes of specs that were there before, and waivers that are new."""
    for bucket in now:
        spec, old = bucket.spec, before.get(bucket.spec.name)
        if old is not None and old.purpose != spec.purpose:
            was, is_now = (one.purpose or NOT_SET for one in (old, spec))
            said = f"the purpose of {spec.name} was {was}, and is {is_now}: other guardrails are asked"
            yield told(said, bucket.place)
        for waiver in spec.waivers:
            if old is None or waiver not in old.waivers:
                said = f"a waiver of {waiver.rule} for {spec.name} is new, until {waiver.expires}, by {waiver.owner}"
                yield told(f"{said}: {waiver.reason}", bucket.place)


def told(message: str, place: Place | None = None) -> Problem:
    """For whoever reviews."""
    return Problem(AGREEMENT_CHANGES, message, place, severity=Severity.WARNING)
