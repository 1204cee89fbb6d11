"""What a finished night looks like in a terminal: controls, bridge, verdict; every figure is read, none is worked out here."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from q2c_pipeline.orchestration.asking import shown
from q2c_pipeline.platforms.extraction import Finding
from q2c_pipeline.reports.explain import Section
from q2c_pipeline.reports.formats import amount_text, count_text
from q2c_pipeline.reports.trace import Node
from q2c_pipeline.settings import Settings

if TYPE_CHECKING:
    from q2c_pipeline.orchestration.demo import Comparison

CONTROLS = """
    select control_id, says, status, population, exceptions, amount_at_risk
    from recon.control_result order by control_id"""
AMOUNTS = """
    select control_id, currency, sum(difference_amount) as difference_amount
    from recon.exception where currency is not null group by control_id, currency order by control_id, currency"""
BRIDGE = """
    select leg, legal_entity_code, currency, measure, left_amount, right_amount, difference_amount, explained_amount,
           timing_amount, unexplained_amount + remainder_amount as unexplained_amount
    from mart.leg_status order by leg, legal_entity_code, currency, measure"""
RUN = "select as_of, group_currency, exceptions, amount_at_risk, bridge_lines, unexplained_lines, rejects from mart.run_summary"
_BRIDGE_AMOUNTS = ("left", "right", "difference", "explained", "timing", "unexplained")
_LONG_IDS = frozenset({"exception_id", "correction_id"})
_ID_SHOWN = 12
"""Characters of a digest that a table shows: commands take as much of an id as is unique; CSV and JSON have all of it."""
_COLOURS = {"ok": "green", "exceptions": "yellow", "not_run": "dim"}


class Reader(Protocol):
    """What is needed of a published warehouse."""

    def query(self, sql: str) -> pl.DataFrame:
        """Rows of a SELECT as a frame."""
        ...


def night(reader: Reader) -> RenderableType:
    """Controls with exceptions, the bridge of every leg, and one line that says how it stands."""
    run = reader.query(RUN).row(0, named=True)
    return Group(_controls(reader, str(run["group_currency"])), "", _bridge(reader.query(BRIDGE)), "", _verdict(run))


def places(settings: Settings, outcomes: Mapping[str, Path]) -> RenderableType:
    """Where the results are, and how to look at the graph and its runs."""
    config, home = (shlex.quote(str(path)) for path in (settings.path, settings.stores.dagster))
    webserver = "dagster-webserver -h 127.0.0.1 -p 3000 -m q2c_pipeline.definitions"
    texts = {
        **{name: str(path) for name, path in outcomes.items()},
        "tables": f"{settings.stores.published} (open it with any DuckDB client)",
        "questions": f"q2c sql --config {config}",
        "graph and runs": f"Q2C_CONFIG={config} DAGSTER_HOME={home} {webserver}",
    }
    grid = Table.grid(padding=(0, 2))
    for name, text in texts.items():
        grid.add_row(name, Text(text, overflow="fold"))
    return grid


def comparison(compared: Sequence[Comparison]) -> RenderableType:
    """Planted and found side by side: one line a control, then every difference between the two."""
    table = _table("Planted and found", left=("control",), right=("planted", "found", "agree"))
    for control_id in sorted({one.control_id for one in compared}):
        mine = [one for one in compared if one.control_id == control_id]
        counts = [
            sum(side is not None for side in sides) for sides in zip(*((one.planted, one.found) for one in mine), strict=True)
        ]
        agree = sum(one.agrees for one in mine)
        table.add_row(control_id, *map(str, counts), Text(str(agree), style="green" if agree == len(mine) else "red"))
    wrong = [one for one in compared if not one.agrees]
    lines = [Text(f"{one.control_id} {one.subject_key}: {_both(one)}", style="red") for one in wrong]
    verdict = f"{len(compared) - len(wrong)} of {len(compared)} differences agree in control, subject and amount"
    if not compared:
        return Text("nothing was planted, and nothing was found", style="bold green")
    return Group(table, *lines, Text(verdict, style="bold red" if wrong else "bold green"))


def _both(one: Comparison) -> str:
    return f"planted {_amount(one.planted, one.currency)}, found {_amount(one.found, one.currency)}"


def _amount(amount: Decimal | None, currency: str | None) -> str:
    if amount is None:
        return "nothing"
    return _money(amount, currency) if currency else "it"


def findings(found: Iterable[Finding]) -> Iterator[RenderableType]:
    """One line a self-test result, with the cure under it where it failed."""
    for one in found:
        mark, colour = ("ok ", "green") if one.is_ok else ("BAD", "red")
        yield Text.assemble((mark, colour), "  ", (one.subject, "bold"), "  ", one.says)
        if not one.is_ok and one.next_step:
            yield Text.assemble("     -> ", one.next_step)


def rows(frame: pl.DataFrame, title: str | None = None) -> Table:
    """Any frame as a table; numbers to the right, ids as short as they can be typed."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for name, kind in frame.schema.items():
        table.add_column(name, justify="right" if kind.is_numeric() else "left", overflow="fold", no_wrap=kind.is_numeric())
    ids = [name for name in frame.columns if name in _LONG_IDS]
    for row in frame.with_columns(pl.col(ids).str.head(_ID_SHOWN)).iter_rows():
        table.add_row(*(Text(shown(value)) for value in row))
    return table


