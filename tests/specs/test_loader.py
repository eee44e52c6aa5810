"""From text to specs: what is read, and what is told about what cannot be."""

import time
from pathlib import Path

import pytest

from reconciler.aspects.lifecycle import WATERFALL
from reconciler.errors import InvalidSpecs, UsageError
from reconciler.problems import Severity
from reconciler.specs.loader import load
from tests.specs.reading import helps_in, load_bucket, load_text, problems_in, problems_with

BUCKET = "buckets:\n  - name: aaa\n"
"""Whatever follows stands in line 3."""


@pytest.mark.parametrize("name", ["lake.yaml", "fleet.yaml", ""])
def test_the_example_specs_are_in_order(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    loaded = load([f"specs/{name}"])
    assert loaded.warnings == ()
    assert len(loaded.buckets) == {"lake.yaml": 1, "fleet.yaml": 10, "": 11}[name]


# ── what is read ─────────────────────────────────────────────────────────────────────────────────────


def test_numbers_in_text_fields_stay_as_they_are_written() -> None:
    bucket = load_bucket(
        BUCKET + "    account: 012345678901\n    tags: {version: 1.10, id: 12e4567, day: 2020-01-01, n: 1_0}\n"
    )
    assert bucket["account"] == "012345678901"
    assert bucket["tags"] == {"version": "1.10", "id": "12e4567", "day": "2020-01-01", "n": "1_0"}


def test_account_ids_in_a_policy_stay_as_they_are_written() -> None:
    policy = (
        "{Version: 2012-10-17, Statement: {Effect: Deny, Principal: {AWS: 012345678901}, Action: s3:*,"
        " Resource: 'arn:aws:s3:::${bucket}'}}"
    )
    bucket = load_bucket(BUCKET + f"    policy: {policy}\n")
    assert bucket["policy"]["Statement"]["Principal"] == {"AWS": "012345678901"}  # type: ignore[index]
    assert bucket["policy"]["Version"] == "2012-10-17"  # type: ignore[index]


def test_one_word_for_a_mapping() -> None:
    assert load_bucket(BUCKET + "    versioning: Enabled\n    encryption: AES256\n") == {
        "name": "aaa",
        "versioning": {"status": "Enabled"},
        "encryption": {"sse_algorithm": "AES256"},
    }


def test_absent_and_unmanaged() -> None:
    text = "defaults: {tags: {a: b}, lifecycle: absent}\n"
    assert load_bucket(text + "buckets: [{name: aaa, tags: unmanaged}]") == {"name": "aaa", "lifecycle": "absent"}
    assert load_bucket(text + "buckets: [{name: aaa, tags: absent, lifecycle: unmanaged}]") == {
        "name": "aaa",
        "tags": "absent",
    }


def test_the_order_is_that_of_the_names_and_always_the_same(folder: Path) -> None:
    (folder / "b.yaml").write_text("buckets: [{name: bbb}, {name: ddd}]")
    (folder / "a.yaml").write_text("buckets: [{name: ccc}, {name: aaa}]")
    assert [bucket.spec.name for bucket in load(["b.yaml", "a.yaml"]).buckets] == ["aaa", "bbb", "ccc", "ddd"]


# ── variables ────────────────────────────────────────────────────────────────────────────────────────

VARIABLES = "variables: {env: dev, team: 1.10, empty: '', arn: 'arn:${partition}:s3:::${bucket}'}\n"


def test_variables_of_the_file_are_filled_in_and_those_of_iam_are_not() -> None:
    text = VARIABLES + (
        "buckets:\n  - name: aaa-${env}\n    tags: {a: '${team}-${env}', b: 'x${empty}'}\n"
        "    policy: {Statement: {Effect: Deny, Principal: '*', Action: s3:*,"
        " Resource: '${arn}/${aws:username}/${*}'}}\n"
    )
    bucket = load_bucket(text, {"env": "prod"})
    assert bucket["name"] == "aaa-prod"
    assert bucket["tags"] == {"a": "1.10-prod", "b": "x"}
    assert bucket["policy"]["Statement"]["Resource"] == "arn:${partition}:s3:::${bucket}/${aws:username}/${*}"  # type: ignore[index]


def test_variables_that_the_command_line_gives() -> None:
    text = "variables: {env: dev, stage: x}\nbuckets: [{name: 'aaa-${env}'}]"
    assert load_bucket(text, {"env": "x"})["name"] == "aaa-x"
    with pytest.raises(UsageError) as unknown:
        load_text(text, {"envi": "x"})
    assert unknown.value.remedy == "did you mean `env`?"
    with pytest.raises(UsageError) as far_off:
        load_text(text, {"something": "x"})
    assert far_off.value.remedy == "declare it under `variables:`"
    with pytest.raises(UsageError) as nested:
        load_text(text, {"env": "${stage}"})
    assert "uses a variable of the specs" in nested.value.message


def test_mistakes_come_before_a_variable_that_nobody_declared() -> None:
    Path("spec.yaml").write_text("buckets: [")
    with pytest.raises(InvalidSpecs):
        load(["spec.yaml"], {"env": "x"})


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "variables: {bucket: x, a-b: y, list: [1], yes: true, none: , own: '${env}'}\n" + BUCKET,
            [
                "1:13 RCL1306 `bucket` cannot be declared",
                "1:24 RCL1306 `a-b` cannot be declared",
                "1:38 RCL1306 a variable holds text",
                "1:48 RCL1306 a variable holds text",
                "1:60 RCL1306 a variable holds text",
                "1:67 RCL1305 nobody declared `${env}`",
            ],
        ),
        ("variables: [env]\n" + BUCKET, ["1:12 RCL1105 `variables` is a mapping of names to text"]),
        # what follows from an unknown variable is not told as well
        (BUCKET + "    region: ${regoin}\n", ["3:13 RCL1305 nobody declared `${regoin}`"]),
        (
            BUCKET + "    tags: {a: '${b} ${c}'}\n",
            ["3:15 RCL1305 nobody declared `${b}`", "3:15 RCL1305 nobody declared `${c}`"],
        ),
    ],
)
def test_variables_that_make_no_sense(text: str, problems: list[str]) -> None:
    assert problems_in(text) == problems


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        # what is no spec
        ("hello", ["1:1 RCL1303 a spec file begins with `buckets:`"]),
        ("- name: aaa\n", ["1:1 RCL1303 a spec file begins with `buckets:`"]),
        ("{}\n", ["1:1 RCL1303 `buckets:` is missing"]),
        ("defaults: {}\n", ["1:1 RCL1303 `buckets:` is missing"]),
        ("buckets:\n", ["1:9 RCL1303 `buckets` is a list"]),
        ("buckets: {name: aaa}\n", ["1:10 RCL1303 `buckets` is a list"]),
        ("buckets: []\n", ["1:10 RCL1303 there is no bucket in this list"]),
        ("bukets: []\nfoo: 1\n", ["1:1 RCL1101 unknown field `bukets`", "2:1 RCL1101 unknown field `foo`"]),
        ("default: {}\n" + BUCKET, ["1:1 RCL1101 unknown field `default`"]),
        ("defaults: [x]\n" + BUCKET, ["1:11 RCL1105 `defaults` is a mapping, like a bucket without its name"]),
        ("defaults: {name: x}\n" + BUCKET, ["1:12 RCL1101 `defaults` has no `name`"]),
        (
            "buckets:\n  - aaa\n  -\n  - region: us-east-1\n",
            [
                "2:5 RCL1105 a bucket is a mapping",
                "3:4 RCL1105 a bucket is a mapping",
                "4:5 RCL1102 `name` is missing",
            ],
        ),
        # fields
        (BUCKET + "    lifecyle: {}\n", ["3:5 RCL1101 unknown field `lifecyle`"]),
        (
            BUCKET + "    lifecycle: {rules: [{id: x, days: 3, expiration: {days: 1}}]}\n",
            ["3:33 RCL1101 unknown field `days`"],
        ),
        (BUCKET + "    3: x\n    ~: y\n", ["3:5 RCL1101 unknown field `3`", "4:5 RCL1101 unknown field `~`"]),
        (BUCKET + "    manifest: {ownr: {name: x}}\n", ["3:22 RCL2704 a manifest has no field `ownr`"]),
        # emptiness
        (
            BUCKET + "    lifecycle:\n    region:\n    tags: {a: }\n"
            "    public_access_block: {block_public_acls: , ignore_public_acls: true}\n"
            "    waivers: [{rule: LIF-01, reason: , owner: lake, expires: 2999-12-31}]\n",
            [
                "3:5 RCL1103 this is empty: it could mean two things",
                "4:5 RCL1103 this is empty",
                "5:12 RCL1103 this is empty",
                "6:27 RCL1103 this is empty",
                "7:30 RCL1103 this is empty",
            ],
        ),
        (BUCKET + "    lifecycle: {rules: []}\n", ["3:16 RCL2501 there is no rule in this"]),
        (BUCKET + "    tags: {}\n", ["3:11 RCL2601 this names no tag"]),
        (BUCKET + "    policy: {}\n", ["3:13 RCL2401 there is no statement in this"]),
        # words
        (BUCKET + "    versioning: Enable\n", ["3:17 RCL1104 `Enable` is none of Enabled, Suspended"]),
        (BUCKET + "    versioning: {status: on}\n", ["3:26 RCL1006 `on` is true or false to some and text to others"]),
        (BUCKET + "    encryption: AES-256\n", ["3:17 RCL1104 `AES-256` is none of AES256, aws:kms, aws:kms:dsse"]),
        (BUCKET + "    versioning: absent\n", ["3:17 RCL2101 S3 cannot take versioning away from a bucket"]),
        # kinds of values
        (
            BUCKET + "    versioning: true\n",
            ["3:17 RCL1105 this is true or false; expected is `Enabled` or `Suspended` or a mapping"],
        ),
        (BUCKET + "    lifecycle: [{id: x}]\n", ["3:16 RCL1105 this is a list; expected is a mapping"]),
        (BUCKET + "    lifecycle: Enabled\n", ["3:16 RCL1105 this is text; expected is a mapping"]),
        (BUCKET + "    policy: text\n", ["3:13 RCL1105 this is text; expected is a mapping"]),
        (BUCKET + "    tags: [a]\n", ["3:11 RCL1105 this is a list; expected is a mapping"]),
        (BUCKET + "    tags: {a: [b]}\n", ["3:15 RCL1105 this is a list; expected is text"]),
        (BUCKET + "    tags: {a: {b: c}}\n", ["3:15 RCL1105 this is a mapping; expected is text"]),
        (BUCKET + "    tags: {a: true}\n", ["3:15 RCL1105 this is true or false; expected is text"]),
        (BUCKET + "    ignore_tags: cost\n", ["3:18 RCL1105 this is text; expected is a list"]),
        (BUCKET + "    manifest: {owner: Joe}\n", ["3:23 RCL1105 this is text; expected is a mapping"]),
        (
            BUCKET + "    manifest: {data: {contains_pii: 'no'}}\n",
            ["3:37 RCL1105 this is text; expected is true or false"],
        ),
        (
            BUCKET + "    lifecycle:\n      rules:\n        - {id: x, expiration: {days: '3'}}\n"
            "        - {id: y, expiration: {days: 1.5}}\n",
            [
                "5:38 RCL1105 this is text; expected is a whole number",
                "6:38 RCL1105 this is a number; expected is a whole number",
            ],
        ),
        (
            BUCKET + "    lifecycle: {rules: [{id: x, expiration: {date: 2030-13-01}}]}\n",
            ["3:52 RCL1108 this is not an ISO 8601 date"],
        ),
        (
            BUCKET + "    public_access_block: {block_public_acls: yes}\n",
            ["3:46 RCL1006 `yes` is true or false to some and text to others"],
        ),
        (BUCKET + "    versioning: *x\n", ["3:17 RCL1007 an alias: `*x`"]),
        # names and identities
        (
            "buckets:\n  - name: Aaa\n  - name: 192.168.0.1\n  - name: [x]\n",
            [
                "2:11 RCL2001 S3 takes no upper-case letters in a name",
                "3:11 RCL2001 a name may not look like an IP address",
                "4:11 RCL1105 this is a list; expected is text",
            ],
        ),
        (BUCKET + "  - name: bbb\n  - name: aaa\n", ["4:5 RCL1304 `aaa` is declared twice"]),
        (
            BUCKET + "    lifecycle:\n      rules:\n        - {id: x, expiration: {days: 1}}\n"
            "        - {id: x, expiration: {days: 2}}\n",
            ["6:16 RCL1308 the `id` `x` is taken"],
        ),
        (
            BUCKET + "    lifecycle: {rules: [{expiration: {days: 1}}, {id: x}, {expiration: {days: 1}}]}\n",
            [
                "3:50 RCL2503 this rule does nothing: it has neither an expiration, a transition nor a clean-up",
                "3:59 RCL2502 another rule without an `id` says just the same",
            ],
        ),
        (BUCKET + "    lifecycle: {rules: [text]}\n", ["3:25 RCL1105 this is text; expected is a mapping"]),
        (BUCKET + "    lifecycle: {rules: {id: x}}\n", ["3:24 RCL1105 this is a mapping; expected is a list"]),
        # what S3 would refuse, at its place
        (
            BUCKET + "    versioning: Disabled\n",
            ["3:17 RCL1104 S3 has no `Disabled`: a bucket never had versions, or they are Enabled or Suspended"],
        ),
        (
            BUCKET + "    lifecycle: {rules: [{id: x, transitions: [{days: 9, storage_class: STANDARD}]}]}\n",
            [f"3:72 RCL1104 `STANDARD` is none of {', '.join(WATERFALL)}"],
        ),
        (
            BUCKET + "    lifecycle: {rules: [{expiration: {days: 9}}, {expiration: {days: 0}}]}\n",
            ["3:70 RCL2505 0 is not between 1 and 2147483647"],
        ),
        (
            BUCKET + "    encryption: {sse_algorithm: AES256, kms_master_key_id: alias/x}\n",
            ["3:60 RCL2201 a KMS key makes no sense with AES256"],
        ),
        (BUCKET + "    tags: {aws:x: y}\n", ["3:19 RCL2602 `aws:x`: keys that begin with `aws:` are AWS's own"]),
        (BUCKET + "    account: 123\n", ["3:14 RCL2003 `123` is not an account id: it has 12 digits"]),
        # everything in one run, also where a part of the bucket cannot be read
        (
            BUCKET + "    tags: {}\n    versionning: x\n    region: nowhere\n"
            "  - {name: B, tags: {aws:x: y}, foo: 1}\n  - {tags: {}}\n",
            [
                "3:11 RCL2601 this names no tag",
                "4:5 RCL1101 unknown field `versionning`",
                "5:13 RCL2002 `nowhere` is not a region",
                "6:12 RCL2001 a name of 1 characters: S3 takes 3 to 63",
                "6:29 RCL2602 `aws:x`: keys that begin with `aws:` are AWS's own",
                "6:33 RCL1101 unknown field `foo`",
                "7:5 RCL1102 `name` is missing",
                "7:12 RCL2601 this names no tag",
            ],
        ),
    ],
)
def test_mistakes_and_their_places(text: str, problems: list[str]) -> None:
    assert problems_in(text) == problems


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("lifecyle: {}", "did you mean `lifecycle`?"),
        (
            "lifecycle: {rules: [{id: x, days: 3, expiration: {days: 1}}]}",
            "`days` belongs under `lifecycle.rules.expiration` or `lifecycle.rules.transitions`",
        ),
        (
            "lifecycle: {name: x, rules: [{id: x, expiration: {days: 1}}]}",
            "`name` belongs under `the bucket` or `manifest.owner`",
        ),
        (
            "encryption: {sse_algorithm: aws:kms, zzz: 1}",
            "allowed here: blocked_encryption_types, bucket_key_enabled, kms_master_key_id, sse_algorithm",
        ),
        ("versioning: Enable", "did you mean `Enabled`?"),
        ("versioning: zzz", None),
        ("versioning: true", "its fields: status, mfa_delete"),
        ("policy: text", "write it here, or `{file: …}` to take it from a file next to the spec"),
        ("tags: [a]", None),
        ("tags: {a: true}", 'put it in quotes: "true"'),
        ("ignore_tags: cost", "write it as a list: [cost]"),
        ("ignore_tags: {a: b}", None),
        ("public_access_block: {block_public_acls: 'true'}", "write it without quotes"),
        ("public_access_block: {block_public_acls: 1}", None),
        ("lifecycle: {rules: [{id: x, expiration: {days: '3'}}]}", "write it without quotes"),
        ("region: ", "write a value, or leave the line out"),
        ("lifecycle:", "write `absent` to have none, or leave the line out to leave the live one alone"),
        ("region: '${regoin}'", "did you mean `${region}`?"),
        ("region: '${zzz}'", "declare it under `variables:`"),
        ("k" * 5000 + ": 1", "allowed here: "),
    ],
)
def test_what_would_be_right(text: str, hint: str | None) -> None:
    (said,) = helps_in(BUCKET + f"    {text}\n" if len(text) < 1000 else BUCKET + f"    ? {text[:-3]}\n    : 1\n")
    assert said == hint or (said and hint and hint.endswith(": ") and said.startswith(hint))


