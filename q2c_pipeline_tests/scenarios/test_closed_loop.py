"""From break to proof: faults planted, a night, all approved and pushed, people do their part, and a later night is clean.

Nothing but what the corrections promised changes in any system, and what is left in the bridge belongs to tasks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pytest

from q2c_pipeline.corrections.record import Correction, Status, select_where
from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.domain.repairs import Action
from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.repairs import repaired_controls
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration import deciding, lookalikes, night
from q2c_pipeline.orchestration.pushing import Pushed, Pushing
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline.sandbox.systems import Systems
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline.state import audit
from q2c_pipeline_tests.scenarios.closing import (
    changes,
    finalize_drafts,
    invoice_pending_items,
    next_day,
    photographed,
    post_drafts,
    promised,
)
from q2c_pipeline_tests.scenarios.worlds import AS_OF, UNBALANCED

ANNA = Actor("anna", frozenset({UserRole.ADMIN}))
BEN = Actor("ben", frozenset({UserRole.ADMIN}))
EVERYTHING = deciding.Filters()
_LINES_POSTED_AT_LAST = """
    select distinct b.subject_key
    from link.invoice_line as l
    inner join schedule.deferred_line as d on l.invoice_line_key = d.invoice_line_key
    inner join link.booked_line as b on l.root_line_key = b.contract_line_key
    where l.document_number in ({numbers})
