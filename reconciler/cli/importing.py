"""import: write specs for live buckets, to take them over"""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.question import access, command_line
from reconciler.errors import ExitCode, ReconcileError, UsageError
from reconciler.names import wrong_with_old_name

if TYPE_CHECKING:
    from reconciler.planning.taking_over import TakenOver

DESCRIPTION = """\
Write specs that describe live buckets just as they are: their plan is empty. S3 is only read.

  reconcile import acme-prod-lake                       print the spec of one bucket
  reconcile import --all --out specs/                   one file per bucket
  reconcile import --all --match 'acme-prod-*' --factor --out specs/prod.yaml
                                                        one file; what they share stands under `defaults:`
"""
ALL_IN_ONE = "buckets.yaml"
"""The file in a folder that holds what `--factor` has put together."""
STANDARD_OUTPUT = "-"
LONGEST = 60
"""Characters of a path in a message."""


def arguments(parser: ArgumentParser) -> None:
    """Which buckets, and where their specs go."""
    parser.add_argument("buckets", nargs="*", metavar="BUCKET", help="names of buckets")
    parser.add_argument("--all", action="store_true", help="every bucket of the account")
    parser.add_argument("--match", metavar="GLOB", help="with --all: only buckets with such a name, like 'acme-*'")
    parser.add_argument(
        "--out", metavar="PATH", help="a folder for one file per bucket, or a .yaml file for all (default: print)"
    )
    parser.add_argument("--factor", action="store_true", help="one file, with what the buckets share under `defaults:`")
    parser.add_argument("--full", action="store_true", help="also what is as AWS makes every new bucket")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Read, write down, and say what to do next."""
    if arguments.out == STANDARD_OUTPUT:
        arguments.out = None
    check(arguments)
    from reconciler.run import take_over

    asked = access(arguments, console)
    found = take_over(arguments.buckets, arguments.match, asked, full=arguments.full, notice=console.notice)
    files = files_of(found.buckets, arguments.out, factor=arguments.factor)
    if arguments.out is None:
        console.file("\n".join(files.values()))
    else:
        write(files, overwrite=arguments.overwrite)
        for path in files:
            console.notice(f"Wrote {path}")
    unsaid = [(bucket.name, aspect) for bucket in found.buckets for aspect in bucket.remarks]
    if unsaid:
        name, aspect = unsaid[0]
        more = f" and {len(unsaid) - 1} more" if len(unsaid) > 1 else ""
        console.line(f"warning: the spec says nothing of {aspect} of {name}{more}: a comment there says why")
    for name, why in found.out_of_reach.items():
        console.line(f"error: {name}: {why}")
    if arguments.out and found.buckets:
        console.notice(f"Next: {command_line(arguments, 'plan', [arguments.out])}   (it should be empty)")
    return ExitCode.ERROR if found.out_of_reach else ExitCode.FINE


def check(arguments: Namespace) -> None:
    """Refuse what makes no sense before anything is read."""
    if arguments.buckets and (arguments.all or arguments.match):
        raise UsageError("names of buckets go with neither --all nor --match", remedy="leave one of them out")
    if not arguments.buckets and not arguments.all:
        raise UsageError("which buckets?", remedy="name them, or write --all (and --match 'acme-*' for some of them)")
    for name in arguments.buckets:
        if wrong_with_old_name(name):
            bare = name.removeprefix("s3://").rpartition(":::")[2].partition("/")[0]
            hint = "check it" if wrong_with_old_name(bare) else f"write `{bare}`"
            raise UsageError(f"`{name}` is not the name of a bucket", remedy=hint)
    if arguments.out is not None:
        check_out(arguments.out)


def check_out(out: str) -> None:
    """Refuse what is neither a folder nor a YAML file."""
    path = Path(out)
    try:
        if out == "":
            raise UsageError("--out names no file or folder", remedy="write --out specs/")
        if path.suffix and not is_yaml(out) and not out.endswith("/") and not path.is_dir():
            raise UsageError(
                f"--out {out} is neither a folder nor a .yaml file",
                remedy=f"write --out {path.with_suffix('.yaml')}, or --out {out}/ for a folder",
            )
        folder = path.parent if is_yaml(out) else path
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is not a folder", remedy="name another --out")
    except OSError as error:
        raise UsageError(
            f"--out {shorter(out)} cannot be used: {error.strerror}", remedy="name another --out"
        ) from error


def is_yaml(out: str) -> bool:
    """Whether this is the name of a spec file."""
    from reconciler.specs.files import ENDINGS

    return out.lower().endswith(ENDINGS)


def shorter(text: str) -> str:
    """A text that nobody has to scroll past."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def files_of(buckets: "tuple[TakenOver, ...]", out: str | None, *, factor: bool) -> Mapping[Path, str]:
    """The texts to write, by path."""
    from reconciler.specs.factoring import factored
    from reconciler.specs.writing import spec_file

    if not buckets:
        return {}
    one_file = out is None or is_yaml(out)
    folder = Path(out or ".")
    if one_file or factor:
        defaults, rest = factored(buckets) if factor else ({}, buckets)
        return {folder if one_file else folder / ALL_IN_ONE: spec_file(rest, defaults)}
    return {folder / f"{bucket.name}.yaml": spec_file([bucket]) for bucket in buckets}


def write(files: Mapping[Path, str], *, overwrite: bool) -> None:
    """Write all files, or none where one of them exists and nobody said to replace it."""
    try:
        there = [path for path in files if path.exists() or path.is_symlink()]
    except OSError as error:
        raise cannot_write(error) from error
    if there and not overwrite:
        more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
        raise ReconcileError(
            f"{there[0]} exists{more}; nothing was written", remedy="move it away, or say --overwrite to replace it"
        )
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w" if overwrite else "x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise cannot_write(error) from error


def cannot_write(error: OSError) -> ReconcileError:
    """The refusal of a file system."""
    return ReconcileError(f"{shorter(str(error.filename))} cannot be written: {error.strerror}", remedy="check --out")