def tree(node: Node) -> Tree:
    """A traced record with all that is below it; what is wrong stands in red."""
    top = Tree(Text(node.text, style="bold" if node.is_sought else ""))
    for said in node.exceptions:
        top.add(Text(said, style="red"))
    for child in node.children:
        top.add(tree(child))
    return top


def explanation(sections: Iterable[Section]) -> RenderableType:
    """Each question about an exception with its answer beside it, folded, never cut."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for section in sections:
        grid.add_row(section.title, Text("\n".join(section.sentences)))
    return grid


def _controls(reader: Reader, group_currency: str) -> Table:
    amounts: dict[str, list[str]] = {}
    for control_id, currency, amount in reader.query(AMOUNTS).iter_rows():
        amounts.setdefault(control_id, []).append(_money(amount, currency))
    table = _table("Controls", left=("control", "says"), right=("looked at", "exceptions", "expected - found", "at risk"))
    for one in reader.query(CONTROLS).iter_rows(named=True):
        found = count_text(one["exceptions"]) if one["status"] != "not_run" else "not run"
        table.add_row(
            one["control_id"],
            one["says"],
            count_text(one["population"]),
            Text(found, style=_COLOURS.get(one["status"], "")),
            "\n".join(amounts.get(one["control_id"], [])),
            _money(one["amount_at_risk"], group_currency) if one["amount_at_risk"] else "",
        )
    return table


def _bridge(frame: pl.DataFrame) -> Table:
    columns = ("left", "right", "difference", "named", "in flight", "unexplained")
    table = _table("Bridge: left - right = named causes + in flight + unexplained", left=("leg",), right=columns)
    for row in frame.iter_rows(named=True):
        currency = row["currency"]
        texts = [Text(amount_text(row[f"{name}_amount"], currency)) for name in _BRIDGE_AMOUNTS]
        texts[-1].stylize("bold red" if row["unexplained_amount"] else "green")
        table.add_row(f"{row['leg']} {row['legal_entity_code']} {currency} {row['measure']}", *texts)
    return table


def _table(title: str, *, left: Sequence[str], right: Sequence[str]) -> Table:
    """A table without vertical lines; what stands to the right is never cut."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE, pad_edge=False)
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount_text(amount, currency)} {currency}"


def _verdict(run: Mapping[str, Any]) -> Text:
    lines, open_lines = run["bridge_lines"], run["unexplained_lines"]
    colour = "red" if open_lines else "green"
    return Text(
        f"{run['as_of']}: {run['exceptions']} exceptions, {_money(run['amount_at_risk'], run['group_currency'])} at risk, "
        f"{open_lines} of {lines} lines of the bridge unexplained, {run['rejects']} records quarantined",
        style=f"bold {colour}",
    )
