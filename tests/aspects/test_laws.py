"""The laws that every aspect keeps, whatever it is about.

Parametrised over the fields of `BucketSpec`: a new aspect is under them once it has its entries in
`strategies` and `respellings`.
"""

import json
from functools import cache
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.aspects.aspect import Aspect, Surroundings
from reconciler.aspects.calls import Call
from reconciler.aspects.managed import ABSENT, Absent
from reconciler.aspects.manifest import Manifest
from reconciler.aspects.markers import Derived, KeptFromLive, marker_of
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Action, Change
from reconciler.planning.comparison import field_changes
from reconciler.planning.digests import digest_of_live
from reconciler.planning.planner import compare
from tests.aspects.respellings import RESPELLERS
from tests.aspects.strategies import BUCKET, IGNORED, LIVE, SPECS, surroundings

every_aspect = pytest.mark.parametrize(("name", "kind"), BucketSpec.aspects().items(), ids=BucketSpec.aspects().keys())
data = st.data()


@cache
def operations() -> dict[str, OperationModel]:
    """S3's operations by boto3's names for them. Read from botocore's own files: no network, no credentials."""
    model = ServiceModel(Loader().load_service_model("s3", "service-2"))
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


def complaints(call: Call) -> str:
    """What botocore has against a call, before anything is sent."""
    shape = operations()[call.operation].input_shape
    assert shape is not None
    return str(ParamValidator().validate({"Bucket": BUCKET, **call.params}, shape).generate_report())


def reread(name: str, kind: type[Aspect], document: Aspect | None, draw: Any) -> Any:
    """What a GET answers after this document was written, in S3's own choice of words."""
    return None if document is None else kind.from_response(RESPELLERS[name](draw, document.to_s3()))


def planned(name: str, wanted: Aspect | Absent, live: Aspect | None, around: Surroundings) -> Change | None:
    """The change from a live document to a spec, where there is one and nothing is in its way."""
    outcome = compare(name, wanted, live, around)
    assume(not isinstance(outcome, tuple) or outcome == ())
    return outcome if isinstance(outcome, Change) else None


@every_aspect
def test_every_aspect_has_strategies(name: str, kind: type[Aspect]) -> None:
    assert name in LIVE, f"tests/aspects/strategies.py: LIVE has no {name}"
    assert name in SPECS, f"tests/aspects/strategies.py: SPECS has no {name}"
    assert name in RESPELLERS, f"tests/aspects/respellings.py: RESPELLERS has no {name}"


# ── law 1: two spellings ─────────────────────────────────────────────────────────────────────────────


