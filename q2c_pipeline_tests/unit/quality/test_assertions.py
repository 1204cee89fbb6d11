"""SQL assertions: silent while a truth holds, and telling which rows broke it."""

from __future__ import annotations

from pathlib import Path

import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import SqlFile, read
from q2c_pipeline.quality.assertions import check_assertion, subject, weight
from q2c_pipeline.quality.outcome import Weight

NO_DEBT = """-- grain:    source_id
-- params:   limit_amount
-- owner:    controllership
-- says:     no amount is above the limit
{severity}select a.source_id from canonical.a as a inner join link.b as b on a.source_id = b.source_id where a.n > $limit_amount
"""


def assertion(tmp_path: Path, severity: str = "") -> SqlFile:
    """An assertion file as it stands in sql/assertions."""
    path = tmp_path / "assertions" / "within_limit.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(NO_DEBT.format(severity=severity), encoding="utf-8")
    return read(path)


def test_it_holds_while_no_row_comes_back_and_breaks_when_one_does(tmp_path: Path) -> None:
    file = assertion(tmp_path)
    with Warehouse() as warehouse:
        warehouse.connection.execute("create schema canonical; create schema link")
        warehouse.connection.execute("create table canonical.a as select 'x' as source_id, 5 as n")
        warehouse.connection.execute("create table link.b as select 'x' as source_id")
        held = check_assertion(warehouse, file, {"limit_amount": 5}, "link.b")
        broken = check_assertion(warehouse, file, {"limit_amount": 4}, "link.b")
    assert held.is_ok
    assert not broken.is_ok
    assert broken.facts == {"breaking_rows": 1}
    assert broken.sample.rows() == [("x",)]


def test_it_is_about_the_latest_table_that_it_reads(tmp_path: Path) -> None:
    assert subject(assertion(tmp_path), {"canonical.a": 10, "link.b": 20}) == "link.b"
    assert subject(assertion(tmp_path), {"canonical.a": 10, "link.b": 10}) == "canonical.a"


@pytest.mark.parametrize(
    ("header", "expected"), [("", Weight.ERROR), ("-- severity: warning\n", Weight.WARNING), ("-- severity: stop\n", Weight.STOP)]
)
def test_its_header_says_what_a_break_means(tmp_path: Path, header: str, expected: Weight) -> None:
    assert weight(assertion(tmp_path, header)) is expected
