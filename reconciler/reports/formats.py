"""The reports of a check by the names that they have on the command line; each is loaded when it is asked for."""

from importlib import import_module

TYPE_CHECKING = False  # as in `typing`: whoever only asks for the names shall not wait
if TYPE_CHECKING:
    from reconciler.reports.review import Review

FORMATS = {
    "markdown": "markdown",
    "html": "html",
    "github": "github",
    "gitlab-terraform": "gitlab_counts",
    "gitlab-codequality": "gitlab_quality",
    "sarif": "sarif",
    "junit": "junit",
    "jsonl": "jsonl",
    "json": "plain",
    "text": "plain_text",
}
"""The module of each format; it has a function `render`."""


def render(name: str, review: "Review") -> str:
    """One report. Raises `KeyError` for a name that is none."""
    module = import_module(f"reconciler.reports.{FORMATS[name]}")
    return str(module.render(review))
