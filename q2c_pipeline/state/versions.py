"""Which version a state store is of, and how an older one becomes today's; a newer one is refused."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources

from sqlalchemy import Connection, inspect, text

from q2c_pipeline.errors import StoreError

_MIGRATIONS = "q2c_pipeline.state.migrations"
_UNVERSIONED = {
    "run": {"run_id", "as_of", "started_at", "finished_at", "status", "policy_version", "batches", "exceptions"}
    | {"amount_at_risk", "group_currency", "unexplained"},
    "run_control": {"run_id", "control_id", "exceptions", "amount_at_risk"},
    "identity_judgement": {"judgement_id", "left_key", "right_key", "opinion", "why", "who", "judged_at"},
}
"""Tables and columns of stores from before versions, which are adopted."""
_LOCK = 7_233_001
"""PostgreSQL's number for `somebody upgrades this store`."""


def known_versions() -> list[str]:
    """Every version that this installation knows, oldest first: the names of its migrations."""
    names = (file.name for file in resources.files(f"{_MIGRATIONS}.versions").iterdir())
    return sorted(name[1:5] for name in names if name.startswith("v") and name.endswith(".py"))


def version_of(connection: Connection) -> str | None:
    """The store's version; None before its first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def is_current(connection: Connection, where: str) -> bool:
    """Whether nothing is to be done; raises StoreError for a store of a newer version or one that is not ours."""
    version = version_of(connection)
    if version is not None and version not in known_versions():
        raise StoreError(
            expected=f"a state store of version {known_versions()[-1]} or older",
            found=f"version {version}",
            where=where,
            next_step="install the version of q2c_pipeline that wrote it or a newer one; nothing was changed",
        )
    # Another process may make the store between two looks: then its tables are there, and its version is, too.
    if version is None and (strange := _strange_table(connection)) and version_of(connection) is None:
        raise _strange(*strange, where)
    return version == known_versions()[-1]


def bring_up(connection: Connection, where: str) -> None:
    """Run what is missing in the caller's transaction: all of it or nothing; a second process waits and finds it done."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if is_current(connection, where):
        return
    # Alembic is slow to import, and a store that is up to date does without it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(resources.files(_MIGRATIONS)).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _strange_table(connection: Connection) -> tuple[str, Collection[str]] | None:
    """A table named like ours, and the columns in which it differs from that of a store from before versions."""
    inspector = inspect(connection)
    for table in sorted(set(inspector.get_table_names()) & _UNVERSIONED.keys()):
        columns = {column["name"] for column in inspector.get_columns(table)}
        if columns != _UNVERSIONED[table]:
            return table, columns ^ _UNVERSIONED[table]
    return None


def _strange(table: str, columns: Collection[str], where: str) -> StoreError:
    return StoreError(
        expected=f"a state store, or a database without a table {table}",
        found=f"a table {table} that differs in {', '.join(sorted(columns))}",
        where=where,
        next_step="name another file or database under stores; nothing was changed",
    )
