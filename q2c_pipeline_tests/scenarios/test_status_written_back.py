"""What an order says of its invoices and their payment is brought to what billing says, and a night proves it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from q2c_pipeline.corrections.record import Status, select_where
from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.orchestration import deciding, lookalikes, night
from q2c_pipeline.orchestration.pushing import Pushing
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.settings import load_settings
from q2c_pipeline_tests.scenarios.closing import changes, photographed
from q2c_pipeline_tests.scenarios.worlds import AS_OF

PEOPLE = [Actor(name, frozenset({UserRole.ADMIN})) for name in ("anna", "ben")]
STALE = {"Invoice_Status__c": "Void", "Payment_Status__c": "Written Off"}
BILLING_SAYS = "select contract_key, invoice_status, payment_status from link.contract_invoice_status"
FOUND = "select subject_key from recon.exception where control_id = 'ST01'"
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
        at = datetime.combine(AS_OF + timedelta(days=1), time(9), UTC)
        for actor in PEOPLE:
            shown = deciding.shown(settings, [], ST01, at)
            deciding.approve(settings, actor, [], ST01, shown.digest, "looked at", at)
        Pushing(settings, PEOPLE[0], lambda: at, sleep=lambda _seconds: None).push()
        written = {key for _, _, key, _ in changes(before, systems)}
        assert {orders[key]["OrderNumber"] for key in written} == found
        assert len(written) > len(orders) // 2
        assert all([orders[key][name].lower() for name in STALE] == says[key] for key in written)
        night.run_night(settings, AS_OF + timedelta(days=1), lambda *_: None)
        assert found.isdisjoint(night.query_published(settings, FOUND)["subject_key"])
        with state_of(settings) as engine, engine.connect() as connection:
            proved = [one for one in select_where(connection) if one.status is Status.VERIFIED]
        assert {one.subject_key for one in proved} == found
