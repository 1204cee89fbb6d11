"""The sheet of the bridge: every line with its causes, and formulas that prove to whoever opens it that they add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from q2c_pipeline.reports.cells import Column, Kind, Sheet
from q2c_pipeline.reports.contents import Contents
from q2c_pipeline.reports.formats import cause_name, with_names

_BRIDGE_KEY = ("leg", "legal_entity_code", "currency", "period", "measure")
_PLAIN_CAUSES = ("timing", "unexplained")
_BRIDGE_PRINT_SCALE = 55


def write_bridge(sheet: Sheet, contents: Contents) -> None:
    """One line a leg, entity, currency, period and measure, with a column a cause and formulas that add them up again."""
    named = sorted(set(contents.causes["cause"].unique()) - set(_PLAIN_CAUSES))
    sheet.heading(
        "Bridge",
        "Difference = sum of its causes, per leg, entity, currency, period and measure. "
        "The live check is computed by Excel; the remainder beside it by the warehouse: both must be zero.",
    )
    causes = [Column(f"cause {cause}", cause_name(cause, contents.titles), Kind.AMOUNT, 13) for cause in (*named, *_PLAIN_CAUSES)]
    columns = [*_BRIDGE_COLUMNS, *causes]
    checks = [Column("check", "Live check", width=12), Column("remainder_amount", "Remainder", Kind.AMOUNT)]
    sheet.page.set_row(sheet.row, 42)
    sheet.print_over_pages(_BRIDGE_PRINT_SCALE, repeated_columns=len(_BRIDGE_KEY))
    top = sheet.row
    left_out = sheet.table([*columns, *checks], _bridge_rows(contents))
    remainders = contents.lines["remainder_amount"].to_list()[: contents.lines.height - left_out]
    _live_checks(sheet, top, remainders, len(_BRIDGE_COLUMNS), len(columns))
    sheet.page.freeze_panes(top + 1, len(_BRIDGE_KEY))


_BRIDGE_COLUMNS = (
    Column("leg_name", "Leg", width=16),
    Column("legal_entity_code", "Entity", width=8),
    Column("currency", "Currency", width=9),
    Column("period", "Period", Kind.PERIOD, 9),
    Column("measure_name", "Measure", width=16),
    Column("left_amount", "Left side", Kind.AMOUNT, 16),
    Column("right_amount", "Right side", Kind.AMOUNT, 16),
    Column("difference_amount", "Difference", Kind.AMOUNT, 14),
)


def _bridge_rows(contents: Contents) -> Iterator[Mapping[str, Any]]:
    """Lines of the bridge with one entry a cause; both frames come in the same order."""
    amounts = {
        key: {f"cause {row['cause']}": row["cause_amount"] for row in rows}
        for key, rows in groupby(contents.causes.iter_rows(named=True), key=_key)
    }
    for line in contents.lines.iter_rows(named=True):
        yield {**with_names(line), **amounts.get(_key(line), {})}


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _BRIDGE_KEY)


def _live_checks(sheet: Sheet, top: int, remainders: Sequence[Decimal], first_cause: int, check: int) -> None:
    """Formulas that add the causes up again, and one that counts the lines that do not close."""
    difference, start, end = (xl_col_to_name(place) for place in (first_cause - 1, first_cause, check - 1))
    style = sheet.styles.amount(2)
    for row, remainder in enumerate(remainders, start=top + 1):
        formula = f"=ROUND({difference}{row + 1}-SUM({start}{row + 1}:{end}{row + 1}),4)"
        sheet.page.write_formula(row, check, formula, style, remainder)  # shown by viewers that do not calculate
    column = xl_col_to_name(check)
    last = top + 1 + max(len(remainders), 1)
    sheet.page.write_string(2, 0, "Lines that do not close (live)", sheet.styles.get(bold=True))
    formula = f'=COUNTIF({column}{top + 2}:{column}{last},"<>0")-COUNTBLANK({column}{top + 2}:{column}{last})'
    still_open = sum(1 for remainder in remainders if remainder)
    sheet.page.write_formula(2, 4, formula, sheet.styles.get(bold=True, align="left"), still_open)
    alarm = sheet.styles.get(bg_color="#F8D7D3", font_color="#8C1D13")
    sheet.page.conditional_format(
        top + 1, check, last - 1, check + 1, {"type": "cell", "criteria": "!=", "value": 0, "format": alarm}
    )
