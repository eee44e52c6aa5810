"""The figures of a run, for people."""

import pytest

from reconciler.meter import NOBODY
from reconciler.reports.stats import Stats, render_stats
from reconciler.reports.style import Style


@pytest.mark.parametrize(("buckets", "retries", "said"), [(0, 1, "1 call\n"), (2, 0, "1 call, 0.5 for each bucket\n")])
def test_the_figures_of_a_run(buckets: int, retries: int, said: str) -> None:
    stats = Stats(buckets, {"ListBuckets": 1}, 2048, retries, {"loading specs": 0.25, "asking": 1.0}, 3 * 1024 * 1024)
    text = render_stats(stats, Style())
    assert text.startswith(f"Statistics\n  {said}            1  ListBuckets\n  2.0 KiB received, {retries} ")
    assert ("retry" in text) is (retries == 1)
    assert "  1.25 s in all\n         0.25  loading specs\n         1.00  asking\n  3.0 MiB of memory" in text


def test_nobody_watches() -> None:
    class Nothing:
        retries = total = 0

    NOBODY.lap("loading specs")
    with NOBODY.over("Reading", 3, Nothing()) as done:
        done()
