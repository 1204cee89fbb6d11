"""The lent connection: sees what the warehouse committed, keeps exact types, and leaves the warehouse open."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from q2c_pipeline.engine.gx_dialect import lent
from q2c_pipeline.engine.runner import Warehouse


@pytest.fixture
def warehouse() -> Warehouse:
    made = Warehouse()
    made.connection.execute("create table landing.t (id varchar, net_amount decimal(20,4), day date, flag boolean)")
    made.connection.execute("insert into landing.t values ('a', 1.5, date '2026-06-30', true), ('b', null, null, null)")
    return made


def test_rows_are_there_after_the_connection_was_given_back(warehouse: Warehouse) -> None:
    with lent(warehouse, "t1") as address:
        engine = sa.create_engine(address)
        with engine.connect() as connection:
            result = connection.execute(sa.text("select id, net_amount from landing.t order by id"))
        assert result.fetchall() == [("a", Decimal("1.5000")), ("b", None)]
    assert warehouse.count("landing.t") == 2


def test_columns_are_reflected_with_their_scale(warehouse: Warehouse) -> None:
    with lent(warehouse, "t2") as address:
        columns = sa.inspect(sa.create_engine(address)).get_columns("t", schema="landing")
    kinds = {column["name"]: column["type"] for column in columns}
    amount = kinds["net_amount"]
    assert isinstance(amount, sa.DECIMAL)
    assert (amount.precision, amount.scale) == (20, 4)
    assert isinstance(kinds["day"], sa.DATE)


def test_a_table_that_is_not_there_is_told(warehouse: Warehouse) -> None:
    with lent(warehouse, "t3") as address, pytest.raises(sa.exc.NoSuchTableError):
        sa.inspect(sa.create_engine(address)).get_columns("nothing", schema="landing")


def test_what_is_not_committed_is_not_seen(warehouse: Warehouse) -> None:
    warehouse.connection.execute("begin")
    warehouse.connection.execute("delete from landing.t")
    with lent(warehouse, "t4") as address, sa.create_engine(address).connect() as connection:
        assert connection.execute(sa.text("select count(*) from landing.t")).scalar() == 2
    warehouse.connection.execute("rollback")
