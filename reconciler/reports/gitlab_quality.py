"""A check as GitLab's Code Quality report: a list of what to look at, each with its file and line.

The fields are those of docs.gitlab.com, "Code Quality report format".
"""

import hashlib
import json
from typing import Any

from reconciler.inert import inert, inert_json
from reconciler.problems import Severity
from reconciler.reports.review import BLOCKED, Remark, Review, told_apart
from reconciler.reports.text import DANGEROUS

NOWHERE = "."
"""What has no place of its own is said of the whole project: the format wants a path."""


def render(review: Review) -> str:
    """The whole list."""
    found = [entry(remark, number) for remark, number in told_apart(review)]
    return inert_json(json.dumps(found, indent=2)) + "\n"


def entry(remark: Remark, number: int) -> dict[str, Any]:
    """One thing to look at; of equal ones each has a fingerprint of its own, for GitLab shows one of each."""
    about = f"{remark.bucket}: " if remark.bucket else ""
    help_ = f" ({remark.help})" if remark.help else ""
    mark = f"{remark.identity}:{number}".encode()
    return {
        "description": inert(f"{about}{remark.message}{help_}"),
        "check_name": inert(remark.code),
        "fingerprint": hashlib.sha256(mark).hexdigest(),
        "severity": weight(remark),
        "location": {
            "path": inert(remark.place.file) if remark.place else NOWHERE,
            "lines": {"begin": max(remark.place.line, 1) if remark.place else 1},
        },
    }


def weight(remark: Remark) -> str:
    """GitLab's word for how much it matters."""
    if remark.waiver:
        return "info"
    if remark.severity is Severity.ERROR:
        return "blocker" if remark.code == BLOCKED or remark.code.startswith("RCL") else "critical"
    return "major" if remark.code in DANGEROUS else "minor"
