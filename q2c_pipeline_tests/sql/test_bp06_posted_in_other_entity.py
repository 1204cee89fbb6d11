"""BP06: a document posted in the books of another legal entity."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent, found_in


def test_both_sides_are_one_exception_worth_the_total() -> None:
    world = consistent()
    world.post_all()
    for number in (1, 2, 3):
        for book in (1, 2):
            world.change("posting", f"tr-in-5-{number}-{book}", subsidiary_source_id="2")

    with world.run() as warehouse:
        assert found_in(warehouse) == [("BP06", "INV-5", Decimal("1100.0000"), "USD")]
        row = warehouse.query("select legal_entity_code, cell_count from recon.exception").rows()
    assert row == [("US", 6)]


def test_its_own_entity_is_right() -> None:
    world = consistent()
    for table, key in (("contract", "801-1"), ("subscription", "sub-1")):
        world.change(table, key, legal_entity_code="DE")
    for invoice in world.rows["invoice"].values():
        invoice["legal_entity_code"] = "DE"
    world.post_all()
    for posting in world.rows["posting"].values():
        posting["subsidiary_source_id"] = "2"

    assert world.exceptions() == []
