"""Where corrections may write: what each connector can (its writes.toml), as far as the policy lets it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from q2c_pipeline import platforms
from q2c_pipeline.corrections.ownership import FieldPlace, Ownership
from q2c_pipeline.schemas.fieldmap import load_field_map
from q2c_pipeline.schemas.fields import FIELDS, Pii
from q2c_pipeline.settings import InstanceSettings, Settings

_FOLDER = Path(platforms.__file__).parent


@dataclass(frozen=True)
class Writes:
    """What a connector can write for one instance: canonical table and field -> object and the vendor's field."""

    fields: dict[tuple[str, str], tuple[str, str]]
    is_versioned: bool


def ownership_of(settings: Settings) -> Ownership:
    """Writable fields of every configured instance; a value that its own system is asked for is never overwritten by a copy."""
    roles = {one.name: one.plays.value for one in settings.instances}
    return Ownership({key: place for one in settings.instances for key, place in _places(settings, one)}, roles)


def writes_of(configured: InstanceSettings) -> Writes:
    """The connector's writes.toml with the instance's own field names; a platform without one is never written."""
    folder = _FOLDER / configured.platform
    if not (folder / "writes.toml").exists():
        return Writes({}, is_versioned=False)
    said = tomllib.loads((folder / "writes.toml").read_text(encoding="utf-8"))
    known = load_field_map(folder / "fields.toml", configured.fields)
    fields = {
        (table, field): (spec["object"], known[spec["object"]].vendor[logical])
        for table, spec in said.items()
        if isinstance(spec, dict)
        for field, logical in spec.items()
        if field != "object"
    }
    return Writes(fields, bool(said["is_versioned"]))


def carried_key(configured: InstanceSettings, table: str, field: str) -> str | None:
    """Metadata key under which what is made (invoice, item) carries a canonical field; None where the connector has none."""
    found = writes_of(configured).fields.get((table, field))
    return found[1].removeprefix("metadata.") if found else None


def _places(settings: Settings, one: InstanceSettings) -> Iterator[tuple[tuple[str, str, str], FieldPlace]]:
    role = one.plays.value
    allowed = settings.policy.writable.of(role)
    owners = {(table, field): owner for table, field, owner in settings.policy.ownership.rows()}
    writes = writes_of(one)
    for (table, field), (object_name, vendor_field) in writes.fields.items():
        if field in allowed.get(table, []) and owners.get((table, field)) != role:
            place = FieldPlace(one.name, object_name, vendor_field, writes.is_versioned)
            yield (one.name, table, field), place


def personal_fields() -> frozenset[str]:
    """The systems' own names of fields that hold tax ids, over all platforms."""
    found = set()
    for file in sorted(_FOLDER.glob("*/writes.toml")):
        known = load_field_map(file.parent / "fields.toml")
        for spec in tomllib.loads(file.read_text(encoding="utf-8")).values():
            logical = (
                [name for field, name in spec.items() if field in FIELDS and FIELDS[field].pii is Pii.TAX_ID]
                if isinstance(spec, dict)
                else []
            )
            found |= {known[spec["object"]].vendor[name] for name in logical}
    return frozenset(found)
