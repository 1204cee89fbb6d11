"""Reports show where the case of each exception stands."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import openpyxl
import polars as pl

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.reports.contents import Contents, read_contents
from q2c_pipeline.reports.report import render
from q2c_pipeline.reports.standing import STANDING, sentence, with_standing
from q2c_pipeline.reports.workbook import write_workbook
from q2c_pipeline_tests.unit.reports.published_sample import AS_OF, publish_sample, run_history

OPENED = AS_OF - timedelta(days=12)


def contents_of(folder: Path) -> Contents:
    """A published sample in which the first exception has a case."""
    with open_published(publish_sample(folder / "published.duckdb")) as warehouse:
        first = read_contents(warehouse, AS_OF, run_history())
        one = (first.exceptions["exception_id"][0], "assigned", "ada", OPENED, AS_OF - timedelta(days=1))
        return read_contents(warehouse, AS_OF, run_history(), pl.DataFrame([one], schema=STANDING, orient="row"))


def test_the_page_and_the_workbook_say_whose_it_is_and_how_old(tmp_path: Path) -> None:
    contents = contents_of(tmp_path)
    late = f"assigned to ada, 12 days old, due {AS_OF - timedelta(days=1)} (overdue)"
    assert render(contents).count(f"Case: {late}") == 1
    book = openpyxl.load_workbook(write_workbook(contents, tmp_path / "q2c.xlsx"))
    sheets = [list(sheet.iter_rows(min_row=4, values_only=True)) for sheet in book if sheet["A4"].value == "Exception"]
    rows = [dict(zip(map(str, rows[0]), row, strict=True)) for rows in sheets for row in rows[1:]]
    mine = [row for row in rows if row["Case"] is not None]
    assert [(row["Case"], row["Assigned to"], row["Days old"]) for row in mine] == [("assigned", "ada", 12)]


def test_exceptions_keep_their_places() -> None:
    found = pl.DataFrame({"exception_id": ["c", "a", "b"]})
    known = pl.DataFrame([("a", "open", None, AS_OF, AS_OF)], schema=STANDING, orient="row")
    joined = with_standing(found, known, AS_OF)
    assert joined["exception_id"].to_list() == ["c", "a", "b"]
    assert joined["age_days"].to_list() == [None, 0, None]


def test_what_is_due_today_is_not_overdue() -> None:
    row = {"case_status": "open", "assignee": None, "age_days": 1, "due_on": date(2026, 4, 7)}
    assert sentence(row, date(2026, 4, 7)) == "open, 1 day old, due 2026-04-07"
    assert sentence({**row, "case_status": None}, date(2026, 4, 7)) == ""
