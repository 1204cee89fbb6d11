"""The audit log: every kind of tampering is found, and named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from q2c_pipeline.state.audit import BrokenLink, Entry, Head, append, entries, head_of, verify
from q2c_pipeline.state.runs import Run, record_run
from q2c_pipeline.state.store import writing

MOMENT = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
DROPS = {
    "sqlite": ["drop trigger audit_entry_no_update", "drop trigger audit_entry_no_delete", "drop trigger audit_head_no_update"],
    "postgresql": ["alter table audit_entry disable trigger user", "alter table audit_head disable trigger user"],
}


def entry(number: int) -> Entry:
    return Entry(
        at=MOMENT + timedelta(minutes=number),
        who="ada",
        what="exception.assigned",
        subject=f"exception:{number}",
        old={"assignee": None},
        new={"assignee": "grace", "amount": "12.50"},
        why="hers",
        rule_version="3",
    )


def filled(state: Engine, count: int = 5) -> Head:
    with writing(state) as connection:
        return append(connection, *(entry(number) for number in range(1, count + 1)))


def tamper(state: Engine, *statements: str) -> None:
    """What somebody with the database's own rights can do: take the triggers off first."""
    with state.begin() as connection:
        for statement in (*DROPS[connection.dialect.name], *statements):
            connection.execute(text(statement))


def broken(state: Engine, noted: Head | None = None) -> BrokenLink:
    found = verify(state, noted)
    assert isinstance(found, BrokenLink)
    return found


def test_a_chain_that_nobody_touched_holds_up_to_its_head(state: Engine) -> None:
    head = filled(state)
    assert verify(state) == head == Head(5, head.hash)


def test_an_entry_comes_back_as_it_was_written(state: Engine) -> None:
    filled(state)
    with state.connect() as connection:
        assert entries(connection, subject="exception:3") == [(3, entry(3))]
        assert [number for number, _ in entries(connection, newest=2)] == [4, 5]


def test_amounts_and_dates_are_kept_as_exact_text(state: Engine) -> None:
    with writing(state) as connection:
        append(connection, Entry(MOMENT, "a", "b", "c", None, {"amount": Decimal("1.10"), "day": date(2026, 1, 2)}, "why", "1"))
    with state.connect() as connection:
        assert entries(connection)[0][1].new == {"amount": "1.1", "day": "2026-01-02"}


@pytest.mark.parametrize("statement", ["update audit_entry set why = 'x'", "delete from audit_entry", "delete from audit_head"])
def test_the_database_refuses_to_rewrite_history(state: Engine, statement: str) -> None:
    filled(state)
    with pytest.raises(IntegrityError, match=r"audit_(entry|head) only (grows|moves on)"), state.begin() as connection:
        connection.execute(text(statement))
    assert isinstance(verify(state), Head)


def test_the_head_cannot_be_set_back(state: Engine) -> None:
    filled(state)
    with pytest.raises(IntegrityError, match="only moves on"), state.begin() as connection:
        connection.execute(text("update audit_head set entries = 3"))


def test_the_database_refuses_to_empty_the_log(postgresql_state: Engine) -> None:
    filled(postgresql_state)
    with pytest.raises(IntegrityError, match="only grows"), postgresql_state.begin() as connection:
        connection.execute(text("truncate audit_entry cascade"))


@pytest.mark.parametrize("column", ["who", "what", "subject", "old", "new", "why", "rule_version"])
def test_a_row_edited_by_hand_is_named_with_both_hashes(state: Engine, column: str) -> None:
    filled(state)
    tamper(state, f"update audit_entry set {column} = 'mallory' where entry_number = 3")
    link = broken(state)
    assert (link.entry_number, link.says) == (3, "its content was changed after it was written")
    assert len(link.expected) == len(link.found) == 64
    assert link.expected != link.found


def test_a_removed_row_is_named(state: Engine) -> None:
    filled(state)
    tamper(state, "delete from audit_entry where entry_number = 3")
    assert "entry 3 is gone" in str(broken(state))


def test_two_rows_that_changed_places_are_found(state: Engine) -> None:
    filled(state)
    tamper(
        state,
        "update audit_entry set entry_number = 99 where entry_number = 2",
        "update audit_entry set entry_number = 2 where entry_number = 3",
        "update audit_entry set entry_number = 3 where entry_number = 99",
    )
    assert broken(state).entry_number == 2


def test_a_cut_off_end_is_found_by_the_head(state: Engine) -> None:
    head = filled(state)
    tamper(state, "delete from audit_entry where entry_number >= 4")
    assert broken(state) == BrokenLink(4, head.hash, "nothing", "entries 4 to 5 are gone")


def test_a_cut_off_end_with_its_head_set_back_is_found_by_the_runs(state: Engine) -> None:
    head = filled(state)
    record_run(state, run())
    third = hash_of(state, 3)
    tamper(state, "delete from audit_entry where entry_number >= 4", f"update audit_head set entries = 3, hash = '{third}'")
    assert broken(state) == BrokenLink(4, head.hash, "nothing", "entries 4 to 5 are gone")


def test_a_history_written_anew_is_found_by_a_hash_that_was_noted_elsewhere(state: Engine) -> None:
    noted = filled(state)
    zero = "0" * 64
    tamper(state, "delete from audit_entry", f"update audit_head set entries = 0, hash = '{zero}'")
    with writing(state) as connection:
        append(connection, *(entry(number + 1) for number in range(1, 6)))
    assert isinstance(verify(state), Head)
    assert broken(state, noted).says == "its hash was another one when it was noted elsewhere"


def test_writers_at_the_same_time_make_one_chain(state: Engine) -> None:
    def write(number: int) -> None:
        with writing(state) as connection:
            append(connection, entry(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    head = verify(state)
    assert isinstance(head, Head)
    assert head.entries == 40


def test_an_action_that_fails_leaves_no_entry(state: Engine) -> None:
    def fail() -> None:
        with writing(state) as connection:
            append(connection, entry(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert verify(state) == Head(0, "0" * 64)


def hash_of(state: Engine, number: int) -> str:
    with state.connect() as connection:
        return str(connection.execute(text(f"select hash from audit_entry where entry_number = {number}")).scalar())


def run() -> Run:
    return Run("r1", MOMENT.date(), MOMENT, None, "complete", "1", 0, 0, Decimal(0), "USD", 0)


def test_a_run_keeps_the_head_it_saw(state: Engine) -> None:
    head = filled(state)
    record_run(state, run())
    with state.connect() as connection:
        kept = connection.execute(text("select audit_entries, audit_hash from run")).one()
        assert Head(*kept) == head == head_of(connection)
