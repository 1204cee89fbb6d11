"""Approved corrections sent to one org: fields of existing records, singly, in collections of 200, or as a bulk job."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from q2c_pipeline.domain.repairs import Action, Call, FieldChange, IsOurs, Order, Outcome, Verdict, always
from q2c_pipeline.errors import Q2CError
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.preconditions import Held, has_effect, present, stands, vendor_changes
from q2c_pipeline.platforms.salesforce.access import OrgToken
from q2c_pipeline.platforms.salesforce.edits import BASE, NEW_JOB, Row, calls_for, http_date, record_of
from q2c_pipeline.platforms.writing import (
    Problem,
    Reason,
    WriteSession,
    changed,
    done,
    request_id,
    unsupported,
)
from q2c_pipeline.schemas.fieldmap import load_field_map

COLLECTION = 200
"""Records that one collection call takes; also how many are looked at in one query."""
BULK_ROWS = 2_000
_JSON = {"Content-Type": "application/json"}
_CSV = {"Content-Type": "text/csv"}
_TAKES = (Action.SET_FIELDS, Action.NOTE)
_POLLS = 600
_POLL_SECONDS = 1.0
_VERDICTS = {
    "REQUEST_LIMIT_EXCEEDED": Verdict.FAILED,
    "UNABLE_TO_LOCK_ROW": Verdict.FAILED,
    "SERVER_UNAVAILABLE": Verdict.FAILED,
    "INSUFFICIENT_ACCESS_OR_READONLY": Verdict.FAILED,
    "ENTITY_IS_DELETED": Verdict.CHANGED,
    "NOT_FOUND": Verdict.CHANGED,
    "PRECONDITION_FAILED": Verdict.CHANGED,
}
"""Codes that decide by themselves: passing trouble, a credential without the permission, or a record that is not as it was."""


def open_pusher(
    instance: Instance,
    *,
    policy: RetryPolicy | None = None,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
    bulk_rows: int = BULK_ROWS,
) -> SalesforcePusher:
    """The writing side of an org; from `bulk_rows` records of one object on they go as a bulk job."""
    session = WriteSession(instance, auth=OrgToken(instance), policy=policy, transport=transport)
    return SalesforcePusher(session, instance, sleep, bulk_rows)


class SalesforcePusher:
    """Writes to one org; setting a field to a value twice is the same as once, so records need no key of ours."""

    def __init__(self, session: WriteSession, instance: Instance, sleep: Callable[[float], None], bulk_rows: int) -> None:
        self._session, self._sleep, self._bulk_rows = session, sleep, bulk_rows
        self._fields = load_field_map(Path(__file__).parent / "fields.toml", instance.field_overrides)

    def preview(self, orders: Sequence[Order]) -> list[Call]:
        """Exactly the calls that `send` would make if every record still is as in evidence."""
        rows, _ = self._rows([order for order in orders if order.action in _TAKES])
        return [call for part in self._parts(rows) for call in calls_for(part, is_bulk=len(part) >= self._bulk_rows)]

    def look_up(self, order: Order) -> Outcome | None:
        """Whether the record shows the values, whoever wrote them."""
        held = self._held([order]).get(record_of(order))
        if held is None or not has_effect(held, self._changes(order)):
            return None
        return done(order, external_id=order.target.source_id, version_after=held.version)

    def send(self, orders: Sequence[Order], is_ours: IsOurs = always) -> list[Outcome]:
        """One outcome an order, in order; orders on the same record are written together."""
        outcomes = {id(order): unsupported(order, _TAKES) for order in orders if order.action not in _TAKES}
        mine = [order for order in orders if order.action in _TAKES]
        try:
            with self._session.guarded(is_ours):
                outcomes |= self._send(mine)
        except Q2CError as error:
            problem = self._session.not_sent(error)
            outcomes |= {id(order): problem.outcome(order) for order in mine}
        return [outcomes[id(order)] for order in orders]

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _send(self, orders: list[Order]) -> dict[int, Outcome]:
        held = self._held(orders)
        decided = {id(o): stands(o, held.get(record_of(o)), self._changes(o)) for o in orders}
        rows, outcomes = self._rows([order for order in orders if decided[id(order)] is None])
        outcomes |= {key: outcome for key, outcome in decided.items() if outcome is not None}
        for row in rows:
            row.stamp = held[row.object_name, row.source_id].version
        for part in self._parts(rows):
            outcomes |= self._versioned(part, self._write(part))
        return outcomes

    def _rows(self, orders: Sequence[Order]) -> tuple[list[Row], dict[int, Outcome]]:
        """One row a record; an order that wants another value for a field than one before it is told so."""
        rows: dict[tuple[str, str], Row] = {}
        outcomes: dict[int, Outcome] = {}
        for order in orders:
            row = rows.setdefault(record_of(order), Row(*record_of(order), [], {}))
            wanted = {each.name: each.after for each in self._changes(order)}
            if clash := [name for name in wanted if name in row.values and row.values[name] != wanted[name]]:
                outcomes[id(order)] = changed(order, f"another correction of this record sets {', '.join(clash)}")
                continue
            row.orders.append(order)
            row.values |= wanted
        return list(rows.values()), outcomes

    def _parts(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """Rows that share a call: all of an object for a bulk job, else at most a collection."""
        by_object: dict[str, list[Row]] = {}
        for row in rows:
            by_object.setdefault(row.object_name, []).append(row)
        for members in by_object.values():
            size = len(members) if len(members) >= self._bulk_rows else COLLECTION
            yield from (members[start : start + size] for start in range(0, len(members), size))

    def _write(self, part: list[Row]) -> dict[int, Outcome]:
        if len(part) >= self._bulk_rows:
            return self._write_bulk(part)
        (call,) = calls_for(part, is_bulk=False)
        # Only a single record's call takes a condition; a collection leans on the look at the records just before.
        stamp = part[0].stamp if len(part) == 1 else None
        headers = _JSON | ({"If-Unmodified-Since": http_date(stamp)} if stamp else {})
        answer = self._session.write(call, headers, _reason)
        if isinstance(answer, Problem):
            return self._looked_at_again(part, answer) if answer.verdict is Verdict.CHANGED else _all(part, answer)
        if len(part) == 1:
            return _all_done(part, answer)
        return self._row_by_row(part, answer)

    def _looked_at_again(self, part: list[Row], refusal: Problem) -> dict[int, Outcome]:
        """A request that was delivered twice is refused the second time, because of its own first effect."""
        orders = [order for row in part for order in row.orders]
        try:
            held = self._held(orders)
        except Q2CError as error:
            detail = self._session.masked(f"{refusal.detail}, perhaps by its own first delivery: {error}")
            return _all(part, replace(refusal, verdict=Verdict.UNKNOWN, detail=detail))
        return {id(o): stands(o, held.get(record_of(o)), self._changes(o)) or refusal.outcome(o) for o in orders}

    def _row_by_row(self, part: list[Row], answer: httpx.Response) -> dict[int, Outcome]:
        """HTTP 200 says nothing about the rows: each has its own result, in the order of the request."""
        outcomes: dict[int, Outcome] = {}
        for row, result in zip(part, answer.json(), strict=True):
            if result["success"]:
                outcomes |= _all_done([row], answer)
                continue
            error = result["errors"][0]
            problem = _row_problem(error["statusCode"], error["message"], request_id(answer))
            outcomes |= _all([row], problem)
        return outcomes

    def _write_bulk(self, part: list[Row]) -> dict[int, Outcome]:
        create, put, close = calls_for(part, is_bulk=True)
        made = self._session.write(create, _JSON, _reason)
        if isinstance(made, Problem):
            return _all(part, _before_processing(made))
        job = str(made.json()["id"])
        for call, headers in ((put, _CSV), (close, _JSON)):
            there = Call(call.method, call.path.replace(NEW_JOB, job), call.body)
            answer = self._session.write(there, headers, _reason)
            if isinstance(answer, Problem):
                return _all(part, _at_release(answer) if call is close else _before_processing(answer))
        try:
            return self._bulk_outcomes(part, job)
        except Q2CError as error:
            return _all(part, Problem(Verdict.UNKNOWN, self._session.masked(f"job {job} started, result unknown: {error}")))

    def _bulk_outcomes(self, part: list[Row], job: str) -> dict[int, Outcome]:
        """What the finished job says of each row, by its id: the order of the results is the org's own."""
        if not self._is_complete(job):
            return _all(part, Problem(Verdict.UNKNOWN, f"job {job} started and not completed"))
        written = {row["sf__Id"] for row in self._results(job, "successfulResults")}
        errors = {row["Id"]: row["sf__Error"] for row in self._results(job, "failedResults")}
        outcomes: dict[int, Outcome] = {}
        for row in part:
            if row.source_id in written:
                outcomes |= {id(order): done(order, f"job {job}", external_id=row.source_id) for order in row.orders}
            elif row.source_id in errors:
                code, _, words = errors[row.source_id].partition(":")
                outcomes |= _all([row], _row_problem(code, words, None))
            else:
                outcomes |= _all([row], Problem(Verdict.FAILED, f"job {job} did not process the row"))
        return outcomes

    def _is_complete(self, job: str) -> bool:
        for _ in range(_POLLS):
            state = self._session.read(f"{BASE}/jobs/ingest/{job}")["state"]
            if state in {"JobComplete", "Failed", "Aborted"}:
                return bool(state == "JobComplete")
            self._sleep(_POLL_SECONDS)
        return False

    def _results(self, job: str, which: str) -> list[dict[str, str]]:
        text = self._session.read_text(f"{BASE}/jobs/ingest/{job}/{which}/")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def _versioned(self, part: list[Row], outcomes: dict[int, Outcome]) -> dict[int, Outcome]:
        """Add the stamps that our own writes left, so that an undo can tell them from somebody else's; best effort."""
        written = [o for row in part for o in row.orders if outcomes[id(o)].verdict is Verdict.DONE]
        try:
            held = self._held(written)
        except Q2CError:
            return outcomes
        for order in written:
            known, now = outcomes[id(order)], held.get(record_of(order))
            outcomes[id(order)] = done(
                order,
                known.detail,
                external_id=known.external_id,
                request_id=known.request_id,
                version_after=now.version if now and has_effect(now, self._changes(order)) else None,
            )
        return outcomes

    def _changes(self, order: Order) -> tuple[FieldChange, ...]:
        fields = self._fields.get(order.target.object_name)
        return vendor_changes(order, fields.vendor if fields else {})

    def _held(self, orders: Sequence[Order]) -> dict[tuple[str, str], Held]:
        """The records of the orders as they stand now; deleted ones are absent."""
        wanted: dict[str, tuple[set[str], set[str]]] = {}
        for order in orders:
            ids, names = wanted.setdefault(order.target.object_name, (set(), set()))
            ids.add(record_of(order)[1])
            names.update(each.name for each in self._changes(order))
        held: dict[tuple[str, str], Held] = {}
        for object_name, (ids, names) in wanted.items():
            for record in self._records(object_name, sorted(ids), sorted(names)):
                values = {name: present(record, name) for name in names}
                held[object_name, record["Id"]] = Held(record["SystemModstamp"], values)
        return held

    def _records(self, object_name: str, ids: list[str], names: list[str]) -> Iterator[Mapping[str, Any]]:
        columns = ", ".join(["Id", "SystemModstamp", *names])
        for start in range(0, len(ids), COLLECTION):
            listed = ", ".join(f"'{one}'" for one in ids[start : start + COLLECTION])
            soql = f"SELECT {columns} FROM {object_name} WHERE Id IN ({listed})"  # noqa: S608  (ids and names of the evidence)
            page = self._session.read(f"{BASE}/query", params={"q": soql})
            yield from page["records"]
            while not page["done"]:
                page = self._session.read(page["nextRecordsUrl"])
                yield from page["records"]


