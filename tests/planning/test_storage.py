import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.errors import ExitCode
from reconciler.planning.changeset import Action, Changeset, Inputs, Origin, exit_code_of
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable
from reconciler.planning.planner import plan_bucket
from reconciler.planning.storage import fingerprint, path_parts, path_text, to_document, to_text

IDENTITY = Identity("123456789012", None, None)
WRITTEN: dict[str, Any] = {
    "name": "acme-lake",
    "region": "eu-central-1",
    "versioning": "Enabled",
    "tags": {"Owner": "é", "a.b": "x"},
    "lifecycle": {"rules": [{"id": "a", "expiration": {"days": 31}, "transitions": [{"storage_class": "GLACIER"}]}]},
    "policy": {
        "Statement": [
            {"Sid": "A", "Effect": "Deny", "Principal": "*", "Action": ["s3:*"], "Resource": "arn:aws:s3:::acme-lake/*"}
        ]
    },
    "manifest": {"data": {"domains": ["sales"]}},
}


def changeset(file: str = "specs/lake.yaml", line: int = 1, live: LiveBucket | None = None) -> Changeset:
    live = live or LiveBucket("acme-lake", Existence.MISSING)
    plan = plan_bucket(BucketSpec.model_validate(WRITTEN), live, IDENTITY, Origin(file, line))
    return Changeset((plan,), None, Inputs(("specs",), {"team": "sales"}, ("acme-lake",), "d" * 64))


def test_the_document_is_plain_and_reads_back_equal() -> None:
    document = to_document(changeset(), "1.0")
    assert json.loads(to_text(document)) == document
    assert list(document)[:4] == ["format_version", "tool_version", "fingerprint", "endpoint"]
    assert document["summary"] == {"create": 1, "update": 0, "delete": 0, "none": 0, "blocked": 0}
    [bucket] = document["buckets"]
    assert bucket["action"] == "create"
    assert bucket["source"] == {"file": "specs/lake.yaml", "line": 1}
    assert bucket["changes"][0]["calls"] == [
        {
            "operation": "create_bucket",
            "params": {
                "CreateBucketConfiguration": {
                    "LocationConstraint": "eu-central-1",
                    "Tags": [{"Key": "Owner", "Value": "é"}, {"Key": "a.b", "Value": "x"}],
                }
            },
        }
    ]
    assert [found["code"] for found in bucket["findings"]] == ["RCL2509"]
    assert bucket["findings"][0]["path"] == "lifecycle.rules.a.transitions.GLACIER"
    tags = next(change for change in bucket["changes"] if change["aspect"] == "tags")
    assert {field["path"] for field in tags["fields"]} == {"Owner", '["a.b"]'}


def test_identical_input_gives_byte_identical_output() -> None:
    assert to_text(to_document(changeset(), "1.0")) == to_text(to_document(changeset(), "1.0"))


def test_the_fingerprint_leaves_out_where_and_when() -> None:
    document = to_document(changeset(), "1.0")
    same = to_document(changeset("elsewhere/x.yaml", 99), "2.0") | {"created_at": "2026-01-01T00:00:00Z"}
    assert document["fingerprint"] == same["fingerprint"] == fingerprint(same)


@pytest.mark.parametrize("name", ["format_version", "endpoint", "inputs", "buckets", "summary"])
def test_the_fingerprint_holds_everything_else(name: str) -> None:
    document = copy.deepcopy(to_document(changeset(), "1.0"))
    document[name] = [] if name == "buckets" else "another"
    assert fingerprint(document) != document["fingerprint"]


def test_a_changed_call_changes_the_fingerprint() -> None:
    document = to_document(changeset(), "1.0")
    tampered = json.loads(to_text(document))
    tampered["buckets"][0]["changes"][0]["calls"][0]["params"] = {}
    assert fingerprint(tampered) != document["fingerprint"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("rules", "expire-logs", "expiration", "days"), "rules.expire-logs.expiration.days"),
        (("Statement", "Allow s3:GetObject", "Action"), 'Statement["Allow s3:GetObject"].Action'),
        (("a.b",), '["a.b"]'),
        (("",), '[""]'),
        (("a", 'b"c', "d"), 'a["b\\"c"].d'),
        (("é",), "é"),
        ((), ""),
    ],
)
def test_path_text(path: tuple[str, ...], text: str) -> None:
    assert path_text(path) == text
    assert path_parts(text) == path


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.text('a.[]" \\', max_size=4)


@given(path=st.lists(names, max_size=4).map(tuple))
def test_a_path_reads_back_equal(path: tuple[str, ...]) -> None:
    assert path_parts(path_text(path)) == path


def test_how_a_plan_ends() -> None:
    nothing = Changeset((), None, Inputs(()))
    assert nothing.exit_code(detailed=True) is ExitCode.FINE
    assert not nothing.has_changes
    assert changeset().exit_code() is ExitCode.FINE
    assert changeset().exit_code(detailed=True) is ExitCode.CHANGES
    unclear = LiveBucket("acme-lake", Existence.UNCLEAR, trouble=Unreadable("why", "remedy"))
    blocked = changeset(live=unclear)
    assert blocked.exit_code(detailed=True) is ExitCode.ERROR
    assert blocked.summary[Action.BLOCKED] == 1
    document = to_document(blocked, "1.0")
    assert exit_code_of(document, detailed=True) is ExitCode.ERROR
    [bucket] = document["buckets"]
    assert bucket["blockers"] == [{"aspect": "bucket", "why": "why", "remedy": "remedy"}]
    assert blocked.plans[0].name == "acme-lake"


def test_a_bucket_that_is_there_is_updated() -> None:
    live = LiveBucket("acme-lake", Existence.EXISTS, "eu-central-1")
    assert changeset(live=live).plans[0].action is Action.UPDATE
