"""A large company as landing batches in the vendors' own fields, written by set-based SQL: what loading and grids are timed on.

Orders have four monthly lines over 2025 and one invoice a month, posted and paid. Every other order starts in the middle of the
month, so that its revenue is deferred and released month by month: three journal lines for each invoice line in all. Five orders
in five hundred have a break each, so that causes must be found and not only their absence.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import polars as pl

from bench.synthetic_objects import BASE, CHANGED, ONCE, PER_ORDER
from q2c_pipeline.landing.manifest import Window
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.orchestration.intake import known_instance
from q2c_pipeline.orchestration.loading import field_map
from q2c_pipeline.settings import Settings

AS_OF = date(2026, 1, 29)
"""Every month of 2025 is billed, posted, paid and released; the cut-off is in the month after."""
LINES_PER_ORDER = 4 * 12
_ORDERS_PER_BATCH = 10_000
_Place = tuple[str, str]


def orders_of(invoice_lines: int) -> int:
    """How many orders have about that many invoice lines."""
    return max(1, invoice_lines // LINES_PER_ORDER)


def land(settings: Settings, invoice_lines: int) -> None:
    """Land a company with about that many invoice lines."""
    orders = orders_of(invoice_lines)
    _land(settings, AS_OF, ONCE, 0, 0)
    for first in range(0, orders, _ORDERS_PER_BATCH):
        _land(settings, AS_OF, PER_ORDER, first, min(first + _ORDERS_PER_BATCH, orders))


def land_changes(settings: Settings, invoice_lines: int, as_of: date) -> None:
    """Land the next day: one order in a hundred is delivered again with all it has, its December invoice 1.00 lower, posted so."""
    _land(settings, as_of, PER_ORDER, 0, orders_of(invoice_lines), changed=True)


def _land(settings: Settings, as_of: date, objects: dict[_Place, str], first: int, end: int, *, changed: bool = False) -> None:
    landing, window = Landing(settings.stores.landing), Window(None, datetime.combine(as_of, datetime.min.time(), UTC))
    for (instance, name), frame in _frames(objects, first, end, as_of, changed=changed):
        configured = next(one for one in settings.instances if one.name == instance)
        required = field_map(known_instance(configured))[name].required()
        absent = [pl.lit(None, dtype=pl.String).alias(field) for field in required if field not in frame.columns]
        draft = landing.draft(instance, name)
        draft.add_frame(frame.with_columns(absent))
        landing.land(
            draft,
            instance=instance,
            platform=configured.platform,
            object_name=name,
            as_of=as_of,
            window=window,
        )


def _frames(
    objects: dict[_Place, str], first: int, end: int, as_of: date, *, changed: bool
) -> Iterator[tuple[_Place, pl.DataFrame]]:
    with duckdb.connect() as connection:
        read_until = datetime.combine(as_of + timedelta(days=1), datetime.min.time(), UTC)
        connection.execute("set variable read_until = ?", [read_until])
        for statement in BASE:
            chosen = CHANGED if changed else "true"
            connection.execute(statement.format(first=first, end=end, chosen=chosen, less=int(changed)))
        for place, select in objects.items():
            yield place, connection.sql(f"select columns(*)::varchar from ({select})").pl()
