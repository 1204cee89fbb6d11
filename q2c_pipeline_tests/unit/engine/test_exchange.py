"""How a part's new rows take the place of its old ones, and what makes the night doubt that they may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from q2c_pipeline.engine.exchange import AFTER, BEFORE, DoubtError, Exchange
from q2c_pipeline.engine.parts import KEYS
from q2c_pipeline.engine.runner import Warehouse

LINES = (
    "(select unnest(['L-1', 'L-2', 'L-3']) as line_key, unnest([10.0, 20.0, 30.0]::decimal(20, 4)[]) as amount, 'billed' as note)"
)
GRAIN = frozenset({"line_key"})


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    """A table of three lines, the first two of them in the part, nothing changed yet."""
    with Warehouse() as opened:
        for catalog in ("part_seen", BEFORE, AFTER):
            opened.connection.execute(f"attach ':memory:' as {catalog}")
            opened.connection.execute(f"create schema {catalog}.grid")
        opened.connection.execute("create schema grid")
        for place, part in (("grid", "true"), (f"{BEFORE}.grid", "line_key <> 'L-3'"), (f"{AFTER}.grid", "line_key <> 'L-3'")):
            opened.connection.execute(f"create table {place}.line as from {LINES} where {part}")
            opened.connection.execute(
                f"create table {place}.total as select note, count(*) as lines, sum(amount) as amount "
                f"from {LINES} where {part} group by note"
            )
        yield opened


def lines(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.query("select line_key, amount::integer, note from grid.line order by all").rows()


def replace(warehouse: Warehouse) -> frozenset[str]:
    return Exchange(warehouse).replace("grid.line", GRAIN)


def add(warehouse: Warehouse) -> frozenset[str]:
    return Exchange(warehouse).add("grid.total", ("lines", "amount"), BEFORE, AFTER)


def totals(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.query("select note, lines, amount::integer from grid.total order by all").rows()


def test_the_same_rows_change_nothing(warehouse: Warehouse) -> None:
    assert replace(warehouse) == frozenset()
    assert len(lines(warehouse)) == 3


def test_new_rows_take_the_place_of_old_ones_and_their_columns_are_named(warehouse: Warehouse) -> None:
    warehouse.connection.execute(f"update {AFTER}.grid.line set amount = 25 where line_key = 'L-2'")
    assert replace(warehouse) == {"amount"}
    assert lines(warehouse) == [("L-1", 10, "billed"), ("L-2", 25, "billed"), ("L-3", 30, "billed")]


def test_rows_come_and_go(warehouse: Warehouse) -> None:
    warehouse.connection.execute(f"delete from {AFTER}.grid.line where line_key = 'L-1'")
    warehouse.connection.execute(f"insert into {AFTER}.grid.line values ('L-4', 40, 'billed')")
    assert replace(warehouse) == {"line_key", "amount", "note"}
    assert [row[0] for row in lines(warehouse)] == ["L-2", "L-3", "L-4"]


def test_columns_of_rows_that_share_a_key_all_count_as_changed(warehouse: Warehouse) -> None:
    warehouse.connection.execute(f"update {AFTER}.grid.line set note = 'credited' where line_key = 'L-1'")
    assert Exchange(warehouse).replace("grid.line", frozenset({"line_key", "period"})) == {"line_key", "amount", "note"}


@pytest.mark.parametrize(
    "tampering",
    ["delete from grid.line where line_key = 'L-2'", "update grid.line set amount = 21 where line_key = 'L-2'"],
)
def test_a_table_that_does_not_hold_the_old_rows_is_doubted(warehouse: Warehouse, tampering: str) -> None:
    warehouse.connection.execute(f"update {AFTER}.grid.line set amount = 25 where line_key = 'L-2'")
    warehouse.connection.execute(tampering)
    with pytest.raises(DoubtError, match="does not hold what the part gave last night"):
        replace(warehouse)


def test_rows_of_another_part_with_the_same_key_are_doubted(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEYS, "grid.line", ("note",))
    warehouse.connection.execute(f"update {AFTER}.grid.line set amount = 25 where line_key = 'L-2'")
    with pytest.raises(DoubtError, match="does not hold what the part gave last night"):
        replace(warehouse)


def test_differing_rows_without_a_key_are_doubted(warehouse: Warehouse) -> None:
    warehouse.connection.execute(f"update {AFTER}.grid.line set line_key = null where line_key = 'L-2'")
    with pytest.raises(DoubtError, match="rows without a key differ"):
        replace(warehouse)


def test_sums_grow_by_what_the_part_grew(warehouse: Warehouse) -> None:
    assert add(warehouse) == frozenset()
    warehouse.connection.execute(f"update {AFTER}.grid.total set lines = 3, amount = 37")
    warehouse.connection.execute(f"insert into {AFTER}.grid.total values ('credited', 1, -5)")
    assert add(warehouse) == {"note", "lines", "amount"}
    assert totals(warehouse) == [("billed", 4, 67), ("credited", 1, -5)]


def test_a_sum_of_no_rows_goes(warehouse: Warehouse) -> None:
    warehouse.connection.execute("update grid.total set lines = 2, amount = 30")
    warehouse.connection.execute(f"delete from {AFTER}.grid.total")
    add(warehouse)
    assert totals(warehouse) == []


def test_sums_of_fewer_rows_than_the_part_had_are_doubted(warehouse: Warehouse) -> None:
    warehouse.connection.execute("update grid.total set lines = 1")
    warehouse.connection.execute(f"delete from {AFTER}.grid.total")
    with pytest.raises(DoubtError, match="does not hold what the part gave last night"):
        add(warehouse)
