"""fields.toml: which vendor field holds which logical field, per object, so that an org's own field names are configuration."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from q2c_pipeline.errors import ConfigurationError


@dataclass(frozen=True)
class ObjectFields:
    """The fields of one vendor object: logical name -> vendor name, and what is knowingly left unread.

    An `ignored` name may end in `*`; a field in `optional` may be absent from an org or delivery, then it reads as empty.
    """

    vendor: Mapping[str, str]
    ignored: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()

    def knows(self, vendor_field: str) -> bool:
        """Whether the field is read or ignored by name."""
        return vendor_field in self.vendor.values() or any(
            vendor_field == name or (name.endswith("*") and vendor_field.startswith(name[:-1])) for name in self.ignored
        )

    def required(self) -> list[str]:
        """Vendor fields that every delivery must have."""
        return [vendor for logical, vendor in self.vendor.items() if logical not in self.optional]


FieldMap = Mapping[str, ObjectFields]


def load_field_map(path: Path, overrides: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, ObjectFields]:
    """Read fields.toml and lay an instance's overrides (object -> logical -> vendor name) over it.

    Raises ConfigurationError for an object or logical field that the file does not know, with the nearest known name.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    changes = overrides or {}
    _refuse_unknown(changes, raw, "object", path)
    return {name: _object_fields(name, spec, changes.get(name, {}), path) for name, spec in raw.items()}


def _object_fields(name: str, spec: Mapping[str, object], changes: Mapping[str, str], path: Path) -> ObjectFields:
    ignored, optional = spec.get("ignored", []), spec.get("optional", [])
    vendor = {key: str(value) for key, value in spec.items() if key not in ("ignored", "optional")}
    _refuse_unknown(changes, vendor, f"logical field of {name}", path)
    if not isinstance(ignored, list) or not isinstance(optional, list):
        raise ConfigurationError(
            expected="`ignored` and `optional` to be lists of names",
            found=f"{ignored!r}, {optional!r}",
            where=f"{path.name} [{name}]",
            next_step='write them as ["name", ...]',
        )
    return ObjectFields({**vendor, **changes}, tuple(map(str, ignored)), frozenset(map(str, optional)))


def _refuse_unknown(given: Mapping[str, object], known: Mapping[str, object], what: str, path: Path) -> None:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, list(known), n=1)
            raise ConfigurationError(
                expected=f"a known {what}",
                found=f"'{name}'",
                where=f"field overrides for {path.parent.name}",
                next_step=f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(sorted(known)[:8])} ...",
            )
