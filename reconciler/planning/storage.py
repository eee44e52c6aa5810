"""A changeset as JSON: what other programs read, and what a saved plan holds.

The shape is a contract (schemas/plan.schema.json): additions raise the minor number of `format_version`,
everything else the major one.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.guardrails.verdict import Verdict
from reconciler.planning.changeset import Action, Change, Changeset, Plan
from reconciler.planning.digests import digest_in_parts, digest_of_specs
from reconciler.planning.needs import Need
from reconciler.planning.sharding import Part

if TYPE_CHECKING:
    from reconciler.planning.evidence import Evidence
    from reconciler.planning.exposure import Exposed, Exposure, Way

FORMAT_VERSION = "1.3"
OUTSIDE_THE_FINGERPRINT = ("tool_version", "created_at", "fingerprint", "needs", "asked")
"""What may differ between two equal plans."""
OF_A_BUCKET_OUTSIDE = ("source", "evidence", "guardrails")
"""The same of each bucket: where it is written, what it holds by now, and what rules say of its spec."""
PLAIN_NAME = re.compile(r"[^.\[\]\"\s]+\Z")


def to_document(changeset: Changeset, tool_version: str, needs: Iterable[Need] = ()) -> dict[str, Any]:
    """The whole changeset as plain data, and what applying it needs beyond a yes."""
    part = changeset.inputs.part
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "tool_version": tool_version,
        "fingerprint": "",
        "endpoint": changeset.endpoint,
        "inputs": {
            "paths": list(changeset.inputs.paths),
            "variables": dict(changeset.inputs.variables),
            "targets": list(changeset.inputs.targets),
            "spec_digest": changeset.inputs.spec_digest,
            **({"shard": shard(part)} if part else {}),
        },
        **({"asked": dict(part.asked)} if part else {}),
        "buckets": [bucket(plan) for plan in changeset.plans],
        "summary": {action.value: changeset.summary[action] for action in Action},
        "needs": [need(one) for one in needs],
    }
    document["fingerprint"] = fingerprint(document)
    return document


def fingerprint(document: Mapping[str, Any]) -> str:
    """What two plans that would do the same have in common: SHA-256 over all but when and where from."""
    inside = {name: value for name, value in document.items() if name not in OUTSIDE_THE_FINGERPRINT}
    buckets = (
        {name: value for name, value in item.items() if name not in OF_A_BUCKET_OUTSIDE} for item in inside["buckets"]
    )
    return digest_in_parts(inside, "buckets", buckets)


def need(one: Need) -> dict[str, str]:
    """What somebody has to say."""
    return {"kind": one.kind.value, "about": one.about, "why": one.why, "flag": one.flag}


def shard(part: Part) -> dict[str, int]:
    """Which part of how many buckets a plan is about."""
    return {"index": part.shard.index, "total": part.shard.total, "of_buckets": part.whole}


def bucket(plan: Plan) -> dict[str, Any]:
    """The plan of one bucket."""
    return {
        "name": plan.name,
        "region": plan.region,
        "account": plan.account,
        "action": plan.action.value,
        "source": {"file": plan.origin.file, "line": plan.origin.line},
        "spec": digest_of_specs([plan.spec]),
        "live": dict(plan.live),
        "changes": [change(item) for item in plan.changes],
        "blockers": [{"aspect": item.aspect, "why": item.why, "remedy": item.remedy} for item in plan.blockers],
        "findings": [
            {
                "code": item.code,
                "severity": item.severity,
                "path": path_text(item.path),
                "message": item.message,
                "remedy": item.remedy,
            }
            for item in plan.findings
        ],
        "guardrails": [verdict(item) for item in plan.verdicts],
        "exposure": exposed(plan.exposure) if plan.exposure else None,
        **({"evidence": evidence(plan.evidence)} if plan.evidence else {}),
    }


def verdict(found: Verdict) -> dict[str, Any]:
    """What one rule says."""
    return {
        "rule": found.rule,
        "title": found.title,
        "severity": found.severity.value,
        "path": path_text(tuple(map(str, found.path))),
        "message": found.message,
        "remedy": found.remedy,
        "place": found.place._asdict() if found.place else None,
        "waiver": found.waiver.model_dump(mode="json", exclude={"rule"}) if found.waiver else None,
    }


def evidence(found: "Evidence") -> dict[str, Any]:
    """What of the bucket would go. Loaded where somebody has asked."""
    from reconciler.planning.evidence import evidence_document

    return evidence_document(found)


def exposed(exposed: "Exposed") -> dict[str, Any]:
    """In which ways the public can get in, before and after."""
    return {
        "before": exposure(exposed.before) if exposed.before else None,
        "after": exposure(exposed.after),
        "verdict": exposed.verdict.value,
        "summary": exposed.summary,
    }


def exposure(found: "Exposure") -> dict[str, Any]:
    """One side of it."""
    return {
        "public": found.public.value,
        "ways": [way(item) for item in found.ways],
        "held_back": [way(item) for item in found.held_back],
    }


def way(item: "Way") -> dict[str, Any]:
    """One way in."""
    return {
        "by": item.by,
        "name": item.name,
        "allows": list(item.allows),
        "certain": item.certain,
        "held_back_by": item.held_back_by,
    }


def change(item: Change) -> dict[str, Any]:
    """One aspect that changes."""
    return {
        "aspect": item.aspect,
        "action": item.action.value,
        "fields": [
            {"path": path_text(field.path), "before": field.before, "after": field.after} for field in item.fields
        ],
        "calls": [{"operation": call.operation, "params": plain(call.params)} for call in item.calls],
        "risk": item.risk.value,
        "consequences": list(item.consequences),
    }


def path_text(path: tuple[str, ...]) -> str:
    """A path as text: dots between plain names, brackets and quotes around others."""
    text = ""
    for part in path:
        if PLAIN_NAME.match(part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
    return text


def path_parts(text: str) -> tuple[str, ...]:
    """A path from its text: the inverse of `path_text`."""
    parts: list[str] = []
    while text:
        if text.startswith("["):
            part, end = json.JSONDecoder().raw_decode(text, 1)
            text = text[end + 1 :]
        else:
            part, _, _ = text.removeprefix(".").partition(".")
            part = part.partition("[")[0]
            text = text.removeprefix(".")[len(part) :]
        parts.append(part)
    return tuple(parts)


def plain(value: Any) -> Any:
    """Plain data: tuples as lists, so that what is written reads back equal."""
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def to_text(document: Mapping[str, Any]) -> str:
    """The document as the file that `--out` writes and the text that `--format json` prints."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
