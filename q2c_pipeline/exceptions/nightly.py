"""What a night does to cases: opens, reopens, returns and resolves them, and keeps their figures.

It compares what the night found with what is open, in sets: one audit entry for each kind of happening, with a digest of its
events, however many there are. The same night again changes nothing; a night of an earlier day than the last one is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter

from sqlalchemy import Connection, bindparam, func, insert, select, update

from q2c_pipeline.domain.people import NIGHT
from q2c_pipeline.exceptions.cases import Case, Finding, cases, cases_with, in_portions, stored
from q2c_pipeline.exceptions.comparison import FIGURES, Night, Step, Work, compare
from q2c_pipeline.exceptions.lifecycle import NO_WAIVER, Happening, Status
from q2c_pipeline.exceptions.proof import MANY, EventFacts, digest_of
from q2c_pipeline.exceptions.routing import Routing
from q2c_pipeline.state.audit import Entry, append, canonical
from q2c_pipeline.state.case_tables import EXCEPTION_CASE, EXCEPTION_EVENT, EXCEPTION_SYNC

_CHANGEABLE = (
    *("status", "queue", "severity", "due_on", *FIGURES, "opened_on", "resolved_on", "times_reopened", "version"),
    *NO_WAIVER,
)


@dataclass
class Outcome:
    """What the night did, by kind of happening; `is_late` when a later day was reconciled before, and nothing was done."""

    found: int = 0
    is_late: bool = False
    counts: Counter[Happening] = field(default_factory=Counter)


def sync(connection: Connection, night: Night, findings: Sequence[Finding], routing: Routing) -> Outcome:
    """Bring all cases to what the night found, in the caller's transaction."""
    append(connection)  # whoever changes a case waits for this transaction from here on
    if _is_late(connection, night.as_of):
        return Outcome(len(findings), is_late=True)
    known = _known(connection, findings)
    work = compare(known, findings, night, routing)
    _write(connection, work, night)
    seen = (known[one.exception_id] for one in findings if one.exception_id in known)
    _mark_seen(connection, [one.exception_id for one in seen if one.last_seen != night.as_of], night.as_of)
    outcome = Outcome(len(findings), counts=Counter(step.kind for step in work.steps))
    _remember(connection, night, outcome)
    return outcome


def _is_late(connection: Connection, as_of: date) -> bool:
    last = connection.execute(select(func.max(EXCEPTION_SYNC.c.as_of))).scalar()
    return last is not None and as_of < last


def _known(connection: Connection, findings: Iterable[Finding]) -> dict[str, Case]:
    """Cases that are not resolved, those that were found again, and the leads of any of them."""
    live = cases(connection, select(EXCEPTION_CASE).where(EXCEPTION_CASE.c.status != Status.RESOLVED.value))
    known = {one.exception_id: one for one in live}
    rest = (one.exception_id for one in findings if one.exception_id not in known)
    known |= {one.exception_id: one for one in cases_with(connection, rest)}
    leads = {one.merged_into for one in known.values() if one.merged_into is not None} - known.keys()
    return known | {one.exception_id: one for one in cases_with(connection, sorted(leads))}


def _write(connection: Connection, work: Work, night: Night) -> None:
    if work.new:
        connection.execute(insert(EXCEPTION_CASE), [stored(vars(one)) for one in work.new])
    if work.changed:
        this = EXCEPTION_CASE.c.exception_id == bindparam("this")
        statement = update(EXCEPTION_CASE).where(this).values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
        connection.execute(statement, [_new_values(one) for one in work.changed])
    for kind in Happening:
        some = sorted((step for step in work.steps if step.kind is kind), key=attrgetter("exception_id"))
        if some:
            _log(connection, kind, some, night)


def _new_values(one: Case) -> dict[str, object]:
    values = stored({name: getattr(one, name) for name in _CHANGEABLE})
    return {"this": one.exception_id, **{f"new_{name}": value for name, value in values.items()}}


def _log(connection: Connection, kind: Happening, steps: Sequence[Step], night: Night) -> None:
    """All events of a kind, proved by one entry of the audit log."""
    facts: list[EventFacts] = [
        (step.exception_id, kind.value, canonical(step.old), canonical(step.new), step.why) for step in steps
    ]
    new = {"events": len(facts), "digest": digest_of(facts)}
    subject, why = f"night:{night.as_of}", f"reconciliation of {night.as_of}"
    number = append(connection, Entry(night.at, NIGHT, MANY + kind.value, subject, None, new, why, night.rule_version)).entries
    shared = {"at": night.at, "who": NIGHT, "audit_number": number}
    names = ("exception_id", "kind", "old", "new", "why")
    connection.execute(insert(EXCEPTION_EVENT), [dict(zip(names, one, strict=True)) | shared for one in facts])


def _mark_seen(connection: Connection, exception_ids: Sequence[str], as_of: date) -> None:
    table = EXCEPTION_CASE
    for some in in_portions(exception_ids):
        connection.execute(update(table).where(table.c.exception_id.in_(some)).values(last_seen=as_of))


def _remember(connection: Connection, night: Night, outcome: Outcome) -> None:
    """One row a day; a second night of the same day adds what it changed."""
    table, day = EXCEPTION_SYNC, {"as_of": night.as_of}
    counts = {
        "opened": outcome.counts[Happening.OPENED],
        "reopened": outcome.counts[Happening.REOPENED],
        "returned": outcome.counts[Happening.RETURNED],
        "resolved": outcome.counts[Happening.RESOLVED],
        "changed": sum(outcome.counts[kind] for kind in (Happening.AMOUNT, Happening.SEVERITY, Happening.QUEUE)),
    }
    latest = {"found": outcome.found, "legs_not_judged": ", ".join(sorted(night.legs_not_judged))}
    if connection.execute(select(table).where(table.c.as_of == night.as_of)).first() is None:
        connection.execute(insert(table), day | {"at": night.at} | counts | latest)
        return
    added = {name: table.c[name] + count for name, count in counts.items()}
    connection.execute(update(table).where(table.c.as_of == night.as_of).values(**added, **latest))
