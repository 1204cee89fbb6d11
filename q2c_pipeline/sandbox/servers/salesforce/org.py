"""The simulated org: which fields and records it shows, what time it is there, and how it takes changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.misbehave import Tampering
from q2c_pipeline.sandbox.servers.salesforce.problems import no_such_object
from q2c_pipeline.sandbox.servers.salesforce.schema import CURRENCIES, KEY_PREFIX, OBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from q2c_pipeline.sandbox.systems import Misbehaviour, Record, Systems

_TICK = timedelta(seconds=1)


class Org:
    """Reads and changes `systems.salesforce`; the planted misbehaviours distort only what is shown."""

    def __init__(self, systems: Systems, *, hidden_fields: frozenset[str] = frozenset()) -> None:
        self.systems, self._hidden = systems, hidden_fields
        self.now = datetime.combine(systems.as_of + timedelta(days=1), time(), tzinfo=UTC)
        self._currencies = {record["Id"]: record for record in map(_currency, CURRENCIES, CURRENCIES.values())}

    def tick(self) -> datetime:
        """The org's clock, one second later: every change has its own stamp, after the company's last day."""
        self.now += _TICK
        return self.now

    def shift(self, by: timedelta) -> None:
        """Set the org's clock forward or back; stamps of later changes follow it."""
        self.now += by

    def fields(self, object_name: str) -> dict[str, str]:
        """Field name -> type as describe shows them, with planted new and missing columns."""
        if object_name not in OBJECTS:
            raise no_such_object(object_name)
        shown = {name: kind for name, kind in OBJECTS[object_name].items() if name not in self._hidden}
        shown |= {m.detail["field"]: "string" for m in self._planted("new_column", object_name)}
        for missing in self._planted("missing_column", object_name):
            shown.pop(missing.detail["field"], None)
        return shown

    def records(self, object_name: str) -> dict[str, Record]:
        """All records that exist, the ones in the recycle bin and the silently omitted ones included."""
        if object_name not in OBJECTS:
            raise no_such_object(object_name)
        if object_name == "CurrencyType":
            return self._currencies
        return self.systems.salesforce.setdefault(object_name, {})

    @property
    def tampering(self) -> Tampering:
        """The faults planted in the records, read anew so that a later planting counts at once."""
        return Tampering(self.systems.misbehaviour, "salesforce")

    def change(self, record: Record, values: dict[str, Any]) -> None:
        """Write `values` and move the record's stamps."""
        stamp = self.tick()
        record.update(values, LastModifiedDate=stamp, SystemModstamp=stamp)

    def create(self, object_name: str, values: dict[str, Any]) -> Record:
        """A new record with the next free id of its object."""
        records = self.records(object_name)
        stamp = self.tick()
        identity = self._next_id(object_name)
        records[identity] = {"Id": identity, "IsDeleted": False, "CreatedDate": stamp, **values}
        records[identity] |= {"LastModifiedDate": stamp, "SystemModstamp": stamp}
        return records[identity]

    def delete(self, object_name: str, record_id: str, *, purge: bool = False) -> None:
        """Move a record to the recycle bin, or with `purge` out of the org as if it had never been."""
        if purge:
            del self.records(object_name)[record_id]
        else:
            self.change(self.records(object_name)[record_id], {"IsDeleted": True})

    def _next_id(self, object_name: str) -> str:
        records = self.records(object_name)
        number = len(records)
        while (candidate := f"{KEY_PREFIX[object_name]}NEW{number:09d}AAA") in records:
            number += 1
        return candidate

    def _planted(self, kind: str, object_name: str) -> Iterator[Misbehaviour]:
        for m in self.systems.misbehaviour:
            if (m.platform, m.kind, m.object_name) == ("salesforce", kind, object_name):
                yield m


def _currency(code: str, rate: Decimal) -> Record:
    """A row of CurrencyType; the corporate currency is the one with rate 1."""
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), datetime(2020, 1, 1, tzinfo=UTC))
    identity = {"Id": f"01L{code:0>12}AAA", "IsDeleted": False, "IsoCode": code, "IsActive": True}
    return identity | stamps | {"ConversionRate": rate, "DecimalPlaces": 2, "IsCorporate": rate == 1}
