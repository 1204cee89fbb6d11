"""Due days fall on business days of the country."""

from __future__ import annotations

from datetime import date

import pytest

from q2c_pipeline.exceptions.calendars import due_date, is_business_day

THURSDAY = date(2026, 4, 2)


@pytest.mark.parametrize(
    ("calendar", "days", "due"),
    [
        (None, 0, THURSDAY),
        (None, 1, date(2026, 4, 3)),
        ("US", 1, date(2026, 4, 3)),
        ("DE", 1, date(2026, 4, 7)),
        ("GB-ENG", 1, date(2026, 4, 7)),
        ("GB-SCT", 1, date(2026, 4, 6)),
        ("US", 3, date(2026, 4, 7)),
    ],
)
def test_weekends_and_holidays_do_not_count(calendar: str | None, days: int, due: date) -> None:
    assert due_date(calendar, THURSDAY, days) == due


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    corpus_christi = date(2026, 6, 4)
    assert is_business_day("DE", corpus_christi)
    assert not is_business_day("DE-BY", corpus_christi)


def test_a_country_that_the_library_does_not_know_has_weekends() -> None:
    assert not is_business_day("XK-unknown", date(2026, 4, 4))
    assert is_business_day("ZZ", THURSDAY)
