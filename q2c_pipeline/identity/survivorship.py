"""One value a field for each customer: that of the system which owns the field, and who says otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

OWNERS: Mapping[str, str] = {
    "account_name": "crm",
    "account_number": "crm",
    "country_code": "crm",
    "currency": "crm",
    "tax_id": "erp",
    "payment_terms": "erp",
    "legal_entity_code": "erp",
}
"""Which role owns a field where the policy does not say."""
_ASKED_NEXT = ("crm", "erp", "billing")
"""Who is asked when the owner has no value."""


def surviving_values(accounts: pl.DataFrame, customers: pl.DataFrame, owners: Mapping[str, str] = OWNERS) -> pl.DataFrame:
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


def _ranks(owners: Mapping[str, str]) -> pl.DataFrame:
    rows = [
        (field, role, rank) for field, owner in owners.items() for rank, role in enumerate(dict.fromkeys((owner, *_ASKED_NEXT)))
    ]
    return pl.DataFrame(rows, schema={"field": pl.String, "role": pl.String, "rank": pl.Int64}, orient="row")
