"""Several exceptions with one cause worked on as one: merged into a lead, and split off again; their histories stay their own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from q2c_pipeline.domain.people import Permission, require
from q2c_pipeline.errors import CaseError
from q2c_pipeline.exceptions.cases import By, Case, case, cases, change
from q2c_pipeline.exceptions.lifecycle import Happening, refuse_unless_possible
from q2c_pipeline.state.case_tables import EXCEPTION_CASE


def merge(connection: Connection, exception_ids: Sequence[str], into: str, by: By, why: str) -> Case:
    """Work on these as part of `into` from now on; raises CaseError, with nothing changed, if one cannot be merged."""
    lead = _mergeable(connection, into, by)
    parts = [_mergeable(connection, one, by) for one in exception_ids]
    for part in parts:
        _refuse_circle(connection, part, lead)
    for part in parts:
        change(connection, part, Happening.MERGED, {"merged_into": lead.exception_id}, by, why)
    told = f"{why} (with {', '.join(part.exception_id[:12] for part in parts)})"
    return change(connection, lead, Happening.MERGED, {}, by, told)


def split(connection: Connection, exception_id: str, by: By, why: str) -> Case:
    """Work on an exception by itself again: it comes back as it stood when it was merged."""
    part = case(connection, exception_id)
    _permitted(part, by)
    if part.merged_into is None:
        raise CaseError(
            expected="an exception that was merged into another",
            found="one that is worked on by itself",
            where=f"exception {part.exception_id[:12]}",
            next_step="`q2c exceptions show` names the parts of a lead: split one of those off",
        )
    lead = case(connection, part.merged_into)
    change(connection, lead, Happening.SPLIT, {}, by, f"{why} (without {part.exception_id[:12]})")
    return change(connection, part, Happening.SPLIT, {"merged_into": None}, by, why)


def parts_of(connection: Connection, lead: str) -> list[Case]:
    """What was merged into a lead."""
    table = EXCEPTION_CASE
    return cases(connection, select(table).where(table.c.merged_into == lead).order_by(table.c.exception_id))


def _mergeable(connection: Connection, exception_id: str, by: By) -> Case:
    one = case(connection, exception_id)
    _permitted(one, by)
    if one.merged_into is not None:
        raise _circle(one, f"one that was merged into {one.merged_into[:12]}")
    refuse_unless_possible(Happening.MERGED, one.status, one.exception_id)
    return one


def _permitted(one: Case, by: By) -> None:
    require(by.actor, Permission.WORK_EXCEPTIONS, one.legal_entity_code, one.queue)


def _refuse_circle(connection: Connection, part: Case, lead: Case) -> None:
    if part.exception_id == lead.exception_id:
        raise _circle(part, "the lead itself")
    if parts_of(connection, part.exception_id):
        raise _circle(part, "the lead of others")


def _circle(one: Case, found: str) -> CaseError:
    return CaseError(
        expected="an exception that stands by itself",
        found=found,
        where=f"exception {one.exception_id[:12]}",
        next_step="choose another lead, or split what was merged first",
    )
