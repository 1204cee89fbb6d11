"""Summaries of metered usage."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.servers.stripe import forms
from q2c_pipeline.sandbox.servers.stripe.listing import plain_page, require, take_paging
from q2c_pipeline.sandbox.servers.stripe.problems import invalid

if TYPE_CHECKING:
    from datetime import datetime

    from q2c_pipeline.sandbox.servers.stripe.calls import Call
    from q2c_pipeline.sandbox.systems import Record

_GROUPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


def event_summaries(call: Call) -> Record:
    """One customer's usage in a window: one total, or with grouping one row per window that has usage.

    The company knows usage by month, so grouping shows a month's usage in the first window of that month.
    """
    meter, params = call.record("billing.meter"), dict(call.params)
    paging = take_paging(params)
    require(params, "customer", "start_time", "end_time")
    start, end = _instant(params, "start_time"), _instant(params, "end_time")
    grouping = params.get("value_grouping_window")
    if grouping not in {None, *_GROUPS}:
        invalid("value_grouping_window must be day or hour.", "value_grouping_window")
    used = _usage(call, meter["id"], params["customer"], start, end)
    rows = [_grouped(one, _GROUPS[grouping]) for one in used] if grouping else _total(used, start, end)
    named = [{"id": _summary_id(meter["id"], params["customer"], row), "meter": meter["id"], **row} for row in rows]
    url = f"/v1/billing/meters/{meter['id']}/event_summaries"
    return plain_page(named, paging, url, lambda one: call.show("meter_event_summary", one))


def _instant(params: forms.Params, name: str) -> datetime:
    moment = forms.as_time(params[name], name)
    if moment.second:
        invalid(f"{name} must be aligned with minute boundaries.", name)
    return moment


def _usage(call: Call, meter: str, customer: str, start: datetime, end: datetime) -> list[Record]:
    found = [
        one
        for one in call.store.table("meter_event_summary").values()
        if (one["meter"], one["customer"]) == (meter, customer) and start <= one["start_time"] and one["end_time"] <= end
    ]
    return sorted(found, key=lambda one: one["start_time"], reverse=True)


def _total(used: list[Record], start: datetime, end: datetime) -> list[Record]:
    total = sum((one["aggregated_value"] for one in used), Decimal(0))
    return [{"start_time": start, "end_time": end, "aggregated_value": total}] if used else []


def _grouped(one: Record, width: timedelta) -> Record:
    return {**{name: one[name] for name in ("start_time", "aggregated_value")}, "end_time": one["start_time"] + width}


def _summary_id(meter: str, customer: str, row: Record) -> str:
    key = f"{meter}|{customer}|{row['start_time'].isoformat()}|{row['end_time'].isoformat()}"
    return "mtrusg_" + hashlib.sha256(key.encode()).hexdigest()[:24]
