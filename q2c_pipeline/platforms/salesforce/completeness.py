"""Whether a delivery is whole: the org's own counts and sums against what arrived, and who has left."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from q2c_pipeline.landing.draft import Draft
from q2c_pipeline.landing.manifest import Check, Tombstone, Window
from q2c_pipeline.platforms.extraction import total_check
from q2c_pipeline.platforms.salesforce import soql
from q2c_pipeline.platforms.salesforce.client import OrgClient, RefusedQueryError
from q2c_pipeline.platforms.salesforce.delivery import ids, moment
from q2c_pipeline.platforms.salesforce.shape import Shape

CONTROL_TOTALS = {
    "Opportunity": ("amount",),
    "Order": ("total_amount",),
    "OrderItem": ("total_price", "quantity"),
}
"""Logical fields whose sum the org is asked for."""
_IS_BINNED = pl.col("IsDeleted") == "true"
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass
class Departures:
    """Records that are gone, and the check that every living record is known."""

    tombstones: list[Tombstone] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def total_checks(client: OrgClient, shape: Shape, window: Window, draft: Draft, corporate_currency: str | None) -> list[Check]:
    """Compare the org's sums with the landed ones.

    An org with several currencies converts sums of money at its own rates; only the records in its corporate currency
    then sum to what they say.
    """
    checks = []
    for logical in CONTROL_TOTALS.get(shape.name, ()):
        vendor = shape.fields.vendor[logical]
        converts = shape.types[vendor] == "currency" and shape.has_own_currency
        if converts and corporate_currency is None:
            continue
        only = corporate_currency if converts else None
        expected = client.total(soql.total(shape.name, vendor, soql.within(window), only))
        mine = None if only is None else pl.col("CurrencyIsoCode") == only
        if not all(map(_is_number, draft.column(vendor, mine))):
            continue  # such a row is quarantined and reported as itself; the sum would only say so again
        checks.append(total_check(f"sum of {vendor}{f' in {only}' if only else ''}", expected, draft.column(vendor, mine)))
    return checks


def departures(
    client: OrgClient,
    shape: Shape,
    window: Window,
    draft: Draft,
    known: set[str],
    *,
    bulk_threshold: int,
    compare_all: bool,
) -> Departures:
    """Find deleted records: in the recycle bin, in the deletion log, and by holding all ids against the known ones.

    The last is the only way to notice a purged record or one that was never delivered; it is done when the number of
    living records is not what it should be, when the log does not reach back far enough, or when `compare_all` says so.
    """
    binned = [Tombstone(str(one), moment(at)) for one, at in draft.values("Id", "SystemModstamp", where=_IS_BINNED)]
    if window.since is None and not known:
        return Departures(binned)
    logged = _logged(client, shape.name, window)
    gone = binned + [stone for stone in logged or [] if stone.source_id in known]
    living = (known | draft.texts("Id")) - {stone.source_id for stone in gone}
    counted = client.count(soql.count(shape.name, soql.within(Window(None, window.until))), deleted=False)
    if counted == len(living) and logged is not None and not compare_all:
        return Departures(gone, [_all_known(counted, len(living))])
    present = ids(client, shape, soql.within(Window(None, window.until)), counted, bulk_threshold)
    later = ids(client, shape, soql.since(window.until), 0, bulk_threshold)
    purged = living - present - later
    stones = [Tombstone(source_id, window.until, is_announced=False) for source_id in sorted(purged)]
    if window.since is None:  # the window was everything, and its own count has said whether it came whole
        return Departures(gone + stones)
    return Departures(gone + stones, [_all_known(counted + len(later & living), len(living - purged))])


def _is_number(text: str | None) -> bool:
    return text is None or _NUMBER.fullmatch(text) is not None


def _all_known(expected: int, found: int) -> Check:
    return Check("records in all", str(expected), str(found))


def _logged(client: OrgClient, object_name: str, window: Window) -> list[Tombstone] | None:
    """The deletion log of the window; None when the window is longer than the org remembers."""
    if window.since is None:
        return None
    try:
        return client.deleted(object_name, window.since, window.until)
    except RefusedQueryError as error:
        if error.code == "INVALID_REPLICATION_DATE":
            return None
        raise
