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


def test_a_document_split_over_two_entities_is_worth_what_its_own_misses() -> None:
    world = consistent().post_all()
    for number, part in ((1, "440"), (2, "-40"), (3, "-400")):
        for book in (1, 2):
            row = world.get("posting", f"tr-in-5-{number}-{book}")
            elsewhere = {"subsidiary_source_id": "2", "transaction_amount": Decimal(part), "functional_amount": Decimal(part)}
            rest = row["transaction_amount"] - Decimal(part)
            world.rows["posting"][("netsuite_main", f"{row['source_id']}-de")] = (
                row | elsewhere | {"source_id": f"{row['source_id']}-de"}
            )
            world.change("posting", row["source_id"], transaction_amount=rest, functional_amount=rest)

    # 440.00 of 1,100.00 stand in DE, balanced there: no class is wrong
    with world.run() as warehouse:
        assert found_in(warehouse) == [("BP06", "INV-5", Decimal("440.0000"), "USD")]
        assert warehouse.query("select legal_entity_code, cell_count from recon.exception").rows() == [("US", 6)]
