"""schema: print the JSON Schemas of specs, settings, plans, events and manifests"""

from argparse import ArgumentParser, Namespace

from reconciler.cli.console import Console
from reconciler.errors import ExitCode, ReconcileError

DESCRIPTION = """\
Print a JSON Schema, or write all of them into a folder. Editors use the one of specs:

  reconcile schema --out .reconcile/schemas
  # yaml-language-server: $schema=../.reconcile/schemas/bucket-spec.schema.json
"""
NAMES = ("bucket-spec", "bucket-manifest", "plan", "event", "settings")


def arguments(parser: ArgumentParser) -> None:
    """Which schema, or where to."""
    parser.add_argument("name", nargs="?", choices=NAMES, default="bucket-spec", help="default: bucket-spec")
    parser.add_argument("--out", metavar="FOLDER", help="write all schemas into this folder")


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Print one, or write all."""
    from pathlib import Path

    from reconciler.specs.schema import schemas, write_all

    if not arguments.out:
        console.document(schemas()[f"{arguments.name}.schema.json"])
        return ExitCode.FINE
    try:
        for path in write_all(Path(arguments.out)):
            console.notice(f"Wrote {path}")
    except OSError as error:
        raise ReconcileError(
            f"the schemas cannot be written to {arguments.out}: {error.strerror}", remedy="check --out"
        ) from error
    return ExitCode.FINE
