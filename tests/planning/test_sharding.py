"""Shards: the same on every machine, each bucket in exactly one, and whichever a scheduler names."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.planning.sharding import MOST, Shard, shard_named, shard_of

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=3, max_size=63)
TEN = [Shard(index, 10) for index in range(1, 11)]


@given(name=NAMES, total=st.integers(1, MOST))
def test_every_bucket_is_in_one_shard(name: str, total: int) -> None:
    found = shard_of(name, total)
    assert 1 <= found <= total
    assert Shard(found, total).holds(name)
    assert total == 1 or not Shard(found % total + 1, total).holds(name)


@pytest.mark.parametrize(
    ("name", "total", "shard"),
    [
        ("acme-lake", 10, 5),
        ("acme-pond", 10, 1),
        ("acme-lake", 7, 6),
        ("acme-lake", 1, 1),
        ("acme-lake", 100_000, 88_765),
    ],
)
def test_a_bucket_never_moves(name: str, total: int, shard: int) -> None:
    """The numbers are those of `sha256sum` and `bc`: no version of Python or of this tool may give others."""
    assert shard_of(name, total) == shard


def test_every_account_is_spread_over_all_shards() -> None:
    for account in ("111122223333", "444455556666"):
        counts = Counter(shard_of(f"{account}-bucket-{number}", 10) for number in range(1000))
        assert set(counts) == set(range(1, 11))
        assert max(counts.values()) < 150, counts


# ── which one is meant ───────────────────────────────────────────────────────────────────────────────


@given(st.sampled_from(TEN))
def test_a_shard_reads_as_it_is_written(shard: Shard) -> None:
    assert shard_named(str(shard), {}) == shard


@pytest.mark.parametrize(
    ("written", "environment", "shard"),
    [
        ("env/10", {"JOB_COMPLETION_INDEX": "0"}, "1/10"),
        ("env/10", {"JOB_COMPLETION_INDEX": "9"}, "10/10"),
        ("env", {"AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "10"}, "3/10"),
        ("env/10", {"AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "10"}, "3/10"),
        ("env/10", {"AWS_BATCH_JOB_ARRAY_INDEX": "2"}, "3/10"),
        ("env", {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "10"}, "3/10"),
        ("env", {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "10", "JOB_COMPLETION_INDEX": ""}, None),
        ("env/10", {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "10", "JOB_COMPLETION_INDEX": "2"}, "3/10"),
        ("3/10", {"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "10"}, "3/10"),
    ],
)
def test_what_schedulers_say(written: str, environment: dict[str, str], shard: str | None) -> None:
    if shard is None:
        with pytest.raises(UsageError, match="is no number"):
            shard_named(written, environment)
    else:
        assert str(shard_named(written, environment)) == shard


@pytest.mark.parametrize(
    ("written", "environment", "said", "remedy"),
    [
        ("3", {}, "--shard 3 is no shard", "like 3/10"),
        ("", {}, "is no shard", "like 3/10"),
        ("3/", {}, "is no shard", "like 3/10"),
        ("/10", {}, "is no shard", "like 3/10"),
        ("a/b", {}, "is no shard", "like 3/10"),
        ("-1/10", {}, "is no shard", "like 3/10"),
        ("٣/١٠", {}, "is no shard", "like 3/10"),
        ("3/" + "9" * 5000, {}, "is no shard", "like 3/10"),
        ("env/x", {"JOB_COMPLETION_INDEX": "0"}, "is no shard", "like 3/10"),
        ("env/", {"JOB_COMPLETION_INDEX": "0"}, "is no shard", "like 3/10"),
        ("0/10", {}, "there is no shard 0 of 10", "the first is 1"),
        ("11/10", {}, "there is no shard 11 of 10", "the first is 1"),
        ("1/0", {}, "there is no shard 1 of 0", "the first is 1"),
        ("1/100001", {}, "100,001 shards are too many", "at most 100,000"),
        ("env", {}, "no scheduler says which shard this is", "--shard 3/10"),
        ("env", {"CI_NODE_TOTAL": "1"}, "no scheduler says which shard this is", "--shard 3/10"),
        ("env", {"JOB_COMPLETION_INDEX": "0"}, "does not say how many shards there are", "--shard env/10"),
        ("env/10", {"JOB_COMPLETION_INDEX": "10"}, "there is no shard 11 of 10", "the first is 1"),
        ("env/10", {"CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "10"}, "there is no shard 0 of 10", "the first is 1"),
        ("env/5", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "10"}, "says that there are 10", "--shard env"),
        (
            "env/10",
            {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "10", "JOB_COMPLETION_INDEX": "1"},
            "a Kubernetes Indexed Job says 2/10, GitLab's `parallel` says 1/10",
            "which one is meant",
        ),
    ],
)
def test_what_is_no_shard(written: str, environment: dict[str, str], said: str, remedy: str) -> None:
    with pytest.raises(UsageError) as refused:
        shard_named(written, environment)
    assert said in refused.value.message
    assert remedy in (refused.value.remedy or "")


@given(
    st.text(), st.dictionaries(st.sampled_from(["JOB_COMPLETION_INDEX", "CI_NODE_INDEX", "CI_NODE_TOTAL"]), st.text())
)
def test_nothing_else_ever_comes_of_it(written: str, environment: dict[str, str]) -> None:
    for words in (written, f"env{written}", f"env/{written}"):
        try:
            found = shard_named(words, environment)
        except UsageError:
            continue
        assert 1 <= found.index <= found.total <= MOST
        assert json.loads(json.dumps([found.index, found.total])) == [found.index, found.total]
