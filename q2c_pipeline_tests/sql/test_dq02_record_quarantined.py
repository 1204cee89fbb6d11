"""DQ02: a record that could not be read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline.schemas.tables import TABLES
from q2c_pipeline_tests.sql.world import World, all_files, consistent


def delivered(**tables: list[dict[str, object]]) -> World:
    world = consistent().post_all()
    world.landing = {
        "batch": [
            {
                "batch_id": "b1",
                "instance": "sf_main",
                "platform": "salesforce",
                "object_name": "PricebookEntry",
                "sequence": 1,
                "as_of": date(2026, 10, 31),
                "row_count": 9,
                "loaded_rows": 9,
                "rejected_rows": 0,
            }
        ],
        **tables,
    }
    return world


def reject(source_id: str, field: str, *, enum: bool) -> dict[str, object]:
    return {
        "batch_id": "b1",
        "instance": "stripe_main",
        "object_name": "charge",
        "source_id": source_id,
        "row_number": 3,
        "field_name": field,
        "reason": f"{field}: bad",
        "value": "frozen",
        "is_unknown_enum": enum,
        "record": "{}",
    }


def test_each_record_is_one_exception_whatever_is_wrong_with_it() -> None:
    world = delivered(reject=[reject("ch_1", "created", enum=False), reject("ch_1", "amount", enum=False)])

    assert world.exceptions() == [("DQ02", "stripe_main.charge/ch_1", Decimal("0.0000"), None)]


def test_no_rejects_no_exception() -> None:
    assert delivered().exceptions() == []


def test_a_record_that_a_later_delivery_brought_in_readable_form_is_repaired() -> None:
    world = delivered(reject=[reject("ch_1", "created", enum=False)])
    first = world.landing["batch"][0]
    world.landing["batch"] = [
        {**first, "as_of": date(2026, 10, 30)},
        {**first, "batch_id": "b2", "object_name": "charge", "sequence": 2},
    ]
    world.add("payment", "billing", "ch_1", batch_id="b2", payment_kind="payment", payment_status="succeeded", currency="USD")

    assert world.exceptions() == []


def test_a_record_that_comes_again_as_bad_as_before_is_one_exception_with_its_newest_reason() -> None:
    again = {**reject("ch_1", "amount", enum=False), "batch_id": "b2"}
    world = delivered(reject=[reject("ch_1", "created", enum=False), again])
    first = {**world.landing["batch"][0], "object_name": "charge"}
    world.landing["batch"] = [{**first, "as_of": date(2026, 10, 30)}, {**first, "batch_id": "b2", "sequence": 2}]

    with world.run("recon.exception") as warehouse:
        reasons = warehouse.query("select reason from recon.exception")["reason"].to_list()

    assert [reason.split(":")[0] for reason in reasons] == ["amount"]


def test_every_table_can_show_that_a_record_was_repaired() -> None:
    reads = {file.name: file.upstreams for file in all_files()}["canonical.open_reject"]

    assert {f"mapped.{name}" for name in TABLES} <= set(reads)
