"""Tables that the engine writes from the control files themselves, so that adding a control is adding a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from q2c_pipeline.engine.repairs import repair_tables
from q2c_pipeline.engine.sqlfiles import CONTROL, GENERATED_ORDER, SqlFile, load
from q2c_pipeline.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FINDING_COLUMNS = (
    "cell_id",
    "subject_key",
    "leg",
    "legal_entity_code",
    "currency",
    "period",
    "difference_amount",
    "reason",
    "evidence",
)
"""What every control returns, in this order."""
SAID_COLUMNS = ("expected_text", "found_text")
"""What a control returns besides where no cell of a grid shows both sides: what should be, and what is, with their values."""
_CATALOGUE_COLUMNS = ("control", "priority", "severity", "owner", "queue", "says", "repair")


def with_generated(files: Sequence[SqlFile]) -> list[SqlFile]:
    """The files and the tables made from the controls and from the repairs among them."""
    controls = sorted((file for file in files if file.is_control), key=lambda file: file.header["control"])
    if not controls:
        return list(files)
    _check(controls)
    return [*files, _finding(controls), _catalogue(controls), *repair_tables(files)]


def _check(controls: Sequence[SqlFile]) -> None:
    seen: dict[str, str] = {}
    for file in controls:
        if file.columns not in (FINDING_COLUMNS, FINDING_COLUMNS + SAID_COLUMNS):
            raise SqlError(
                expected=f"columns {', '.join(FINDING_COLUMNS)}, and {' and '.join(SAID_COLUMNS)} where no cell shows both sides",
                found=", ".join(file.columns),
                where=file.path,
                next_step="return exactly these columns in this order",
            )
        other = seen.setdefault(file.header["control"], file.path)
        if other != file.path or not file.header["priority"].isdigit():
            raise SqlError(
                expected="one file a control id, with a whole number as priority",
                found=f"{file.header['control']} (priority {file.header['priority']}) also in {other}",
                where=file.path,
                next_step="give the control its own id and a number as priority",
            )


def _finding(controls: Sequence[SqlFile]) -> SqlFile:
    selects = [_finding_of(file) for file in controls]
    union: exp.Query = selects[0]
    for select in selects[1:]:
        union = union.union(select, distinct=False, copy=False)
    header = {"grain": "one claim of one control", "owner": "engineering", "says": "what every control found, in one table"}
    return _generated("finding", header, union)


def _finding_of(file: SqlFile) -> exp.Select:
    constants = [
        exp.Literal.string(file.header["control"]).as_("control_id"),
        exp.Literal.number(int(file.header["priority"])).as_("priority"),
    ]
    columns: list[exp.Expr] = [exp.column(name) for name in FINDING_COLUMNS]
    columns += [exp.column(name) if name in file.columns else _nothing(name) for name in SAID_COLUMNS]
    return exp.select(*constants, *columns).from_(exp.table_(file.table, db=file.schema))


def _nothing(name: str) -> exp.Expr:
    return exp.cast(exp.null(), "varchar").as_(name)


def _catalogue(controls: Sequence[SqlFile]) -> SqlFile:
    rows: exp.Query | None = None
    for file in controls:
        row = exp.select(*_catalogue_row(file))
        rows = row if rows is None else rows.union(row, distinct=False, copy=False)
    header = {"grain": "control_id", "owner": "engineering", "says": "what each control says, who owns it and how bad it is"}
    assert rows is not None  # noqa: S101  (callers give at least one control)
    return _generated("catalogue", header, rows)


def _catalogue_row(file: SqlFile) -> list[exp.Expr]:
    control_id = file.header["control"]
    cells: list[exp.Expr] = [
        exp.Literal.string(control_id).as_("control_id"),
        exp.Literal.string(control_id.rstrip("0123456789")).as_("leg"),
        exp.Literal.string(file.table).as_("claim"),
    ]
    for key in _CATALOGUE_COLUMNS[1:]:
        value = file.header[key]
        literal = exp.Literal.number(int(value)) if key == "priority" else exp.Literal.string(value)
        cells.append(literal.as_(key))
    needs = file.header.get("needs")
    return [*cells, exp.Literal.string(needs).as_("needs") if needs else _nothing("needs")]


def _generated(table: str, header: dict[str, str], query: exp.Query) -> SqlFile:
    return SqlFile(f"(generated) control.{table}", "control", table, GENERATED_ORDER, header, query.sql("duckdb", pretty=True))


__all__ = ["CONTROL", "FINDING_COLUMNS", "with_generated"]


def load_sql_files(root: Path | None = None) -> list[SqlFile]:
    """Everything that a night makes: the files of the numbered folders and the tables made from controls and repairs."""
    return with_generated(load(root))
