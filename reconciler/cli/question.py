"""The arguments that several commands share: which specs, which variables, which S3."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.planning.evidence import EvidenceAsked
    from reconciler.planning.sharding import Shard
    from reconciler.question import Access, Question
    from reconciler.settings import Account

DEFAULT_PATH = "specs"
LISTING = "listing"
"""What ``--evidence`` means where it stands alone."""


def spec_arguments(parser: ArgumentParser) -> None:
    """Which specs."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help=f"spec files, folders of specs, or - (default: {DEFAULT_PATH}/)"
    )
    parser.add_argument(
        "--var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the value of a variable that the specs declare (repeatable)",
    )


def target_argument(parser: ArgumentParser) -> None:
    """Which of the buckets."""
    parser.add_argument("--target", action="append", default=[], metavar="BUCKET", help="only this bucket (repeatable)")


def shard_argument(parser: ArgumentParser) -> None:
    """Which part of the fleet."""
    parser.add_argument(
        "--shard",
        metavar="3/10",
        help="only this part of the buckets; env (or env/10): the one that Kubernetes, AWS Batch or GitLab names",
    )


def shard_asked(arguments: Namespace) -> "Shard | None":
    """The shard that the command line names; None where it is about all buckets."""
    if getattr(arguments, "shard", None) is None:
        return None
    from reconciler.planning.sharding import shard_named

    return shard_named(arguments.shard, os.environ)


def format_argument(parser: ArgumentParser) -> None:
    """For people or for programs."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def stats_argument(parser: ArgumentParser) -> None:
    """Whether to tell what the run took."""
    parser.add_argument(
        "--stats", action="store_true", help="also tell calls by operation, bytes, retries, time, memory"
    )


def evidence_arguments(parser: ArgumentParser) -> None:
    """Whether to look at what would be lost."""
    parser.add_argument(
        "--evidence",
        action="append",
        default=[],
        metavar="inventory=s3://…/manifest.json",
        help="count what would be deleted: by listing the buckets, or by S3 Inventory reports (repeatable)",
    )
    parser.add_argument(
        "--evidence-limit", metavar="NUMBER", help="versions of a bucket that are looked at (default: 1000000)"
    )


def evidence_asked(arguments: Namespace) -> "EvidenceAsked | None":
    """Where to look for what would be lost; None where nobody asks."""
    if not arguments.evidence:
        if arguments.evidence_limit is not None:
            raise UsageError("--evidence-limit says how much --evidence looks at", remedy="add --evidence")
        return None
    from reconciler.planning.evidence import LIMIT, EvidenceAsked

    reports: list[str] = []
    for word in arguments.evidence:
        kind, _, url = word.partition("=")
        if word != LISTING and (kind != "inventory" or not (url.startswith("s3://") and url.endswith(".json"))):
            raise UsageError(
                f"--evidence {word} says nothing that could be looked at",
                remedy="write --evidence alone, or --evidence inventory=s3://bucket/path/manifest.json",
            )
        reports += [url] if word != LISTING else []
    written = arguments.evidence_limit
    if written is not None and not (written.isascii() and written.isdecimal() and int(written)):
        raise UsageError(f"--evidence-limit {written} is no number of versions", remedy="write it like 5000000")
    return EvidenceAsked(LISTING in arguments.evidence, tuple(reports), int(written) if written else LIMIT)


def question(arguments: Namespace) -> "Question":
    """What the command line asks for."""
    from reconciler.question import Question

    variables: dict[str, str] = {}
    for written in arguments.var:
        name, equals, value = written.partition("=")
        if not equals or not name:
            raise UsageError(f"`--var {written}` has no value", remedy="write --var NAME=VALUE")
        variables[name] = value
    targets = tuple(getattr(arguments, "target", ()))
    return Question(tuple(arguments.paths or [DEFAULT_PATH]), variables, targets, shard_asked(arguments))


def access(arguments: Namespace, console: Console, accounts: "Sequence[Account]" = ()) -> "Access":
    """Which S3 the command line asks; starts the sandbox where it is asked for."""
    from reconciler.cli.debugging import show_warnings
    from reconciler.question import Access

    show_warnings()

    profile, region = getattr(arguments, "profile", None), getattr(arguments, "region", None)
    endpoint_url, named = getattr(arguments, "endpoint_url", None), endpoint_profile(arguments)
    if not getattr(arguments, "sandbox", False):
        return Access(profile, region, endpoint_url, endpoint_profile=named, accounts=tuple(accounts))
    if endpoint_url or profile:
        raise UsageError("--sandbox goes with neither --endpoint-url nor --profile", remedy="leave one of them out")
    from reconciler.sandbox.process import ensure_running

    running = ensure_running()
    console.notice(f"SANDBOX at {running.endpoint_url}")
    return Access(None, region, running.endpoint_url, sandbox=True, endpoint_profile=named, accounts=tuple(accounts))


def endpoint_profile(arguments: Namespace) -> str | None:
    """The kind of S3 that somebody names; None where its answers are to show it."""
    named: str | None = getattr(arguments, "endpoint_profile", None) or os.environ.get("RECONCILE_ENDPOINT_PROFILE")
    return named or None


def command_line(arguments: Namespace, command: str, rest: Sequence[str]) -> str:
    """The command that comes next, with the options of this one."""
    import shlex

    words = ["reconcile", command]
    for name in ("profile", "region", "endpoint_url", "endpoint_profile", "settings"):
        value = getattr(arguments, name, None)
        words += [f"--{name.replace('_', '-')}", value] if value else []
    if getattr(arguments, "sandbox", False) and not os.environ.get("RECONCILE_SANDBOX"):
        words.append("--sandbox")
    return shlex.join([*words, *rest])


def spec_words(asked: "Question") -> list[str]:
    """The specs, variables and targets of this command, for the next one."""
    words = [] if asked.paths == (DEFAULT_PATH,) else [*asked.paths]
    words += [word for name, value in asked.variables.items() for word in ("--var", f"{name}={value}")]
    words += [word for name in asked.targets for word in ("--target", name)]
    return words + (["--shard", str(asked.shard)] if asked.shard else [])
