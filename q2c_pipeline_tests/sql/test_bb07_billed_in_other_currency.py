"""BB07: billed in another currency than sold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent, found_in

SHORT = ("BB07", "ORD-00001/1", Decimal("2000.0000"), "USD")


def billed_in_euro(*months: str, net: int = 1000) -> World:
    world = consistent()
    for month in months:
        world.reprice(month, net)
        world.change("invoice", f"in-{month}", currency="EUR")
        world.change("invoice_line", f"il-{month}", currency="EUR")
    return world.post_all()


def test_two_months_in_euro_are_one_exception_in_dollars() -> None:
    with billed_in_euro("4", "5").run() as warehouse:
        assert found_in(warehouse) == [SHORT]
        assert warehouse.query("select cell_count, first_period from recon.exception").rows() == [(4, date(2026, 4, 1))]
        bridge = warehouse.query(
            "select currency, sum(cause_amount) from recon.bridge where cause = 'BB07' group by all order by all"
        ).rows()
    assert bridge == [("EUR", Decimal("-2000.0000")), ("USD", Decimal("2000.0000"))]


def test_converted_figures_do_not_matter() -> None:
    assert billed_in_euro("4", "5", net=909).exceptions() == [SHORT]


def test_billed_right_and_once_more_in_euro_counts_in_euro() -> None:
    world = consistent()
    world.bill("x", date(2026, 4, 1), date(2026, 4, 30), 1000, currency="EUR")

    assert world.post_all().exceptions() == [("BB07", "ORD-00001/1", Decimal("-1000.0000"), "EUR")]


def test_its_own_currency_is_right() -> None:
    assert billed_in_euro().exceptions() == []
