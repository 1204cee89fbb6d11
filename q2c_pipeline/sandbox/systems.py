"""What the three simulated systems hold: the meeting point of the acting company and the look-alike servers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

Record = dict[str, Any]
Tables = dict[str, dict[str, Record]]
"""object name -> record id -> record in the vendor's API shape, with Python dates and decimals."""


@dataclass(frozen=True)
class Truth:
    """One planted difference: what an honest reconciliation must report, no more and no less.

    `amount` is left - right (expected minus found) in `currency`; a control without money has 0 and no currency.
    """

    control_id: str
    subject_key: str
    amount: Decimal
    currency: str | None


@dataclass(frozen=True)
class Symptom:
    """What another control would say of the same break: it must be listed under its cause, and be no exception of its own."""

    control_id: str
    cause_control_id: str
    cause_subject_key: str


@dataclass(frozen=True)
class Misbehaviour:
    """One thing a look-alike server shall do wrong: `kind` names it, `object_name` where, `detail` the parameters."""

    platform: str
    kind: str
    object_name: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Earlier:
    """How one record looked on the evening before the last day; no record if it was not there yet."""

    platform: str
    object_name: str
    key: str
    record: Record | None


@dataclass
class Systems:
    """The simulated company's three systems at the end of `as_of`, with the truth about what was planted."""

    as_of: date
    salesforce: Tables
    stripe: Tables
    netsuite: Tables
    truth: list[Truth] = field(default_factory=list)
    misbehaviour: list[Misbehaviour] = field(default_factory=list)
    earlier: list[Earlier] = field(default_factory=list)
    """What only a reconciliation that had seen the evening before can know; `evening_before` shows these systems then."""
    symptoms: list[Symptom] = field(default_factory=list)


def evening_before(systems: Systems) -> Systems:
    """The same systems one day earlier, as far as what changed since must be seen to have changed."""
    tables: dict[str, Any] = {name: _copied(getattr(systems, name)) for name in ("salesforce", "stripe", "netsuite")}
    for one in systems.earlier:
        held = tables[one.platform][one.object_name]
        if one.record is None:
            held.pop(one.key, None)
        else:
            held[one.key] = one.record
    return replace(systems, as_of=systems.as_of - timedelta(days=1), **tables)


def _copied(tables: Tables) -> Tables:
    return {name: {key: dict(record) for key, record in held.items()} for name, held in tables.items()}
