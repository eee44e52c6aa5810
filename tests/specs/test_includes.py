"""``{file: …}``: what may be included, and that nothing else can be."""

import json
import os
from pathlib import Path

import pytest

from reconciler.aspects.policy import Policy
from reconciler.errors import InvalidSpecs
from reconciler.nodes import Source
from reconciler.specs import includes
from reconciler.specs.loader import load
from tests.specs.reading import load_bucket, load_text, problems_in

POLICY = (
    '{"Version": "2012-10-17", "Statement": [\n\t{'
    '"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::${bucket}"}]}'
)
SPEC = "buckets:\n  - name: aaa\n    policy: {{file: {}}}\n"


@pytest.fixture(autouse=True)
def policies(folder: Path) -> Path:
    (folder / "policies").mkdir()
    (folder / "policies" / "lake.json").write_text(POLICY)
    return folder / "policies"


def test_a_policy_in_a_file_also_with_tabs_and_by_a_link_that_stays_inside(policies: Path) -> None:
    (policies / "link.json").symlink_to("lake.json")
    inline = load_bucket(SPEC.format("policies/lake.json"))
    assert inline["policy"]["Statement"][0]["Effect"] == "Deny"  # type: ignore[index]
    assert load_bucket(SPEC.format("./policies/../policies/link.json")) == inline


def test_yaml_and_the_variables_of_the_file(policies: Path) -> None:
    (policies / "prod.yaml").write_text(
        "Statement: {Effect: Deny, Principal: '*', Action: 's3:*', Resource: '${what}'}\n"
    )
    text = 'variables: {env: prod, what: "arn:${partition}:s3:::${bucket}"}\n' + SPEC.format('"policies/${env}.yaml"')
    assert load_bucket(text)["policy"]["Statement"]["Resource"] == "arn:${partition}:s3:::${bucket}"  # type: ignore[index]


def test_a_part_of_a_spec_beside_it_is_no_spec(folder: Path, policies: Path) -> None:
    statement = "Statement: {Effect: Deny, Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::aaa'}\n"
    (policies / "lake.yaml").write_text(statement)
    (folder / "lake.yaml").write_text(SPEC.format("policies/lake.yaml"))
    loaded = load([str(folder)])
    assert [bucket.spec.name for bucket in loaded.buckets] == ["aaa"]
    assert len(loaded.files) == 1
    (policies / "other.yaml").write_text(statement)
    with pytest.raises(InvalidSpecs) as found:
        load([str(folder)])
    assert "other.yaml" in str(found.value.problems[0].place), "which nobody includes"
    (folder / "other.yaml").write_text("buckets:\n  - {name: bbb, policy: {file: lake.yaml}}\n")
    (policies / "other.yaml").unlink()
    with pytest.raises(InvalidSpecs):
        load([str(folder)])  # a spec that is included as if it were a policy stays a spec
    (folder / "other.yaml").unlink()
    assert load([str(folder)]).buckets == loaded.buckets


def test_a_file_is_read_once_for_all_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    original = includes.read

    def counted(folder: Path, written: str) -> Source:
        opened.append(written)
        return original(folder, written)

    monkeypatch.setattr(includes, "read", counted)
    buckets = "".join(f"  - {{name: bucket-{n}, policy: {{file: policies/lake.json}}}}\n" for n in range(3))
    assert len(load_text("buckets:\n" + buckets).buckets) == 3
    assert opened == ["policies/lake.json"]


