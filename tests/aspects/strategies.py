"""Values of every aspect: whole documents as S3 could hold them, and specs as people may write them.

Both are registered by the name of the aspect's field. A new aspect is under the laws once it has an entry in
`LIVE` and in `SPECS`, and, where S3 spells it in several ways, one in `respellings.RESPELLERS`.
"""

import string
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from reconciler.aspects.aspect import Aspect, Surroundings
from reconciler.aspects.calls import AT_APPLY
from reconciler.aspects.encryption import Encryption
from reconciler.aspects.lifecycle import WATERFALL, Lifecycle
from reconciler.aspects.manifest import DEFAULT_KEY, Manifest
from reconciler.aspects.ownership_controls import OwnershipControls
from reconciler.aspects.policy import Policy
from reconciler.aspects.public_access_block import PublicAccessBlock
from reconciler.aspects.tags import Tags
from reconciler.aspects.versioning import Versioning
from reconciler.bucket import BucketSpec

ACCOUNT = "123456789012"
BUCKET = "acme-prod-data-lake"
KEY_IDS = ("1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab")
KMS_KEYS = (
    *KEY_IDS,
    *(f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{key_id}" for key_id in KEY_IDS),
    "alias/lake",
    f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/lake",
)

Plain = dict[str, Any]


def some_of(optional: Mapping[str, SearchStrategy[Any]], **always: SearchStrategy[Any]) -> SearchStrategy[Plain]:
    """A mapping with all of `always` and any of `optional`."""
    return st.fixed_dictionaries(always, optional=dict(optional))


def or_none(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | strategy


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = st.sampled_from(("a", "b", "team", "raw/", "prod", "x y", "é", "0987", "1.10", "nO", "yEs", "null", "1.5e3"))
ids = st.text(string.ascii_letters + string.digits + "-_. '", min_size=1, max_size=8)
counts = st.integers(1, 400)

# ── versioning, encryption, public access block, ownership ───────────────────────────────────────────

states = st.sampled_from(("Enabled", "Suspended"))
versioning_live = st.builds(
    Versioning, status=states, mfa_delete=st.sampled_from(("Disabled", "Disabled", "Enabled"))
) | st.just(Versioning(mfa_delete="Disabled"))
versioning_spec = st.builds(Versioning.model_validate, states | st.builds(lambda status: {"status": status}, states))

algorithms = st.sampled_from(("AES256", "aws:kms", "aws:kms:dsse"))
blocked = st.sampled_from((("SSE-C",), ()))


def encryption(plain: Plain) -> Encryption:
    if plain["sse_algorithm"] == "AES256":
        plain = plain | {"kms_master_key_id": None}
    return Encryption.model_validate(plain)


encryption_live = st.fixed_dictionaries(
    {
        "sse_algorithm": algorithms,
        "kms_master_key_id": or_none(st.sampled_from(KMS_KEYS)),
        "bucket_key_enabled": st.booleans(),
        "blocked_encryption_types": blocked,
    }
).map(encryption)
encryption_spec = some_of(
    {
        "kms_master_key_id": st.sampled_from((*KMS_KEYS, "alias/aws/s3")),
        "bucket_key_enabled": st.booleans(),
        "blocked_encryption_types": st.sampled_from((("SSE-C",), ("NONE",), ("NONE", "SSE-C"), ())),
    },
    sse_algorithm=algorithms,
).map(encryption) | algorithms.map(Encryption.model_validate)

switches = tuple(PublicAccessBlock.model_fields)
public_access_block_live = st.fixed_dictionaries({name: st.booleans() for name in switches}).map(
    PublicAccessBlock.model_validate
)
public_access_block_spec = (
    some_of({name: st.booleans() for name in switches}).filter(bool).map(PublicAccessBlock.model_validate)
)

ownerships = st.sampled_from(("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"))
ownership_controls_live = st.builds(OwnershipControls, object_ownership=ownerships)
ownership_controls_spec = ownerships.map(OwnershipControls.model_validate) | ownership_controls_live

# ── policy ───────────────────────────────────────────────────────────────────────────────────────────


def one_or_many(items: SearchStrategy[str]) -> SearchStrategy[Any]:
    return items | st.lists(items, min_size=1, max_size=3)


actions = st.sampled_from(("s3:GetObject", "s3:getobject", "s3:PutObject", "s3:ListBucket", "s3:*"))
resources = st.sampled_from((f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*", f"arn:aws:s3:::{BUCKET}/Raw/*"))
LIVING = ("*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/etl", "111122223333")
DELETED = ("AIDAEXAMPLE", "AROAEXAMPLE")
"""What AWS shows for a user and a role that are gone: no spec can say it."""


def principals(aws: Sequence[str]) -> SearchStrategy[Any]:
    return st.just("*") | some_of(
        {
            "AWS": one_or_many(st.sampled_from(aws)),
            "Service": one_or_many(st.sampled_from(("logging.s3.amazonaws.com", "delivery.logs.amazonaws.com"))),
        }
    ).filter(bool)


NUMBERS = ("1.10", "1.1", "1e22", "1E3", "0.00001", "-0")
"""A live policy may hold them without quotes, and they stay what is written."""
conditions = some_of(
    {
        "Bool": some_of({"aws:SecureTransport": st.sampled_from(("false", False, True, ["true"]))}),
        "StringEquals": some_of(
            {
                "aws:PrincipalOrgID": one_or_many(st.sampled_from(("o-1", "o-2"))),
                "aws:userid": one_or_many(st.sampled_from(("${aws:username}", "A", *NUMBERS))),
                "s3:ExistingObjectTag/Team": one_or_many(st.sampled_from(("data", "web"))),
            }
        ),
        "IpAddress": some_of(
            {"aws:SourceIp": one_or_many(st.sampled_from(("10.0.0.1", "10.0.0.0/8", "2001:db8::/32")))}
        ),
        "NumericLessThan": some_of({"s3:max-keys": st.sampled_from(("10", "10.0", "9007199254740993", *NUMBERS))}),
    }
)


@st.composite
def statements(draw: DrawFn, sid: str | None, aws: Sequence[str]) -> Plain:
    effect = draw(st.sampled_from(("Allow", "Deny")))
    statement: Plain = {"Sid": sid} if sid else {}
    who = "NotPrincipal" if effect == "Deny" and draw(st.booleans()) else "Principal"
    statement |= {
        "Effect": effect,
        who: draw(principals(aws)),
        draw(st.sampled_from(("Action", "Action", "NotAction"))): draw(one_or_many(actions)),
        draw(st.sampled_from(("Resource", "Resource", "NotResource"))): draw(one_or_many(resources)),
    }
    condition = draw(or_none(conditions))
    return fitting(statement) | ({"Condition": condition} if condition is not None else {})


def fitting(statement: Plain) -> Plain:
    """The statement with a resource for each of its actions: S3 refuses one that applies to none of them."""
    if "Action" not in statement or "Resource" not in statement:
        return statement
    acts, about = ([one] if isinstance(one, str) else one for one in (statement["Action"], statement["Resource"]))
    bucket = "s3:ListBucket" in acts and f"arn:aws:s3:::{BUCKET}" not in about
    objects = {*acts} - {"s3:ListBucket", "s3:*"} and not any("/" in one for one in about)
    more = [f"arn:aws:s3:::{BUCKET}"] * bucket + [f"arn:aws:s3:::{BUCKET}/*"] * bool(objects)
    return statement | ({"Resource": [*about, *more]} if more else {})


@st.composite
def policies(draw: DrawFn, aws: Sequence[str] = LIVING) -> Policy:
    sids = draw(st.lists(st.sampled_from(("", "", "ReadOnly", "Tls", "None", "Allow s3:GetObject")), max_size=4))
    named = [sid for at, sid in enumerate(sids) if not sid or sid not in sids[:at]] or [""]
    listed = [draw(statements(sid, aws)) for sid in named]
    document = draw(
        some_of({"Version": st.sampled_from(("2012-10-17", "2008-10-17")), "Id": st.sampled_from(("lake", "p 1"))})
    )
    alone = len(listed) == 1 and draw(st.booleans())
    return Policy.model_validate({**document, "Statement": listed[0] if alone else listed})


# ── lifecycle ────────────────────────────────────────────────────────────────────────────────────────

tag_values = st.dictionaries(st.sampled_from(("k", "Team", "tier")), st.sampled_from(("", "v", "cold")), max_size=2)


@st.composite
def moves(draw: DrawFn, dated: bool) -> tuple[list[Plain], int]:
    """Transitions down the waterfall, and the day after the last of them."""
    classes = draw(st.lists(st.sampled_from(WATERFALL), unique=True, max_size=3))
    if {"ONEZONE_IA", "GLACIER_IR"} <= set(classes):
        classes.remove("GLACIER_IR")
    day = draw(st.integers(0, 2))
    steps: list[Plain] = []
    for storage_class in sorted(classes, key=WATERFALL.index):
        when = {"date": f"{2030 + day}-01-31"} if dated else {"days": day}
        steps.append({"storage_class": storage_class, **when})
        day += draw(st.integers(1, 90))
    return draw(st.permutations(steps)), day + 1


@st.composite
def rules(draw: DrawFn, rule_id: str | None) -> Plain:
    chosen = draw(
        some_of(
            {
                "prefix": st.sampled_from(("", "raw/", "temp/", "ä b/")),
                "tags": tag_values,
                "object_size_greater_than": st.sampled_from((0, 128, 1000)),
                "object_size_less_than": st.sampled_from((2000, 5 * 1024**4)),
            }
        )
    )
    dated = draw(st.booleans())
    current, current_end = draw(moves(dated))
    old, old_end = draw(moves(dated=False))
    rule: Plain = draw(some_of({"status": st.sampled_from(("Enabled", "Disabled"))}))
    rule |= {"id": rule_id} if rule_id is not None else {}
    says_everything: bool = draw(st.booleans())
    if chosen or says_everything:
        rule["filter"] = chosen
    ends: list[Plain] = [{"date": f"{2030 + current_end}-01-31"} if dated else {"days": current_end}]
    if not chosen.get("tags") and not chosen.keys() & {"object_size_greater_than", "object_size_less_than"}:
        ends.append({"expired_object_delete_marker": True})
    if not chosen.get("tags") and not any("size" in name for name in chosen):
        rule |= draw(some_of({"abort_incomplete_multipart_upload": counts.map(lambda n: {"days_after_initiation": n})}))
    rule |= draw(some_of({"expiration": st.sampled_from(ends)}))
    if draw(st.booleans()):
        rule["transitions"] = current
    newer = some_of({"newer_noncurrent_versions": st.integers(1, 100)})
    if draw(st.booleans()):
        rule["noncurrent_version_transitions"] = [
            {"noncurrent_days": move["days"], "storage_class": move["storage_class"], **draw(newer)} for move in old
        ]
    if draw(st.booleans()) or rule.keys() <= {
        "id",
        "status",
        "filter",
        "transitions",
        "noncurrent_version_transitions",
    }:
        rule["noncurrent_version_expiration"] = {"noncurrent_days": old_end, **draw(newer)}
    return rule


rule_ids = st.lists(st.sampled_from(("a", "b", "expire-logs", "a.b", "x y")), unique=True, min_size=1, max_size=3)


@st.composite
def lifecycles(draw: DrawFn) -> Plain:
    return {"rules": [draw(rules(rule_id)) for rule_id in draw(rule_ids)]}


@st.composite
def lifecycles_without_some_ids(draw: DrawFn) -> Plain:
    """Rules as people write them: with a name or without, and no two without that say the same."""
    written: list[Plain] = []
    for rule_id in draw(rule_ids):
        rule = draw(rules(draw(st.sampled_from((rule_id, None)))))
        if rule not in written:
            written.append(rule)
    return {"rules": written}


sizes = st.sampled_from(("all_storage_classes_128K", "varies_by_storage_class"))
lifecycle_live = st.builds(
    lambda plain, size: Lifecycle.model_validate(plain | {"transition_default_minimum_object_size": size}),
    lifecycles(),
    sizes,
)
lifecycle_spec = st.builds(
    lambda plain, size: Lifecycle.model_validate(plain | size),
    lifecycles_without_some_ids(),
    some_of({"transition_default_minimum_object_size": sizes}),
)

# ── tags ─────────────────────────────────────────────────────────────────────────────────────────────

IGNORED = ("cost-allocation:*", "theirs")
own_keys = st.sampled_from(("Owner", "Domain", "__private", "a.b", "é", "team name", "Theirs"))
foreign_keys = st.sampled_from(("aws:cloudformation:stack-name", "cost-allocation:unit", "theirs"))
tag_texts = st.sampled_from(("", "x", "data-platform", "1.10", "a=b", " ", "データ\u3000基盤", "a\u00a0b\u2028c"))
tags_live = st.dictionaries(own_keys | foreign_keys, tag_texts, min_size=1, max_size=6).map(Tags)
tags_spec = st.dictionaries(own_keys, tag_texts, min_size=1, max_size=5).map(Tags)

# ── manifest ─────────────────────────────────────────────────────────────────────────────────────────

anything: SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | words, inner, max_size=3),
    max_leaves=6,
)
NOT_EXTRA = set(Manifest.model_fields)
extras = st.dictionaries(words | texts, anything, max_size=2).map(
    lambda found: {name: value for name, value in found.items() if name not in NOT_EXTRA}
)
said = texts | words
owners = some_of({"name": said, "role": said, "contact_email": said, "phone": said})
data = some_of({"classification": said, "contains_pii": st.booleans(), "domains": st.lists(said, max_size=2)})
about = some_of(
    {
        "environment": said,
        "purpose": said,
        "owner": owners,
        "data": data,
        "access": anything,
        "structure": st.dictionaries(said, said, max_size=2),
    }
)
NOT_MANIFESTS = (
    "",
    "{}\n",
    "purpose:\n",
    "- a\n- b\n",
    "just words",
    "a: b: c\n",
    "a: 1\na: 2\n",
    "key: x\n",
    "owner: 5\n",
    "\t",
    "{",
    "a: !x y\n",
)


@st.composite
def manifests(draw: DrawFn) -> Manifest:
    """Ours, edited by hand, or something else altogether."""
    where = {"key": DEFAULT_KEY, "etag": draw(st.sampled_from(('"e1"', '"e2"')))}
    if draw(st.integers(0, 9)) == 0:
        body = draw(st.sampled_from(NOT_MANIFESTS) | texts)
        return Manifest.from_s3({"Key": where["key"], "Body": body, "ETag": where["etag"]})
    derived = draw(
        some_of(
            {
                "region": st.just("us-east-1"),
                "created_at": st.sampled_from(("2026-11-22T10:00:00Z", AT_APPLY)),
                "encryption": said,
                "lifecycle": st.dictionaries(said, said, max_size=2),
            },
            bucket=st.just(BUCKET) | said,
        )
    )
    return Manifest.model_validate(draw(extras) | derived | draw(about) | where)


manifest_spec = about.map(Manifest.model_validate)

# ── the registers ────────────────────────────────────────────────────────────────────────────────────

LIVE: Mapping[str, SearchStrategy[Any]] = {
    "versioning": versioning_live,
    "encryption": encryption_live,
    "public_access_block": public_access_block_live,
    "policy": policies((*LIVING, *DELETED)),
    "lifecycle": lifecycle_live,
    "tags": tags_live,
    "manifest": manifests(),
    "ownership_controls": ownership_controls_live,
}
"""Whole documents, canonical, as a GET could have read them."""

SPECS: Mapping[str, SearchStrategy[Any]] = {
    "versioning": versioning_spec,
    "encryption": encryption_spec,
    "public_access_block": public_access_block_spec,
    "policy": policies(LIVING),
    "lifecycle": lifecycle_spec,
    "tags": tags_spec,
    "manifest": manifest_spec,
    "ownership_controls": ownership_controls_spec,
}
"""What people may write: with much left out, and nothing that S3 refuses."""


@st.composite
def surroundings(draw: DrawFn, name: str, wanted: Aspect) -> Surroundings:
    """The bucket that a spec belongs to, with other aspects beside it for those that look at them."""
    siblings = {"encryption": encryption_spec, "lifecycle": lifecycle_spec} if name == "manifest" else {}
    beside = draw(some_of(siblings))
    spec = BucketSpec.model_construct(name=BUCKET, region="us-east-1", ignore_tags=IGNORED, **{**beside, name: wanted})
    return spec.surroundings(account=ACCOUNT)
