"""What a SQL file may contain: exact arithmetic, no clock, no chance, and only what translates to Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from q2c_pipeline.engine.sqlfiles import OUTSIDE, SqlFile
from q2c_pipeline.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_CLOCK = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.CurrentDatetime, exp.Rand)
_CLOCK_NAMES = {"now", "today", "random", "uuid", "gen_random_uuid", "current_date", "current_timestamp", "transaction_timestamp"}
_FLOATS = {exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE}
_UNTRANSLATABLE: tuple[tuple[tuple[type[exp.Expr], ...], str, str], ...] = (
    ((exp.Slice,), "a slice s[a:b]", "use substr()"),
    ((exp.Pivot,), "pivot", "write one filtered aggregate a column"),
    ((exp.AnyValue, exp.First), "any_value() or first()", "use min() or max(): which row is first is not defined"),
    ((exp.JSONExtractScalar, exp.JSONExtract), "json access", "let the mapping bring the field as a column"),
)
_UNTRANSLATABLE_NAMES = {"quantile_cont", "list_sum", "to_months", "to_days", "to_years", "list_aggregate"}


def check(file: SqlFile, all_files: Sequence[SqlFile] = ()) -> None:
    """Raise SqlError at the first thing in `file` that is not allowed."""
    problem = next(problems(file, all_files), None)
    if problem is not None:
        found, next_step = problem
        raise SqlError(expected="a statement of the allowed subset", found=found, where=file.path, next_step=next_step)


def problems(file: SqlFile, all_files: Sequence[SqlFile] = ()) -> Iterator[tuple[str, str]]:
    """Everything in `file` that is not allowed, each with what to write instead."""
    if not isinstance(file.tree, exp.Query):
        yield f"a {file.tree.key} statement", "write one SELECT"
        return
    for rule in _RULES:
        yield from rule(file.tree)
    yield from _later_folders(file, all_files)


def _stars(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            yield "select *", "name the columns"


def _clock(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for node in tree.find_all(exp.Func):
        name = node.name.lower() if isinstance(node, exp.Anonymous) else node.key
        if isinstance(node, _CLOCK) or name in _CLOCK_NAMES:
            yield f"{name}()", "take the day from $as_of: a run is a function of its inputs"


def _floats(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for kind in tree.find_all(exp.DataType):
        if kind.this in _FLOATS:
            yield f"type {kind.sql()}", "use decimal"
    for literal in tree.find_all(exp.Literal):
        if not literal.is_string and "e" in literal.name.lower():
            yield f"literal {literal.name}", "write the number out: a literal with an exponent is a double"


def _division(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    if tree.find(exp.Div):
        yield "division with /", "multiply out, or use // on whole minor units: decimal / decimal is a double in DuckDB"
    if tree.find(exp.Avg):
        yield "avg()", "sum and count separately: avg(decimal) is a double in DuckDB"


def _mixed_scales(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """A CASE over decimals of different scales takes the smallest scale and drops cents, silently (measured)."""
    for case in tree.find_all(exp.Case):
        outcomes = [branch.args.get("true") for branch in case.args["ifs"]] + [case.args.get("default")]
        if sum(isinstance(outcome, exp.Round) for outcome in outcomes) > 1:
            yield "a case whose branches are rounded to several scales", "cast each branch to one decimal type"


def _untranslatable(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for kind, found, next_step in _UNTRANSLATABLE:
        if tree.find(*kind):
            yield found, next_step
    if any(join.args.get("method") == "ASOF" for join in tree.find_all(exp.Join)):
        yield "asof join", "build validity intervals with lead() and join on them"
    for node in tree.find_all(exp.Anonymous):
        if node.name.lower() in _UNTRANSLATABLE_NAMES:
            yield f"{node.name}()", "does not exist in Spark: write it with standard functions"
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            yield f"table function {table.this.sql('duckdb')}", "unnest(generate_series(a, b)) in the select list"


def _translation(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    try:
        sqlglot.transpile(tree.sql("duckdb"), read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        yield f"something Spark cannot do: {error}", "write it within the common subset"


_RULES: tuple[Callable[[exp.Expr], Iterator[tuple[str, str]]], ...] = (
    _stars,
    _clock,
    _floats,
    _division,
    _mixed_scales,
    _untranslatable,
    _translation,
)


def _later_folders(file: SqlFile, all_files: Sequence[SqlFile]) -> Iterator[tuple[str, str]]:
    order = {other.name: other.order for other in all_files}
    for upstream in file.upstreams:
        if upstream.split(".")[0] in OUTSIDE:
            continue
        if order and upstream not in order:
            yield f"table {upstream}, which nothing makes", "correct the name, or add the file that makes it"
        if order.get(upstream, 0) > file.order:
            yield f"{upstream} of a later folder", "data moves from lower to higher folders only"
