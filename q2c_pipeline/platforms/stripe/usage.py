"""Metered usage: one summary per meter, customer and calendar month in which a metered subscription ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from q2c_pipeline.landing.draft import FlatRecord
from q2c_pipeline.landing.flatten import flatten
from q2c_pipeline.landing.manifest import Window
from q2c_pipeline.platforms.stripe.client import StripeClient, seconds
from q2c_pipeline.platforms.stripe.delivery import Piece
from q2c_pipeline.platforms.stripe.reader import stamp_of
from q2c_pipeline.schemas.fieldmap import FieldMap

METER_EVENTS_REACH_BACK = timedelta(days=35)
"""Stripe takes meter events up to 35 days late, so that closed months may still grow."""


@dataclass(frozen=True, order=True)
class Ask:
    """One question: how much of a meter a customer used in a month (UTC, end exclusive)."""

    meter: str
    customer: str
    start: datetime
    end: datetime


def read_usage(client: StripeClient, asks: Iterable[Ask], window: Window) -> Iterator[FlatRecord]:
    """The answers; a month without usage has none."""
    for records in client.each(lambda ask: _summaries(client, ask, window), asks):
        yield from records


def _summaries(client: StripeClient, ask: Ask, window: Window) -> list[FlatRecord]:
    path = f"/v1/billing/meters/{ask.meter}/event_summaries"
    params = {"customer": ask.customer, "start_time": seconds(ask.start), "end_time": seconds(ask.end)}
    key = f"{ask.meter}|{ask.customer}|{ask.start:%Y-%m}"
    asked: FlatRecord = {"request.key": key, "request.customer": ask.customer, **stamp_of(window)}
    return [{**flatten(summary), **asked} for summary in client.drain(path, params)]


def asks_of(subscription: Piece, window: Window, fields: FieldMap) -> Iterator[Ask]:
    """What must be asked: the months of a metered subscription that a late event may still have changed."""
    reach = window.since - METER_EVENTS_REACH_BACK if window.since else None
    header, item = fields["subscription"].vendor, fields["subscription_item"].vendor
    meters = {meter for part in subscription.parts if (meter := part.get(item["meter_id"]))}
    customer = subscription.header.get(header["customer_id"]) or ""
    first = _moment(subscription.header.get(header["start_date"]))
    last = _moment(subscription.header.get(header["ended_at"])) or window.until
    if meters and first:
        months = list(_months(max(first, reach or first), min(last, window.until)))
        yield from (Ask(meter, customer, *month) for meter in meters for month in months)


def _months(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Calendar months that the time from `first` up to but not including `last` touches."""
    start = datetime(first.year, first.month, 1, tzinfo=UTC)
    while start < last:
        end = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
        yield start, end
        start = end


def _moment(text: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text and text.isdigit() else None
