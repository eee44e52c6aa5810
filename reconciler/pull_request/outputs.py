"""What a job leaves behind for the steps after it: outputs, and a summary on its page (GitHub Actions)."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.aspects.calls import Risk
from reconciler.errors import ExitCode
from reconciler.planning.changeset import Action, worst
from reconciler.reports.review import Review, Stage

LARGEST_SUMMARY = 1_000_000
"""Bytes. GitHub takes 1,024 KiB from a step."""
REASONS = {
    ExitCode.FINE: "fine",
    ExitCode.CHANGES: "changes",
    ExitCode.ERROR: "error",
    ExitCode.REFUSED: "refused",
    ExitCode.STALE: "stale",
    ExitCode.PARTLY_APPLIED: "partly-applied",
    ExitCode.USAGE: "usage",
    ExitCode.INTERRUPTED: "interrupted",
}
"""`exit_reason` by exit code; invalid specs and blocked buckets have words of their own."""


def outputs_of(review: Review | None, code: int) -> dict[str, str]:
    """The outputs of the step. Every value is of ours: numbers, digests, and words that are always the same."""
    document = review.document if review else None
    summary: Mapping[str, int] = document["summary"] if document else {}
    numbers = {
        f"to_{word}": str(summary.get(action, 0))
        for word, action in (("create", Action.CREATE), ("change", Action.UPDATE), ("delete", Action.DELETE))
    }
    buckets = document["buckets"] if document else ()
    risks = [Risk(change["risk"]) for bucket in buckets for change in bucket["changes"]]
    return {
        "changes": str(any(bucket["changes"] for bucket in buckets)).lower(),
        **numbers,
        "fingerprint": document["fingerprint"] if document else "",
        "risk": worst(risks).value if document else "",
        "exit_reason": reason(review, summary, code),
    }


def reason(review: Review | None, summary: Mapping[str, int], code: int) -> str:
    """Why the check ends as it does."""
    is_known = review is not None and review.about.stage is not Stage.NOT_CHECKED
    if code == ExitCode.ERROR and review and is_known and any(problem.is_error for problem in review.problems):
        return "invalid"
    if code == ExitCode.ERROR and summary.get(Action.BLOCKED):
        return "blocked"
    return REASONS[ExitCode(code)]


def write_outputs(path: str, outputs: Mapping[str, Any]) -> None:
    """Add them to the file that `GITHUB_OUTPUT` names, each between lines that no value can hold."""
    with Path(path).open("a", encoding="utf-8") as file:
        for name, value in outputs.items():
            delimiter = f"reconcile-{secrets.token_hex(16)}"
            file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def write_summary(path: str, text: str) -> None:
    """Add a text to the file that `GITHUB_STEP_SUMMARY` names."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text.rstrip("\n") + "\n")
