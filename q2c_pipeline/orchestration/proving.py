"""What a night sees of pushed corrections: the fields as they stand now, the drafts, and whether they were posted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from q2c_pipeline.corrections.compensation import POSTED
from q2c_pipeline.corrections.record import Correction
from q2c_pipeline.corrections.verification import Effect, Seen
from q2c_pipeline.domain.repairs import Action, Remove, SetFields
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.orchestration.writing_places import writes_of
from q2c_pipeline.settings import Settings

_JOURNALS = """
    select instance, transaction_source_id, bool_and(is_posted) as is_posted, min(transaction_number) as transaction_number
    from canonical.posting
    where not is_voided
    group by instance, transaction_source_id
"""
_READ = "select instance, max(as_of) as read_on from landing.batch group by instance"


def seen(settings: Settings, published: Warehouse, corrections: Sequence[Correction]) -> dict[str, Seen]:
    """For every correction that waits for proof, what the published night shows of it."""
    look = _Look(settings, published, corrections)
    return {one.correction_id: Seen(*look.at(one), is_since=look.is_since(one)) for one in corrections}


class _Look:
    """The published night, asked once for everything that is needed."""

    def __init__(self, settings: Settings, published: Warehouse, corrections: Sequence[Correction]) -> None:
        self._zone = ZoneInfo(settings.company.time_zone)
        self._read: Mapping[str, date] = dict(published.query(_READ).iter_rows())
        self._fields = _fields_now(settings, published, corrections)
        journals = any(one.instance and not isinstance(one.payload, SetFields) for one in corrections)
        rows = published.query(_JOURNALS).iter_rows() if journals else []
        self._journals = {(instance, source): (posted, number) for instance, source, posted, number in rows}

    def is_since(self, one: Correction) -> bool:
        """Whether the system was read to the end of the day on which the correction was acknowledged, or of a later one."""
        done, read = one.acknowledged_at, self._read.get(one.instance)
        return done is not None and read is not None and read >= done.astimezone(self._zone).date()

    def at(self, one: Correction) -> tuple[Effect, str]:
        """What is to be seen, in words."""
        if isinstance(one.payload, SetFields):
            return self._set_fields(one, one.payload)
        if isinstance(one.payload, Remove):
            return self._removed(one, one.payload)
        if one.action in (Action.PENDING_ITEM, Action.DRAFT_INVOICE):
            return Effect.WAITING, f"waits for the invoice that takes up {one.external_id}"
        return self._journal(one)

    def _set_fields(self, one: Correction, payload: SetFields) -> tuple[Effect, str]:
        now = self._fields.get((one.instance, one.target.object_name, one.target.source_id or ""), {})
        wrong = [each for each in payload.changes if (now.get(each.name) or None) != (each.after or None)]
        if wrong:
            return Effect.MISSING, "; ".join(
                f"{each.name} is {now.get(each.name) or 'empty'}, not {each.after}" for each in wrong
            )
        return Effect.SHOWN, "; ".join(f"{each.name} is {each.after or 'empty'}" for each in payload.changes)

    def _removed(self, one: Correction, payload: Remove) -> tuple[Effect, str]:
        if (one.instance, payload.source_id) in self._journals:
            return Effect.MISSING, f"{payload.object_name} {payload.source_id} is still there"
        return Effect.SHOWN, f"{payload.object_name} {payload.source_id} is gone"

    def _journal(self, one: Correction) -> tuple[Effect, str]:
        is_posted, number = self._journals.get((one.instance, one.external_id or ""), (None, None))
        if is_posted is None:
            return Effect.MISSING, f"journal {one.external_id} is not in the ledger, not even as a draft"
        if not is_posted:
            return Effect.WAITING, f"draft journal {number or one.external_id} waits for an accountant to post it"
        return Effect.SHOWN, f"{POSTED}: journal {number or one.external_id}"


def _fields_now(
    settings: Settings, published: Warehouse, corrections: Sequence[Correction]
) -> dict[tuple[str, str, str], dict[str, str | None]]:
    """Present values by record and vendor's field, read from the canonical tables that hold them."""
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in corrections:
        if isinstance(one.payload, SetFields) and one.target.source_id:
            wanted[one.instance, one.target.object_name].add(one.target.source_id)
    now: dict[tuple[str, str, str], dict[str, str | None]] = defaultdict(dict)
    for configured in settings.instances:
        for (table, field), (object_name, vendor_field) in writes_of(configured).fields.items():
            ids = wanted.get((configured.name, object_name), set())
            for source_id, value in _values(published, table, field, configured.name, ids):
                now[configured.name, object_name, source_id][vendor_field] = value
    return now


def _values(published: Warehouse, table: str, field: str, instance: str, ids: set[str]) -> Iterator[tuple[str, str | None]]:
    """One field of these records; table and field come from writes.toml, never from data."""
    if not ids:
        return
    query = f'select source_id, cast("{field}" as varchar) from canonical."{table}" where instance = $instance'  # noqa: S608
    for source_id, value in published.query(query, {"instance": instance}).iter_rows():
        if source_id in ids:
            yield source_id, value
