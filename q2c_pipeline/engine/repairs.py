"""Tables that the engine writes from the repair files themselves, so that a new repair adds a file and edits none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from q2c_pipeline.engine.sqlfiles import SqlFile
from q2c_pipeline.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Sequence

REPAIRED_ORDER = 65
"""The generated tables of schema `repair` stand beside the repairs that they gather."""
_EVERY = ("exception_id", "step")
_FIELDS = (
    *_EVERY,
    *("instance", "table_name", "source_id", "business_key", "source_version", "field_name", "before_value", "after_value"),
)
ACTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "set_fields": ("field_change", _FIELDS),
    "note": ("note", _FIELDS),
    "draft_journal": (
        "journal_line",
        (
            *_EVERY,
            *("instance", "legal_entity_code", "subsidiary_source_id", "currency", "posting_date", "document_number", "memo"),
            *("ledger_account_number", "debit_amount", "credit_amount", "account_source_id", "contract_line_key"),
        ),
    ),
    "pending_item": (
        "pending_item",
        (
            *_EVERY,
            *("instance", "account_source_id", "subscription_source_id", "business_key", "currency", "net_amount", "description"),
            *("service_start_date", "service_end_date", "contract_line_source_id", "contract_line_key"),
        ),
    ),
    "draft_invoice": (
        "draft_invoice_line",
        (
            *_EVERY,
            *("instance", "account_source_id", "business_key", "currency", "legal_entity_code", "net_amount", "description"),
            *("service_start_date", "service_end_date", "contract_line_source_id"),
        ),
    ),
    "task": ("task", (*_EVERY, "queue", "title", "body")),
}
"""What each action's files return, in this order, and the table of `repair` that holds them all."""


_ANY = "any"
_TELLING = frozenset({"note"})
"""Tables of what tells of an exception and does not repair it: a person still has to."""


def repair_tables(files: Sequence[SqlFile]) -> list[SqlFile]:
    """One table an action with the rows of all its files, and one that says which exceptions have a proposal at all."""
    repairs = sorted((file for file in files if file.is_repair), key=lambda file: file.path)
    controls = {one.header["control"] for one in files if one.is_control}
    for file in repairs:
        _check(file, controls)
    made = [_union(action, [file for file in repairs if file.header["action"] == action]) for action in ACTIONS]
    return [*made, _proposed([file for file in made if file.table not in _TELLING])] if repairs else []


def repaired_controls(file: SqlFile) -> list[str]:
    """The controls whose exceptions a repair file answers: `-- control: BP01, BP10`; none are named where it answers any."""
    named = [one.strip() for one in file.header.get("control", "").split(",")]
    return [] if named == [_ANY] else named


def _check(file: SqlFile, controls: set[str]) -> None:
    action, unknown = file.header["action"], sorted(set(repaired_controls(file)) - controls)
    expected = ", ".join(ACTIONS[action][1]) if action in ACTIONS else ""
    if action not in ACTIONS:
        raise _refused(f"an action: {', '.join(ACTIONS)}", action, file)
    if unknown:
        raise _refused("ids of controls of 50_control", ", ".join(unknown) or "no control", file)
    if file.columns != ACTIONS[action][1]:
        raise _refused(f"columns {expected}", ", ".join(file.columns), file)


def _refused(expected: str, found: str, file: SqlFile) -> SqlError:
    return SqlError(
        expected=expected, found=found, where=file.path, next_step="correct the header, or the columns and their order"
    )


def _union(action: str, repairs: Sequence[SqlFile]) -> SqlFile:
    table, columns = ACTIONS[action]
    selects = [_rows(file, columns) for file in repairs] or [_nothing(columns)]
    query: exp.Query = selects[0]
    for select in selects[1:]:
        query = query.union(select, distinct=False, copy=False)
    return _generated(table, f"what every repair by {action.replace('_', ' ')} proposes, in one table", query)


def _rows(file: SqlFile, columns: Sequence[str]) -> exp.Select:
    return exp.select(*map(exp.column, columns)).from_(exp.table_(file.table, db=file.schema))


def _nothing(columns: Sequence[str]) -> exp.Select:
    """No rows, in the shape of the action: a company may have thrown all files of an action away."""
    empty = [exp.cast(exp.null(), "varchar").as_(name) for name in columns]
    return exp.select(*empty).where(exp.false())


def _proposed(made: Sequence[SqlFile]) -> SqlFile:
    query: exp.Query = _ids(made[0])
    for file in made[1:]:
        query = query.union(_ids(file), distinct=True, copy=False)
    return _generated("proposed", "exceptions that any repair proposes something for", query)


def _ids(file: SqlFile) -> exp.Select:
    return exp.select(exp.column("exception_id")).from_(exp.table_(file.table, db=file.schema))


def _generated(table: str, says: str, query: exp.Query) -> SqlFile:
    header = {"grain": "one row of one repair", "owner": "engineering", "says": says}
    return SqlFile(f"(generated) repair.{table}", "repair", table, REPAIRED_ORDER, header, query.sql("duckdb", pretty=True))
