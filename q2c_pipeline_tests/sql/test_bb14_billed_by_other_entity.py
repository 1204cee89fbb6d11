"""BB14: billed by another legal entity than the one that sold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent, found_in

SHORT = ("BB14", "ORD-00001/1", Decimal("1000.0000"), "USD")


def billed_by_germany(*months: str) -> World:
    world = consistent()
    for month in months:
        world.change("invoice", f"in-{month}", legal_entity_code="DE")
    world.post_all()
    for month in months:
        for number in (1, 2, 3):
            for book in (1, 2):
                world.change("posting", f"tr-in-{month}-{number}-{book}", subsidiary_source_id="2", functional_amount=Decimal(1))
    return world


def without_rates(world: World) -> World:
    """The functional amounts above are no rate's: let none be known."""
    world.rows["fx_rate"].clear()
    return world


def test_both_sides_are_one_exception_of_the_contracts_entity() -> None:
    with without_rates(billed_by_germany("5")).run() as warehouse:
        assert found_in(warehouse) == [SHORT]
        assert warehouse.query("select legal_entity_code, cell_count from recon.exception").rows() == [("US", 2)]
        bridge = warehouse.query(
            "select legal_entity_code, cause_amount from recon.bridge where cause = 'BB14' order by all"
        ).rows()
    assert bridge == [("DE", Decimal("-1000.0000")), ("US", Decimal("1000.0000"))]


def test_another_currency_too_is_the_currency() -> None:
    world = without_rates(billed_by_germany("5"))
    world.change("invoice", "in-5", currency="EUR")
    world.change("invoice_line", "il-5", currency="EUR")
    for number in (1, 2, 3):
        world.change("posting", f"tr-in-5-{number}-1", currency="EUR")

    assert world.exceptions() == [("BB07", "ORD-00001/1", Decimal("1000.0000"), "USD")]


def test_billed_right_and_once_more_by_the_sister_is_too_much() -> None:
    world = consistent()
    world.bill("x", date(2026, 5, 1), date(2026, 5, 31), 1000, legal_entity_code="DE")
    world.post_all()
    for number in (1, 2, 3):
        world.change("posting", f"tr-in-x-{number}-1", subsidiary_source_id="2")

    assert without_rates(world).exceptions() == [("BB14", "ORD-00001/1", Decimal("-1000.0000"), "USD")]


def test_its_own_entity_is_right() -> None:
    assert billed_by_germany().exceptions() == []
