"""Merged exceptions are worked on as one; each keeps its own history and its own finding."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from q2c_pipeline.errors import CaseError, NotAllowedError
from q2c_pipeline.exceptions.cases import events
from q2c_pipeline.exceptions.grouping import merge, parts_of, split
from q2c_pipeline.exceptions.lifecycle import Happening, Status
from q2c_pipeline.exceptions.selection import Filters, chosen
from q2c_pipeline.exceptions.work import comment, resolve, start
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.exceptions.company import ADA, FRIDAY, GRACE, by, finding, read, reconcile

LEAD, PART, OTHER = (finding(name).exception_id for name in ("lead", "part", "other"))
ALL = [finding("lead"), finding("part"), finding("other")]
MONDAY = FRIDAY + timedelta(days=3)
TUESDAY = FRIDAY + timedelta(days=4)


@pytest.fixture
def merged(state: Engine) -> Engine:
    """Three cases, one of which was merged into another."""
    reconcile(state, FRIDAY, ALL)
    with writing(state) as connection:
        merge(connection, [PART], LEAD, by(ADA), "one wrong price")
    return state


def test_a_merged_exception_leaves_the_queue_and_keeps_its_history(merged: Engine) -> None:
    with merged.connect() as connection:
        assert {one.exception_id for one in chosen(connection, Filters())} == {LEAD, OTHER}
        assert [one.exception_id for one in parts_of(connection, LEAD)] == [PART]
        assert [one.kind for one in events(connection, PART)] == [Happening.OPENED, Happening.MERGED]
        assert "with " + PART[:12] in events(connection, LEAD)[-1].why


def test_a_part_is_worked_on_through_its_lead_only(merged: Engine) -> None:
    with pytest.raises(CaseError, match=f"merged into {LEAD[:12]}"), writing(merged) as connection:
        start(connection, PART, by(ADA))
    with writing(merged) as connection:
        comment(connection, PART, by(ADA), "still worth saying")


def test_split_puts_it_back_where_it_was(merged: Engine) -> None:
    with writing(merged) as connection:
        split(connection, PART, by(ADA), "another price after all")
    assert (read(merged, "part").merged_into, read(merged, "part").status) == (None, Status.OPEN)
    with merged.connect() as connection:
        assert [one.kind for one in events(connection, LEAD)] == [Happening.OPENED, Happening.MERGED, Happening.SPLIT]
        assert len(chosen(connection, Filters())) == 3


def test_a_lead_lasts_as_long_as_one_of_its_parts(merged: Engine) -> None:
    reconcile(merged, MONDAY, [finding("part")])
    assert read(merged, "lead").status is Status.OPEN
    reconcile(merged, TUESDAY, [])
    assert (read(merged, "lead").status, read(merged, "part").status) == (Status.RESOLVED, Status.RESOLVED)


def test_a_lead_that_was_called_done_comes_back_with_its_part(merged: Engine) -> None:
    with writing(merged) as connection:
        resolve(connection, LEAD, by(ADA), "price corrected")
    reconcile(merged, MONDAY, [finding("part")])
    assert read(merged, "lead").status is Status.OPEN
    with merged.connect() as connection:
        assert events(connection, LEAD)[-1].kind is Happening.REOPENED


@pytest.mark.parametrize(
    ("ids", "into", "said"),
    [
        ([LEAD], OTHER, "found the lead of others"),
        ([PART], OTHER, "found one that was merged into"),
        ([OTHER], PART, "found one that was merged into"),
        ([OTHER], OTHER, "found the lead itself"),
    ],
)
def test_no_chains_and_no_circles(merged: Engine, ids: list[str], into: str, said: str) -> None:
    with pytest.raises(CaseError, match=said), writing(merged) as connection:
        merge(connection, ids, into, by(ADA), "tidy")


def test_only_what_was_merged_can_be_split_off(merged: Engine) -> None:
    with pytest.raises(CaseError, match="worked on by itself"), writing(merged) as connection:
        split(connection, OTHER, by(ADA), "tidy")


def test_merging_takes_the_role(merged: Engine) -> None:
    with pytest.raises(NotAllowedError), writing(merged) as connection:
        merge(connection, [OTHER], LEAD, by(GRACE), "tidy")
    assert read(merged, "other").merged_into is None
