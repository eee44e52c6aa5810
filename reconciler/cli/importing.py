"""import: write specs for live buckets, to take them over"""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.question import access, command_line
from reconciler.errors import ExitCode, ReconcileError, UsageError

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
    check(arguments)
    from reconciler.run import take_over

    asked = access(arguments, console)
    found = take_over(arguments.buckets, arguments.match, asked, full=arguments.full, notice=console.notice)
    files = files_of(found.buckets, arguments.out, factor=arguments.factor)
    if arguments.out is None:
        console.result("\n".join(files.values()))
    else:
        write(files, overwrite=arguments.overwrite)
        for path in files:
            console.notice(f"Wrote {path}")
    unsaid = [(bucket.name, aspect) for bucket in found.buckets for aspect in bucket.remarks]
    if unsaid:
        name, aspect = unsaid[0]
        more = f" and {len(unsaid) - 1} more" if len(unsaid) > 1 else ""
        console.message(f"warning: the spec says nothing of {aspect} of {name}{more}: a comment there says why")
    for name, why in found.out_of_reach.items():
        console.message(f"error: {name}: {why}")
    if arguments.out and found.buckets:
        console.notice(f"Next: {command_line(arguments, 'plan', [arguments.out])}   (it should be empty)")
    return ExitCode.ERROR if found.out_of_reach else ExitCode.FINE


def check(arguments: Namespace) -> None:
    """Refuse what makes no sense before anything is read."""
    if arguments.buckets and (arguments.all or arguments.match):
        raise UsageError("names of buckets go with neither --all nor --match", remedy="leave one of them out")
    if not arguments.buckets and not arguments.all:
        raise UsageError("which buckets?", remedy="name them, or write --all (and --match 'acme-*' for some of them)")
    if arguments.out == "":
        raise UsageError("--out names no file or folder", remedy="write --out specs/")


def files_of(buckets: "tuple[TakenOver, ...]", out: str | None, *, factor: bool) -> Mapping[Path, str]:
    """The texts to write, by path."""
    from reconciler.specs.factoring import factored
    from reconciler.specs.writing import spec_file

    if not buckets:
        return {}
    one_file = out is None or out.endswith((".yaml", ".yml"))
    folder = Path(out or ".")
    if one_file or factor:
        defaults, rest = factored(buckets) if factor else ({}, buckets)
        return {folder if one_file else folder / ALL_IN_ONE: spec_file(rest, defaults)}
    return {folder / f"{bucket.name}.yaml": spec_file([bucket]) for bucket in buckets}


def write(files: Mapping[Path, str], *, overwrite: bool) -> None:
    """Write all files, or none where one of them exists and nobody said to replace it."""
    there = [path for path in files if path.exists() or path.is_symlink()]
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
            raise ReconcileError(f"{path} cannot be written: {error.strerror}", remedy="check --out") from error
