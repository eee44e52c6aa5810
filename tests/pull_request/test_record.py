"""What a comment remembers: read back as it was written, whatever the values are, and never half."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from reconciler.pull_request.record import LONGEST, Record, moved, record_in, written

words = st.text(max_size=20)
buckets = st.dictionaries(words, st.dictionaries(words, words, max_size=4), max_size=6)


@given(st.booleans(), st.booleans(), buckets, words)
def test_law_a_record_reads_back_as_it_was(
    closed: bool, live: bool, said: Mapping[str, Mapping[str, str]], above: str
) -> None:
    record = Record(closed, live, said)
    text = written(record)
    assert len(text) <= LONGEST + 40
    assert text.count("-->") == 1
    assert "\n" not in text
    assert record_in(f"{above}\n\n{text}\n") == record


@given(words)
def test_law_what_is_no_record_says_nothing(text: str) -> None:
    for body in (
        text,
        f"<!-- reconcile:record {text} -->",
        "<!-- reconcile:record [1] -->",
        '<!-- reconcile:record {"buckets":3} -->',
    ):
        assert record_in(body) == Record()


def test_what_is_too_long_is_left_out_and_still_closed() -> None:
    record = Record(True, True, {f"bucket-{number}": {"spec": "0" * 8} for number in range(1000)})
    assert record_in(written(record)) == Record(True, True, {})


def test_what_has_moved_is_told_by_bucket_and_aspect() -> None:
    def bucket(name: str, spec: str, **live: str) -> dict[str, object]:
        return {"name": name, "spec": spec * 64, "live": {aspect: digest * 64 for aspect, digest in live.items()}}

    reviewed = Record(
        False,
        True,
        {
            "acme-gone": {"spec": "a" * 8},
            "acme-lake": {"spec": "a" * 8, "live.policy": "b" * 8, "live.tags": "c" * 8, "live.bucket": "d" * 8},
        },
    )
    now = {"buckets": [bucket("acme-lake", "e", policy="f", tags="c", bucket="e"), bucket("acme-new", "a")]}
    assert list(moved(reviewed, now)) == [
        "acme-gone: no spec describes it any more",
        "acme-lake: its spec says something else",
        "acme-lake: changed in S3 since: policy",
        "acme-lake: changed in S3 since: the bucket itself",
        "acme-new: it was not part of the plan",
    ]
    assert list(moved(Record(), now)) == []
