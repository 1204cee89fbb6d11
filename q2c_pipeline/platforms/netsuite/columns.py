"""Which of the configured columns this account lets us read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from q2c_pipeline.errors import ContractError, SourceError, SourceUnavailableError
from q2c_pipeline.platforms.netsuite.client import SuiteClient
from q2c_pipeline.platforms.netsuite.queries import Source, column_sql, page_query
from q2c_pipeline.schemas.fieldmap import ObjectFields


@dataclass(frozen=True)
class Columns:
    """SELECT expressions by landed name, and the logical fields that the account does not offer."""

    sql: dict[str, str]
    absent: tuple[str, ...] = ()


def readable_columns(client: SuiteClient, source: Source, fields: ObjectFields) -> Columns:
    """All columns, or all but optional ones that are refused.

    SuiteQL fails as a whole for one unknown column, and there is no listing to look it up in: so a query without rows is
    tried first, and only if that fails each column by itself. Raises ContractError when a needed column is refused.
    """
    wanted = {logical: column_sql(source, logical, vendor) for logical, vendor in fields.vendor.items()}
    if _is_readable(client, source, wanted.values()):
        return Columns({fields.vendor[logical]: sql for logical, sql in wanted.items()})
    absent = tuple(logical for logical, sql in wanted.items() if not _is_readable(client, source, [sql]))
    needed = [f"{logical} ({fields.vendor[logical]})" for logical in absent if logical not in fields.optional]
    if needed:
        raise ContractError(
            expected=f"readable columns of {source.name}",
            found=f"refused: {', '.join(needed)}",
            where=f"SuiteQL on {source.tables[:120]}",
            next_step=f"give the role permission, or name your column in [instances.fields.{source.name}] of q2c.toml",
        )
    return Columns({fields.vendor[logical]: sql for logical, sql in wanted.items() if logical not in absent}, absent)


def _is_readable(client: SuiteClient, source: Source, columns: Iterable[str]) -> bool:
    try:
        client.page(page_query(source, {str(number): sql for number, sql in enumerate(columns)}, "1 = 0"))
    except SourceUnavailableError:
        raise
    except SourceError as error:
        if "HTTP 400" not in error.found:
            raise
        return False
    return True
