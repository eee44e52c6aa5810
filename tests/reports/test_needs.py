from typing import Any

import pytest

from reconciler.reports.needs import MOST, needs_lines
from reconciler.reports.style import Style

STYLE = Style(color=False, unicode=True, width=60, wraps=True)


def need(about: str, kind: str = "consent") -> dict[str, Any]:
    return {"kind": kind, "about": about, "why": "loses data (tags)", "flag": f"--allow loses-data:{about}"}


@pytest.mark.parametrize("number", [0, 1, MOST, MOST + 3])
def test_each_need_is_told_with_its_flag_up_to_a_number(number: int) -> None:
    lines = list(needs_lines([need("a")] * number, STYLE))
    assert lines[1 : MOST + 1] == ["  ! a loses data (tags)   --allow loses-data:a"] * min(number, MOST)
    assert lines[MOST + 1 :] == (["  and 3 more"] if number > MOST else [])


def test_a_long_one_has_its_flag_below_it() -> None:
    _, first, second = needs_lines([need("acme-prod-data-lake-us-east-1")], STYLE)
    assert first == "  ! acme-prod-data-lake-us-east-1 loses data (tags)"
    assert second == "      --allow loses-data:acme-prod-data-lake-us-east-1"


def test_a_limit_speaks_of_all_buckets() -> None:
    assert list(needs_lines([need("buckets_changed", "limit")], STYLE))[1].startswith("  ! loses data (tags)")
