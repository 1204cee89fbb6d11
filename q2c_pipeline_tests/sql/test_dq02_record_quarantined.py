"""DQ02: a record that could not be read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline.schemas.tables import TABLES
from q2c_pipeline_tests.sql.deliveries import delivered, reject
from q2c_pipeline_tests.sql.world import World, all_files, found_in


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


def unreadable(object_name: str, source_id: str, *, enum: bool = False, record: str = "{}") -> World:
    """Ten months billed for an order that is known, or one of whose records is in quarantine."""
    held = {"instance": "sf_main", "object_name": object_name, "field_name": f"{object_name}.field", "record": record}
    world = delivered(reject=[reject(source_id, "field", enum=enum) | held])
    world.remove({"Order": "contract", "OrderItem": "contract_line"}[object_name], source_id)
    return world


def told(world: World) -> tuple[list[tuple[str, str, Decimal, str | None]], set[tuple[str, str]], set[str]]:
    """Exceptions, pairs of symptom and cause, and the causes in the bridge of booked to billed."""
    with world.run("recon.exception", "recon.symptom", "recon.bridge") as warehouse:
        symptoms = set(warehouse.query("select control_id, cause_control_id from recon.symptom").rows())
        causes = warehouse.query("select distinct cause from recon.bridge where leg = 'BB' and cause_amount <> 0")[
            "cause"
        ].to_list()
        return found_in(warehouse), symptoms, set(causes)


@pytest.mark.parametrize(("object_name", "source_id"), [("Order", "801-1"), ("OrderItem", "802-1")])
def test_what_was_billed_for_a_contract_in_quarantine_is_a_symptom_of_it(object_name: str, source_id: str) -> None:
    found, symptoms, causes = told(unreadable(object_name, source_id, record='{"OrderId":"801-1"}'))

    assert found == [("DQ02", f"sf_main.{object_name}/{source_id}", Decimal("-10000.0000"), "USD")]
    assert symptoms == {("BB02", "DQ02")} | ({("ST01", "DQ02")} if object_name == "OrderItem" else set())
    assert causes == {"DQ02"}


def test_a_contract_with_an_unknown_value_is_the_vendors_change_and_all_else_its_symptom() -> None:
    found, symptoms, causes = told(unreadable("Order", "801-1", enum=True))

    assert found == [("DQ03", "sf_main.Order.Order.field", Decimal("-10000.0000"), "USD")]
    assert symptoms == {("BB02", "DQ03"), ("DQ02", "DQ03")}
    assert causes == {"DQ03"}


def test_what_names_no_contract_in_quarantine_stays_billed_without_a_contract() -> None:
    world = unreadable("Order", "801-1")
    world.change("subscription", "sub-1", claimed_contract_id=None)
    world.change("subscription_line", "si-1", claimed_contract_line_id=None, claimed_contract_line_key=None)
    found, _, causes = told(world)

    assert [row[0] for row in found] == ["BB02", "DQ02"]
    assert causes == {"BB02"}


def test_an_amendment_of_an_order_in_quarantine_amends_something_that_exists() -> None:
    world = unreadable("Order", "801-1")
    world.order(2, start_date=date(2026, 12, 1))
    world.change("contract", "801-2", amends_contract_source_id="801-1")
    found, symptoms, _ = told(world)

    assert [row[0] for row in found] == ["DQ02"]
    assert symptoms == {("BB02", "DQ02"), ("DQ08", "DQ02")}


def test_a_deal_whose_order_is_in_quarantine_is_not_late_beside_it() -> None:
    deal = {"opportunity_stage": "won", "close_date": date(2026, 1, 2), "opportunity_number": "OPP-1"}
    for record, found in (('{"OpportunityId":"006-1"}', ["DQ02"]), ('{"OpportunityId":"006-2"}', ["DQ02", "LA01"])):
        world = unreadable("Order", "801-1", record=record)
        world.add("opportunity", "crm", "006-1", currency="USD", **deal)
        assert [row[0] for row in told(world)[0]] == found


def test_every_table_can_show_that_a_record_was_repaired() -> None:
    reads = {file.name: file.upstreams for file in all_files()}["canonical.open_reject"]

    assert {f"mapped.{name}" for name in TABLES} <= set(reads)


def with_change_unreadable(object_name: str, *, january: int = 1000, record: str = "{}") -> World:
    """Order 2 adds two seats to order 1 from 1 June; billing follows it, and one of its records is in quarantine."""
    source_id = {"Order": "801-2", "OrderItem": "802-2"}[object_name]
    held = {"instance": "sf_main", "object_name": object_name, "field_name": f"{object_name}.field", "record": record}
    world = delivered(reject=[reject(source_id, "field", enum=False) | held])
    others = {"batch_id": "b2", "instance": "stripe_main"}, {"batch_id": "b3", "instance": "netsuite_main"}
    world.landing["batch"] += [world.landing["batch"][0] | other for other in others]
    world.order(2, amends=1, start_date=date(2026, 6, 1), quantity=Decimal(2))
    world.remove({"Order": "contract", "OrderItem": "contract_line"}[object_name], source_id)
    for month in range(6, 11):
        world.reprice(str(month), 1200, quantity=Decimal(12))
    world.reprice("1", january)
    world.rows["posting"].clear()
    return world.post_all()


LINE_RECORD = '{"Id":"802-2","OrderId":"801-2","OriginalOrderItemId":"802-1","Quantity":"two"}'


@pytest.mark.parametrize(("object_name", "record"), [("Order", "{}"), ("OrderItem", LINE_RECORD)])
def test_what_is_billed_by_a_change_in_quarantine_is_a_symptom_of_it(object_name: str, record: str) -> None:
    found, symptoms, causes = told(with_change_unreadable(object_name, record=record))

    source_id = {"Order": "801-2", "OrderItem": "802-2"}[object_name]
    assert found == [("DQ02", f"sf_main.{object_name}/{source_id}", Decimal("-1000.0000"), "USD")]
    assert symptoms == {("BB05", "DQ02")}
    assert causes == {"DQ02"}


def test_what_was_wrong_before_the_change_is_no_symptom_of_it() -> None:
    found, *_ = told(with_change_unreadable("Order", january=900))

    assert [(control, amount) for control, _, amount, _ in found] == [("BB04", Decimal(100)), ("DQ02", Decimal(-1000))]


def test_a_line_in_quarantine_that_names_no_other_line_changes_none() -> None:
    found, *_ = told(with_change_unreadable("OrderItem", record='{"Id":"802-2","OrderId":"801-2"}'))

    assert [row[0] for row in found] == ["BB05", "DQ02"]
