"""Tries a policy before it goes live: past deliveries are reconciled under the old and the new one, and held side by side."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.orchestration.asking import shown
from q2c_pipeline.orchestration.night import NightResult, Report, load_all, refuse_undelivered, transform
from q2c_pipeline.settings import Settings
from q2c_pipeline.settings.policy import Policy

_FOUND = """
    select e.exception_id, e.control_id, e.subject_key, e.legal_entity_code, e.currency, e.difference_amount, e.amount_at_risk,
           e.severity, m.is_material
    from recon.exception as e inner join recon.materiality as m using (exception_id)"""
_ELSEWHERE = """
    select 1 as rank, subject_key, currency, 'tolerated by the rule for ' || tolerance_scope as place from recon.tolerated
    union all select distinct 2, subject_key, currency, 'in flight' from recon.timing
    union all select distinct 3, subject_key, currency, 'part of ' || control_id from recon.exception
    order by all"""
"""Where a break may have gone: the first of these that knows its subject."""
_COMPARED = {"difference_amount": "amount", "severity": "severity", "is_material": "materiality"}
_KEYS = ("control_id", "subject_key", "legal_entity_code", "currency")


@dataclass(frozen=True)
class Reconciled:
    """What one policy makes of the deliveries."""

    policy: Policy
    exceptions: dict[str, dict[str, Any]]
    elsewhere: dict[tuple[str, str | None], str]

    @property
    def figures(self) -> dict[str, object]:
        """The policy and how much it finds; amounts in group currency."""
        rows = self.exceptions.values()
        return {
            "version": self.policy.version,
            "digest": self.policy.digest[:12],
            "exceptions": len(rows),
            "material": sum(bool(row["is_material"]) for row in rows),
            "amount_at_risk": sum(row["amount_at_risk"] or 0 for row in rows),
        }


@dataclass(frozen=True)
class Trial:
    """One day under two policies."""

    as_of: date
    old: Reconciled
    new: Reconciled

    @property
    def changes(self) -> pl.DataFrame:
        """Every exception that appears, disappears, or changes in amount, severity or materiality, and why."""
        ids = sorted(self.old.exceptions.keys() | self.new.exceptions.keys())
        rows = [row for one in ids for row in _change(one, self.old, self.new)]
        return pl.DataFrame(sorted(rows, key=lambda row: [str(value) for value in row[:5]]), schema=_SCHEMA, orient="row")

    @property
    def summary(self) -> pl.DataFrame:
        """Both policies' figures, one line each."""
        return pl.DataFrame([{name: shown(value) for name, value in one.figures.items()} for one in (self.old, self.new)])

    def as_json(self) -> str:
        """The whole trial; amounts are texts."""
        whole = {"as_of": self.as_of, "old": self.old.figures, "new": self.new.figures, "changes": self.changes.to_dicts()}
        return json.dumps(whole, indent=1, ensure_ascii=False, default=shown)


_SCHEMA = {
    "change": pl.String(),
    **dict.fromkeys(_KEYS, pl.String()),
    "old_amount": pl.Decimal(20, 4),
    "new_amount": pl.Decimal(20, 4),
    "old_severity": pl.String(),
    "new_severity": pl.String(),
    "old_is_material": pl.Boolean(),
    "new_is_material": pl.Boolean(),
    "why": pl.String(),
    "exception_id": pl.String(),
}


def try_policy(settings: Settings, new: Policy, as_of: date, report: Report) -> Trial:
    """Reconcile the deliveries of that day twice, in a warehouse of its own that is thrown away; nothing else is touched."""
    refuse_undelivered(settings, as_of)
    old = settings.on(as_of).policy
    with tempfile.TemporaryDirectory(prefix="q2c-policy-") as folder, Warehouse(Path(folder) / "trial.duckdb") as warehouse:
        result = NightResult(as_of)
        load_all(settings, warehouse, as_of, report, result)
        if result.blocked:
            raise result.blocked[0]
        both = [_reconciled(settings.with_policy(one), warehouse, as_of, report) for one in (old, new)]
    return Trial(as_of, *both)


def _reconciled(settings: Settings, warehouse: Warehouse, as_of: date, report: Report) -> Reconciled:
    for name, frame in settings.policy_frames(as_of).items():
        warehouse.replace(f"policy.{name}", frame)
    transform(settings, warehouse, as_of, lambda one: report("transform", f"{one.name}: {one.rows} rows"), full=True)
    found = {row["exception_id"]: row for row in warehouse.query(_FOUND).iter_rows(named=True)}
    gone: dict[tuple[str, str | None], str] = {}
    for _, subject, currency, place in warehouse.query(_ELSEWHERE).iter_rows():
        gone.setdefault((subject, currency), place)
    return Reconciled(settings.policy, found, gone)


def _change(exception_id: str, old: Reconciled, new: Reconciled) -> Iterator[tuple[object, ...]]:
    before, after = old.exceptions.get(exception_id), new.exceptions.get(exception_id)
    one = after or before or {}
    if before and after:
        changed = [word for name, word in _COMPARED.items() if before[name] != after[name]]
        change, why = "changes", ", ".join(changed)
    elif after:
        change, why = "appears", f"until now {_place(old, after)}"
    else:
        change, why = "disappears", f"now {_place(new, one)}"
    if why:
        pairs = [side[name] if side else None for name in _COMPARED for side in (before, after)]
        yield change, *(one[name] for name in _KEYS), *pairs, why, exception_id


def _place(other: Reconciled, row: dict[str, Any]) -> str:
    return other.elsewhere.get((row["subject_key"], row["currency"]), "no difference")
