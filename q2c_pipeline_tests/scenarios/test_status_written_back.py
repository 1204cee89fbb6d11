"""What an order says of its invoices, of their payment and of its exception is brought to what is so, and a night proves it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from q2c_pipeline.corrections.record import Correction, Status, select_where
from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.domain.repairs import Action
from q2c_pipeline.orchestration import deciding, lookalikes, night
from q2c_pipeline.orchestration.pushing import Pushing
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.scenarios.closing import changes, invoice_pending_items, next_day, photographed
from q2c_pipeline_tests.scenarios.worlds import AS_OF

PEOPLE = [Actor(name, frozenset({UserRole.ADMIN})) for name in ("anna", "ben")]
STALE = {"Invoice_Status__c": "Void", "Payment_Status__c": "Written Off"}
BILLING_SAYS = "select contract_key, invoice_status, payment_status from link.contract_invoice_status"
FOUND = "select subject_key from recon.exception where control_id = 'ST01'"
LISTED = '\n[policy.writable]\ncrm = { contract = ["exception_reason"] }\n'
AT = datetime.combine(AS_OF + timedelta(days=1), time(9), UTC)
ST01 = deciding.Filters(control="ST01")


def test_invoice_and_payment_status_are_written_back_to_orders(tmp_path: Path) -> None:
    systems = build(6, accounts=12, months=4, as_of=AS_OF, faults=())
    orders = systems.salesforce["Order"]
    for order in orders.values():
        order.update(STALE)
    before, credentials = photographed(systems), lookalikes.new_credentials()
    with lookalikes.serving(systems, credentials) as urls:
        settings = load_settings(lookalikes.write_config(tmp_path, urls), credentials)
        night.run_night(settings, AS_OF, lambda *_: None)
        found = set(night.query_published(settings, FOUND)["subject_key"])
        says = {key.split(":")[1]: status for key, *status in night.query_published(settings, BILLING_SAYS).iter_rows()}
        _approve_and_push(settings, ST01)
        written = {key for _, _, key, _ in changes(before, systems)}
        assert {orders[key]["OrderNumber"] for key in written} == found
        assert len(written) > len(orders) // 2
        assert all([orders[key][name].lower() for name in STALE] == says[key] for key in written)
        night.run_night(settings, AS_OF + timedelta(days=1), lambda *_: None)
        assert found.isdisjoint(night.query_published(settings, FOUND)["subject_key"])
        assert {one.subject_key for one in _stored(settings) if one.status is Status.VERIFIED} == found


def test_the_reason_of_an_exception_stands_on_its_order_as_long_as_the_exception(tmp_path: Path) -> None:
    systems = build(5, accounts=20, months=5, as_of=AS_OF, faults=("bb06_billing_stopped",))
    (fault,) = [one for one in systems.truth if one.control_id == "BB06"]
    order = next(one for one in systems.salesforce["Order"].values() if one["OrderNumber"] == fault.subject_key.split("/")[0])
    credentials = lookalikes.new_credentials()
    with lookalikes.serving(systems, credentials) as urls:
        path = lookalikes.write_config(tmp_path, urls)
        night.run_night(load_settings(path, credentials), AS_OF, lambda *_: None)
        assert Action.NOTE not in {one.action for one in _stored(load_settings(path, credentials))}
        path.write_text(path.read_text(encoding="utf-8") + LISTED, encoding="utf-8")
        settings = load_settings(path, credentials)
        night.run_night(settings, AS_OF, lambda *_: None)
        _approve_and_push(settings, deciding.Filters(control="BB06"))
        assert order["Exception_Reason__c"] == "BB06: a due period was not billed although the subscription is right"
        night.run_night(settings, AS_OF + timedelta(days=1), lambda *_: None)
        (note,) = [one for one in _stored(settings) if one.action is Action.NOTE]
        assert note.status is Status.VERIFIED
        next_day(settings)
        invoice_pending_items(settings, [one for one in _stored(settings) if one.action is Action.PENDING_ITEM])
        night.run_night(settings, AS_OF + timedelta(days=2), lambda *_: None)
        _push(settings, datetime.now(UTC))  # the night has written it down by the clock on the wall
        assert order["Exception_Reason__c"] is None
        (note,) = [one for one in _stored(settings) if one.action is Action.NOTE]
        assert note.status is Status.COMPENSATED


def _approve_and_push(settings: Settings, filters: deciding.Filters) -> None:
    for actor in PEOPLE:
        shown = deciding.shown(settings, [], filters, AT)
        deciding.approve(settings, actor, [], filters, shown.digest, "looked at", AT)
    _push(settings)


def _push(settings: Settings, at: datetime = AT) -> None:
    Pushing(settings, PEOPLE[0], lambda: at, sleep=lambda _seconds: None).push()


def _stored(settings: Settings) -> list[Correction]:
    with state_of(settings) as engine, engine.connect() as connection:
        return select_where(connection)
