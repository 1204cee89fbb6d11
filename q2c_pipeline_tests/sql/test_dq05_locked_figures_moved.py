"""DQ05: figures of a locked period moved."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from q2c_pipeline_tests.sql.world import consistent

if TYPE_CHECKING:
    from q2c_pipeline_tests.sql.world import World

FIRST, CLOSED, LATER = date(2026, 3, 1), date(2026, 5, 10), date(2026, 10, 1)


def rented(closed: str = "2026-03") -> World:
    """300.00 of rent by hand in March, read on 1 March; some period was closed on 10 May."""
    world = consistent().post_all()
    world.journal(
        "je-1",
        {"6000": Decimal(300), "1000": Decimal(-300)},
        posting_date=FIRST,
        transaction_kind="journal",
        transaction_number="JE-1",
    )
    for row in world.rows["posting"].values():
        row |= {"as_of": FIRST, "source_version": datetime(2026, 3, 1, tzinfo=UTC), "currency": "USD"}
    world.change("accounting_period", closed, period_state="closed", closed_at=datetime(2026, 5, 10, 18, tzinfo=UTC))
    return world


def again(world: World, on: date, **changes: Any) -> None:
    """Both lines of the journal are read again on a day, with changes to the first."""
    for number in (1, 2):
        row = world.get("posting", f"je-1-{number}-1")
        stamp = datetime(on.year, on.month, on.day, tzinfo=UTC)
        again = {"as_of": on, "source_version": stamp, "batch_id": f"b{on}"} | (changes if number == 1 else {})
        world.rows["posting"]["netsuite_main", f"{number} on {on}"] = row | again


def moved(world: World) -> list[tuple[str, Decimal, str]]:
    with world.run("control.dq05_locked_figures_moved") as warehouse:
        return warehouse.query(
            "select subject_key, difference_amount, currency from control.dq05_locked_figures_moved order by all"
        ).rows()


@pytest.mark.parametrize(
    ("change", "amount"),
    [
        ({"transaction_amount": Decimal(350)}, "50"),
        ({"transaction_amount": Decimal(200)}, "100"),
        ({"ledger_account_source_id": "4000"}, "300"),
        ({"accounting_period_source_id": "2026-04"}, "300"),
        ({"is_posted": False}, "300"),
        ({"is_deleted": True, "accounting_period_source_id": None, "transaction_source_id": None}, "300"),
    ],
)
def test_a_change_after_the_close(change: dict[str, Any], amount: str) -> None:
    world = rented()
    if "is_deleted" in change:
        change = {name: value for name, value in change.items() if value is not None}
    again(world, LATER, **change)

    assert moved(world) == [("JE-1", Decimal(amount), "USD")]


@pytest.mark.parametrize("change", [{}, {"memo": "Rent of March"}, {"reference": "R-1"}])
def test_the_same_figures_again_did_not_move(change: dict[str, Any]) -> None:
    world = rented()
    again(world, LATER, **change)

    assert moved(world) == []


def test_before_the_close_figures_may_move() -> None:
    world = rented()
    again(world, date(2026, 5, 1), transaction_amount=Decimal(350))
    assert moved(world) == []
    again(world, LATER, transaction_amount=Decimal(360))
    assert moved(world) == [("JE-1", Decimal(10), "USD")]


def test_open_periods_may_move() -> None:
    world = rented(closed="2026-02")
    again(world, LATER, transaction_amount=Decimal(350))

    assert moved(world) == []


def late_rent(world: World, created: date | None, seen: date = LATER, name: str = "je-2") -> None:
    """70.00 more of March's rent, entered on a day, that comes to light on another."""
    world.journal(
        name, {"6000": Decimal(70), "1000": Decimal(-70)}, posting_date=FIRST, transaction_kind="journal",
        transaction_number=name.upper(), as_of=seen, source_version=stamp(seen), created_at=created and stamp(created),
        currency="USD",
    )  # fmt: skip