"""
"""Contract lines whose deferred revenue got into the ledger by a repair: the releases of the months that are over are missing."""
_WRITING = frozenset({"set_fields", "draft_journal", "pending_item", "draft_invoice"})


def repairable() -> list[str]:
    """Every fault of a control that some file proposes a change for, not only a task."""
    files = [file for file in load_sql_files() if file.header.get("action") in _WRITING]
    controls = {control.lower() for file in files for control in repaired_controls(file)}
    return [name for name in sorted(available_faults()) if name.split("_", 1)[0] in controls]


@dataclass
class Loop:
    """What happened, step by step."""

    settings: Settings
    systems: Systems
    before: Systems
    first: list[Correction] = field(default_factory=list)
    preview: list[Pushed] = field(default_factory=list)
    untouched_by_preview: bool = False
    pushed: list[Correction] = field(default_factory=list)
    after_push: Systems | None = None
    waiting: list[Correction] = field(default_factory=list)
    posted: int = 0
    invoiced: int = 0
    last: list[Correction] = field(default_factory=list)


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """One company, two nights and the days between them."""
    systems = build(3, accounts=40, months=6, as_of=AS_OF, faults=repairable())
    credentials = lookalikes.new_credentials()
    with lookalikes.serving(systems, credentials) as urls:
        folder = tmp_path_factory.mktemp("loop")
        settings = load_settings(lookalikes.write_config(folder, urls), credentials)
        yield _lived(Loop(settings, systems, photographed(systems)))


def _lived(loop: Loop) -> Loop:
    settings, at = loop.settings, _morning(AS_OF)
    _night(settings, AS_OF)
    loop.first = _corrections(settings)
    for actor in (ANNA, BEN):
        shown = deciding.shown(settings, [], EVERYTHING, at)
        deciding.approve(settings, actor, [], EVERYTHING, shown.digest, "looked at", at)
    pushing = Pushing(settings, ANNA, lambda: at, sleep=lambda _seconds: None)
    loop.preview = pushing.preview()
    loop.untouched_by_preview = changes(loop.before, loop.systems) == {}
    pushing.push()
    loop.pushed = [one for one in _corrections(settings) if one.status is Status.ACKNOWLEDGED]
    loop.after_push = photographed(loop.systems)
    _night(settings, AS_OF + timedelta(days=1))
    loop.waiting = [one for one in _corrections(settings) if one.status is Status.ACKNOWLEDGED]
    next_day(settings)
    loop.posted = post_drafts(settings, loop.waiting)
    loop.invoiced = invoice_pending_items(settings, loop.waiting) + finalize_drafts(settings, loop.waiting)
    _night(settings, AS_OF + timedelta(days=2))
    loop.last = _corrections(settings)
    return loop


def _morning(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(9), UTC)


def _night(settings: Settings, day: date) -> None:
    assert night.run_night(settings, day, lambda *_: None).blocked == []


def _corrections(settings: Settings) -> list[Correction]:
    with state_of(settings) as engine, engine.connect() as connection:
        return select_where(connection)


def test_every_kind_of_change_is_proposed(loop: Loop) -> None:
    assert {one.action for one in loop.first} == {
        Action.SET_FIELDS,
        Action.DRAFT_JOURNAL,
        Action.PENDING_ITEM,
        Action.DRAFT_INVOICE,
        Action.TASK,
    }


def test_a_preview_changes_nothing_and_names_every_correction(loop: Loop) -> None:
    assert loop.untouched_by_preview
    assert sum(len(one.corrections) for one in loop.preview) == len(loop.pushed)
    assert all(one.calls for one in loop.preview)


def test_everything_that_was_approved_was_taken(loop: Loop) -> None:
    asked = {one.correction_id for one in loop.first if one.action is not Action.TASK}
    assert {one.correction_id for one in loop.pushed} == asked


def test_nothing_but_what_was_promised_changed_in_any_system(loop: Loop) -> None:
    assert loop.after_push is not None
    assert changes(loop.before, loop.after_push) == promised(loop.pushed, loop.after_push)


def test_fields_are_proved_by_the_next_night_and_drafts_wait_for_people(loop: Loop) -> None:
    assert {one.action for one in loop.waiting} == {Action.DRAFT_JOURNAL, Action.PENDING_ITEM, Action.DRAFT_INVOICE}
    assert all("waits for" in one.note for one in loop.waiting)
    assert loop.posted + loop.invoiced > 0


def test_in_the_end_every_change_is_verified(loop: Loop) -> None:
    mine = {one.correction_id for one in loop.pushed}
    assert {
        (one.status, one.note) for one in loop.last if one.correction_id in mine and one.status is not Status.VERIFIED
    } == set()


def test_no_exception_is_left_that_had_a_change_proposed(loop: Loop) -> None:
    repaired = {one.exception_id for one in loop.pushed}
    left = night.query_published(loop.settings, "select exception_id, control_id, subject_key, reason from recon.exception")
    assert [row for row in left.iter_rows() if row[0] in repaired] == []


def test_repairs_bring_to_light_only_the_releases_of_what_they_posted(loop: Loop) -> None:
    """An invoice that is posted at last lacks the releases of the months that are over, and nothing else is proposed anew."""
    posted = {one.subject_key for one in loop.pushed if one.control_id.startswith("BP")}
    query = _LINES_POSTED_AT_LAST.format(numbers=", ".join(f"'{number}'" for number in sorted(posted)))
    deferred = set(night.query_published(loop.settings, query)["subject_key"])
    again = {(one.control_id, one.subject_key) for one in loop.last if one.status is Status.PROPOSED}
    assert again <= {("RR01", line) for line in deferred}


def test_the_bridge_is_zero_but_for_tasks_and_timing(loop: Loop) -> None:
    tasks = {one.control_id for one in loop.last if one.status is Status.TASK}
    causes = night.query_published(loop.settings, "select distinct cause from recon.bridge where cause_amount <> 0")
    assert {cause for cause in causes["cause"] if not cause.startswith("fx_")} <= tasks | {"timing"}
    assert night.query_published(loop.settings, UNBALANCED).height == 0


def test_the_audit_chain_is_whole(loop: Loop) -> None:
    with state_of(loop.settings) as engine:
        assert isinstance(audit.verify(engine), audit.Head)


def test_a_push_without_write_credentials_is_refused_with_the_next_step(loop: Loop) -> None:
    bare = [one.model_copy(update={"write_credentials": {}}) for one in loop.settings.instances]
    settings = loop.settings.model_copy(update={"instances": bare})
    with pytest.raises(ConfigurationError, match="write_credentials"):
        settings.writing_instance("sf_main")
