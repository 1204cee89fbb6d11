"""What public billing engines state of their schedules, asked of `q2c schedule`: each convention is said by the question.

Not asked: periods counted in days (KB15), and account credit, refunds and balances (KB24 to KB27), which are no schedule.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from q2c_pipeline_tests.sql.schedule_oracle import Case
from q2c_pipeline_tests.sql.test_schedule_vectors import bill, earn

PEERS = Path(__file__).parents[2].parent / "shared" / "vectors" / "peer_conventions.csv"
NOT_ASKED = {"KB15", "KB24", "KB25", "KB26", "KB27"}


def plan(start: str, end: str, price: str = "1", *, anchor: str = "start", frequency: str = "monthly") -> Case:
    """A plan up to its last day (the engines name the day after); `anchor` is the day of the month that bills, as a date."""
    terms = {"quantity": "1", "unit_price": price, "currency": "USD", "charge_type": "recurring", "discount": "0"}
    period = {"start": start, "end": end, "billing_frequency": frequency, "anchor": anchor, "timing": "advance"}
    per = {"price_period": "year" if frequency == "annual" else "month"}
    return {"id": start, "line": terms | period | per, "policy": {"proration": "actual_days", "rounding": "half_up"}}


def metered(quantity: str, model: str, *tiers: tuple[str | None, str, str | None]) -> Case:
    stated = [{"up_to": end, "unit_price": price, "package_size": size} for end, price, size in tiers]
    line = {"charge_type": "usage", "currency": "USD", "start": "2026-05-01", "end": "2026-05-31", "usage_model": model}
    return {"id": model, "line": line | {"tiers": stated, "usage": [{"period": "2026-05", "quantity": quantity}]}, "policy": {}}


def earned(recognition: str, total: str, start: str, end: str) -> Case:
    line = {"total": total, "currency": "USD", "start": start, "end": end}
    return {"id": recognition, "line": line, "policy": {"recognition": recognition}}


NOON = ("120", "2026-06-15T12:00:00Z", "2026-10-13T12:00:00Z")
BLOCKS = (("1000", "1", "100"), (None, "1", "1000"))
ASKED: dict[str, tuple[Callable[[list[Case], Path], list[Case]], list[Case], list[str]]] = {
    "KB01": (bill, [plan("2011-02-10", "2011-02-23", "28")], ["14"]),
    "KB02": (bill, [plan("2011-02-01", "2011-02-13", "28")], ["13"]),
    # the leading period is the month before the first bill day, which the 31st is not: 28 January to 27 February
    "KB03": (bill, [plan("2011-02-14", "2011-03-27", "31", anchor="2011-01-28")], ["14", "31"]),
    "KB04": (bill, [plan("2011-02-14", "2011-03-26", "31", anchor="2011-01-27")], ["13", "31"]),
    "KB05": (bill, [plan("2012-02-01", "2012-02-14", "29")], ["14"]),
    "KB06": (bill, [plan("2011-02-07", "2011-02-14", "28")], ["8"]),
    "KB07": (bill, [plan("2011-03-07", "2011-05-14", "28", anchor="2011-02-15")], ["8", "28", "28"]),
    "KB08": (bill, [plan("2011-02-07", "2011-03-09", "31")], ["31", "3"]),
    "KB09": (bill, [plan("2011-01-31", "2011-03-09", "31", anchor="2011-01-07")], ["7", "31", "3"]),
    "KB10": (bill, [plan("2010-12-15", "2011-03-16", "31")], ["31", "31", "31", "2"]),
    "KB11": (bill, [plan("2011-02-01", "2011-02-12", "365", anchor="2010-02-13", frequency="annual")], ["12"]),
    "KB12": (bill, [plan("2011-01-31", "2012-01-14", "365", anchor="2011-01-15", frequency="annual")], ["349"]),
    "KB13": (
        bill,
        [
            plan("2011-02-10", "2011-02-23", "89", frequency="quarterly"),
            plan("2011-02-24", "2011-05-09", "89", anchor="2011-02-10", frequency="quarterly"),
        ],
        ["42", "225"],  # 14 and 75 of 89 days of three months' price
    ),
    "KB14": (bill, [plan("2011-09-01", "2011-10-31", "10")], ["10", "10"]),
    "KB16": (bill, [plan("2011-09-01", "2011-10-14", "10", anchor="2011-08-15")], ["4.52", "10"]),
    "KB17": (
        bill,
        [plan("2011-09-01", "2011-10-14", "5", anchor="2011-08-15"), plan("2011-10-15", "2011-12-14", "10")],
        ["2.26", "5", "10", "10"],
    ),
    "KB18": (
        bill,
        [plan("2011-09-01", "2011-09-30", "7"), plan("2011-10-01", "2011-10-31", "10"), plan("2011-11-01", "2011-12-31", "13")],
        ["7", "10", "13", "13"],
    ),
    "KB19": (bill, [plan("2011-09-01", "2011-09-30", "5"), plan("2011-10-01", "2011-10-31", "10")], ["5", "10"]),
    "KB20": (bill, [metered("111", "graduated", ("10", "1.5", None), ("110", "1", None), (None, "0.5", None))], ["115.5"]),
    "KB21": (bill, [metered("111", "volume", ("10", "1.5", None), ("110", "1", None), (None, "0.5", None))], ["55.5"]),
    "KB22": (bill, [metered("5325", "graduated", *BLOCKS)], ["15"]),
    "KB23": (bill, [metered("2000", "volume", ("1000", "10", "100"), (None, "1", "100"))], ["20"]),
    "ST01": (earn, [earned("by_second", *NOON)], ["15.50", "31", "31", "30", "12.50"]),
    "ST02": (earn, [earned("daily_straight_line", *NOON)], ["16", "31", "31", "30", "12"]),
    "ST03": (earn, [earned("even_by_month", *NOON)], ["30", "30", "30", "30"]),
    # 120 less the credit of 30 before anything is earned
    "ST04": (earn, [earned("daily_straight_line", "90", "2026-01-01", "2026-03-31")], ["31", "28", "31"]),
    "ST05": (earn, [earned("daily_straight_line", "31", "2026-01-15", "2026-02-14")], ["17", "14"]),
    "ST07": (
        bill,
        [
            plan("2026-04-16", "2026-04-30", "-10", anchor="2026-04-01"),
            plan("2026-04-16", "2026-04-30", "20", anchor="2026-04-01"),
        ],
        ["-5", "10"],
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_peer_convention_can_be_said(name: str, tmp_path: Path) -> None:
    answer, cases, amounts = ASKED[name]
    found = [row["amount"] for one in answer(cases, tmp_path) for row in one["schedule"]]

    assert [Decimal(amount) for amount in found] == [Decimal(amount) for amount in amounts]


def test_every_row_of_the_shared_file_is_asked_or_named_as_none() -> None:
    if not PEERS.exists():
        pytest.skip("the shared file is not here")
    rows: list[dict[str, Any]] = list(csv.DictReader(PEERS.read_text(encoding="utf-8").splitlines()))
    # ST06 is a sum of bookings: the waterfall of contracts that a night shows, no schedule of one line
    assert {row["id"] for row in rows} == {*ASKED, *NOT_ASKED, "ST06"}
