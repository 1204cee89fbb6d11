"""Several nights over one company: its systems change in between, and what nights published is held side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.orchestration import lookalikes, night
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.systems import Systems
from q2c_pipeline.settings import Settings, load_settings

AS_OF = date(2026, 6, 30)
NEXT_DAY = AS_OF + timedelta(days=1)
OF_DELIVERY = {"batch_id", "row_number", "as_of", "source_version"}
"""Columns that tell how a record arrived, not what it says."""
_BATCH = re.compile(r"\d{6}-[0-9a-f]{16}(#-?\d+)?")
ABOUT_DELIVERY = (
    "landing.",
    "mart.completeness",
    "canonical.first_reading",
    "canonical.gone_invoice",
    "canonical.left_out_transaction",
)
"""Tables about deliveries, and those that tell what only a night can know that had, or had not, seen a record before."""


@dataclass
class Company:
    """Three systems that can be served again after a change, and their credentials."""

    systems: Systems
    credentials: dict[str, str] = field(default_factory=lookalikes.new_credentials)

    @contextmanager
    def served(self) -> Iterator[dict[str, str]]:
        """The addresses of the look-alikes, which see the records as they are at this moment."""
        with lookalikes.serving(self.systems, self.credentials) as urls:
            yield urls

    def settings(self, folder: Path, urls: Mapping[str, str]) -> Settings:
        """A configuration in `folder` for those addresses."""
        return load_settings(lookalikes.write_config(folder, urls), self.credentials)

    def night(self, folder: Path, as_of: date = AS_OF) -> Settings:
        """Serve, and run one night into the stores under `folder`."""
        with self.served() as urls:
            settings = self.settings(folder, urls)
            result = night.run_night(settings, as_of, lambda *_: None)
        assert list(map(str, result.blocked)) == []
        return settings


def tables_again(settings: Settings, as_of: date = AS_OF) -> Settings:
    """Make and publish every table from what was read before: the second half of a night, for what no system changes."""
    with night.open_warehouse(settings, as_of) as warehouse:
        night.transform(settings, warehouse, as_of, lambda _: None)
        night.publish_night(settings, warehouse)
    return settings


def company(seed: int, *faults: str, accounts: int = 20, months: int = 3) -> Company:
    """A small company, acted out up to the evening of AS_OF."""
    return Company(build(seed, accounts=accounts, months=months, as_of=AS_OF, faults=faults))


def published_tables(settings: Settings) -> dict[str, pl.DataFrame]:
    """Every published table but those about deliveries, by name."""
    with open_published(settings.stores.published) as published:
        listed = published.query("select schema_name || '.' || table_name as name from duckdb_tables() order by all")
        names = [name for name in listed["name"] if not name.startswith(ABOUT_DELIVERY)]
        return {name: published.query(f"from {name}") for name in names}


def differences(one: Mapping[str, pl.DataFrame], other: Mapping[str, pl.DataFrame], ignored: set[str] | None = None) -> list[str]:
    """What differs between two nights, a line for each table; nothing when both published the same."""
    if one.keys() != other.keys():
        return [f"only one night has {sorted(one.keys() ^ other.keys())}"]
    skipped = OF_DELIVERY if ignored is None else ignored
    return [said for name in one for said in _difference(name, one[name], other[name], skipped)]


def _difference(name: str, one: pl.DataFrame, other: pl.DataFrame, skipped: set[str]) -> Iterator[str]:
    columns = [column for column in one.columns if column not in skipped]
    mine, theirs = (sorted(map(_plain, frame.select(columns).iter_rows())) for frame in (one, other))
    if mine != theirs:
        lost, gained = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
        yield f"{name} {columns}: {len(mine)} rows, {len(theirs)} rows; only first {lost[:3]}; only second {gained[:3]}"


def _plain(row: tuple[object, ...]) -> str:
    return _BATCH.sub("a batch", repr(row))
