"""What every connector offers to the composition layer: its objects, one extract per object, and a self-test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol

from q2c_pipeline.landing.draft import Draft
from q2c_pipeline.landing.manifest import Check, Tombstone, Window
from q2c_pipeline.platforms.http import RequestLog
from q2c_pipeline.schemas.fieldmap import FieldMap


@dataclass(frozen=True)
class Instance:
    """One configured system as the connectors see it: plain values, secrets already resolved by the composition layer.

    `credentials` hold secret text: never log or print them. `conventions` are policy of this instance (time zone, bulk
    threshold, account classes ...).
    """

    name: str
    platform: str
    url: str
    credentials: Mapping[str, str] = field(repr=False)
    conventions: Mapping[str, str] = field(default_factory=dict)
    account_classes: Mapping[str, str] = field(default_factory=dict)
    field_overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ObjectSpec:
    """One vendor object that is landed; `id_field` is the logical name of its key."""

    name: str
    id_field: str = "id"
    says: str = ""


@dataclass
class Extract:
    """Everything that one extract of one object found; `records` are flat text with vendor field names, on disk already."""

    records: Draft
    checks: list[Check] = field(default_factory=list)
    tombstones: list[Tombstone] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What an extract has besides the vendor: its window, the cut-off, the ids landed so far, and where records go.

    `draft` begins the batch of an object: the one that is extracted, or one that is read along with it and extracted later.
    """

    window: Window
    as_of: date
    known_ids: Callable[[], set[str]]
    draft: Callable[[str], Draft]


@dataclass(frozen=True)
class Finding:
    """One result of a self-test: what was looked at, whether it is well, and how to fix it if not."""

    subject: str
    is_ok: bool
    says: str
    next_step: str = ""


class Connector(Protocol):
    """A platform's reader.

    Each platform package offers `extract.connect(instance: Instance) -> Connector` and, so that mapping stays free of any
    plumbing, `mapping.readings(conventions, account_classes) -> Sequence[Reading]` with the instance's plain mappings.
    """

    fields: FieldMap
    log: RequestLog

    def objects(self) -> Sequence[ObjectSpec]:
        """The objects to land, in an order in which lines follow their headers."""
        ...

    def extract(self, spec: ObjectSpec, context: Context) -> Extract:
        """Read one object's changes inside the window, completely or not at all."""
        ...

    def check(self) -> Iterable[Finding]:
        """Test connectivity, permissions and the vendor's schema without reading data."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


def window_for(as_of: date, last_until: datetime | None, overlap: timedelta) -> Window:
    """The next window: from the last high-water mark less the overlap, up to the end of `as_of` (exclusive, UTC)."""
    until = datetime.combine(as_of + timedelta(days=1), time(), tzinfo=UTC)
    return Window(last_until - overlap if last_until else None, until)


def total_check(name: str, expected: Decimal | str, values: Iterable[str | None]) -> Check:
    """Compare the source's own total with the sum of a landed field; amounts that are not numbers count as zero."""
    return Check(name, _plain(Decimal(expected)), _plain(sum(map(_number, values), Decimal(0))))


def _number(text: str | None) -> Decimal:
    try:
        return Decimal(text or "0")
    except ArithmeticError:
        return Decimal(0)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"