def test_the_same_bucket_in_two_files_names_both_places(folder: Path) -> None:
    (folder / "a.yaml").write_text(BUCKET)
    (folder / "b.yaml").write_text("\n" + BUCKET)
    (problem,) = problems_with("a.yaml", "b.yaml")
    assert (str(problem.place), problem.help) == ("b.yaml:3:5", "the first is at a.yaml:2:5")


def test_a_mistake_in_the_defaults_is_shown_once_and_where_it_stands() -> None:
    text = "defaults:\n  tags: {aws:x: y}\n  foo: 1\nbuckets: [{name: aaa}, {name: bbb}, {name: ccc, tags: {a: }}]\n"
    assert problems_in(text) == [
        "2:17 RCL2602 `aws:x`: keys that begin with `aws:` are AWS's own",
        "3:3 RCL1101 unknown field `foo`",
        "4:56 RCL1103 this is empty",
    ]


def test_null_is_a_value_in_a_language_of_others(folder: Path) -> None:
    (folder / "a.yaml").write_text(BUCKET + "    manifest: {json_schema: {properties: {owner: {default: ~}}}}\n")
    assert len(load(["a.yaml"]).buckets) == 1


def test_warnings_stop_nothing() -> None:
    rule = "{id: x, transitions: [{days: 1, storage_class: GLACIER}], expiration: {days: 5}}"
    loaded = load_text(BUCKET + f"    lifecycle: {{rules: [{rule}]}}\n")
    (warning,) = loaded.warnings
    assert (warning.code, warning.severity, str(warning.place)) == ("RCL2509", Severity.WARNING, "spec.yaml:3:47")


