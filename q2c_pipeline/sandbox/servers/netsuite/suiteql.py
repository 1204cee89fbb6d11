"""SuiteQL: translated from its Oracle-like dialect, run on the typed copy, answered page by page."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from q2c_pipeline.sandbox.servers.netsuite.columns import DISPLAY
from q2c_pipeline.sandbox.servers.netsuite.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from q2c_pipeline.sandbox.servers.netsuite.store import Store

PAGE_LIMIT = 1000
PAGES_LIMIT = 1000
_DATE_PARTS = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S"}


def invalid(detail: str) -> Refusal:
    """Refuse the query text."""
    return Refusal(
        400,
        "INVALID_PARAMETER",
        f"Invalid search query. Detailed unprocessed description follows. {detail}",
        query_param="q",
    )


def run_page(store: Store, text: str, limit: int, offset: int, row_cap: int) -> tuple[list[dict[str, str]], int]:
    """Run one page of a query; gives its items and the size of the whole result."""
    _check_window(limit, offset)
    tree = translate(store, text)
    try:
        names, rows = store.query(_paged(tree, limit, offset))
        total = len(rows) if not offset and len(rows) < limit else _count(store, tree)
    except duckdb.Error as error:
        raise invalid(str(error).partition("\n")[0]) from error
    if total > row_cap:
        raise Refusal(400, "INVALID_PARAMETER", f"The result has {total} rows, more than the {row_cap} allowed.")
    return _items(names, rows), total


def _count(store: Store, tree: exp.Query) -> int:
    inner = tree.sql("duckdb", identify=True)
    return int(store.query(f"SELECT count(*) FROM ({inner}) AS counted_rows")[1][0][0])  # noqa: S608  (SQL is the subject)


def translate(store: Store, text: str) -> exp.Query:
    """Turn SuiteQL into a DuckDB syntax tree, refusing what NetSuite does not know."""
    try:
        tree = sqlglot.parse_one(text, read="oracle")
    except SqlglotError as error:
        raise invalid(str(error).partition("\n")[0]) from error
    if not isinstance(tree, exp.Query):
        raise invalid("Only SELECT is supported.")
    if tree.find(exp.Limit):
        raise invalid("LIMIT is not supported.")
    if any(isinstance(node.this, exp.Tuple) for node in tree.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE)):
        raise invalid("This operator cannot be used with lists.")
    _bind_tables(store, tree)
    rewritten = tree.transform(_rewrite, copy=False)
    assert isinstance(rewritten, exp.Query)  # noqa: S101  (a rewriting of parts keeps the whole)
    return rewritten


def _check_window(limit: int, offset: int) -> None:
    if not 1 <= limit <= PAGE_LIMIT:
        raise Refusal(400, "INVALID_PARAMETER", f"limit must be 1 to {PAGE_LIMIT}.", query_param="limit")
    if offset < 0 or offset % limit:
        raise Refusal(400, "INVALID_PARAMETER", "offset must be divisible by limit.", query_param="offset")
    if offset // limit >= PAGES_LIMIT:
        raise Refusal(400, "INVALID_PARAMETER", f"At most {PAGES_LIMIT} pages can be read.", query_param="offset")


def _bind_tables(store: Store, tree: exp.Expr) -> None:
    """Point each table at the view that shows it: counts see all rows, lists what the system lets out."""
    schema = "counted" if _is_count(tree) else "listed"
    own = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = table.name.lower()
        if name in own:
            continue
        if name not in store.columns or table.db:
            raise invalid(f"Record '{table.name}' was not found.")
        table.set("this", exp.to_identifier(name, quoted=True))
        table.set("db", exp.to_identifier(schema))


def _is_count(tree: exp.Expr) -> bool:
    return (
        isinstance(tree, exp.Select)
        and not tree.args.get("group")
        and any(projection.find(exp.AggFunc) for projection in tree.expressions)
    )


def _rewrite(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.ToChar):
        return _to_char(node)
    if isinstance(node, exp.StrToDate):
        return exp.Anonymous(this="strptime", expressions=[node.this, node.args["format"]])
    if isinstance(node, exp.Dot) and node.this.name.upper() == "BUILTIN":
        return _builtin(node.expression)
    return node


def _to_char(node: exp.ToChar) -> exp.Expr:
    plain = exp.cast(node.this.copy(), "VARCHAR")
    pattern = node.args.get("format")
    if pattern is None:
        return plain
    known = pattern.name
    for part, directive in _DATE_PARTS.items():
        known = known.replace(part, directive)
    moment = exp.TryCast(this=node.this.copy(), to=exp.DataType.build("TIMESTAMP"))
    shown = exp.Anonymous(this="strftime", expressions=[moment, exp.Literal.string(known)])
    return exp.func("coalesce", shown, plain)


def _builtin(call: exp.Expr) -> exp.Expr:
    column = call.expressions[0] if call.name.upper() == "DF" and call.expressions else None
    if not isinstance(column, exp.Column):
        raise invalid(f"BUILTIN.{call.name} is not supported.")
    if column.name.lower() not in DISPLAY:
        return column
    table, shown = DISPLAY[column.name.lower()]
    is_it = exp.EQ(this=exp.column("id", table="shown"), expression=column.copy())
    source = exp.table_(table, db="counted", alias="shown")
    return exp.select(exp.column(shown, table="shown")).from_(source).where(is_it).subquery()


def _paged(tree: exp.Query, limit: int, offset: int) -> str:
    if tree.find(exp.Fetch):
        tree = exp.select("*").from_(tree.subquery("fetched"))
    return tree.limit(limit).offset(offset).sql("duckdb", identify=True)


def _items(names: list[str], rows: list[tuple[Any, ...]]) -> list[dict[str, str]]:
    """Rows in wire form: lower-case names, every value as text, no value left out."""
    columns = [name.lower() for name in names]
    return [
        {name: _WIRE.get(type(value), str)(value) for name, value in zip(columns, row, strict=True) if value is not None}
        for row in rows
    ]


def _decimal(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(value: date) -> str:
    # The company's date format, without the time of day: the reason why every reader asks for TO_CHAR.
    return f"{value.month}/{value.day}/{value.year}"


_WIRE: dict[type, Callable[[Any], str]] = {Decimal: _decimal, date: _day, datetime: _day, str: str}
