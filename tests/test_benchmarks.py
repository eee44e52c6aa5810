"""How many calls a run makes and how much memory it needs, counted at the stub of benchmarks/; never how long."""

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import filling, floor, page
from benchmarks.fleet import KINDS, bucket_text, name_of, write_spec
from benchmarks.measuring import Measured, measure
from benchmarks.results import FILE, Entry, Results, Samples, now, read, this_machine, write
from benchmarks.stub import Stub, compiler
from benchmarks.tools import Piece
from reconciler.specs.loader import load

AROUND_A_PLAN = {"ListBuckets": 1, "GetCallerIdentity": 1}
READS = {
    "GetBucketEncryption",
    "GetBucketLifecycleConfiguration",
    "GetBucketPolicy",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetObject",
    "GetPublicAccessBlock",
}
CALLS_TO_CREATE = 16
"""For a bucket with seven aspects that is created and read back."""
KIB_A_BUCKET = 18
"""What a bucket more may cost: with it, 10,000 stay within 250 MiB."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    if compiler() is None:
        if os.environ.get("CI"):
            pytest.fail("no gcc: on CI, the calls have to be counted")
        pytest.skip("NO CALLS ARE COUNTED: the stub S3 is built by gcc, and there is none")
    with Stub() as running:
        yield running


def plan(stub: Stub, spec: Path, *more: str) -> Measured:
    stub.reset("counts")
    words = [*filling.RECONCILE, "plan", "--detailed-exitcode", "--endpoint-profile", "aws", str(spec), *more]
    ended = measure(words, spec.parent, filling.environment(stub))
    assert ended.code == 0, ended.told
    return ended


def test_a_no_change_plan_makes_seven_calls_a_bucket(stub: Stub, folder: Path) -> None:
    filling.fill(stub, 50, folder)
    plan(stub, write_spec(folder, 50))
    assert stub.counts()["calls"] == AROUND_A_PLAN | dict.fromkeys(READS, 50)


def test_nothing_is_read_that_no_spec_declares(stub: Stub, folder: Path) -> None:
    filling.fill(stub, 3, folder)
    spec = folder / "tags.yaml"
    spec.write_text("buckets:\n" + "".join(f"  - {{name: {name_of(i)}, tags: {{Owner: x}}}}\n" for i in range(3)))
    stub.reset("counts")
    words = [*filling.RECONCILE, "plan", "--endpoint-profile", "aws", str(spec)]
    assert measure(words, folder, filling.environment(stub)).code == 0
    assert stub.counts()["calls"] == AROUND_A_PLAN | {"GetBucketTagging": 3}


def test_creating_a_bucket_takes_sixteen_calls(stub: Stub, folder: Path) -> None:
    stub.reset()
    filling.apply(stub, 20, folder)
    counts = stub.counts()
    assert counts["buckets"] == counts["calls"]["CreateBucket"] == counts["calls"]["PutObject"] == 20
    assert counts["total"] - sum(counts["calls"][name] for name in AROUND_A_PLAN) <= 20 * CALLS_TO_CREATE


def test_memory_grows_by_little_with_each_bucket(stub: Stub, folder: Path) -> None:
    fewer, more = 200, 1_000
    filling.fill(stub, more, folder)
    least, most = (plan(stub, write_spec(folder, buckets)).rss_mib for buckets in (fewer, more))
    assert (most - least) * 1024 / (more - fewer) <= KIB_A_BUCKET, f"{least:.0f} MiB, then {most:.0f} MiB"


@pytest.mark.skipif(not os.environ.get("RECONCILE_LARGE"), reason="takes a minute; RECONCILE_LARGE=1 asks for it")
@pytest.mark.timeout(1200)
def test_ten_thousand_buckets_fit_into_250_mib(stub: Stub, folder: Path) -> None:
    filling.fill(stub, 10_000, folder)
    assert plan(stub, write_spec(folder, 10_000)).rss_mib <= 250
    assert stub.counts()["calls"] == AROUND_A_PLAN | dict.fromkeys(READS, 10_000)


def test_the_stub_counts_throttles_and_forgets() -> None:
    if compiler() is None:
        pytest.skip("the stub S3 is built by gcc, and there is none")
    with Stub(throttle=0.0001, burst=2) as stub, stub.connection() as connection:
        filling.asked(connection, "PUT", "/one")
        filling.asked(connection, "GET", "/one?versioning")
        with pytest.raises(RuntimeError, match=r"503 .*SlowDown"):
            filling.asked(connection, "GET", "/one?tagging")
        counts = stub.counts()
        assert counts["buckets"] == 1
        assert counts["throttled"] == counts["statuses"]["503"] == 1
        stub.settings(throttle=0)
        with pytest.raises(RuntimeError, match=r"404 .*NoSuchTagSet"):
            filling.asked(connection, "GET", "/one?tagging")
        assert stub.reset()["total"] == stub.counts()["buckets"] == 0


def test_the_fleet_is_seven_aspects_in_about_sixty_lines(tmp_path: Path) -> None:
    loaded = load([str(write_spec(tmp_path, KINDS + 1))])
    assert all(len(one.spec.declared()) == 7 for one in loaded.buckets)
    assert 55 <= bucket_text(0).count("\n") <= 70
    assert len({len(name_of(number)) for number in (0, KINDS, 9_999)}) == 1
    assert load([str(write_spec(tmp_path, KINDS + 1, apart=True))]) is not None


def test_the_page_says_which_goals_are_met_and_which_are_not(tmp_path: Path) -> None:
    found = Results(this_machine())
    for tool_seconds in ({"reconcile": 1.0, "floor": 0.6, "terraform": 90.0}, {"reconcile": 1.0, "floor": 0.6}):
        piece = Piece("plan", 200)
        entry = Entry(piece, now(), 0.5)
        for tool, seconds in tool_seconds.items():
            samples = entry.tools[tool] = Samples(version="1.2.3")
            samples.add(Measured(seconds, seconds, 50.0, 0, ""), {"GetBucketTagging": 1_400, "ListBuckets": 1})
        found.add(entry)
    assert len(found.entries) == 2, "the run with Terraform says what the later one does not"
    write(tmp_path / "results.json", found)
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.write(path, read(tmp_path / "results.json"))
    text = path.read_text()
    assert "| faster than Terraform, no-change plan of 200 ≥ 100 × | 90.0 × | **not met** |" in text
    assert "| against bare HTTP (http.client), no-change plan of 200 ≤ 2 × | 1.7 × | met |" in text
    assert "| calls per bucket, no-change plan of 200 ≤ 7 | 7.0 | met |" in text
    assert "| peak memory, no-change plan of 10,000 ≤ 250 MiB | not measured | not measured |" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    title = "{http://www.w3.org/2000/svg}title"
    assert ET.parse(tmp_path / "performance-plan.svg").find(title) is not None


def test_the_committed_page_is_what_the_results_make() -> None:
    if not FILE.exists():
        pytest.skip("nothing was measured yet")
    assert page.measured(read(FILE)) in page.FILE.read_text(), "run `make bench BENCH=--page-only`"


def test_the_floor_reads_what_the_plan_reads() -> None:
    assert (*floor.DOCUMENTS, floor.MANIFEST) == filling.DOCUMENTS