def test_problems_carry_the_lines_that_lead_to_them() -> None:
    problems_in(BUCKET + "    lifecyle: {}\n")
    (problem,) = problems_with("spec.yaml")
    assert problem.lines == ("  - name: aaa", "    lifecyle: {}")


def test_a_file_full_of_mistakes_is_left_at_some_point(folder: Path) -> None:
    before = time.process_time()
    many = "\n".join(f"    field{number}: 1" for number in range(20_000))
    (folder / "fields.yaml").write_text(BUCKET + many)
    (folder / "buckets.yaml").write_text("buckets:\n" + "  - {name: A}\n" * 5000)
    (folder / "top.yaml").write_text("\n".join(f"b{number}: 1" for number in range(20_000)))
    (folder / "variables.yaml").write_text(
        "variables:\n"
        + "\n".join(f"  v{n}: x" for n in range(5000))
        + "\n"
        + BUCKET
        + "    tags:\n"
        + "\n".join(f"      k{n}: ${{w{n}}}" for n in range(5000))
    )
    problems = problems_with("fields.yaml", "buckets.yaml", "top.yaml", "variables.yaml")
    for name in ("fields.yaml", "buckets.yaml", "top.yaml", "variables.yaml"):
        codes = [problem.code for problem in problems if problem.place and problem.place.file == name]
        assert codes.count("RCL1307") == 1
        assert len([code for code in codes if code != "RCL1304"]) <= 1001
    assert time.process_time() - before < 30  # a fence against hours, not a measurement


