"""BB06: a due period that nothing bills although the subscription is right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent, found_in


def test_missing_months_add_up() -> None:
    world = consistent()
    world.unbill("4")
    world.unbill("6")

    assert world.post_all().exceptions() == [("BB06", "ORD-00001/1", Decimal("2000.0000"), "USD")]


def test_a_one_time_line_that_was_never_billed() -> None:
    world = consistent()
    world.order(
        2,
        start_date=date(2026, 3, 5),
        end_date=date(2026, 3, 5),
        billing_frequency="one_time",
        charge_type="one_time",
        price_period="once",
    )

    assert world.post_all().exceptions() == [("BB06", "ORD-00002/1", Decimal("1000.0000"), "USD")]


def test_a_period_inside_its_grace_is_in_flight() -> None:
    world = consistent()
    for number, day in enumerate((28, 29, 30, 31), 2):
        world.order(number, start_date=date(2026, 10, day))
        world.subscribe(number)

    with world.post_all().run() as warehouse:
        assert found_in(warehouse) == [("BB06", "ORD-00002/1", Decimal("1000.0000"), "USD")]
        timing = warehouse.query("select subject_key, difference_amount from recon.timing order by all").rows()
    assert timing == [(f"ORD-0000{n}/1", Decimal("1000.0000")) for n in (3, 4, 5)]


def test_grace_may_be_longer_or_shorter_for_an_entity_or_an_instance() -> None:
    world = consistent()
    for number, day in enumerate((25, 29), 2):
        world.order(number, start_date=date(2026, 10, day))
        world.subscribe(number)
    world.post_all()

    rules: list[tuple[list[tuple[object, ...]], list[str]]] = [
        ([], ["ORD-00002/1"]),
        ([("sf_main", "US", None, 9, None)], []),
        ([("sf_main", "US", None, 1, None)], ["ORD-00002/1", "ORD-00003/1"]),
        ([("sf_main", "DE", None, 9, None), ("stripe_main", "US", None, 9, None)], ["ORD-00002/1"]),
    ]
    for graces, missing in rules:
        world.graces = graces
        assert [subject for _, subject, *_ in world.exceptions()] == missing
