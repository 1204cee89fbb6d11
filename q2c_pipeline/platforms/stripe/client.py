"""Stripe's lists, read exactly and completely: pages by cursor, long lists by slices of creation time in parallel."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

from q2c_pipeline.errors import ConfigurationError, SourceError
from q2c_pipeline.landing.flatten import loads_exact
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import HttpSession, RequestLog, RetryPolicy
from q2c_pipeline.platforms.stripe.sources import Params

API_VERSION = "2026-10-28.endive"
PAGE = 100
_SLICES_PER_THREAD = 8
_FIRST_LOOK_BACK = timedelta(days=64)
_EPOCH = datetime.fromtimestamp(0, UTC)
Raw = dict[str, Any]
"""A JSON object whose numbers are still the text that was sent."""
T = TypeVar("T")
R = TypeVar("R")


class StripeClient:
    """Reads one Stripe account with a restricted key."""

    def __init__(self, instance: Instance, log: RequestLog, policy: RetryPolicy | None = None) -> None:
        headers = {"Authorization": f"Bearer {api_key(instance)}", "Stripe-Version": API_VERSION}
        self._http = HttpSession(instance.url, log=log, authorize=lambda _renew: headers, policy=policy)

    def get(self, path: str, params: Params | None = None) -> Raw:
        """One answer."""
        content = self._http.request("GET", path, params=params or None).content
        try:
            answer = loads_exact(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise _not_stripes(path, "a JSON object", content[:100].decode(errors="replace"))
        return answer

    def retrieve(self, path: str, record_id: str) -> Raw | None:
        """One record, or None when it is deleted."""
        try:
            record = self.get(f"{path}/{record_id}")
        except SourceError as error:
            if error.found.startswith("HTTP 404"):
                return None
            raise
        return None if record.get("deleted") else record

    def pages(self, path: str, params: Params) -> Iterator[list[Raw]]:
        """All pages of a list, newest first."""
        asked = {**params, "limit": str(PAGE)}
        while True:
            records, has_more = self._page(path, asked)
            yield records
            if not has_more:
                return
            asked["starting_after"] = records[-1]["id"]

    def drain(self, path: str, params: Params | None = None) -> list[Raw]:
        """A whole list."""
        return [record for page in self.pages(path, params or {}) for record in page]

    def whole(self, embedded: Raw | None, path: str) -> list[Raw]:
        """All elements of a list inside an object, which carries only the first few itself."""
        found: list[Raw] = (embedded or {}).get("data", [])
        if embedded and not embedded.get("has_more"):
            return found
        address, _, query = path.partition("?")
        named = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        cursor = {"starting_after": found[-1]["id"]} if found else {}
        return found + self.drain(address, {**named, **cursor})

    def sweep(
        self, path: str, params: Params, since: datetime | None, until: datetime, handle: Callable[[list[Raw]], R]
    ) -> Iterator[R]:
        """`handle` on every page of the records created in since <= created < until; slices of the time run in parallel.

        Pages come as they are ready, and only a few wait to be taken.
        """
        first, has_more = self._page(path, {**params, **_created(since, until), "limit": str(PAGE)})
        if not has_more:
            yield handle(first)
            return
        start = since or self._before_the_first(path, params, until)

        def read(part: Params) -> Iterator[R]:
            return map(handle, self.pages(path, {**params, **part}))

        slices = _slices(start, until, min(self._http.concurrency * _SLICES_PER_THREAD, _pages_expected(first, start, until)))
        yield from self._http.stream_concurrently(read, slices)

    def each(self, call: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`call` on every item, a few at a time, results in the order of the items."""
        return self._http.map_concurrently(call, items)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _page(self, path: str, params: Params) -> tuple[list[Raw], bool]:
        answer = self.get(path, params)
        records, has_more = answer.get("data"), answer.get("has_more")
        if not isinstance(records, list) or not isinstance(has_more, bool) or (has_more and not records):
            raise _not_stripes(path, "a list with data and has_more", ", ".join(sorted(answer))[:200])
        if not all(isinstance(record, dict) and record.get("id") for record in records):
            raise _not_stripes(path, "an id in every record", "a record without one")
        return records, has_more

    def _before_the_first(self, path: str, params: Params, until: datetime) -> datetime:
        """A moment before any record; the list has no oldest-first order, so look back twice as far until nothing is there."""
        span = _FIRST_LOOK_BACK
        while until - span > _EPOCH:
            if not self._page(path, {**params, **_created(None, until - span), "limit": "1"})[0]:
                return until - span
            span *= 2
        return _EPOCH


def seconds(moment: datetime) -> str:
    """Unix seconds as Stripe takes them."""
    return str(int(moment.timestamp()))


def _created(since: datetime | None, until: datetime) -> Params:
    bounds = {"created[lt]": seconds(until)}
    return bounds if since is None else {"created[gte]": seconds(since), **bounds}


def _pages_expected(newest: list[Raw], start: datetime, until: datetime) -> int:
    """How many pages a list has if all are as dense as the newest one: 100 records of 5 days, over 50 days -> 10."""
    created = [int(record["created"]) for record in newest if str(record.get("created")).isdigit()]
    span = max(created, default=0) - min(created, default=0)
    return math.ceil((until - start).total_seconds() / max(span, 1))


def _slices(start: datetime, until: datetime, count: int) -> list[Params]:
    """The time cut into `count` half-open parts of whole seconds, without gap or overlap."""
    first, last = int(start.timestamp()), int(until.timestamp())
    cuts = sorted({first + (last - first) * number // count for number in range(count + 1)})
    return [{"created[gte]": str(low), "created[lt]": str(high)} for low, high in pairwise(cuts)]


def _not_stripes(path: str, expected: str, found: str) -> SourceError:
    step = "check the instance's url; a proxy in between may have answered, otherwise ask Stripe's support"
    return SourceError(expected=expected, found=found or "nothing", where=f"GET {path}", next_step=step)


def api_key(instance: Instance) -> str:
    """The key that the instance is configured with; raises ConfigurationError without one."""
    credentials: Mapping[str, str] = instance.credentials
    key = credentials.get("api_key", "")
    if not key:
        raise ConfigurationError(
            expected="the credential api_key",
            found=f"{', '.join(sorted(credentials)) or 'none'}",
            where=f"instances.{instance.name}.credentials",
            next_step="create a restricted key with read permissions in Stripe's dashboard and refer to it as api_key",
        )
    return key