@pytest.mark.parametrize("name", ["${team}", "aws:RequestTag/${team}", "${account_id}"])
def test_variables_are_not_for_names(tmp_path: Path, name: str) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(f'variables: {{team: x}}\nbuckets:\n  - name: acme-a\n    tags: {{"{name}": y}}\n')
    with pytest.raises(InvalidSpecs) as refusal:
        load([str(spec)])
    first = refusal.value.problems[0]
    assert (first.code, str(first.place).rpartition("/")[2]) == ("RCL1305", "a.yaml:4:12")


def test_the_variables_of_iam_are_for_names_too(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text('buckets:\n  - name: acme-a\n    manifest: {structure: {"home/${aws:username}/": theirs}}\n')
    assert load([str(spec)]).buckets


def test_an_empty_aspect_that_cannot_be_absent_says_what_it_can_be(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text("buckets:\n  - name: acme-a\n    versioning:\n    tags:\n")
    with pytest.raises(InvalidSpecs) as refusal:
        load([str(spec)])
    versioning, tags = refusal.value.problems
    assert "`Suspended`" in str(versioning.help)
    assert "`absent`" in str(tags.help)


def test_a_name_takes_only_declared_variables(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text("buckets:\n  - name: acme-${account_id}\n    versioning: Enabled\n")
    with pytest.raises(InvalidSpecs) as refusal:
        load([str(spec)])
    assert "variables that the file declares" in refusal.value.problems[0].message
