"""A check as SARIF 2.1.0, which GitHub's code scanning and others read.

The format is OASIS's (docs.oasis-open.org/sarif/sarif/v2.1.0); what GitHub takes of it is said in its "SARIF support
for code scanning": rules with help, `partialFingerprints`, and `security-severity` as a number in a text.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from reconciler.guardrails.rule import Rule
from reconciler.inert import inert, inert_json
from reconciler.problems import Place, Severity
from reconciler.reports.findings import guardrail
from reconciler.reports.review import BLOCKED, Remark, Review, told_apart
from reconciler.reports.text import DANGEROUS
from reconciler.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "reconcile/v1"
NOWHERE = Place(".", 1, 1, 1)
"""What has no place of its own is said of the whole repository: GitHub takes no result without a place."""
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
"""What a path may hold as it is in a URI (RFC 3986, 2.3), and what parts it."""
WEIGHTS = {Severity.ERROR: "8.0", Severity.WARNING: "5.0"}
"""How GitHub sorts alerts of security: 7 and more is high, 4 and more is medium."""

Json = dict[str, Any]


def render(review: Review) -> str:
    """The whole log: one run."""
    found = list(told_apart(review))
    first: dict[str, Remark] = {}
    for remark, _ in found:
        first.setdefault(remark.code, remark)
    codes = sorted(first)
    run: Json = {
        "tool": {
            "driver": {
                "name": "reconcile",
                "version": __version__,
                "rules": [rule(first[code]) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder in which reconcile was started."}}},
        "results": [result(remark, number, codes.index(remark.code)) for remark, number in found],
    }
    if review.about.target:
        run["automationDetails"] = {"id": f"reconcile/{inert(review.about.target)}/"}
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return inert_json(json.dumps(log, indent=2)) + "\n"


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────


def rule(remark: Remark) -> Json:
    """What a code stands for: a guardrail, a risk, or a problem of a spec."""
    known = guardrail(remark.code)
    if known is not None:
        return of_a_guardrail(known)
    code = inert(remark.code)
    title = inert(remark.title) or code
    if remark.code in DANGEROUS:
        return described(code, f"A change that {title}", "Look twice: is it meant?", remark.severity, risky=True)
    if remark.code == BLOCKED:
        return described(code, "What the spec asks for cannot be planned", "Each result says why.", remark.severity)
    asked = f"`reconcile explain {code}` says more." if code.startswith("RCL") else "Each result says what to do."
    return described(code, title, asked, remark.severity)


def described(code: str, title: str, help_: str, severity: Severity, *, risky: bool = False) -> Json:
    """A rule that is told in a sentence or two."""
    return {
        "id": code,
        "shortDescription": {"text": title},
        "help": {"text": help_, "markdown": help_},
        "defaultConfiguration": {"level": severity.value},
        **({"properties": {"tags": ["security"], "security-severity": WEIGHTS[Severity.ERROR]}} if risky else {}),
    }


def of_a_guardrail(known: Rule) -> Json:
    """Why there is the rule, how to mend what it finds, and what others call it."""
    controls = [f"{name}: {', '.join(ids)}" for name, ids in sorted(known.controls.items())]
    parts = [known.why, f"To mend it: {known.mend}", *controls]
    weighed = {"security-severity": WEIGHTS[known.severity]} if controls else {}
    return {
        "id": known.id,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.why},
        "help": {"text": "\n\n".join(parts), "markdown": "\n\n".join(parts)},
        "defaultConfiguration": {"level": known.severity.value},
        "properties": {"tags": ["security", *known.controls] if controls else ["maintainability"], **weighed},
    }


# ── results ──────────────────────────────────────────────────────────────────────────────────────────


def result(remark: Remark, number: int, index: int) -> Json:
    """One thing to look at; its fingerprint is its own, also among equal ones."""
    about = f"{remark.bucket}: " if remark.bucket else ""
    help_ = f"; {remark.help}" if remark.help else ""
    found: Json = {
        "ruleId": inert(remark.code),
        "ruleIndex": index,
        "level": remark.severity.value,
        "message": {"text": message(f"{about}{remark.message}{help_}")},
        "locations": [location(remark)],
        "partialFingerprints": {FINGERPRINT: f"{remark.identity}:{number}"},
    }
    if remark.waiver:
        found["suppressions"] = [suppression(remark.waiver)]
    return found


def message(text: str) -> str:
    """A text in which nothing is a link or a placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return re.sub(r"\{(?=[0-9])", "{ ", inert(text).replace("](", "] ("))


def location(remark: Remark) -> Json:
    """Where it is written, and the path of it in the bucket."""
    place = remark.place or NOWHERE
    region = {"startLine": max(place.line, 1)}
    if place.end_column > place.column:
        region |= {"startColumn": max(place.column, 1), "endColumn": place.end_column}
    found: Json = {"physicalLocation": {"artifactLocation": artifact(place.file), "region": region}}
    if remark.bucket:
        path = f"{remark.bucket}.{remark.path}" if remark.path else remark.bucket
        found["logicalLocations"] = [{"fullyQualifiedName": inert(path), "kind": "resource"}]
    return found


def artifact(file: str) -> Json:
    """A file as a URI: below the root, unless it is said to be elsewhere."""
    quoted = "".join(
        chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in file.encode("utf-8", "surrogatepass")
    )
    return {"uri": f"file://{quoted}"} if quoted.startswith("/") else {"uri": quoted, "uriBaseId": ROOT}


def suppression(waiver: Mapping[str, str]) -> Json:
    """Why it is let pass: the spec says so, in the source."""
    said = f"{waiver['reason']} ({waiver['owner']}, until {waiver['expires']})"
    return {"kind": "inSource", "status": "accepted", "justification": inert(said)}