def test_the_schema_of_a_manifest_in_a_file(folder: Path) -> None:
    (folder / "team.json").write_text('{"required": ["purpose"], "properties": {"cost": {"maximum": 1e2}}}')
    spec = "buckets:\n  - name: aaa\n    manifest: {{json_schema: {{file: team.json}}{}}}\n"
    load_bucket(spec.format(", purpose: x, cost: 99"))
    assert problems_in(spec.format(", cost: 101")) == [
        "3:15 RCL2702 'purpose' is a required property (the team's schema)",
        "3:54 RCL2702 101 is greater than the maximum of 100.0 (the team's schema)",
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("../secret.json", "3:20 RCL1201 `../secret.json` lies outside of the spec's folder"),
        ("policies/../../secret.json", "3:20 RCL1201 `policies/../../secret.json` lies outside of the spec's folder"),
        ("/etc/passwd", "3:20 RCL1201 `/etc/passwd` lies outside of the spec's folder"),
        ("/dev/zero", "3:20 RCL1201 `/dev/zero` lies outside of the spec's folder"),
        ("out/secret.json", "3:20 RCL1201 `out/secret.json` lies outside of the spec's folder"),
        ("escape.json", "3:20 RCL1201 `escape.json` lies outside of the spec's folder"),
        ("device.json", "3:20 RCL1201 `device.json` lies outside of the spec's folder"),
        ("nope.json", "3:20 RCL1202 `nope.json` cannot be read: No such file or directory"),
        ("policies", "3:20 RCL1202 `policies` cannot be read: Is a directory"),
        ("pipe", "3:20 RCL1202 `pipe` cannot be read: it is not an ordinary file"),
        ("large.json", "3:20 RCL1202 `large.json` cannot be read: it has 1,048,577 bytes; 1,048,576 are the most"),
        ("latin.json", "3:20 RCL1202 `latin.json` cannot be read: it is not UTF-8 text"),
        ('"a\\0b"', "3:20 RCL1202 `a\0b` cannot be read: a name holds no null character"),
        ("loop.json", None),
        ("[a]", "3:20 RCL1202 `file` names a path"),
        ("7", "3:20 RCL1202 `file` names a path"),
        ("${nope}.json", "3:20 RCL1305 nobody declared `${nope}`"),
    ],
)
def test_what_cannot_be_included(folder: Path, written: str, said: str | None) -> None:
    (folder.parent / "secret.json").write_text("{}")
    (folder / "out").symlink_to(folder.parent)
    (folder / "escape.json").symlink_to(folder.parent / "secret.json")
    (folder / "device.json").symlink_to("/dev/zero")
    (folder / "loop.json").symlink_to("loop.json")
    (folder / "large.json").write_bytes(b" " * (1024 * 1024 + 1))
    (folder / "latin.json").write_bytes(b'{"\xe4": 1}')
    os.mkfifo(folder / "pipe")
    text = SPEC.format(f'"{written}"' if "$" in written else written)
    (problem,) = problems_in(text)
    assert problem == said if said else problem.startswith("3:20 RCL1202 `loop.json` cannot be read")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1,\n "b" 2}', "2:6 RCL1203 this is not JSON: Expecting ':' delimiter"),
        ("", "1:1 RCL1203 this is not JSON: Expecting value"),
        ("a: 1", "1:1 RCL1203 this is not JSON: Expecting value"),
        ('{"a": 1}\n{}', "2:1 RCL1203 this is not JSON: Extra data"),
        ('{"Statement": [], "Statement": 3}', "1:19 RCL1005 `Statement` is written twice"),
        ("[" * 100_000, "1:41 RCL1003 more than 40 levels deep"),
        ("[1]", "1:1 RCL1105 this is a list; expected is a mapping"),
        ('"text"', "1:1 RCL1105 this is text; expected is a mapping"),
        ("null", "1:1 RCL1004 there is nothing in this file"),
        ('{"Statement": ' + "9" * 5000 + "}", "1:15 RCL2402 a statement is a mapping of elements"),
        ('{"Statement": [], "Id": NaN}', "1:1 RCL2401 there is no statement in this"),
    ],
)
def test_mistakes_in_an_included_file_have_their_place_there(folder: Path, content: str, said: str) -> None:
    (folder / "x.json").write_text(content)
    assert said in problems_in(SPEC.format("x.json"))


def test_only_where_the_aspect_takes_a_file() -> None:
    assert [problem[:12] for problem in problems_in("buckets:\n  - name: aaa\n    lifecycle: {file: x}\n")] == [
        "3:17 RCL1101"
    ]
    assert problems_in("buckets:\n  - name: aaa\n    policy: {file: policies/lake.json, Version: '2012-10-17'}\n")
    assert problems_in("buckets:\n  - name: aaa\n    manifest: text\n")


@pytest.mark.parametrize("word", ["absent", "unmanaged"])
def test_a_file_holds_a_document_and_no_orders(folder: Path, word: str) -> None:
    (folder / "p.json").write_text(f'"{word}"')
    (folder / "a.yaml").write_text("buckets: [{name: acme-a, policy: {file: p.json}}]")
    with pytest.raises(InvalidSpecs) as refusal:
        load([str(folder / "a.yaml")])
    assert [problem.message for problem in refusal.value.problems] == ["this is text; expected is a mapping"]


def test_json_is_read_as_json_also_where_yaml_would_fold_it(folder: Path) -> None:
    text = "a\u2028  b\u2029c\u0085d"
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-a"}
    policy = {"Statement": [statement | {"Condition": {"StringEquals": {"aws:UserAgent": text}}}]}
    (folder / "p.json").write_text(json.dumps(policy, ensure_ascii=False), encoding="utf-8")
    (folder / "a.yaml").write_text("buckets: [{name: acme-a, policy: {file: p.json}}]")
    [bucket] = load([str(folder / "a.yaml")]).buckets
    assert isinstance(bucket.spec.policy, Policy)
    assert bucket.spec.policy.root == policy
