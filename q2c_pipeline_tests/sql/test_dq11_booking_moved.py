"""DQ11: a booking of a closed period was changed afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from q2c_pipeline_tests.sql.world import consistent

if TYPE_CHECKING:
    from q2c_pipeline_tests.sql.world import World

AFTER, BEFORE = datetime(2026, 5, 20, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
WON = date(2026, 3, 28)


def retold(when: datetime, **now: Any) -> World:
    """A deal of 1,200.00 won in March, which was closed on 10 May; told differently at a moment."""
    world = consistent().post_all()
    world.change("accounting_period", "2026-03", period_state="closed", closed_at=datetime(2026, 5, 10, tzinfo=UTC))
    told = {"stage_name": "Closed Won", "close_date": WON, "opportunity_amount": Decimal(1200)}
    states = [told | {"stage_name": "Proposal"}, told, told | now]
    for number, (moment, state) in enumerate(
        zip((datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 3, 28, tzinfo=UTC), when), states, strict=True)
    ):
        world.add(
            "opportunity_history",
            "crm",
            f"008-{number}",
            opportunity_source_id="006-1",
            currency="USD",
            created_at=moment,
            **state,
        )
    lost = states[-1]["stage_name"] != "Closed Won"
    shared = states[-1] | {"is_won": not lost, "opportunity_stage": "open" if lost else "won", "currency": "USD"}
    world.add("opportunity", "crm", "006-1", opportunity_number="OPP-1", account_source_id="001-1", **shared)
    usual = {"opportunity_stage": "won", "is_won": True, "stage_name": "Closed Won", "currency": "USD", "close_date": WON}
    world.add("opportunity", "crm", "006-2", opportunity_number="OPP-2", account_source_id="001-1", **usual)
    return world


def found(world: World) -> list[tuple[str, Decimal]]:
    with world.run("control.dq11_booking_moved") as warehouse:
        return warehouse.query("select subject_key, difference_amount from control.dq11_booking_moved").rows()


@pytest.mark.parametrize(
    ("now", "lost"),
    [
        ({"close_date": date(2026, 4, 2)}, "1200"),
        ({"opportunity_amount": Decimal(1000)}, "200"),
        ({"opportunity_amount": Decimal(1500)}, "-300"),
        ({"stage_name": "Negotiation"}, "1200"),
    ],
)
def test_what_the_closed_month_lost(now: dict[str, Any], lost: str) -> None:
    assert found(retold(AFTER, **now)) == [("OPP-1", Decimal(lost))]


@pytest.mark.parametrize("now", [{"close_date": date(2026, 3, 2)}, {}])
def test_what_stays_in_its_month_with_its_amount_is_no_move(now: dict[str, Any]) -> None:
    assert found(retold(AFTER, **now)) == []


def test_before_the_close_everything_may_change() -> None:
    assert found(retold(BEFORE, close_date=date(2026, 4, 2), opportunity_amount=Decimal(10))) == []


def test_a_deal_moved_into_a_closed_month_adds_to_it() -> None:
    world = retold(AFTER, close_date=date(2026, 3, 2))
    world.change("opportunity_history", "008-1", close_date=date(2026, 4, 2))
    world.change("opportunity_history", "008-0", close_date=date(2026, 4, 2))

    assert found(world) == [("OPP-1", Decimal(-1200))]


def test_a_finding_is_an_exception_of_its_own() -> None:
    assert ("DQ11", "OPP-1", Decimal("1200.0000"), "USD") in retold(AFTER, close_date=date(2026, 4, 2)).exceptions()
