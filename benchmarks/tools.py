"""The tools that are compared: what each can do, whether it is on this machine, and how it is started."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as version_of
from pathlib import Path

from benchmarks import ansible, terraform
from benchmarks.filling import RECONCILE, environment, manifests
from benchmarks.fleet import manifest_texts, write_spec
from benchmarks.stub import Stub
from reconciler.version import __version__

HERE = Path(__file__).resolve().parent
ENDLESS = 10**9


@dataclass(frozen=True)
class Piece:
    """What is done: one task, with so many buckets, at a server that answers so late."""

    task: str
    buckets: int
    latency_ms: float = 0

    def __str__(self) -> str:
        return f"{self.task}, {self.buckets:,} buckets, {self.latency_ms:g} ms"


@dataclass(frozen=True)
class Start:
    """How a tool is started for a piece."""

    words: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    codes: tuple[int, ...] = (0,)
    """The exit codes that say that it did what it was to do."""
    before: Callable[[], object] = lambda: None
    """What is done before each run, unmeasured."""


@dataclass(frozen=True)
class Tool:
    """One tool."""

    key: str
    title: str
    start: Callable[[Piece, Stub, Path], Start]
    most: Mapping[str, int]
    """The tasks that it can do, each with the most buckets that it is given without latency."""
    seconds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """About how long: to start, and for each bucket. For the estimates only."""
    missing: Callable[[], str | None] = lambda: None
    """What is not on this machine and has to be; None where nothing is missing."""
    version: Callable[[Path], str] = lambda _: ""

    def can(self, piece: Piece) -> bool:
        """Whether it is given this piece: with latency, slow tools get a fifth of the buckets."""
        most = self.most.get(piece.task, 0)
        return piece.buckets <= (most if not piece.latency_ms or most == ENDLESS else most // 5)

    def estimate(self, piece: Piece) -> float:
        """About how many seconds one run takes."""
        starts, each = self.seconds.get(piece.task, (1.0, 0.01))
        return starts + each * piece.buckets * (1 + piece.latency_ms / 30)


def on_path(program: str) -> Callable[[], str | None]:
    """Says that a program is missing, if it is."""
    return lambda: None if shutil.which(program) else f"{program} is not in PATH"


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────────


def start_reconcile(piece: Piece, stub: Stub, folder: Path, **more: str) -> Start:
    """The command that people type; `changed` plans are made of changed specs."""
    spec = write_spec(folder, piece.buckets, changed=piece.task == "changed")
    words = {
        "validate": ["validate", "--quiet"],
        "plan": ["plan", "--detailed-exitcode"],
        "changed": ["plan", "--detailed-exitcode"],
        "apply": ["apply", "--auto-approve"],
    }[piece.task]
    there = ["--endpoint-profile", "aws"] if piece.task != "validate" else []
    codes = (2,) if piece.task == "changed" else (0,)
    return Start([*RECONCILE, *words, *there, str(spec)], folder, {**environment(stub), **more}, codes)


def start_plain_reader(piece: Piece, stub: Stub, folder: Path) -> Start:
    """The same, with every call made by boto3."""
    return start_reconcile(piece, stub, folder, RECONCILE_READER="boto3")


# ── programs of this folder ──────────────────────────────────────────────────────────────────────────


def start_pass(piece: Piece, stub: Stub, folder: Path) -> Start:
    """A Python that does nothing: what start-up is measured in."""
    return Start([sys.executable, "-c", "pass"], folder, stub.environment())


def start_floor(kind: str) -> Callable[[Piece, Stub, Path], Start]:
    """Bare HTTP, by http.client or by sockets."""

    def start(piece: Piece, stub: Stub, folder: Path) -> Start:
        words = [sys.executable, str(HERE / "floor.py"), stub.url, str(piece.buckets), kind]
        return Start(words, folder, stub.environment())

    return start


def start_boto3(threads: int) -> Callable[[Piece, Stub, Path], Start]:
    """The plain script."""

    def start(piece: Piece, stub: Stub, folder: Path) -> Start:
        what = "create" if piece.task == "apply" else "read"
        words = [sys.executable, str(HERE / "boto3_script.py"), what, str(piece.buckets), str(threads)]
        return Start(words, folder, stub.environment())

    return start


# ── others ───────────────────────────────────────────────────────────────────────────────────────────


def start_terraform(piece: Piece, stub: Stub, folder: Path) -> Start:
    """Plan with a state that holds the fleet, or apply without any."""
    place = folder / "terraform"
    if not (place / ".terraform").exists():
        terraform.prepare(place, stub)
    flags = ["-input=false", "-no-color", "-lock=false"]
    around = terraform.environment(stub)
    if piece.task == "apply":
        terraform.write_buckets(place, piece.buckets, manifest_texts(piece.buckets))
        state = place / "terraform.tfstate"
        words = [str(terraform.program()), "apply", "-auto-approve", *flags]
        return Start(words, place, around, before=lambda: state.unlink(missing_ok=True))
    terraform.make_state(place, stub, piece.buckets)
    if piece.task == "changed":
        terraform.write_buckets(place, piece.buckets, manifests(stub, piece.buckets), changed=True)
    code = 2 if piece.task == "changed" else 0
    return Start([str(terraform.program()), "plan", "-detailed-exitcode", *flags], place, around, (code,))


def start_ansible(piece: Piece, stub: Stub, folder: Path) -> Start:
    """The playbook. Its --check skips buckets and rules, so that an unchanged fleet is looked at by a run as well."""
    place = folder / "ansible"
    applies = piece.task == "apply"
    texts = manifest_texts(piece.buckets) if applies else manifests(stub, piece.buckets)
    playbook = ansible.write_playbook(place, piece.buckets, texts)
    around = stub.environment() | {"ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_HOME": str(place / ".ansible")}
    return Start([str(ansible.program()), "-i", "localhost,", playbook.name], place, around)


def start_custodian(piece: Piece, stub: Stub, folder: Path) -> Start:
    """A policy that looks at all buckets and finds none."""
    policy = folder / "custodian.yml"
    policy.write_text(
        "policies:\n  - name: fleet\n    resource: aws.s3\n    filters:\n"
        "      - {type: value, key: Versioning.Status, value: Suspended}\n"
    )
    words = ["custodian", "run", "--cache-period", "0", "-r", "us-east-1", "-s", str(folder / "out"), str(policy)]
    return Start(words, folder, stub.environment())


def version_of_custodian(_: Path) -> str:
    """Cloud Custodian's version."""
    return subprocess.run(["custodian", "version"], capture_output=True, text=True, check=True).stdout.strip()


