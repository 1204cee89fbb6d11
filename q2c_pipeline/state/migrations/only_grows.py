"""Triggers that refuse to change or remove what was written, on both databases."""

from __future__ import annotations

from alembic import op

_FUNCTION = """
create or replace function {name}() returns trigger language plpgsql as $$
begin raise exception '{says}' using errcode = 'integrity_constraint_violation'; end $$
"""


def refuse(table: str, *changes: str, unless: str | None = None, says: str | None = None) -> None:
    """Let `table` refuse `changes` (update, delete), but rows for which the condition `unless` on old and new holds."""
    message = says or f"{table} only grows"
    if op.get_bind().dialect.name == "sqlite":
        for change in changes:
            _refuse_in_sqlite(table, change, unless, message)
        return
    op.execute(_FUNCTION.format(name=f"{table}_refuse", says=message))
    for change in changes:
        _refuse_in_postgresql(table, change, unless)
    op.execute(f"create or replace trigger {table}_no_truncate before truncate on {table} execute function {table}_refuse()")


def _refuse_in_sqlite(table: str, change: str, unless: str | None, message: str) -> None:
    when = f"when not ({unless}) " if unless and change == "update" else ""
    op.execute(
        f"create trigger if not exists {table}_no_{change} before {change} on {table} {when}"
        f"begin select raise(abort, '{message}'); end"
    )


def _refuse_in_postgresql(table: str, change: str, unless: str | None) -> None:
    when = f"when (not ({unless})) " if unless and change == "update" else ""
    op.execute(
        f"create or replace trigger {table}_no_{change} before {change} on {table} "
        f"for each row {when}execute function {table}_refuse()"
    )
