"""validate: check specs offline, all mistakes of all files at once"""

from argparse import ArgumentParser, Namespace

from reconciler.cli.console import Console
from reconciler.cli.question import endpoint_profile, format_argument, question, spec_arguments
from reconciler.errors import ExitCode

DESCRIPTION = """\
Check specs without asking S3: YAML, fields, values, and whatever S3 is known to refuse.
Every mistake of every file is shown at once, with its place and what to write instead.

  reconcile validate
  reconcile validate specs/lake.yaml --format json
"""


def arguments(parser: ArgumentParser) -> None:
    """Which specs."""
    spec_arguments(parser)
    format_argument(parser)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Warnings do not fail; errors are raised by the loader."""
    import sys

    from reconciler.reports.problems import problems_document, render_problems
    from reconciler.run import load_specs

    loaded = load_specs(question(arguments), endpoint_profile(arguments))
    if console.json:
        from reconciler.planning.storage import FORMAT_VERSION

        names = [bucket.spec.name for bucket in loaded.buckets]
        console.document(
            {
                "format_version": FORMAT_VERSION,
                "valid": True,
                "buckets": names,
                "problems": problems_document(loaded.warnings),
            }
        )
        return ExitCode.FINE
    if loaded.warnings:
        console.message(render_problems(loaded.warnings, console.style(sys.stderr)).rstrip("\n"))
    if not console.quiet:
        style = console.style(sys.stdout)
        files, buckets = len(loaded.files), len(loaded.buckets)
        said = f"{buckets} bucket{'' if buckets == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
        console.result(style.fit(f"{style.green('✓')} {said}: in order\n"))
    return ExitCode.FINE
