"""Whether a saved plan is still true, and what has moved if it is not.

A saved plan is never carried out from its own words: the same question is asked again, and the answer has
to be the one that was reviewed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import ReconcileError
from reconciler.planning.storage import FORMAT_VERSION, fingerprint

NOT_A_PLAN = "RCL4003"


def check_format(document: Any) -> None:
    """Raise `ReconcileError` for what is not a plan, or is one of another major version."""
    no_plan = ReconcileError("this is not a saved plan", remedy="make one with `reconcile plan --out`", code=NOT_A_PLAN)
    version = document.get("format_version") if isinstance(document, dict) else None
    if not isinstance(version, str):
        raise no_plan
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise ReconcileError(
            f"this plan has format {version}; this version reads {FORMAT_VERSION}",
            remedy="make the plan with the same version of reconcile that is to use it",
            code=NOT_A_PLAN,
        )
    if "error" in document:
        raise ReconcileError("this is no plan: planning failed", remedy="run `reconcile plan` again", code=NOT_A_PLAN)
    if not has_the_parts(document):
        raise no_plan


def has_the_parts(document: Mapping[str, Any]) -> bool:
    """Whether the parts are there that are read before the fingerprint vouches for the rest."""
    inputs, buckets = document.get("inputs"), document.get("buckets")
    if not (isinstance(inputs, dict) and isinstance(buckets, list)):
        return False
    lists = all(is_texts(inputs.get(name)) for name in ("paths", "targets"))
    return lists and isinstance(inputs.get("variables"), dict) and all(isinstance(item, dict) for item in buckets)


def is_texts(value: Any) -> bool:
    """Whether this is a list of strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def moved(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between the plan that was reviewed and the one that would be made now, in sentences."""
    if fingerprint(reviewed) != reviewed.get("fingerprint"):
        return ("the file itself was changed after it was written",)
    if reviewed["fingerprint"] == now["fingerprint"]:
        return ()
    return tuple(differences(reviewed, now)) or ("the same specs and buckets give another plan with this version",)


def differences(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What moved, from the whole to the parts."""
    if reviewed["endpoint"] != now["endpoint"]:
        yield f"the endpoint: reviewed {reviewed['endpoint'] or 'AWS'}, now {now['endpoint'] or 'AWS'}"
    if reviewed["inputs"]["spec_digest"] != now["inputs"]["spec_digest"]:
        yield "the specs say something else"
    before = {bucket["name"]: bucket for bucket in reviewed["buckets"]}
    after = {bucket["name"]: bucket for bucket in now["buckets"]}
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield f"{name}: no spec describes it any more"
        elif name not in before:
            yield f"{name}: it was not part of the plan"
        else:
            yield from differences_of_bucket(before[name], after[name])


def differences_of_bucket(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What moved in one bucket."""
    name = now["name"]
    for what in ("account", "region"):
        if reviewed[what] != now[what]:
            yield f"{name}: the {what}: reviewed {reviewed[what]}, now {now[what]}"
    for aspect in sorted(reviewed["live"].keys() | now["live"].keys()):
        if reviewed["live"].get(aspect) != now["live"].get(aspect):
            what = "the bucket itself" if aspect == "bucket" else aspect
            yield f"{name}: changed in S3 since: {what}"
    if reviewed["blockers"] != now["blockers"]:
        yield f"{name}: what is in the way of the spec has changed"