def stamp(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def read_also(world: World, *days: date) -> None:
    """On these days the ledger was read, too, and showed something of an open month."""
    for day in days:
        world.journal(
            f"je-of-{day}", {"6000": Decimal(1), "1000": Decimal(-1)}, posting_date=date(2026, 9, 1), transaction_kind="journal",
            as_of=day, source_version=stamp(day), created_at=stamp(day), currency="USD",
        )  # fmt: skip


ENTERED, AFTER_CLOSE = date(2026, 4, 1), date(2026, 6, 1)


@pytest.mark.parametrize("created", [ENTERED, None, AFTER_CLOSE])
def test_what_comes_to_light_late(created: date | None) -> None:
    world = rented()
    read_also(world, date(2026, 4, 15), date(2026, 5, 15))
    late_rent(world, created)

    assert moved(world) == [("JE-2", Decimal(70), "USD")]


@pytest.mark.parametrize(("created", "control"), [(ENTERED, "DQ05"), (None, "DQ05"), (AFTER_CLOSE, "BP14")])
def test_revenue_brought_in_late_is_found_by_one_of_two(created: date | None, control: str) -> None:
    """Where the ledger itself says that it was entered after the close, and controlled accounts are touched, BP14 says so."""
    world = rented()
    read_also(world, date(2026, 4, 15), date(2026, 5, 15))
    late_rent(world, created)
    for number, account in ((1, "2400"), (2, "4000")):
        for book in (1, 2):
            world.change("posting", f"je-2-{number}-{book}", ledger_account_source_id=account)

    assert {one[:2] for one in world.exceptions() if one[0] in {"DQ05", "BP14"}} == {(control, "JE-2")}


@pytest.mark.parametrize("readings", [[], [date(2026, 5, 15)], [date(2026, 3, 15), date(2026, 5, 15)]])
def test_what_the_cut_off_of_one_reading_left_out_did_not_move(readings: list[date]) -> None:
    """Entered in April and changed since: the one reading in between had to leave it out, earlier ones could not know it."""
    world = rented()
    read_also(world, *readings)
    late_rent(world, ENTERED)

    assert moved(world) == []


def test_back_dated_behind_an_early_stamp_is_found() -> None:
    """It says it was entered and last changed before the cut-off of a reading that did not show it: it was brought in after."""
    world = rented()
    read_also(world, date(2026, 5, 15))
    late_rent(world, ENTERED)
    for number, book in ((1, 1), (1, 2), (2, 1), (2, 2)):
        world.change("posting", f"je-2-{number}-{book}", source_version=stamp(ENTERED))

    assert moved(world) == [("JE-2", Decimal(70), "USD")]


def test_a_line_more_of_a_known_transaction_is_no_cut_off() -> None:
    world = rented()
    late_rent(world, date(2026, 2, 28), name="je-1b")
    for key in [key for key, row in world.rows["posting"].items() if row["transaction_source_id"] == "je-1b"]:
        world.rows["posting"][key] |= {"transaction_source_id": "je-1", "transaction_number": "JE-1"}

    assert moved(world) == [("JE-1", Decimal(70), "USD")]


def test_what_was_left_out_counts_from_its_first_reading_on() -> None:
    world = rented()
    late_rent(world, ENTERED, seen=date(2026, 9, 1))
    row = world.get("posting", "je-2-1-1")
    changed = {"as_of": LATER, "source_version": stamp(LATER), "batch_id": "b2", "transaction_amount": Decimal(75)}
    world.rows["posting"]["netsuite_main", "je-2-1-1 again"] = row | changed

    assert moved(world) == [("JE-2", Decimal(5), "USD")]


def test_a_moved_figure_is_an_exception_of_its_own() -> None:
    world = rented()
    again(world, LATER, transaction_amount=Decimal(350))

    assert ("DQ05", "JE-1", Decimal("50.0000"), "USD") in world.exceptions()
