"""Beside each exception, where its case stands: state, whose it is, when it is due, how old it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

STANDING: dict[str, Any] = {
    "exception_id": pl.String,
    "case_status": pl.String,
    "assignee": pl.String,
    "opened_on": pl.Date,
    "due_on": pl.Date,
}
"""What is known of a case."""


def with_standing(exceptions: pl.DataFrame, standing: pl.DataFrame | None, as_of: date) -> pl.DataFrame:
    """Every exception in its place, with its case and its age in days at the end of the day; nothing where there is no case."""
    known = pl.DataFrame(schema=STANDING) if standing is None else standing
    age = (pl.lit(as_of) - pl.col("opened_on")).dt.total_days().alias("age_days")
    return exceptions.join(known, on="exception_id", how="left", maintain_order="left").with_columns(age)


def sentence(row: dict[str, Any], as_of: date) -> str:
    """One line for people: "assigned to ada, 12 days old, due 2026-04-07 (overdue)"; nothing for an exception without a case."""
    if row["case_status"] is None:
        return ""
    whose = f" to {row['assignee']}" if row["case_status"] == "assigned" else f", {row['assignee']}" if row["assignee"] else ""
    late = " (overdue)" if row["due_on"] < as_of else ""
    days = f"{row['age_days']} day{'' if row['age_days'] == 1 else 's'} old"
    return f"{row['case_status']}{whose}, {days}, due {row['due_on']}{late}"
