from __future__ import annotations

from datetime import date

import polars as pl

from q2c_pipeline.identity.survivorship import surviving_values

ACCOUNTS = pl.DataFrame(
    [
        ("sf", "1", "crm", date(2026, 1, 1), "Acme", "111", None),
        ("ns", "7", "erp", date(2026, 1, 1), "ACME OLD", "222", " "),
        ("ns", "8", "erp", date(2026, 2, 1), "ACME NEW", "333", None),
        ("st", "c", "billing", date(2026, 3, 1), "Acme", None, "NET30"),
    ],
    schema=["instance", "source_id", "role", "source_version", "account_name", "tax_id", "payment_terms"],
    orient="row",
)
CUSTOMERS = pl.DataFrame({"account_key": ["sf:1", "ns:7", "ns:8", "st:c"], "customer_id": ["x"] * 4})


def surviving(accounts: pl.DataFrame) -> dict[str, tuple[str, str, list[str]]]:
    rows = surviving_values(accounts, CUSTOMERS).rows()
    return {field: (value, key, differing) for _, field, value, key, differing in rows}


def test_each_field_comes_from_the_system_that_owns_it() -> None:
    found = surviving(ACCOUNTS)
    assert found["account_name"] == ("Acme", "sf:1", ["ns:7", "ns:8"])
    assert found["tax_id"] == ("333", "ns:8", ["ns:7", "sf:1"])


def test_the_next_system_is_asked_when_the_owner_has_no_value() -> None:
    assert surviving(ACCOUNTS)["payment_terms"] == ("NET30", "st:c", [])


def test_the_order_of_rows_changes_nothing() -> None:
    assert surviving(ACCOUNTS.reverse()) == surviving(ACCOUNTS)
