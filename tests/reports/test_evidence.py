"""What of a bucket would go, as a person reads it."""

from typing import Any

import pytest

from reconciler.planning.evidence import Evidence, evidence_document
from reconciler.planning.forecast import Amount, Forecast, Reach
from reconciler.reports.evidence import evidence_text

Pair = tuple[int, int]


def evidence(deleted: tuple[Pair, Pair, Pair], hidden: tuple[Pair, Pair, Pair], **others: Any) -> Evidence:
    reaches = tuple(
        Reach(midnights, Amount(*gone), Amount(*veiled))
        for midnights, gone, veiled in zip((1, 7, 30), deleted, hidden, strict=True)
    )
    first = others.pop("first", 20780)
    tagged = others.pop("tagged", Amount())
    return Evidence("listing of 9 versions under raw/", Forecast(reaches, first, tagged), **others)


NONE: tuple[Pair, Pair, Pair] = ((0, 0), (0, 0), (0, 0))
CASES: list[tuple[Evidence, list[str]]] = [
    (
        evidence(((1204, 4402341478), (3310, 11811160064), (12000, 43164853043)), NONE, tagged=Amount(18, 2048)),
        [
            "at once 1,204 objects (4.1 GiB) are deleted for good, 3,310 objects (11.0 GiB) within 7 days",
            ", 12,000 objects (40.2 GiB) within 30 days; first on 2026-11-23 00:00 UTC",
            " · listing of 9 versions under raw/",
            " · 18 objects (2.0 KiB) depend on tags that nobody has told",
        ],
    ),
    (
        evidence(((0, 0), (1, 5), (1, 5)), ((2, 6), (2, 6), (2, 6)), complete=False),
        [
            "at least within 7 days 1 object (5 B) is deleted for good",
            "; at once 2 objects (6 B) are hidden behind a delete marker; first on 2026-11-23 00:00 UTC",
            " · listing of 9 versions under raw/, and there are more",
        ],
    ),
    (
        evidence(NONE, NONE, first=21000, tagged=Amount(1, 1)),
        [
            "nothing goes within 30 days; first on 2027-07-01 00:00 UTC · listing of 9 versions under raw/",
            " · 1 object (1 B) depends on tags that nobody has told",
        ],
    ),
    (evidence(NONE, NONE, first=None), ["nothing of what is there goes · listing of 9 versions under raw/"]),
    (
        evidence(NONE, NONE, first=None, complete=False, cannot_tell=("the moon",)),
        [
            "nothing of what was looked at goes · listing of 9 versions under raw/, and there are more",
            " · cannot tell: the moon",
        ],
    ),
    (Evidence("nothing", None, False, ("access denied", "late")), ["cannot tell: access denied · cannot tell: late"]),
]


@pytest.mark.parametrize(("found", "said"), CASES)
def test_evidence_in_words(found: Evidence, said: list[str]) -> None:
    assert evidence_text(evidence_document(found)) == "".join(said)
