"""Whether a record still is as it was in evidence: what every pusher asks right before it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from q2c_pipeline.domain.repairs import FieldChange, Order, Outcome, SetFields
from q2c_pipeline.landing.flatten import as_text
from q2c_pipeline.platforms.writing import changed, done


@dataclass(frozen=True)
class Held:
    """A record as it stands now: its version as the vendor tells it, and the present text of the fields in question."""

    version: str | None
    values: Mapping[str, str | None]


def stands(order: Order, held: Held | None, changes: Sequence[FieldChange]) -> Outcome | None:
    """The outcome that a look at the record decides: nothing left to do, or no longer as in evidence; None: write.

    Status Active, in evidence Active -> None; already Canceled as wanted -> done; Paused meanwhile -> changed.
    """
    if held is None:
        return changed(order, f"{order.target.object_name} {order.target.source_id} no longer exists")
    if has_effect(held, changes):
        return done(order, "the record already has these values", external_id=order.target.source_id, version_after=held.version)
    moved = [
        f"{each.name}: in evidence {each.before or 'empty'}, now {held.values.get(each.name) or 'empty'}"
        for each in changes
        if (held.values.get(each.name) or None) != (each.before or None)
    ]
    if not same_version(order.target.version, held.version):
        moved.append(f"version: in evidence {order.target.version}, now {held.version}")
    return changed(order, "; ".join(moved)) if moved else None


def has_effect(held: Held, changes: Sequence[FieldChange]) -> bool:
    """Whether the record shows every wanted value."""
    return all((held.values.get(each.name) or None) == (each.after or None) for each in changes)


def same_version(in_evidence: str | None, now: str | None) -> bool:
    """Whether two stamps are one moment, to the second: 2026-06-30 22:00:05 and 2026-06-30T22:00:05.000+0000 are.

    A system that gives no version, or evidence without one, leaves the decision to the fields' values.
    """
    if not in_evidence or not now:
        return True
    return moment(in_evidence) == moment(now)


def moment(text: str) -> datetime:
    """A vendor's or the canonical stamp as an instant of whole seconds; without a zone it is UTC."""
    read = datetime.fromisoformat(text).replace(microsecond=0)
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def present(record: Mapping[str, Any], path: str) -> str | None:
    """The text at a dotted path of a JSON record: metadata.order_id of {"metadata": {"order_id": "7"}} is 7."""
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if value is None or isinstance(value, str) else as_text(value)


def vendor_changes(order: Order, names: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """The changes of an order under the vendor's field names; a name that is no logical one is the vendor's already."""
    payload = order.payload
    if not isinstance(payload, SetFields):
        raise TypeError(type(payload).__name__)
    return tuple(replace(each, name=names.get(each.name, each.name)) for each in payload.changes)
