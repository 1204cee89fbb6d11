"""Writes typed cells: numbers as numbers, dates as dates, and text always as text, whatever it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from q2c_pipeline.reports.formats import decimals

MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
EXACT_DIGITS = 15
"""Excel keeps numbers as doubles: what has more digits is written as text rather than wrongly."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FONT = {"font_name": "Calibri", "font_size": 10, "valign": "top"}


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    AMOUNT = "amount"
    NUMBER = "number"
    COUNT = "count"
    DATE = "date"
    PERIOD = "period"


@dataclass(frozen=True)
class Column:
    """A column of a sheet: the row's key, its title, what it holds and how wide it is."""

    name: str
    title: str
    kind: Kind = Kind.TEXT
    width: float = 12
    currency: str | None = "currency"
    """Key of the row's currency; amounts are shown with its decimals."""


class Styles:
    """The workbook's cell formats, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def get(self, **properties: Any) -> Format:
        """A format with these properties over the common font."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({**_FONT, **properties})
        return self._made[key]

    def amount(self, digits: int) -> Format:
        """Thousands, `digits` decimals, negatives with a minus and in red."""
        plain = "#,##0" + ("." + "0" * digits if digits else "")
        return self.get(num_format=f"{plain};[Red]-{plain};{plain}")

    @property
    def title(self) -> Format:
        """A sheet's name."""
        return self.get(bold=True, font_size=14)

    @property
    def note(self) -> Format:
        """What a sheet says, under its name."""
        return self.get(font_color="#5A6570")

    @property
    def header(self) -> Format:
        """Column titles."""
        return self.get(bold=True, bg_color="#E9EDF1", bottom=1, bottom_color="#8A97A3", text_wrap=True)


class Sheet:
    """One worksheet that is filled from top to bottom."""

    def __init__(self, book: Workbook, name: str, styles: Styles) -> None:
        self.page: Worksheet = book.add_worksheet(name)
        self.styles = styles
        self.row = 0
        self.page.hide_gridlines(2)
        self.page.set_landscape()
        self.page.fit_to_pages(1, 0)
        self.page.set_footer("&L&A&RPage &P of &N")

    def heading(self, title: str, says: str) -> None:
        """The sheet's name and one sentence on what it shows."""
        self.page.write_string(0, 0, title, self.styles.title)
        self.page.write_string(1, 0, says, self.styles.note)
        self.row = 3

    def print_over_pages(self, scale: int, *, repeated_columns: int) -> None:
        """Print a wide sheet at `scale` percent on as many pages as it needs, its first columns on each of them."""
        self.page.set_print_scale(scale)
        self.page.repeat_columns(0, repeated_columns - 1)

    def text(self, row: int, column: int, value: str, style: Format | None = None) -> None:
        """Text that stays text, also after somebody edits the cell."""
        cut = value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"
        if cut.startswith(FORMULA_STARTS):
            style = self.styles.get(quote_prefix=True)
        self.page.write_string(row, column, cut, style or self.styles.get())

    def value(self, row: int, column: int, shape: Column, record: Mapping[str, Any]) -> None:
        """One cell of a table by its column's kind; nothing is left blank."""
        found = record.get(shape.name)
        if found is None:
            return
        if shape.kind is Kind.AMOUNT:
            self.amount(row, column, found, record.get(shape.currency) if shape.currency else None)
        elif shape.kind is Kind.NUMBER:
            self.amount(row, column, found, "JPY")
        elif shape.kind is Kind.COUNT:
            self.page.write_number(row, column, found, self.styles.amount(0))
        elif shape.kind in {Kind.DATE, Kind.PERIOD}:
            self._date(row, column, found, "yyyy-mm" if shape.kind is Kind.PERIOD else "yyyy-mm-dd")
        else:
            self.text(row, column, str(found))

    def amount(self, row: int, column: int, amount: Decimal, currency: str | None) -> None:
        """A number with the currency's decimals, more of them where the amount has more."""
        if len(amount.normalize().as_tuple().digits) > EXACT_DIGITS:
            self.text(row, column, f"{amount:f}")
            return
        self.page.write_number(row, column, amount, self.styles.amount(decimals(amount, currency)))

    def _date(self, row: int, column: int, day: date, pattern: str) -> None:
        moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001  (a cell has no time zone)
        self.page.write_datetime(row, column, moment, self.styles.get(num_format=pattern, align="left"))

    def table(
        self, columns: Sequence[Column], records: Iterable[Mapping[str, Any]], *, filtered: bool = True, max_rows: int = MAX_ROWS
    ) -> int:
        """Header and rows; returns how many rows were left out because a sheet holds no more."""
        top = self.row
        for place, column in enumerate(columns):
            self.page.write_string(top, place, column.title, self.styles.header)
        left_out = 0
        for record in records:
            if self.row + 2 >= max_rows:  # the last row says what is missing
                left_out += 1
                continue
            self.row += 1
            for place, column in enumerate(columns):
                self.value(self.row, place, column, record)
        if filtered:
            self._finish(top, columns)
        if left_out:
            self.row += 1
            self.text(self.row, 0, f"{left_out:,} more rows do not fit a sheet: query the published warehouse for all")
        self.row += 2
        return left_out

    def _finish(self, top: int, columns: Sequence[Column]) -> None:
        for place, column in enumerate(columns):
            self.page.set_column(place, place, column.width)
        self.page.freeze_panes(top + 1, 0)
        self.page.repeat_rows(top)
        self.page.autofilter(top, 0, max(self.row, top + 1), len(columns) - 1)
