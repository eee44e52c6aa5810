"""The contract of the JSON plan as a JSON Schema: what other programs may rely on.

Additions raise the minor number of `format_version`: documents, buckets, changes and findings may grow, so
a reader passes over names that it does not know. What a fingerprint or a call is made of may not.
"""

from typing import Any

from reconciler.aspects.calls import Risk
from reconciler.planning.changeset import Action
from reconciler.planning.evidence import NAMES
from reconciler.planning.exposure import ACL, OBJECTS, Public, Verdict
from reconciler.planning.needs import Kind
from reconciler.planning.sharding import MOST
from reconciler.problems import Severity

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 in hexadecimal."}
FORMAT_VERSION: Schema = {
    "type": "string",
    "pattern": "^1\\.[0-9]+$",
    "description": "major.minor: additions raise the minor number, everything else the major one.",
}


def plan_schema() -> Schema:
    """What `plan --format json` prints and `plan --out` writes: a plan, or why there is none."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A plan of `reconcile`",
        "description": "What would change in S3, as data, with the calls that would change it; or why nobody can say.",
        "oneOf": [{"$ref": "#/definitions/plan"}, {"$ref": "#/definitions/failure"}],
        "definitions": {
            "plan": plan(),
            "failure": failure(),
            "inputs": inputs(),
            "shard": shard(),
            "bucket": bucket(),
            "change": change(),
            "field": field(),
            "call": call(),
            "blocker": blocker(),
            "finding": finding(),
            "verdict": verdict(),
            "exposed": exposed(),
            "exposure": exposure(),
            "way": way(),
            "evidence": evidence(),
            "reach": reach(),
            "amount": amount(),
            "need": need(),
            "problem": problem(),
        },
    }


def plan() -> Schema:
    """The whole document."""
    return open_object(
        "A plan.",
        {
            "format_version": FORMAT_VERSION,
            "tool_version": TEXT,
            "fingerprint": DIGEST | {"description": "Equal for plans that would do the same to the same buckets."},
            "endpoint": MAYBE_TEXT | {"description": "The URL of the S3 that was asked; null is AWS."},
            "inputs": {"$ref": "#/definitions/inputs"},
            "buckets": listed("bucket"),
            "summary": closed_object(
                "How many buckets have which action.",
                {action.value: {"type": "integer", "minimum": 0} for action in Action},
            ),
        },
        needs=listed("need") | {"description": "What `apply` needs beyond a yes; outside of the fingerprint."},
        created_at=TEXT | {"format": "date-time", "description": "Only in a file: when the plan was made."},
        asked=asked(),
    )


def failure() -> Schema:
    """What stands in the place of a plan when there is none."""
    return open_object(
        "Why there is no plan.",
        {
            "format_version": FORMAT_VERSION,
            "error": open_object(
                "What went wrong.",
                {
                    "code": TEXT | {"pattern": "^RCL[0-9]{4}$"},
                    "message": TEXT,
                },
                remedy=MAYBE_TEXT,
                problems=listed("problem"),
            ),
        },
    )


def inputs() -> Schema:
    """What the plan was asked for."""
    return open_object(
        "What the plan was asked for.",
        {
            "paths": {"type": "array", "items": TEXT},
            "variables": {"type": "object", "additionalProperties": TEXT},
            "targets": {"type": "array", "items": TEXT},
            "spec_digest": DIGEST
            | {"description": "Of what the specs say, not of how they are written; in a shard, too, of all of them."},
        },
        shard={"$ref": "#/definitions/shard"},
    )


def shard() -> Schema:
    """Which part of the fleet a plan is about."""
    return closed_object(
        "Only in the plan of a shard: which of how many it is. `reconcile merge` makes one plan of all of them.",
        {
            "index": at_least(1) | {"description": "From 1."},
            "total": at_least(1) | {"maximum": MOST},
            "of_buckets": at_least(0) | {"description": "Buckets of all shards together."},
        },
    )


def asked() -> Schema:
    """How S3 was asked."""
    return open_object(
        "Only in the plan of a shard, and outside of the fingerprint: how S3 was asked. `reconcile merge` wants it "
        "to be the same in all shards.",
        {},
    ) | {"additionalProperties": MAYBE_TEXT}


def bucket() -> Schema:
    """The plan of one bucket."""
    return open_object(
        "What happens to one bucket.",
        {
            "name": TEXT,
            "region": MAYBE_TEXT,
            "account": MAYBE_TEXT,
            "action": words(Action),
            "source": closed_object(
                "Where the bucket is written; outside of the fingerprint.",
                {"file": TEXT | {"description": "A relative path with slashes."}, "line": at_least(1)},
            ),
            "live": {
                "type": "object",
                "description": "A digest of each live document that the plan is based on, by aspect.",
                "additionalProperties": DIGEST,
            },
            "changes": listed("change"),
            "blockers": listed("blocker"),
            "findings": listed("finding"),
        },
        spec=DIGEST | {"description": "Of what the spec of this bucket says."},
        exposure={
            "oneOf": [{"$ref": "#/definitions/exposed"}, {"type": "null"}],
            "description": "Null where the plan does not change who gets in.",
        },
        evidence={"$ref": "#/definitions/evidence"},
        guardrails=listed("verdict") | {"description": "What rules have against the spec; outside of the fingerprint."},
    )


def verdict() -> Schema:
    """What a guardrail says."""
    place = open_object(
        "Where it is written. Lines and columns count from 1.",
        {"file": TEXT, **{name: {"type": "integer"} for name in ("line", "column", "end_column")}},
    )
    waiver = open_object("Why it is let pass.", dict.fromkeys(("reason", "owner", "expires"), TEXT))
    return open_object(
        "What a guardrail has against the spec of a bucket. It changes nothing of what happens to it.",
        {
            "rule": TEXT | {"description": "Its id: `reconcile explain PUB-01`."},
            "title": TEXT,
            "severity": words(Severity),
            "path": TEXT | {"description": "From the bucket; empty for the bucket itself."},
            "message": TEXT,
            "remedy": TEXT,
            "place": {"oneOf": [place, {"type": "null"}]},
            "waiver": {"oneOf": [waiver, {"type": "null"}]},
        },
    )


def evidence() -> Schema:
    """What is in a bucket, and would go."""
    reaches: Schema = {name: maybe("reach") for name in NAMES.values()}
    return open_object(
        "What of the bucket would go because of the changes: only with --evidence, where something may go, and outside "
        "of the fingerprint. Null is: nobody can tell, which is not nothing.",
        {
            "source": TEXT | {"description": "What was looked at, in words."},
            "complete": {"type": "boolean", "description": "If not, all amounts are at least so much."},
            "cannot_tell": {"type": "array", "items": TEXT},
            "first": MAYBE_TEXT | {"description": "The first midnight on which something goes; null: nothing does."},
            "depends_on_tags": maybe("amount") | {"description": "What goes only if it has the tags of a rule."},
            **reaches,
        },
    )


def reach() -> Schema:
    """What goes up to a midnight."""
    amount: Schema = {"$ref": "#/definitions/amount"}
    return open_object(
        "What goes until then, tonight or in so many nights: `deleted` for good, because of the changes; `hidden` "
        "behind a delete marker, because of the changes, the version being kept; `whole` by all rules together.",
        dict.fromkeys(("deleted", "hidden", "whole"), amount),
    )


def amount() -> Schema:
    """So much."""
    return open_object("So many versions and bytes.", {"objects": at_least(0), "bytes": at_least(0)})


def exposed() -> Schema:
    """What happens to the exposure of a bucket."""
    return open_object(
        "In which ways the public can get into the bucket, by AWS's definition, before and after.",
        {
            "before": {
                "oneOf": [{"$ref": "#/definitions/exposure"}, {"type": "null"}],
                "description": "Null for a bucket that is not there yet.",
            },
            "after": {"$ref": "#/definitions/exposure"},
            "verdict": words(Verdict),
            "summary": MAYBE_TEXT | {"description": "What to say of it in a line; null where there is nothing to say."},
        },
    )


def exposure() -> Schema:
    """One side of it."""
    return open_object(
        "In which ways the public can get in. What could not be read is a way that is not certain.",
        {
            "public": words(Public),
            "ways": listed("way"),
            "held_back": listed("way") | {"description": "What a public access block holds back."},
        },
    )


def way() -> Schema:
    """One way in."""
    return open_object(
        "One way in for the public.",
        {
            "by": {"enum": ["policy", ACL, OBJECTS]},
            "name": MAYBE_TEXT | {"description": "The statement's Sid or number, or the group of the ACL."},
            "allows": {"type": "array", "items": TEXT, "description": "Actions, or the permission."},
            "certain": {"type": "boolean"},
            "held_back_by": MAYBE_TEXT,
        },
    )


def change() -> Schema:
    """One aspect that changes."""
    return open_object(
        "One aspect that changes; the bucket itself is the aspect `bucket`.",
        {
            "aspect": TEXT,
            "action": {"enum": [Action.CREATE.value, Action.UPDATE.value, Action.DELETE.value]},
            "fields": listed("field"),
            "calls": listed("call") | {"minItems": 1},
            "risk": words(Risk),
        },
        consequences={"type": "array", "items": TEXT, "description": "What it costs, in plain words."},
    )


def field() -> Schema:
    """One field that differs."""
    return closed_object(
        "One field that differs. Null is: not there.",
        {"path": TEXT | {"description": "Names and identities, never list positions."}, "before": {}, "after": {}},
    )


def call() -> Schema:
    """One S3 call."""
    return closed_object(
        "One S3 call: boto3's operation and its parameters, without Bucket and ExpectedBucketOwner. Where the bucket "
        "is emptied, `delete_objects` and `abort_multipart_upload` stand for as many as it takes: what they delete is "
        "listed again and compared with `live`, and `AtMost` says how much it may be.",
        {"operation": TEXT | {"pattern": "^[a-z_]+$"}, "params": {"type": "object"}},
    )


def blocker() -> Schema:
    """Why something is not planned."""
    return open_object(
        "Why something that the spec asks for is not planned, and what to do about it.",
        {"aspect": TEXT, "why": TEXT, "remedy": TEXT},
    )


def finding() -> Schema:
    """Something worth knowing."""
    return open_object(
        "Something worth knowing that stops nothing.",
        {
            "code": TEXT | {"pattern": "^RCL[0-9]{4}$"},
            "severity": words(Severity),
            "path": TEXT,
            "message": TEXT,
            "remedy": MAYBE_TEXT,
        },
    )


def need() -> Schema:
    """What somebody has to say."""
    return open_object(
        "What somebody has to say, beyond a yes, and the flag that says it.",
        {
            "kind": words(Kind),
            "about": TEXT | {"description": "The bucket that a risk is about, or the limit's name."},
            "why": TEXT,
            "flag": TEXT,
        },
    )


def problem() -> Schema:
    """One mistake in a spec."""
    number: Schema = {"type": ["integer", "null"], "minimum": 1}
    return open_object(
        "One mistake in a spec. Lines and columns count from 1.",
        {
            "code": TEXT | {"pattern": "^RCL[0-9]{4}$"},
            "severity": words(Severity),
            "message": TEXT,
            "help": MAYBE_TEXT,
            "file": MAYBE_TEXT,
            "line": number,
            "column": number,
            "end_column": number,
        },
    )


def open_object(description: str, required: Schema, **optional: Schema) -> Schema:
    """An object that may grow."""
    return {
        "type": "object",
        "description": description,
        "properties": required | optional,
        "required": list(required),
    }


def closed_object(description: str, required: Schema) -> Schema:
    """An object that has these names and no others."""
    return open_object(description, required) | {"additionalProperties": False}


def maybe(name: str) -> Schema:
    """What is defined under a name, or null."""
    return {"oneOf": [{"$ref": f"#/definitions/{name}"}, {"type": "null"}]}


def listed(name: str) -> Schema:
    """A list of what is defined under a name."""
    return {"type": "array", "items": {"$ref": f"#/definitions/{name}"}}


def words(kind: Any) -> Schema:
    """One of the words of an enumeration."""
    return {"enum": [word.value for word in kind]}


def at_least(number: int) -> Schema:
    """A whole number with a bound."""
    return {"type": "integer", "minimum": number}