def _all(part: Sequence[Row], problem: Problem) -> dict[int, Outcome]:
    return {id(order): problem.outcome(order) for row in part for order in row.orders}


def _all_done(part: Sequence[Row], answer: httpx.Response) -> dict[int, Outcome]:
    number = request_id(answer)
    return {id(order): done(order, external_id=row.source_id, request_id=number) for row in part for order in row.orders}


def _row_problem(code: str, words: str, number: str | None) -> Problem:
    return Problem(_VERDICTS.get(code, Verdict.REJECTED), f"{code}: {words}", request_id=number, code=code)


def _before_processing(problem: Problem) -> Problem:
    """A job whose rows were not released changes nothing, whether or not its making was answered."""
    return replace(problem, verdict=Verdict.FAILED) if problem.verdict is Verdict.UNKNOWN else problem


def _at_release(problem: Problem) -> Problem:
    """A release that is refused may be the second delivery of one that was taken: the records tell."""
    return replace(problem, verdict=Verdict.UNKNOWN) if problem.verdict is Verdict.REJECTED else problem


def _reason(response: httpx.Response) -> Reason:
    try:
        error = response.json()[0]
    except (ValueError, KeyError, TypeError, IndexError):
        return Reason("", response.text)
    code = error.get("errorCode", "")
    return Reason(code, error.get("message", ""), _VERDICTS.get(code))
