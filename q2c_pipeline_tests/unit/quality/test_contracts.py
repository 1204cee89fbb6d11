"""Contracts of mapped frames: what breaks one, how it is told, and that good rows pass."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import ContractError
from q2c_pipeline.quality.contracts import breaches, check_contract, require_contract
from q2c_pipeline.quality.outcome import Weight
from q2c_pipeline.schemas.adapters import polars_schema
from q2c_pipeline.schemas.tables import TABLES

PAYMENT = TABLES["payment"]
DAY = date(2026, 6, 30)


def payments(*changes: dict[str, object]) -> pl.DataFrame:
    """Rows of `payment` that keep the contract but for the given changes."""
    good = {
        "instance": "stripe_main",
        "source_id": "ch_1",
        "source_version": datetime(2026, 6, 29, tzinfo=UTC),
        "batch_id": "b1",
        "as_of": DAY,
        "is_deleted": False,
        "payment_kind": "payment",
        "payment_status": "succeeded",
        "payment_amount": Decimal("10.00"),
        "currency": "EUR",
        "paid_date": DAY,
    }
    return pl.DataFrame([good | change for change in changes or ({},)], schema=polars_schema(PAYMENT))


def test_good_rows_keep_the_contract() -> None:
    assert breaches(PAYMENT, payments()).is_empty()


def test_a_word_outside_the_vocabulary_breaks_it() -> None:
    broken = breaches(PAYMENT, payments({}, {"payment_status": "frozen"}, {"payment_status": "frozen"}))
    assert broken.select("field", "breaks", "example").rows() == [("payment_status", 2, "frozen")]


def test_an_empty_field_that_must_be_filled_breaks_it() -> None:
    assert breaches(PAYMENT, payments({"currency": None}))["field"].to_list() == ["currency"]


def test_a_type_of_another_scale_breaks_it() -> None:
    widened = payments().with_columns(pl.col("payment_amount").cast(pl.Decimal(38, 10)))
    assert "payment_amount" in str(breaches(PAYMENT, widened).rows())


def test_a_missing_column_breaks_it() -> None:
    assert not breaches(PAYMENT, payments().drop("paid_date")).is_empty()


def test_a_tombstone_needs_nothing_but_its_identity() -> None:
    gone = payments({"is_deleted": True, "currency": None, "payment_status": None})
    assert breaches(PAYMENT, gone).is_empty()


def test_require_contract_names_field_count_and_place() -> None:
    with pytest.raises(
        ContractError, match=r"stripe_main\.charge.*1 breaks \(payment_status.*nothing of the instance was merged"
    ):
        require_contract(PAYMENT, payments({"payment_status": "frozen"}), "stripe_main.charge")


def test_require_contract_lets_good_rows_pass() -> None:
    require_contract(PAYMENT, payments(), "stripe_main.charge")


def test_stored_rows_are_checked_for_the_day_only() -> None:
    with Warehouse() as warehouse:
        warehouse.append("mapped.payment", payments({}, {"as_of": date(2026, 6, 29), "payment_status": "frozen"}))
        assert check_contract(warehouse, PAYMENT, DAY).is_ok
        warehouse.append("mapped.payment", payments({"source_id": "ch_9", "payment_status": "frozen"}))
        outcome = check_contract(warehouse, PAYMENT, DAY)
    assert not outcome.is_ok
    assert outcome.weight is Weight.STOP
    assert outcome.facts == {"rows_checked": 2, "breaks": 1}
    assert outcome.sample["example"].to_list() == ["frozen"]
