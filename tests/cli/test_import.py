"""import: live buckets become specs whose plan is empty; nothing is written to S3, and no file is lost."""

from pathlib import Path

import pytest

from tests.cli.conftest import Recording, Run

TWO = """\
buckets:
  - name: acme-lake
    region: us-east-1
    versioning: Enabled
    tags: {Owner: data-platform, Unit: "1"}
  - name: acme-logs
    region: us-east-1
    versioning: Enabled
    tags: {Owner: data-platform, Unit: "2"}
  - name: other-lake
    region: us-east-1
"""


@pytest.fixture
def two_buckets(reconcile: Run, spec: Path, recording: Recording) -> None:
    spec.write_text(TWO, encoding="utf-8")
    assert reconcile("apply", "--auto-approve").code == 0
    recording.requests.clear()


@pytest.mark.usefixtures("two_buckets")
@pytest.mark.parametrize(
    "words",
    [
        ("--all",),
        ("--all", "--full"),
        ("--all", "--factor"),
        ("--all", "--factor", "--full"),
        ("acme-lake", "other-lake"),
    ],
)
@pytest.mark.parametrize("out", ["taken", "taken.yaml"])
def test_the_plan_of_what_is_imported_is_empty(
    reconcile: Run, recording: Recording, words: tuple[str, ...], out: str
) -> None:
    ended = reconcile("import", *words, "--out", out)
    assert ended.code == 0, ended.err
    assert recording.writes == []
    planned = reconcile("plan", "--detailed-exitcode", out)
    assert planned.code == 0, planned.out


@pytest.mark.usefixtures("two_buckets")
def test_without_a_file_it_is_printed(reconcile: Run) -> None:
    ended = reconcile("import", "other-lake", "acme-lake")
    assert ended.out == (
        "# yaml-language-server: $schema=../schemas/bucket-spec.schema.json\n"
        "buckets:\n"
        "  - name: acme-lake\n"
        "    region: us-east-1\n"
        '    account: "123456789012"\n'
        "    versioning: Enabled\n"
        "    tags:\n"
        "      Owner: data-platform\n"
        '      Unit: "1"\n'
        "\n"
        "  - name: other-lake\n"
        "    region: us-east-1\n"
        '    account: "123456789012"\n'
    )


@pytest.mark.usefixtures("two_buckets")
def test_one_file_per_bucket_and_what_comes_next(reconcile: Run, recording: Recording) -> None:
    ended = reconcile("import", "--all", "--match", "acme-*", "--out", "taken")
    assert ended.out == ""
    assert "Wrote taken/acme-lake.yaml\nWrote taken/acme-logs.yaml\n" in ended.err
    assert "Next: reconcile plan" in ended.err
    assert sorted(path.name for path in Path("taken").iterdir()) == ["acme-lake.yaml", "acme-logs.yaml"]
    assert len([path for _, path in recording.requests if path.startswith("/?")]) == 1, "the buckets are listed once"


@pytest.mark.usefixtures("two_buckets")
def test_what_they_share_stands_in_one_file(reconcile: Run) -> None:
    assert reconcile("import", "--all", "--match", "acme-*", "--factor", "--out", "taken").code == 0
    text = Path("taken/buckets.yaml").read_text(encoding="utf-8")
    assert "defaults:\n  region: us-east-1\n" in text
    assert text.count("versioning: Enabled") == text.count("Owner: data-platform") == 1


@pytest.mark.usefixtures("two_buckets")
def test_no_file_is_overwritten_without_being_told(reconcile: Run) -> None:
    there = Path("taken/acme-logs.yaml")
    there.parent.mkdir()
    there.write_text("precious\n", encoding="utf-8")
    ended = reconcile("import", "--all", "--out", "taken")
    assert ended.code == 1
    assert "taken/acme-logs.yaml exists; nothing was written" in ended.err
    assert "--overwrite" in ended.err
    assert there.read_text(encoding="utf-8") == "precious\n"
    assert list(there.parent.iterdir()) == [there]
    assert reconcile("import", "--all", "--out", "taken", "--overwrite").code == 0
    assert "acme-logs" in there.read_text(encoding="utf-8")
    assert "and 2 more" in reconcile("import", "--all", "--out", "taken").err


@pytest.mark.usefixtures("two_buckets")
def test_a_bucket_that_is_not_there_is_told_and_the_others_are_written(reconcile: Run) -> None:
    ended = reconcile("import", "acme-lake", "nobody-knows-it")
    assert ended.code == 1
    assert "name: acme-lake" in ended.out
    assert "error: nobody-knows-it: there is no such bucket" in ended.err
    nothing = reconcile("import", "nobody-knows-it")
    assert (nothing.code, nothing.out) == (1, "")


@pytest.mark.usefixtures("two_buckets")
def test_what_cannot_be_read_is_a_comment_and_a_warning(reconcile: Run, recording: Recording) -> None:
    recording.instead = lambda _, path: (
        b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>" if "tagging" in path else None
    )
    ended = reconcile("import", "--all", "--match", "acme-*")
    recording.instead = lambda _, _path: None
    assert ended.code == 0
    assert ended.out.count("# tags: tags cannot be read: access denied; allow s3:GetBucketTagging") == 2
    assert "warning: the spec says nothing of tags of acme-lake and 1 more" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which buckets?"),
        (("--match", "a*"), "which buckets?"),
        (("acme-lake", "--all"), "names of buckets go with neither --all nor --match"),
        (("--all", "--out", ""), "--out names no file or folder"),
        (("--all", "--out", "specs.json"), "write --out specs.yaml, or --out specs.json/ for a folder"),
        (("--all", "--out", "a-file"), "a-file is not a folder"),
        (("--all", "--out", "a-file/specs.yaml"), "a-file is not a folder"),
        (("--all", "--out", "x" * 300), "x… cannot be used: File name too long"),
        (("s3://acme-lake",), "write `acme-lake`"),
        (("arn:aws:s3:::acme-lake/raw/",), "write `acme-lake`"),
        (("",), "`` is not the name of a bucket"),
        (("Bad/../x",), "`Bad/../x` is not the name of a bucket"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(
    reconcile: Run, recording: Recording, words: tuple[str, ...], said: str
) -> None:
    Path("a-file").write_text("precious", encoding="utf-8")
    before = len(recording.requests)
    ended = reconcile("import", *words)
    assert ended.code == 64
    assert said in ended.err
    assert len(recording.requests) == before


def test_an_account_without_such_buckets(reconcile: Run) -> None:
    ended = reconcile("import", "--all", "--match", "no-such-*")
    assert ended.code == 1
    assert "shows no bucket like no-such-*" in ended.err
    assert "s3:ListAllMyBuckets" in ended.err


def test_a_file_that_cannot_be_written(reconcile: Run, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reconcile("apply", "--auto-approve").code == 0

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "taken/here.yaml")

    for method in ("open", "is_symlink"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, method, full)
            ended = reconcile("import", "acme-lake", "--out", "taken/here.yaml")
        assert ended.code == 1
        assert "taken/here.yaml cannot be written: No space left on device" in ended.err


@pytest.mark.usefixtures("two_buckets")
def test_a_hyphen_is_standard_output_and_yaml_is_yaml_in_capitals(reconcile: Run) -> None:
    assert reconcile("import", "acme-lake", "--out", "-").out == reconcile("import", "acme-lake").out
    assert reconcile("import", "--all", "--out", "ALL.YAML").code == 0
    assert Path("ALL.YAML").is_file()
