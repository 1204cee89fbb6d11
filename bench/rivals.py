"""The same two comparisons by other means, over the same tables: a hand-written query, a pandas merge, and datacompy."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import by_hand, synthetic
from bench.clock import Clock
from bench.company import settings_in
from q2c_pipeline.engine.runner import Warehouse

Rows = list[dict[str, object]]
_MB_A_LINE = {"pandas": 0.0011, "datacompy": 0.0016}
"""Memory that was needed at its peak, for each invoice line."""


def hand_written(folder: Path, _: int) -> Rows:
    """The yardstick: one query a leg."""
    rows: Rows = []
    with Warehouse(settings_in(folder).stores.warehouse, read_only=True) as warehouse:
        for leg in by_hand.LEGS:
            clock = Clock()
            with clock.running():
                warehouse.connection.execute(f"create temp table {leg} as {by_hand.query(leg)}", {"as_of": synthetic.AS_OF})
            differences = warehouse.count(f"{leg} where {by_hand.differing(leg)}")
            rows.append({"leg": leg, **clock.figures(), "cells": f"{warehouse.count(leg):,}", "differences": differences})
    return rows


def pandas_merge(folder: Path, lines: int) -> Rows:
    """Read both sides of a leg as they are recorded, sum and merge them with pandas, amounts as whole cents."""
    return _refusal("pandas", lines) or _each_leg(folder, _merged)


def datacompy(folder: Path, lines: int) -> Rows:
    """Let datacompy compare the two sides of a leg, which it wants at one grain."""
    return _refusal("datacompy", lines) or _each_leg(folder, _compared)


def _refusal(package: str, lines: int) -> Rows:
    """One row with the reason why this cannot be measured here, or nothing."""
    if importlib.util.find_spec(package) is None:
        return [{"skipped": f"{package} is not installed: pip install '.[bench]'"}]
    needed, free = lines * _MB_A_LINE[package], _free_mb()
    if needed > free:
        return [{"skipped": f"{package} needs about {needed:,.0f} MB, {free:,.0f} MB are free"}]
    return []


def _free_mb() -> float:
    facts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines())
    return int(facts["MemAvailable"].split()[0]) / 1024


def _each_leg(folder: Path, compare: Callable[..., tuple[int, int]]) -> Rows:
    rows: Rows = []
    with Warehouse(settings_in(folder).stores.warehouse, read_only=True) as warehouse:
        for leg, (left, right, keys, amounts) in by_hand.LEGS.items():
            clock, own = Clock(), Clock()
            with clock.running():
                frames = [_cents(warehouse, side, amount) for side, amount in zip((left, right), amounts, strict=True)]
                with own.running():
                    cells, differences = compare(*frames, list(keys), *amounts)
            said = {"cells": f"{cells:,}", "differences": differences, "of it comparing, CPU s": f"{own.cpu:.2f}"}
            rows.append({"leg": leg, **clock.figures(), **said})
    return rows


def _cents(warehouse: Warehouse, side: str, amount: str) -> Any:
    """One side as a pandas frame, read out by DuckDB: the dearest part, versions and links, is done for the rival."""
    sql = f"select * replace (({amount} * 100)::bigint as {amount}) from ({side})"
    return warehouse.connection.sql(sql, params={"as_of": synthetic.AS_OF}).df()


def _merged(left: Any, right: Any, keys: list[str], mine: str, theirs: str) -> tuple[int, int]:
    both = left.merge(right, on=keys, how="outer").fillna({mine: 0, theirs: 0})
    return len(both), int((both[mine] != both[theirs]).sum())


def _compared(left: Any, right: Any, keys: list[str], mine: str, theirs: str) -> tuple[int, int]:
    package: Any = importlib.import_module("datacompy")
    kind = getattr(package, "PandasCompare", None) or package.Compare
    found = kind(left.rename(columns={mine: "amount"}), right.rename(columns={theirs: "amount"}), join_columns=keys)
    alone = len(found.df1_unq_rows) + len(found.df2_unq_rows)
    return len(found.intersect_rows) + alone, alone + int((~found.intersect_rows["amount_match"]).sum())
