"""What an org's object looks like beside fields.toml: which fields are read, which are missing, which are new."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from q2c_pipeline.errors import SourceError
from q2c_pipeline.schemas.fieldmap import ObjectFields

_UNREADABLE_IN_BULK = frozenset({"address", "location", "base64"})
_EXAMPLES = 5


@dataclass(frozen=True)
class Shape:
    """One object of the org: its selected columns, all its field types, and how it differs from what is expected.

    Custom fields that are neither read nor ignored by name are selected too: the landing zone keeps them, and loading
    reports them as drift. Standard fields that nobody listed are not: every release of the service adds some.
    """

    name: str
    fields: ObjectFields
    types: Mapping[str, str]
    missing: tuple[str, ...]
    absent: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The fields to select, the key first."""
        present = (vendor for vendor in self.fields.vendor.values() if vendor in self.types)
        return list(dict.fromkeys([*present, *self.unknown]))

    @property
    def has_own_currency(self) -> bool:
        """Whether records carry a currency: then the org sums money in its corporate currency only."""
        return "CurrencyIsoCode" in self.types


def shape_of(name: str, fields: ObjectFields, types: Mapping[str, str], needed: frozenset[str]) -> Shape:
    """Hold the org's fields against the expected ones; `needed` are optional fields that this instance cannot do without."""
    absent = [logical for logical, vendor in fields.vendor.items() if vendor not in types]
    may_lack = fields.optional - needed
    return Shape(
        name=name,
        fields=fields,
        types=types,
        missing=tuple(logical for logical in absent if logical not in may_lack),
        absent=tuple(logical for logical in absent if logical in may_lack),
        unknown=tuple(vendor for vendor, kind in types.items() if _is_news(vendor, kind, fields)),
    )


def _is_news(vendor: str, kind: str, fields: ObjectFields) -> bool:
    return vendor.endswith("__c") and kind not in _UNREADABLE_IN_BULK and not fields.knows(vendor)


def missing_says(shape: Shape, logical: str) -> str:
    """One missing field in words, with the org's nearest name."""
    vendor = shape.fields.vendor[logical]
    near = difflib.get_close_matches(vendor, list(shape.types), n=1)
    return f"{shape.name}.{vendor} (for {logical}{f'; the org has {near[0]}' if near else ''})"


def where_to_configure(shape: Shape) -> str:
    """The line of q2c.toml that would cure the first missing field."""
    return f'[instances.fields.{shape.name}] {shape.missing[0]} = "<the org\'s field>"'


def refuse_missing(shapes: Iterable[Shape], instance: str) -> None:
    """Raise SourceError naming every expected field that the org does not show."""
    broken = [shape for shape in shapes if shape.missing]
    if not broken:
        return
    listed = [missing_says(shape, logical) for shape in broken for logical in shape.missing]
    raise SourceError(
        expected="every field of fields.toml in the org",
        found=f"{len(listed)} missing: {'; '.join(listed[:_EXAMPLES])}{' ...' if len(listed) > _EXAMPLES else ''}",
        where=f"{instance}, describe",
        next_step=f"write under {instance} in q2c.toml: {where_to_configure(broken[0])}, or let the integration user read it",
    )
