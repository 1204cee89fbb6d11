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


@pytest.mark.parametrize(("created", "fires"), [(date(2026, 4, 1), True), (None, True), (date(2026, 6, 1), False)])
def test_what_comes_to_light_late_unless_it_says_so_itself(created: date | None, fires: bool) -> None:  # noqa: FBT001
    world = rented()
    entered = created and datetime(created.year, created.month, created.day, tzinfo=UTC)
    world.journal(
        "je-2", {"6000": Decimal(70), "1000": Decimal(-70)}, posting_date=FIRST, transaction_kind="journal",
        transaction_number="JE-2", as_of=LATER, created_at=entered, currency="USD",
    )  # fmt: skip

    assert moved(world) == ([("JE-2", Decimal(70), "USD")] if fires else [])


def test_a_moved_figure_is_an_exception_of_its_own() -> None:
    world = rented()
    again(world, LATER, transaction_amount=Decimal(350))

    assert ("DQ05", "JE-1", Decimal("50.0000"), "USD") in world.exceptions()
