"""--report: what a command leaves behind for others, however it ends."""

import io
import json
from pathlib import Path
from threading import Thread

import pytest
from jsonschema import Draft7Validator

from reconciler.cli.events import Events
from reconciler.planning.event_schema import event_schema
from tests.cli.conftest import SPEC, Recording, Run, denied

TYPO = SPEC.replace("versioning", "versoning")


def types(text: str) -> list[str]:
    """What happened, in order; each event is what the schema says."""
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        Draft7Validator(event_schema()).validate(event)
    return [event["type"] for event in events]


def reports(*names: str) -> list[str]:
    return [word for name in names for word in ("--report", f"{name}={name}.out")]


def test_one_run_leaves_any_number_of_reports(reconcile: Run, spec: Path) -> None:
    ended = reconcile("plan", "--out", "plan.json", *reports("sarif", "junit", "json", "gitlab-terraform", "jsonl"))
    assert ended.code == 0
    assert "+ acme-lake" in ended.out
    assert json.loads(Path("gitlab-terraform.out").read_text())["create"] == 1
    assert types(Path("jsonl.out").read_text()) == [
        "version",
        "read_start",
        "read_complete",
        "planned_change",
        "change_summary",
    ]
    shown = reconcile("show", "plan.json", "--report", "junit=again.xml")
    assert shown.code == 0
    assert Path("again.xml").read_text() == Path("junit.out").read_text()
    assert json.loads(Path("json.out").read_text())["fingerprint"] in Path("plan.json").read_text()


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_specs_with_mistakes_are_a_report_too(reconcile: Run, spec: Path, command: str) -> None:
    spec.write_text(TYPO)
    ended = reconcile(command, *reports("sarif", "jsonl"))
    assert ended.code == 1
    assert "versoning" in ended.err
    assert "versoning" in Path("sarif.out").read_text()
    assert types(Path("jsonl.out").read_text()) == ["version", "diagnostic"]


def test_a_report_on_stdout_stands_there_alone(reconcile: Run, spec: Path) -> None:
    ended = reconcile("validate", "--report", "gitlab-terraform=-")
    assert json.loads(ended.out) == {"create": 0, "update": 0, "delete": 0}
    assert "1 bucket in 1 file: in order" in ended.err
    spec.write_text(TYPO)
    assert reconcile("validate", "--report", "github=-").out.startswith("::error title=RCL1101,file=specs/lake.yaml,")


def test_an_apply_is_told_while_it_goes_on(reconcile: Run, spec: Path) -> None:
    ended = reconcile("apply", "--auto-approve", "--report", "jsonl=-", "--report", "text=plan.txt")
    assert ended.code == 0
    assert types(ended.out)[5:] == ["apply_start", "apply_progress", "apply_complete"]
    assert "✓ acme-lake  3 changes applied" in Path("plan.txt").read_text()


def test_events_of_many_threads_stand_in_lines_of_their_own(tmp_path: Path) -> None:
    events = Events(str(tmp_path / "events"))

    def tell() -> None:
        for _ in range(50):
            events.began("Reading", 7)

    threads = [Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events.close()
    assert types((tmp_path / "events").read_text()) == ["version", *["read_start"] * 400]


def test_whoever_reads_events_may_leave() -> None:
    stream = io.StringIO()
    events = Events("-", stream)
    stream.close()
    events.began("Reading", 7)
    events.began("Reading", 7)
    assert events.trouble is not None


def test_an_apply_that_fails_or_is_refused_is_told(reconcile: Run, spec: Path, server: Recording) -> None:
    refused = reconcile("apply", "--no-input", *reports("text", "jsonl"))
    assert refused.code == 3
    assert "nobody is here to agree" in Path("text.out").read_text()
    assert types(Path("jsonl.out").read_text())[-1] == "diagnostic"
    server.instead = lambda method, path: denied() if method == "PUT" and "versioning" in path else None
    failed = reconcile("apply", "--auto-approve", *reports("text", "jsonl"))
    assert failed.code == 5
    assert types(Path("jsonl.out").read_text())[-1] == "apply_errored"
    assert "versioning: failed: " in Path("text.out").read_text()


def test_a_run_that_never_gets_to_s3_is_told(reconcile: Run, spec: Path) -> None:
    ended = reconcile("plan", "--profile", "nobody", *reports("junit"))
    assert ended.code == 1
    assert "nobody" in Path("junit.out").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["sarif"],
        ["sarif="],
        ["sarfi=x"],
        ["sarif=specs/lake.yaml"],
        ["sarif=x", "junit=./x"],
        ["sarif=-", "junit=-"],
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    reconcile: Run, spec: Path, server: Recording, words: list[str]
) -> None:
    ended = reconcile("plan", *(part for word in words for part in ("--report", word)))
    assert ended.code == 64
    assert server.requests == []
    assert [path.name for path in Path().iterdir()] == ["specs"]


def test_a_report_goes_where_nothing_else_does(reconcile: Run, spec: Path) -> None:
    assert reconcile("plan", "--format", "json", "--report", "sarif=-").code == 64
    assert reconcile("plan", "--out", "plan.json", "--report", "json=plan.json").code == 64


def test_a_report_that_cannot_be_written_is_an_error_after_all_else(reconcile: Run, spec: Path) -> None:
    for name in ("junit", "jsonl"):
        ended = reconcile("apply", "--auto-approve", "--report", f"{name}=no/such/folder", "--report", "text=here")
        assert ended.code == 1
        assert "a report cannot be written to no/such/folder: No such file or directory" in ended.err
        assert Path("here").exists()
    assert "No changes" in reconcile("plan").out
    spec.write_text(TYPO)
    ended = reconcile("plan", "--report", "junit=no/such/folder")
    assert ended.code == 1
    assert "versoning" in ended.err
    assert "warning: a report cannot be written" in ended.err


@pytest.mark.parametrize("name", ["html", "markdown", "jsonl"])
def test_a_link_in_the_checkout_leads_no_report_anywhere(
    reconcile: Run, spec: Path, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious.sh").write_text("precious\n")
    Path("plan.html").symlink_to(outside / "precious.sh")
    Path("out").symlink_to(outside)
    assert reconcile("plan", "--report", f"{name}=plan.html").code == 0
    assert (outside / "precious.sh").read_text() == "precious\n"
    assert not Path("plan.html").is_symlink()
    assert "acme-lake" in Path("plan.html").read_text()
    refused = reconcile("plan", "--report", f"{name}=out/precious.sh")
    assert refused.code == 1
    assert "a folder of this path is a link" in refused.err
    assert (outside / "precious.sh").read_text() == "precious\n"
