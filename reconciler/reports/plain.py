"""A check as the JSON that `--format json` prints: the plan, or why there is none."""

from typing import Any

from reconciler.inert import inert_json
from reconciler.planning.storage import FORMAT_VERSION, to_text
from reconciler.reports.problems import problems_document
from reconciler.reports.review import Review


def render(review: Review) -> str:
    """The document as it is."""
    return inert_json(to_text(review.document if review.document is not None else without_a_plan(review)))


def without_a_plan(review: Review) -> dict[str, Any]:
    """As a program reads it from the command itself."""
    problems = problems_document(review.problems)
    if not any(problem.is_error for problem in review.problems):
        return {"format_version": FORMAT_VERSION, "valid": True, "problems": problems}
    said = f"{len(problems)} problem(s) in the specs"
    error = {"code": "RCL1000", "message": said, "remedy": None, "problems": problems}
    return {"format_version": FORMAT_VERSION, "error": error}
