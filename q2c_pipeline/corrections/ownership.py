"""Which fields of which system a correction may write: what the policy does not give to a system cannot be proposed for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from q2c_pipeline.domain.repairs import Action, Payload, SetFields, Target
from q2c_pipeline.errors import OwnershipError

_ROLE_OF = {
    Action.DRAFT_JOURNAL: "erp",
    Action.REVERSE_JOURNAL: "erp",
    Action.PENDING_ITEM: "billing",
    Action.DRAFT_INVOICE: "billing",
}
"""Journals belong to the ledger, invoices to billing, whatever a proposal says."""


@dataclass(frozen=True)
class FieldPlace:
    """Where a canonical field lives in its system; `is_versioned` where the system keeps a modification stamp of the record."""

    instance: str
    object_name: str
    vendor_field: str
    is_versioned: bool


@dataclass(frozen=True)
class Ownership:
    """The writable fields of every instance: (instance, table, field) -> place; and what role each instance plays."""

    places: Mapping[tuple[str, str, str], FieldPlace]
    roles: Mapping[str, str]
    _writable: frozenset[tuple[str, str, str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Know the places by the systems' own names too."""
        found = {(place.instance, place.object_name, place.vendor_field) for place in self.places.values()}
        object.__setattr__(self, "_writable", frozenset(found))

    def place(self, instance: str, table_name: str, field_name: str) -> FieldPlace:
        """Where to write a canonical field; raises OwnershipError where the policy does not let this system be written."""
        found = self.places.get((instance, table_name, field_name))
        if found is None:
            raise _not_given(f"{table_name}.{field_name}", instance)
        return found

    def refuse_foreign(self, target: Target, action: Action, payload: Payload) -> None:
        """Raise OwnershipError unless everything that the payload writes is given to the target's system."""
        role = _ROLE_OF.get(action)
        if role is not None and self.roles.get(target.instance) != role:
            raise _not_given(f"{action.value} ({role} only)", target.instance)
        if isinstance(payload, SetFields):
            for change in payload.changes:
                if (target.instance, target.object_name, change.name) not in self._writable:
                    raise _not_given(f"{target.object_name}.{change.name}", target.instance)


def _not_given(what: str, instance: str) -> OwnershipError:
    return OwnershipError(
        expected="a field that the policy gives to the system that is written",
        found=what,
        where=instance,
        next_step="correct it where it is owned; policy.writable lists what corrections may write",
    )
