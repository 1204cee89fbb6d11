"""BP07: a document posted in another accounting period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def moved(month: int) -> list[tuple[str, str, Decimal, str | None]]:
    world = consistent().post_all()
    for number in (1, 2, 3):
        for book in (1, 2):
            world.change(
                "posting",
                f"tr-in-5-{number}-{book}",
                accounting_period_source_id=f"2026-{month:02}",
                posting_date=date(2026, month, 1),
            )
    return world.exceptions()


def test_the_next_and_the_previous_month() -> None:
    assert moved(6) == [("BP07", "INV-5", Decimal("1100.0000"), "USD")]
    assert moved(4) == [("BP07", "INV-5", Decimal("1100.0000"), "USD")]


def test_a_month_after_the_day_of_the_run() -> None:
    assert moved(11) == [("BP07", "INV-5", Decimal("1100.0000"), "USD")]


def test_its_own_month_is_right() -> None:
    assert moved(5) == []
