"""One value a field for each customer: that of the system which owns the field, and who says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

OWNERS: Mapping[str, Sequence[str]] = {
    "account_name": ("crm", "erp", "billing"),
    "account_number": ("crm", "erp", "billing"),
    "country_code": ("crm", "erp", "billing"),
    "currency": ("crm", "erp", "billing"),
    "tax_id": ("erp", "crm", "billing"),
    "payment_terms": ("erp", "crm", "billing"),
    "legal_entity_code": ("erp", "crm", "billing"),
}
"""Which role owns a field, and who is asked next when the owner has no value: commercial fields CRM, legal and tax fields ERP."""


def surviving_values(
    accounts: pl.DataFrame, customers: pl.DataFrame, owners: Mapping[str, Sequence[str]] = OWNERS
) -> pl.DataFrame:
    """One row a customer and field: customer_id, field, value, account_key it comes from, and the records that differ.

    Among several records of the owner the newest version counts, then the first key.
    """
    fields = [field for field in owners if field in accounts.columns]
    known = accounts.with_columns(account_key=pl.concat_str("instance", pl.lit(":"), "source_id")).join(
        customers.select("account_key", "customer_id"), on="account_key"
    )
    index = ["customer_id", "account_key", "role", *(["source_version"] if "source_version" in accounts.columns else [])]
    values = known.unpivot(fields, index=index, variable_name="field", value_name="value").filter(
        pl.col("value").str.strip_chars().str.len_chars() > 0
    )
    ranked = values.join(_ranks({field: owners[field] for field in fields}), on=["field", "role"]).sort(
        ["customer_id", "field", "rank", *index[3:], "account_key"], descending=[False] * 3 + [True] * len(index[3:]) + [False]
    )
    return (
        ranked.group_by("customer_id", "field", maintain_order=True)
        .agg(
            pl.col("value").first(),
            pl.col("account_key").first(),
            differing=pl.col("account_key").filter(pl.col("value") != pl.col("value").first()).sort(),
        )
        .sort("customer_id", "field")
    )


def _ranks(owners: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    rows = [(field, role, rank) for field, roles in owners.items() for rank, role in enumerate(roles)]
    return pl.DataFrame(rows, schema={"field": pl.String, "role": pl.String, "rank": pl.Int64}, orient="row")
