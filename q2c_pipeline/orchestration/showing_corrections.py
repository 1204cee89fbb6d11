"""Corrections in words for the command line; personal data is masked for those who may not see it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from q2c_pipeline.corrections.approval import Shown
from q2c_pipeline.corrections.record import Correction, Status
from q2c_pipeline.domain.repairs import (
    DraftInvoice,
    DraftJournal,
    FieldChange,
    PendingItem,
    Remove,
    ReverseJournal,
    SetFields,
    Task,
)
from q2c_pipeline.orchestration.deciding import Whole
from q2c_pipeline.orchestration.pushing import Pushed
from q2c_pipeline.orchestration.writing_places import personal_fields

_FINE = frozenset({Status.ACKNOWLEDGED, Status.APPROVED})
_TAIL = 3


def step(one: Correction) -> str:
    """One line: what would be done where, and what the bridge moves by."""
    effect = f", {one.leg} {one.legal_entity_code} {one.difference_amount} {one.currency}" if one.currency else ""
    where = (
        f" on {one.instance} {one.target.object_name} {one.target.source_id or one.target.business_key}" if one.instance else ""
    )
    what = f"{one.action}{where} for {one.control_id} {one.subject_key}{effect}"
    return f"{one.correction_id[:12]} step {one.step} {one.status}: {what}"


def whole(found: Whole, *, may_see_personal: bool) -> Iterator[str]:
    """Everything about one correction, line by line."""
    one = found.correction
    yield step(one)
    yield f"why: {one.reason}"
    yield from (f"change: {line}" for line in _changes(one, may_see_personal=may_see_personal))
    yield f"record version in evidence: {one.target.version or 'none kept by this system'}"
    yield from (f"evidence: {record}" for record in _records(one.evidence))
    yield f"reversible: {'yes' if one.is_reversible else 'no'}; proposed by {one.proposer} on {one.proposed_on}"
    yield from [f"note: {one.note if may_see_personal else _impersonal(one.note)}"] if one.note else []
    yield from [f"plan: {step(each)}" for each in found.plan if each.correction_id != one.correction_id]
    for attempt in found.attempts:
        detail = str(attempt["detail"] or "")
        answer = f"{attempt['verdict'] or 'no answer'} {detail if may_see_personal else _impersonal(detail)}"
        yield f"attempt: {attempt['started_at']} {attempt['kind']} -> {answer}"


def totals(shown: Shown) -> Iterator[str]:
    """How many, how much in each currency, and what to type."""
    yield f"{len(shown.corrections)} corrections"
    yield from (f"total {currency} {amount}" for currency, amount in shown.totals.items())
    if shown.corrections:
        yield f"nothing was decided; repeat with --confirm {shown.digest}"


def pushed(result: Pushed, *, is_dry: bool, may_see_personal: bool) -> Iterator[str]:
    """What was sent to an instance and what came of it, or the exact calls that would be made."""
    hidden = {} if may_see_personal else _hidden(result)
    if is_dry:
        yield f"{result.instance}: {len(result.corrections)} corrections wait; nothing is sent without --execute"
        yield from (f"  {call.method} {call.path} {_without(call.body, hidden)}" for call in result.calls)
    for correction_id, (status, detail) in result.statuses.items():
        said = detail if may_see_personal else _impersonal(detail)
        yield f"{result.instance}: {correction_id[:12]} {status}{f' ({said})' if said else ''}"
    if result.paused_until:
        yield f"{result.instance}: paused after repeated failures until {result.paused_until:%Y-%m-%d %H:%M:%S} UTC"


def _hidden(result: Pushed) -> dict[str, str]:
    """Personal values of the corrections that a result speaks of, each with what is shown in its place."""
    secret = personal_fields()
    changes = [each for one in result.corrections if isinstance(one.payload, SetFields) for each in one.payload.changes]
    return {text: _masked(text) for each in changes if each.name in secret for text in (each.before, each.after) if text}


def _impersonal(text: str) -> str:
    """The text, unless it tells values of a personal field."""
    named = sorted(name for name in personal_fields() if name in text)
    return f"{', '.join(named)}: hidden, it is personal data" if named else text


def _without(text: str, hidden: Mapping[str, str]) -> str:
    for value, mask in hidden.items():
        text = text.replace(value, mask)
    return text


def is_clean(result: Pushed) -> bool:
    """Whether everything that was sent was taken."""
    return result.paused_until is None and all(status in _FINE for status, _ in result.statuses.values())


def _changes(one: Correction, *, may_see_personal: bool) -> Iterator[str]:
    match one.payload:
        case SetFields(changes=changes):
            secret = frozenset() if may_see_personal else personal_fields()
            yield from (_change(each, is_masked=each.name in secret) for each in changes)
        case DraftJournal() as journal:
            yield f"draft journal in {journal.legal_entity_code} on {journal.posting_date}, {journal.currency}: {journal.memo}"
            yield from (f"  {line.account_number} debit {line.debit} credit {line.credit}" for line in journal.lines)
        case PendingItem() as item:
            yield _item(item)
        case DraftInvoice() as draft:
            yield f"draft invoice for {draft.customer_id} in {draft.currency}, which nobody sends by itself"
            yield from (f"  {_item(item)}" for item in draft.items)
        case Remove() as gone:
            yield f"delete {gone.object_name} {gone.source_id}"
        case ReverseJournal() as reverse:
            yield f"reverse journal {reverse.source_id} on {reverse.reversal_date}"
        case Task() as task:
            yield f"{task.title}: {task.body}"


def _item(item: PendingItem) -> str:
    return f"{item.amount} {item.currency} for {item.service_start} to {item.service_end}: {item.description}"


def _change(each: FieldChange, *, is_masked: bool) -> str:
    before, after = (_masked(text) if is_masked else text or "empty" for text in (each.before, each.after))
    return f"{each.name}: {before} -> {after}"


def _masked(text: str | None) -> str:
    """DE123456789 -> •••789; a short value shows nothing."""
    return f"•••{text[-_TAIL:] if len(text) > 2 * _TAIL else ''}" if text else "empty"


def _records(evidence: str) -> Iterator[str]:
    for record in json.loads(evidence or "[]"):
        yield f"{record['table']} {record['source_id']} of {record['instance']}"
