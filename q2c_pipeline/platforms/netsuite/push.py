"""Approved corrections sent to one NetSuite account: draft journals, customer fields, removal of drafts, reversals."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from q2c_pipeline.domain.repairs import (
    Action,
    Call,
    DraftJournal,
    FieldChange,
    IsOurs,
    Order,
    Outcome,
    Remove,
    ReverseJournal,
    Verdict,
    always,
)
from q2c_pipeline.errors import Q2CError
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.netsuite.auth import authentication
from q2c_pipeline.platforms.netsuite.bodies import REST_NAMES, Bodies
from q2c_pipeline.platforms.preconditions import Held, has_effect, present, stands, vendor_changes
from q2c_pipeline.platforms.writing import (
    Problem,
    Reason,
    WriteSession,
    changed,
    done,
    exact_json,
    request_id,
    unsupported,
)
from q2c_pipeline.schemas.fieldmap import load_field_map

RECORD = "/services/rest/record/v1"
BATCH_RECORDS = 100
"""Records that NetSuite takes in one asynchronous request."""
_BATCH_FROM = 5
_LOOKS = 60
_LOOK_PAUSE = 0.5
_HEADERS = {"Content-Type": "application/json", "X-NetSuite-PropertyNameValidation": "error"}
_KEYS = uuid.UUID("4f0b6d6e-3d0c-5f0e-9a3c-7f1f3d1f8a54")
_TAKES = (Action.SET_FIELDS, Action.DRAFT_JOURNAL, Action.REMOVE, Action.REVERSE_JOURNAL)
_REPEATED = frozenset({"DUP_RCRD", "NONEXISTENT_ID"})
"""What a request is told whose effect is there already."""
_REFERENCES = frozenset({"currency", "parent", "subsidiary", "terms"})


def open_pusher(
    instance: Instance,
    *,
    policy: RetryPolicy | None = None,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
    batch_from: int = _BATCH_FROM,
) -> NetSuitePusher:
    """The writing side of an account; from `batch_from` journals on they go as one asynchronous request."""
    session = WriteSession(instance, auth=authentication(instance), policy=policy, transport=transport)
    return NetSuitePusher(session, instance, sleep, batch_from)


class NetSuitePusher:
    """Writes to one account; a journal carries the order's key as its external id, which NetSuite keeps unique."""

    def __init__(self, session: WriteSession, instance: Instance, sleep: Callable[[float], None], batch_from: int) -> None:
        self._session, self._sleep, self._batch_from = session, sleep, batch_from
        self._fields = load_field_map(Path(__file__).parent / "fields.toml", instance.field_overrides)
        self._bodies = Bodies(session, self._fields)
        self._ours: dict[tuple[str, str], tuple[str | None, str | None]] = {}

    def preview(self, orders: Sequence[Order]) -> list[Call]:
        """Exactly the calls that `send` would make; ids of accounts and currencies are looked up for it."""
        return [call for group in self._groups(orders) for call in self._group_calls(group)]

    def look_up(self, order: Order) -> Outcome | None:
        """Whether an earlier, unanswered attempt took effect: by external id, or by the record's present values."""
        match order.payload:
            case DraftJournal():
                journal = self._journal(f"eid:{quote(order.attempt_key)}")
                return _found(order, journal) if journal else None
            case Remove(source_id=source_id):
                return None if self._journal(source_id) else done(order, external_id=source_id)
            case ReverseJournal(source_id=source_id) as reverse:
                journal = self._journal(source_id)
                is_done = journal is not None and journal.get("reversalDate") == reverse.reversal_date.isoformat()
                return _found(order, journal) if journal and is_done else None
        held = self._held(order)
        return done(order, external_id=order.target.source_id) if held and has_effect(held, self._changes(order)) else None

    def send(self, orders: Sequence[Order], is_ours: IsOurs = always) -> list[Outcome]:
        """One outcome an order, in order."""
        self._ours = {}
        outcomes: dict[int, Outcome] = {}
        with self._session.guarded(is_ours):
            for group in self._groups(orders):
                outcomes |= {id(order): outcome for order, outcome in zip(group, self._send_group(group), strict=True)}
        return [outcomes[id(order)] for order in orders]

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _groups(self, orders: Sequence[Order]) -> Iterator[list[Order]]:
        """Journals go together, if they are enough for a batch; everything else, and fewer, goes by itself."""
        journals = [order for order in orders if order.action is Action.DRAFT_JOURNAL]
        size = BATCH_RECORDS if len(journals) >= self._batch_from else 1
        yield from (journals[start : start + size] for start in range(0, len(journals), size))
        yield from ([order] for order in orders if order.action is not Action.DRAFT_JOURNAL)

    def _group_calls(self, group: list[Order]) -> list[Call]:
        if len(group) > 1:
            items = [self._bodies.journal(order) for order in group]
            return [Call("POST", f"{RECORD}/journalEntry", exact_json({"items": items}))]
        return [self._call(group[0])] if group[0].action in _TAKES else []

    def _send_group(self, group: list[Order]) -> list[Outcome]:
        try:
            return self._send_batch(group) if len(group) > 1 else [self._send_one(group[0])]
        except Q2CError as error:
            return [self._session.not_sent(error).outcome(order) for order in group]

    def _send_one(self, order: Order) -> Outcome:
        if order.action not in _TAKES:
            return unsupported(order, _TAKES)
        if decided := self._decided(order):
            return decided
        outcome = self._answered(order, self._session.write(self._call(order), _HEADERS, _reason))
        is_edit = outcome.verdict is Verdict.DONE and order.action is Action.SET_FIELDS
        return replace(outcome, version_after=self._version_after(order)) if is_edit else outcome

    def _version_after(self, order: Order) -> str | None:
        """The stamp that our own edit left, which the next edit of this delivery must not take for somebody else's."""
        try:
            held = self._held(order)
        except Q2CError:
            return None
        if held is None or not has_effect(held, self._changes(order)):
            return None
        before, _ = self._ours.get(_record_of(order), (order.target.version, None))
        self._ours[_record_of(order)] = before, held.version
        return held.version

    def _decided(self, order: Order) -> Outcome | None:
        """What a look at the record says before anything is written; None: write."""
        match order.payload:
            case DraftJournal():
                return None
            case Remove(source_id=source_id):
                journal = self._journal(source_id)
                if journal is None:
                    return done(order, "it is gone already", external_id=source_id)
                return changed(order, f"journal {source_id} was posted meanwhile: reverse it") if _is_posted(journal) else None
            case ReverseJournal(source_id=source_id):
                journal = self._journal(source_id)
                if journal is None or not _is_posted(journal):
                    return changed(order, f"journal {source_id} is {'gone' if journal is None else 'still a draft: delete it'}")
                return self.look_up(order)
        held = self._held(order)
        before, ours = self._ours.get(_record_of(order), (None, None))
        if held and ours and held.version == ours:
            held = replace(held, version=before)
        return stands(order, held, self._changes(order))

    def _answered(self, order: Order, answer: httpx.Response | Problem) -> Outcome:
        if isinstance(answer, httpx.Response):
            return done(order, external_id=_id_of(answer) or order.target.source_id, request_id=request_id(answer))
        if answer.code in _REPEATED:
            return self._confirmed(order) or answer.outcome(order)
        return answer.outcome(order)

    def _confirmed(self, order: Order) -> Outcome | None:
        """Refused because it is done already: a journal with our key exists, or the network has delivered a deletion twice."""
        try:
            return self.look_up(order)
        except Q2CError as error:
            said = self._session.masked(f"a repetition that cannot be looked at: {error}")
            return Problem(Verdict.UNKNOWN, said).outcome(order)

    def _send_batch(self, group: list[Order]) -> list[Outcome]:
        key = uuid.uuid5(_KEYS, ",".join(order.attempt_key for order in group))
        headers = {**_HEADERS, "Prefer": "respond-async", "X-NetSuite-Idempotency-Key": str(key)}
        answer = self._session.write(self._group_calls(group)[0], headers, _reason)
        if isinstance(answer, Problem) and answer.code != "IDEMPOTENCY_ERROR":
            return [answer.outcome(order) for order in group]
        try:
            results = self._results(answer, len(group)) if isinstance(answer, httpx.Response) else []
            return self._batch_outcomes(group, results)
        except Q2CError as error:
            lost = Problem(Verdict.UNKNOWN, self._session.masked(f"accepted, result unknown: {error}"))
            return [lost.outcome(order) for order in group]

    def _batch_outcomes(self, group: list[Order], results: list[httpx.Response | Problem]) -> list[Outcome]:
        """By the job's results; without them (the batch was sent before) each journal is looked up."""
        if results:
            return [self._answered(order, result) for order, result in zip(group, results, strict=True)]
        unknown = Problem(Verdict.UNKNOWN, "sent before, and the journal is not there yet")
        return [self.look_up(order) or unknown.outcome(order) for order in group]

    def _results(self, accepted: httpx.Response, count: int) -> list[httpx.Response | Problem]:
        """The result of each record of a job, once it is completed."""
        job = urlsplit(accepted.headers["Location"]).path
        for _ in range(_LOOKS):
            if self._session.read(job)["completed"]:
                return [self._result(f"{job}/task/{n}/result") for n in range(1, count + 1)]
            self._sleep(_LOOK_PAUSE)
        return []

    def _result(self, path: str) -> httpx.Response | Problem:
        """One record's result; a failure to read it (busy, no answer) says nothing of the record: the job was accepted."""
        answer = self._session.write(Call("GET", path, ""), {}, _reason)
        if isinstance(answer, Problem) and answer.verdict is not Verdict.REJECTED:
            return replace(answer, verdict=Verdict.UNKNOWN, detail=f"accepted, result not read: {answer.detail}")
        return answer

    def _call(self, order: Order) -> Call:
        match order.payload:
            case DraftJournal():
                return Call("POST", f"{RECORD}/journalEntry", exact_json(self._bodies.journal(order)))
            case Remove(source_id=source_id):
                return Call("DELETE", f"{RECORD}/journalEntry/{source_id}", "")
            case ReverseJournal(source_id=source_id, reversal_date=day):
                return Call("PATCH", f"{RECORD}/journalEntry/{source_id}", exact_json({"reversalDate": day.isoformat()}))
        fields = {each.name: _reference(each.name, each.after) for each in self._changes(order)}
        return Call("PATCH", f"{RECORD}/{order.target.object_name}/{order.target.source_id}", exact_json(fields))

    def _changes(self, order: Order) -> tuple[FieldChange, ...]:
        fields = self._fields.get(order.target.object_name)
        columns = fields.vendor if fields else {}
        names = {logical: REST_NAMES.get(column, column) for logical, column in columns.items()}
        return vendor_changes(order, {**REST_NAMES, **names})

    def _held(self, order: Order) -> Held | None:
        record = self._session.find(f"{RECORD}/{order.target.object_name}/{order.target.source_id}")
        if record is None:
            return None
        names = [each.name for each in self._changes(order)]
        paths = {name: f"{name}.id" if name in _REFERENCES else name for name in names}
        return Held(record.get("lastModifiedDate"), {name: present(record, path) for name, path in paths.items()})

    def _journal(self, source_id: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._session.find(f"{RECORD}/journalEntry/{source_id}")
        return found


def _record_of(order: Order) -> tuple[str, str]:
    return order.target.object_name, order.target.source_id or ""


def _reference(name: str, value: str | None) -> Any:
    return {"id": value} if name in _REFERENCES and value is not None else value


def _is_posted(journal: Mapping[str, Any]) -> bool:
    return journal.get("approved") is True


def _found(order: Order, record: Mapping[str, Any]) -> Outcome:
    return done(order, "found by its key", external_id=str(record["id"]), version_after=record.get("lastModifiedDate"))


def _id_of(answer: httpx.Response) -> str | None:
    location = answer.headers.get("Location")
    return location.rstrip("/").rsplit("/", 1)[-1] if location else None


def _reason(response: httpx.Response) -> Reason:
    try:
        detail = response.json()["o:errorDetails"][0]
    except (ValueError, KeyError, TypeError, IndexError):
        return Reason("", response.text)
    return Reason(detail.get("o:errorCode", ""), detail.get("detail", ""))
