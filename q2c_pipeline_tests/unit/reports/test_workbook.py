"""The workbook holds typed cells that add up, and nothing in it can run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet
from xlsxwriter import Workbook

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.reports.cells import FORMULA_STARTS, Column, Kind, Sheet, Styles
from q2c_pipeline.reports.contents import Contents, read_contents
from q2c_pipeline.reports.workbook import write_workbook
from q2c_pipeline.reports.workbook_queues import sheet_name
from q2c_pipeline_tests.unit.reports.published_sample import AS_OF, CLEAN, Sample, publish_sample, run_history

ATTACKS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://example.invalid")')


def contents_of(folder: Path, sample: Sample | None = None) -> Contents:
    published = publish_sample(folder / "published.duckdb", sample)
    with Warehouse(published, read_only=True) as warehouse:
        return read_contents(warehouse, AS_OF, run_history())


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    return contents_of(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def book(contents: Contents, tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    return openpyxl.load_workbook(write_workbook(contents, tmp_path_factory.mktemp("book") / "q2c.xlsx"))


def cells(sheet: Worksheet) -> Iterator[Cell]:
    return (cell for row in sheet.iter_rows() for cell in row if isinstance(cell, Cell) and cell.value is not None)


def table(sheet: Worksheet, header_row: int = 4) -> list[dict[str, object]]:
    titles = [cell.value for cell in sheet[header_row]]
    rows = sheet.iter_rows(min_row=header_row + 1, values_only=True)
    return [dict(zip(map(str, titles), row, strict=True)) for row in rows if any(value is not None for value in row)]


def test_sheets_are_in_reading_order(book: openpyxl.Workbook) -> None:
    names = book.sheetnames
    assert names[:2] == ["Summary", "Bridge"]
    assert names[-4:] == ["Control results", "Completeness", "Timing", "Rejects"]
    assert {"revenue operations", "accounting", "master data"} <= set(names[2:-4])


def test_the_live_check_adds_up_the_cause_columns(book: openpyxl.Workbook, contents: Contents) -> None:
    rows = table(book["Bridge"])
    assert len(rows) == contents.lines.height
    causes = [name for name in rows[0] if name[:2] in {"BB", "BP"} or name in {"In flight", "Unexplained"}]
    for row in rows:
        assert round(float(str(row["Difference"])) - sum(float(str(row[c])) for c in causes if row[c] is not None), 4) == 0
        assert row["Remainder"] == 0
        assert str(row["Live check"]).startswith("=ROUND(H")


def test_amounts_and_dates_are_numbers_and_dates(book: openpyxl.Workbook) -> None:
    row = table(book["Bridge"])[0]
    assert isinstance(row["Left side"], int | float)
    assert isinstance(row["Period"], datetime)
    yen = next(cell for cell in book["Bridge"]["F"] if book["Bridge"][f"C{cell.row}"].value == "JPY")
    dollars = next(cell for cell in book["Bridge"]["F"] if book["Bridge"][f"C{cell.row}"].value == "USD")
    assert ("0.00" in yen.number_format, "0.00" in dollars.number_format) == (False, True)


def test_every_table_is_filtered_and_frozen(book: openpyxl.Workbook) -> None:
    for sheet in book.worksheets[1:]:
        assert sheet.auto_filter.ref, sheet.title
        assert sheet.freeze_panes, sheet.title


def test_an_exceptions_amounts_stand_on_its_first_line_only(book: openpyxl.Workbook, contents: Contents) -> None:
    for queue in contents.queues.iter_rows(named=True):
        rows = table(book[queue["queue"]])
        at_risk = [row["At risk USD"] for row in rows if row["At risk USD"] is not None]
        assert len(at_risk) == queue["exceptions"]
        assert round(sum(float(str(amount)) for amount in at_risk), 4) == float(queue["amount_at_risk"])
    row = table(book["accounting"])[0]
    assert row["Booked: number"] == row["Subject"]
    assert str(row["Evidence (instance/table/id)"]).startswith("sf_main/contract_line/802")


def test_what_blocks_a_close_is_told_from_what_is_immaterial(book: openpyxl.Workbook, contents: Contents) -> None:
    material = [row["Material"] for queue in contents.queues["queue"] for row in table(book[queue]) if row["Material"]]
    assert (material.count("yes"), material.count("no")) == (contents.material_exceptions, 24 - contents.material_exceptions)
    assert 0 < contents.material_exceptions < 24
    assert contents.verdict.endswith(f"; {contents.material_exceptions} of them block a close")


def test_the_bridge_prints_over_pages_that_each_name_their_lines(book: openpyxl.Workbook) -> None:
    assert book["Bridge"].print_title_cols == "$A:$E"
    fits = {name: book[name].sheet_properties.pageSetUpPr for name in ("Bridge", "Summary")}
    assert [bool(page and page.fitToPage) for page in fits.values()] == [False, True]


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_data_never_becomes_a_formula(tmp_path: Path, attack: str) -> None:
    sample = Sample(exceptions=13, subject=attack + "{}", reason=attack)
    written = openpyxl.load_workbook(write_workbook(contents_of(tmp_path, sample), tmp_path / "q2c.xlsx"))
    formulas = [(sheet.title, cell.coordinate) for sheet in written for cell in cells(sheet) if cell.data_type == "f"]
    live = {("Bridge", "E3"), *(("Bridge", place) for place in places(written["Bridge"], "=ROUND("))}
    assert set(formulas) == live
    marker = attack.strip()[:2]
    risky = [c for sheet in written for c in cells(sheet) if marker in str(c.value) and (sheet.title, c.coordinate) not in live]
    assert risky
    assert all(cell.data_type == "s" for cell in risky if isinstance(cell.value, str))
    assert all(cell.quotePrefix for cell in risky if str(cell.value).startswith(FORMULA_STARTS))


def places(sheet: Worksheet, start: str) -> list[str]:
    return [cell.coordinate for cell in cells(sheet) if str(cell.value).startswith(start)]


def test_the_same_contents_give_the_same_bytes(contents: Contents, tmp_path: Path) -> None:
    one, two = write_workbook(contents, tmp_path / "a.xlsx"), write_workbook(contents, tmp_path / "b.xlsx")
    assert one.read_bytes() == two.read_bytes()
    created = openpyxl.load_workbook(one).properties.created
    assert created is not None
    assert created.date() == AS_OF


def test_a_clean_night_says_so(tmp_path: Path) -> None:
    written = openpyxl.load_workbook(write_workbook(contents_of(tmp_path, CLEAN), tmp_path / "q2c.xlsx"))
    assert written["Summary"]["A2"].value == "Booked, billed and posted agree to the cent"
    assert {row["Found"] for row in table(written["Control results"])} == {0}


def test_one_cent_without_a_name_is_the_headline(tmp_path: Path) -> None:
    gap = contents_of(tmp_path, Sample(unexplained=Decimal("0.0001")))
    assert gap.verdict == "1 of 300 lines of the bridge are not fully explained"
    written = openpyxl.load_workbook(write_workbook(gap, tmp_path / "q2c.xlsx"))
    unexplained = next(cell for cell in cells(written["Bridge"]) if cell.value == 0.0001)
    assert "0.0000" in unexplained.number_format


def test_a_bridge_that_does_not_close_shows_its_remainder(contents: Contents, tmp_path: Path) -> None:
    broken = contents.lines.with_columns(pl.lit(Decimal("0.0500")).alias("remainder_amount"))
    target = write_workbook(replace(contents, lines=broken), tmp_path / "q2c.xlsx")
    shown = table(openpyxl.load_workbook(target, data_only=True)["Bridge"])
    assert {(row["Live check"], row["Remainder"]) for row in shown} == {(0.05, 0.05)}


def test_masked_tax_ids(book: openpyxl.Workbook) -> None:
    values = {row["Value"] for row in table(book["Rejects"])}
    assert values == {"yesterday", "•••789"}


def test_sheet_names_are_legal_and_distinct() -> None:
    taken = {"summary"}
    assert sheet_name("Summary", taken) == "Summary 2"
    assert sheet_name("a/b: [c]*?", taken) == "a b c"
    long = "billing operations of the whole group"
    assert [len(sheet_name(long, taken)) for _ in range(2)] == [31, 31]
    assert sheet_name("'", taken) == "queue"


def write_one(
    target: Path, column: Column, record: dict[str, object], *, times: int = 1, max_rows: int = 100
) -> tuple[int, Worksheet]:
    with Workbook(str(target)) as raw:
        left_out = Sheet(raw, "one", Styles(raw)).table([column], [record] * times, max_rows=max_rows)
    return left_out, openpyxl.load_workbook(target)["one"]


def test_rows_beyond_the_limit_are_counted_aloud(tmp_path: Path) -> None:
    left_out, sheet = write_one(tmp_path / "a.xlsx", Column("n", "N", Kind.COUNT), {"n": 1}, times=1200, max_rows=10)
    assert left_out == 1200 - 8
    assert str(sheet["A10"].value).startswith("1,192 more rows do not fit")
    assert sheet.max_row == 10


def test_what_a_double_cannot_hold_is_written_as_text(tmp_path: Path) -> None:
    record: dict[str, object] = {"n": Decimal("12345678901234567.89"), "currency": "USD"}
    _, sheet = write_one(tmp_path / "a.xlsx", Column("n", "N", Kind.AMOUNT), record)
    assert sheet["A2"].value == "12345678901234567.89"


def test_a_text_longer_than_a_cell_is_cut_not_lost(tmp_path: Path) -> None:
    _, sheet = write_one(tmp_path / "a.xlsx", Column("n", "N"), {"n": "x" * 40_000})
    assert len(str(sheet["A2"].value)) == 32_767


def test_dates_stay_dates(tmp_path: Path) -> None:
    _, sheet = write_one(tmp_path / "a.xlsx", Column("n", "N", Kind.DATE), {"n": date(2026, 3, 1)})
    assert sheet["A2"].value == datetime(2026, 3, 1)  # noqa: DTZ001
