"""A check as people read it in a terminal, without colours."""

from reconciler.inert import inert, inert_lines
from reconciler.reports.problems import render_problems
from reconciler.reports.review import Review
from reconciler.reports.style import Style
from reconciler.reports.text import render as render_plan

VALID = "The specs are valid.\n"


def render(review: Review) -> str:
    """The problems, the plan, and what there is to tell of an apply."""
    style = Style()
    parts = [render_problems(review.problems, style)] if review.problems else []
    if review.document is not None:
        parts.append(render_plan(review.document, style, next_command=review.about.next_command))
    parts += ["".join(f"{inert(sentence)}\n" for sentence in review.about.told)] if review.about.told else []
    return inert_lines("\n".join(parts) or VALID)
