"""Which specs a pull request concerns: those whose file changes, and those that are made of a file that changes."""

from collections.abc import Collection, Iterator
from pathlib import Path

from reconciler.problems import Problem, Severity
from reconciler.specs.includes import shown
from reconciler.specs.loader import Declared, Loaded

SPEC_IS_GONE = "RCL7011"


def files_concerned(loaded: Loaded, changed: Collection[str]) -> tuple[str, ...]:
    """The spec files that a change of these paths concerns, by name."""
    made_of: dict[str, set[str]] = {}
    for bucket in loaded.buckets:
        made_of.setdefault(bucket.place.file, set()).update(files_of(bucket))
    names = {name for files in made_of.values() for name in files}
    concerned = {name for name in names if changes(name, changed)}
    return tuple(sorted(file for file, files in made_of.items() if files & concerned))


def files_of(bucket: Declared) -> Iterator[str]:
    """The files that a spec is made of."""
    yield bucket.place.file
    if bucket.text is not None:
        yield from (source.name for source in bucket.text.included.values())


def changes(file: str, changed: Collection[str]) -> bool:
    """Whether a file changes: itself, what it links to, or a link or submodule through which it is reached."""
    return is_among(file, changed) or is_among(shown(Path(file).resolve()), changed)


def is_among(file: str, changed: Collection[str]) -> bool:
    """Whether a path, or a folder above it, is one of these."""
    parts = file.split("/")
    return any("/".join(parts[:length]) in changed for length in range(1, len(parts) + 1))


def gone(before: Collection[str], now: Collection[str]) -> Iterator[Problem]:
    """Each bucket that had a spec and has none."""
    for name in sorted(set(before) - set(now)):
        said = f"no spec describes `{name}` any more: nothing happens to the bucket"
        hint = "to delete it, write `state: absent` and `confirm_delete:` into its spec instead"
        yield Problem(SPEC_IS_GONE, said, help=hint, severity=Severity.WARNING)
