"""SQL assertions: each file of sql/assertions returns only rows that break a truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import SqlFile
from q2c_pipeline.quality.outcome import Outcome, Weight

_SAMPLE_ROWS = 10


def subject(file: SqlFile, order: Mapping[str, int]) -> str:
    """The table that an assertion is about: of those it reads, the one that is made last (the first by name among equals)."""
    return min(file.upstreams, key=lambda name: (-order.get(name, 0), name))


def weight(file: SqlFile) -> Weight:
    """The header's severity; an assertion is an error if it does not say."""
    return Weight(file.header.get("severity", Weight.ERROR.value))


def check_assertion(warehouse: Warehouse, file: SqlFile, params: Mapping[str, Any], table: str) -> Outcome:
    """Run one assertion; it holds when it returns no row."""
    rows = warehouse.select(file, params)
    return Outcome(
        name=file.table,
        table=table,
        is_ok=rows.is_empty(),
        says=file.header["says"],
        weight=weight(file),
        facts={"breaking_rows": rows.height},
        sample=rows.head(_SAMPLE_ROWS),
    )
