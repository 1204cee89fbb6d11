"""What was never billed on a subscription that has ended: a draft invoice is proposed, made, finalized, and proved."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from q2c_pipeline.corrections.record import Correction, Status, select_where
from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.domain.repairs import Action, DraftInvoice
from q2c_pipeline.orchestration import deciding, lookalikes, night
from q2c_pipeline.orchestration.pushing import Pushing
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.scenarios.closing import changes, finalize_drafts, next_day, photographed
from q2c_pipeline_tests.scenarios.worlds import AS_OF

PEOPLE = [Actor(name, frozenset({UserRole.ADMIN})) for name in ("anna", "ben")]
UNBILLED = deciding.Filters(control="BB06")


def test_what_no_invoice_would_take_up_is_drafted_finalized_and_proved(tmp_path: Path) -> None:
    systems = build(5, accounts=20, months=5, as_of=AS_OF, faults=("bb06_ended_before_billed",))
    before, credentials = photographed(systems), lookalikes.new_credentials()
    with lookalikes.serving(systems, credentials) as urls:
        settings = load_settings(lookalikes.write_config(tmp_path, urls), credentials)
        _night(settings, AS_OF)
        (one,) = _unbilled(settings)
        assert isinstance(one.payload, DraftInvoice)
        assert set(one.payload.metadata) == {"legal_entity"}
        assert [item.amount for item in one.payload.items] == [one.difference_amount]
        _push(settings)
        (one,) = _unbilled(settings)
        assert (one.status, one.action) == (Status.ACKNOWLEDGED, Action.DRAFT_INVOICE)
        made = {(table, record) for _, table, record, _ in changes(before, systems)}
        assert {table for table, _ in made} <= {"invoice", "invoiceitem", "invoice_line"}
        assert systems.stripe["invoice"][one.external_id or ""]["status"] == "draft"
        _night(settings, AS_OF + timedelta(days=1))
        (one,) = _unbilled(settings)
        assert one.note.startswith("waits for the invoice")
        next_day(settings)
        finalize_drafts(settings, [one])
        _night(settings, AS_OF + timedelta(days=2))
        (one,) = _unbilled(settings)
        assert (one.status, one.note) == (Status.VERIFIED, f"the exception is gone after {one.external_id}")


def _night(settings: Settings, day: date) -> None:
    assert night.run_night(settings, day, lambda *_: None).blocked == []


def _unbilled(settings: Settings) -> list[Correction]:
    with state_of(settings) as engine, engine.connect() as connection:
        return [one for one in select_where(connection) if one.control_id == "BB06"]


def _push(settings: Settings) -> None:
    at = datetime.combine(AS_OF + timedelta(days=1), time(9), UTC)
    for actor in PEOPLE:
        shown = deciding.shown(settings, [], UNBILLED, at)
        deciding.approve(settings, actor, [], UNBILLED, shown.digest, "looked at", at)
    Pushing(settings, PEOPLE[0], lambda: at, sleep=lambda _seconds: None).push()
