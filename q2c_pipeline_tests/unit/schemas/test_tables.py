from __future__ import annotations

import polars as pl
import pytest
from pandera.errors import SchemaError

from q2c_pipeline.schemas.adapters import duckdb_ddl, pandera_contract, polars_schema
from q2c_pipeline.schemas.fields import FIELDS
from q2c_pipeline.schemas.tables import COMMON, TABLES


def test_every_field_is_used_and_no_table_names_a_field_twice() -> None:
    used = {name for table in TABLES.values() for name in table.fields}
    assert set(FIELDS) - used == set()
    for table in TABLES.values():
        names = [*COMMON, *(n.rstrip("?") for n in table.names)]
        assert len(names) == len(set(names)), table.name


def test_every_amount_has_a_currency_beside_it() -> None:
    for table in TABLES.values():
        amounts = [n for n in table.fields if n.endswith("_amount") and n != "flat_amount"]
        assert not amounts or "currency" in table.fields, table.name


def test_the_contract_refuses_an_empty_required_field_and_an_unknown_word() -> None:
    contract = pandera_contract(TABLES["legal_entity"])
    schema = polars_schema(TABLES["legal_entity"])
    empty = pl.DataFrame(schema=schema)
    contract.validate(empty)
    with pytest.raises(SchemaError):
        contract.validate(pl.DataFrame([dict.fromkeys(schema)], schema=schema))


def test_ddl_follows_the_description() -> None:
    assert '"total_amount" DECIMAL(20,4)' in duckdb_ddl(TABLES["invoice"], "mapped")