TOOLS = {
    tool.key: tool
    for tool in (
        Tool("pass", "python -c pass", start_pass, {"startup": ENDLESS, "validate": ENDLESS}, {"validate": (0.1, 0)}),
        Tool(
            "reconcile",
            "reconcile",
            start_reconcile,
            dict.fromkeys(("validate", "plan", "changed", "apply"), ENDLESS),
            {"validate": (1, 0.002), "plan": (1, 0.005), "changed": (1, 0.005), "apply": (2, 0.03)},
            version=lambda _: __version__,
        ),
        Tool(
            "reconcile-boto3",
            "reconcile, RECONCILE_READER=boto3",
            start_plain_reader,
            {"plan": ENDLESS},
            {"plan": (1, 0.015)},
        ),
        Tool("floor", "bare HTTP, http.client", start_floor("http.client"), {"plan": ENDLESS}, {"plan": (0.2, 0.002)}),
        Tool("sockets", "bare HTTP, sockets", start_floor("sockets"), {"plan": ENDLESS}, {"plan": (0.1, 0.0005)}),
        Tool(
            "boto3",
            "a boto3 script, sequential",
            start_boto3(1),
            {"plan": 1_000, "apply": 1_000},
            {"plan": (1, 0.015), "apply": (1, 0.02)},
            version=lambda _: version_of("boto3"),
        ),
        Tool(
            "boto3-50",
            "a boto3 script, 50 threads",
            start_boto3(50),
            {"plan": ENDLESS, "apply": ENDLESS},
            {"plan": (1, 0.015), "apply": (1, 0.02)},
        ),
        Tool(
            "terraform",
            "Terraform",
            start_terraform,
            {"plan": 1_000, "changed": 200, "apply": 200},
            {"plan": (10, 0.6), "changed": (10, 0.6), "apply": (60, 4)},
            lambda: None if terraform.program() else "neither terraform nor tofu is in PATH",
            lambda folder: terraform.version(folder / "terraform"),
        ),
        Tool(
            "ansible",
            "Ansible",
            start_ansible,
            {"plan": 50, "apply": 50},
            {"plan": (5, 3), "apply": (5, 3)},
            on_path("ansible-playbook"),
            lambda _: ansible.version(),
        ),
        Tool(
            "custodian",
            "Cloud Custodian, reading only",
            start_custodian,
            {"plan": 1_000},
            {"plan": (2, 0.1)},
            on_path("custodian"),
            version_of_custodian,
        ),
    )
}