@every_aspect
@given(data=data)
def test_law_1_reading_is_the_inverse_of_writing(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    document = data.draw(LIVE[name])
    read = kind.from_s3(document.to_s3())
    assert read == document
    assert hash(read) == hash(document)
    assert read.to_s3() == document.to_s3()


@every_aspect
@given(data=data)
def test_law_1_respelling_changes_neither_meaning_nor_digest(
    name: str, kind: type[Aspect], data: st.DataObject
) -> None:
    document = data.draw(LIVE[name])
    if name in ("manifest", "encryption"):  # an ETag is part of the meaning, and a key's other name is told by target
        return
    read = kind.from_s3(RESPELLERS[name](data.draw, document.to_s3()))
    assert read == document
    assert hash(read) == hash(document)
    assert digest_of_live(read) == digest_of_live(document)


@every_aspect
@given(data=data)
def test_equal_documents_have_equal_digests_and_only_they(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    one, other = data.draw(LIVE[name]), data.draw(LIVE[name])
    assert (one == other) == (digest_of_live(one) == digest_of_live(other))
    assert one != name


# ── law 2: calls that botocore takes ─────────────────────────────────────────────────────────────────


@every_aspect
@given(data=data)
def test_law_2_botocore_takes_every_call(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    before, after = data.draw(LIVE[name]), data.draw(LIVE[name].filter(lambda document: not document.means_nothing))
    changes = [(None, after), (before, after)]
    if not list(kind.refusals_of_absence()):
        changes.append((before, None))
    for pair in changes:
        for call in kind.calls(*pair):
            assert complaints(call) == ""
            json.dumps(dict(call.params))


@every_aspect
@given(data=data)
def test_law_2_botocore_takes_what_a_spec_asks_for(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    wanted = data.draw(SPECS[name])
    around = data.draw(surroundings(name, wanted))
    change = planned(name, wanted, data.draw(st.none() | LIVE[name]), around)
    for call in change.calls if change else ():
        assert complaints(call) == ""
    assert complaints(Call(kind.api.get, kind.get_params(wanted))) == ""
    assert complaints(Call(kind.api.get, kind.get_params(None))) == ""
    assert complaints(Call("create_bucket", wanted.target(None, around).create_params())) == ""


@every_aspect
@given(data=data)
def test_law_2_calls_say_what_they_leave_behind(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    wanted = data.draw(SPECS[name])
    around = data.draw(surroundings(name, wanted))
    change = planned(name, wanted, data.draw(st.none() | LIVE[name]), around)
    if change is not None and change.after is not None:
        left = kind.from_calls(change.calls)
        assert compare(name, wanted, left, around) == ()


# ── law 3: no false difference ───────────────────────────────────────────────────────────────────────


@every_aspect
@given(data=data)
def test_law_3_a_bucket_that_matches_its_spec_has_no_change(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    wanted, live = data.draw(SPECS[name]), data.draw(st.none() | LIVE[name])
    around = data.draw(surroundings(name, wanted))
    assume(not list(kind.obstacles(live, wanted.target(live, around))))
    found = reread(name, kind, wanted.target(live, around), data.draw)
    assert compare(name, wanted, found, around) == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [item for item in BucketSpec.aspects().items() if item[0] != "manifest"],  # its derived words are never written
)
@given(data=data)
def test_law_3_what_is_live_can_be_written_as_a_spec(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    live = data.draw(LIVE[name].filter(lambda document: not document.means_nothing))
    around = data.draw(surroundings(name, live))
    assert compare(name, live, reread(name, kind, live, data.draw), around) == ()


@every_aspect
@given(data=data)
def test_law_3_what_is_live_is_taken_over_as_a_spec_without_a_change(
    name: str, kind: type[Aspect], data: st.DataObject
) -> None:
    live = data.draw(LIVE[name].filter(lambda document: not document.means_nothing))
    around = data.draw(surroundings(name, live))
    try:
        written = live.as_spec(around)
    except ValueError:
        return
    json.dumps(written)
    wanted = BucketSpec.model_validate({"name": BUCKET, name: written, **live.said_beside()}).declared()[name]
    if isinstance(wanted, Manifest):  # what follows from the rest of the spec is never written down
        derived = {field for field, info in kind.model_fields.items() if marker_of(info, Derived) is not None}
        had, has = live.body(), wanted.target(live, around).body()
        assert {field: had[field] for field in had if field not in derived} == {
            field: has[field] for field in has if field not in derived
        }
        return
    assert compare(name, wanted, live, around) == ()


@given(data=data)
def test_law_3_ids_that_s3_made_up_are_no_difference(data: st.DataObject) -> None:
    live = data.draw(LIVE["lifecycle"])
    ids = data.draw(st.permutations([f"made-up-{number}" for number, _ in enumerate(live.rules)]))
    rules = tuple(rule.model_copy(update={"id": rule_id}) for rule, rule_id in zip(live.rules, ids, strict=True))
    named = [rule.model_copy(update={"id": None}) for rule in data.draw(st.permutations(live.rules))]
    wanted = live.model_copy(update={"rules": tuple(named)})
    around = data.draw(surroundings("lifecycle", wanted))
    found = reread("lifecycle", type(live), live.model_copy(update={"rules": rules}), data.draw)
    assert compare("lifecycle", wanted, found, around) == ()


# ── law 4: a change names what differs ───────────────────────────────────────────────────────────────


@every_aspect
@given(data=data)
def test_law_4_a_change_names_its_fields_and_has_calls(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    wanted: Any = data.draw(SPECS[name] if list(kind.refusals_of_absence()) else SPECS[name] | st.just(ABSENT))
    around = data.draw(surroundings(name, wanted))
    live = data.draw(st.none() | LIVE[name])
    change = planned(name, wanted, live, around)
    if change is None:
        return
    assert change.calls
    assert change.before != change.after
    check_fields(change.fields)
    assert (change.before is None) == (change.action is Action.CREATE)
    assert (change.after is None) == (change.action is Action.DELETE)


@every_aspect
@given(data=data)
def test_law_4_documents_that_differ_look_different(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    before, after = data.draw(LIVE[name]), data.draw(LIVE[name])
    if name == "manifest":
        after = after.model_copy(update={"etag": before.etag})
        assume(before.unreadable_text is None or after.unreadable_text is None)  # a write always leaves a manifest
    if name == "tags":  # AWS's own are never shown, and a target has those of the live bucket
        own = {key: value for key, value in after.root.items() if not key.startswith("aws:")}
        after = kind.model_validate(own | {key: before.root[key] for key in before.root if key.startswith("aws:")})
    assume(before != after)
    fields = field_changes(*kind.pictures(before, after))
    check_fields(fields)


def check_fields(fields: Any) -> None:
    assert fields
    assert len({field.path for field in fields}) == len(fields)
    for field in fields:
        assert field.path
        assert field.before != field.after or type(field.before) is not type(field.after)


# ── law 5, as far as it goes without a server: applying converges ────────────────────────────────────


@every_aspect
@given(data=data)
def test_law_5_applied_once_nothing_is_left_to_do(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    wanted: Any = data.draw(SPECS[name] if list(kind.refusals_of_absence()) else SPECS[name] | st.just(ABSENT))
    around = data.draw(surroundings(name, wanted))
    change = planned(name, wanted, data.draw(st.none() | LIVE[name]), around)
    if change is not None:
        found = reread(name, kind, change.after, data.draw)
        assert compare(name, wanted, found, around) == ()


# ── law 6: what a spec leaves out is not lost ────────────────────────────────────────────────────────


@every_aspect
@given(data=data)
def test_law_6_what_a_spec_leaves_out_keeps_its_live_value(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    wanted, live = data.draw(SPECS[name]), data.draw(LIVE[name])
    around = data.draw(surroundings(name, wanted))
    kept = [
        field
        for field, info in kind.model_fields.items()
        if marker_of(info, KeptFromLive) is not None and getattr(wanted, field) is None
    ]
    change = planned(name, wanted, live, around)
    if change is None or change.after is None:
        return
    written = kind.from_calls(change.calls)
    assert written is not None
    for field in kept:
        value = getattr(live, field)
        if value is None:  # a manifest edited by hand may have lost its date
            continue
        assert getattr(change.after, field) == value
        if (name, field) not in {("versioning", "mfa_delete"), ("manifest", "etag")}:
            assert getattr(written, field) == value


@given(live=LIVE["tags"], wanted=SPECS["tags"] | st.just(ABSENT), data=data)
def test_law_6_the_tags_of_others_are_in_every_put(live: Any, wanted: Any, data: st.DataObject) -> None:
    around = data.draw(surroundings("tags", wanted))
    assert around.ignore_tags == IGNORED
    others = {key: value for key, value in live.root.items() if key.startswith(("aws:", "cost-allocation:"))}
    others |= {key: live.root[key] for key in ("theirs",) if key in live.root}
    change = planned("tags", wanted, live, around)
    if change is None:
        return
    [call] = change.calls
    if call.operation == "delete_bucket_tagging":
        assert not others
        return
    written = {tag["Key"]: tag["Value"] for tag in call.params["Tagging"]["TagSet"]}
    assert written == others | ({} if wanted is ABSENT else wanted.root)


@given(live=LIVE["versioning"], wanted=SPECS["versioning"], data=data)
def test_law_6_mfa_delete_is_never_in_a_call(live: Any, wanted: Any, data: st.DataObject) -> None:
    change = planned("versioning", wanted, live, data.draw(surroundings("versioning", wanted)))
    for call in change.calls if change else ():
        assert call.params == {"VersioningConfiguration": {"Status": wanted.status}}


@given(live=LIVE["encryption"], wanted=SPECS["encryption"], data=data)
def test_law_6_a_block_nobody_speaks_of_is_sent_along(live: Any, wanted: Any, data: st.DataObject) -> None:
    change = planned("encryption", wanted, live, data.draw(surroundings("encryption", wanted)))
    if change is None or change.after is None:
        return
    *before, sent = [
        call.params["ServerSideEncryptionConfiguration"]["Rules"][0].get(
            "BlockedEncryptionTypes", {"EncryptionType": ["NONE"]}
        )["EncryptionType"]
        for call in change.calls
    ]
    assert before in ([], [list(live.blocked_encryption_types)])  # what is stronger first, still with the live block
    kept = wanted.blocked_encryption_types is None
    assert sent == (list((live if kept else wanted).blocked_encryption_types) or ["NONE"])
