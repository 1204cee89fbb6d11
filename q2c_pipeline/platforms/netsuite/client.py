"""Questions to one NetSuite account in SuiteQL, answered as exact text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar, cast

from q2c_pipeline.landing.flatten import loads_exact
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import HttpSession, RequestLog, RetryPolicy
from q2c_pipeline.platforms.netsuite.auth import authentication

SUITEQL_PATH = "/services/rest/query/v1/suiteql"
PAGE_ROWS = 1000
CONCURRENCY = 4
"""Requests at once; the limit is the account's and other integrations share it."""

Row = dict[str, str]
T = TypeVar("T")
R = TypeVar("R")


class SuiteClient:
    """One account; at most `CONCURRENCY` requests at a time."""

    def __init__(self, instance: Instance, log: RequestLog, policy: RetryPolicy | None = None) -> None:
        self._auth = authentication(instance)
        self._session = HttpSession(
            instance.url, log=log, authorize=lambda _renew: {"Prefer": "transient"}, policy=policy, concurrency=CONCURRENCY
        )

    def page(self, query: str) -> list[Row]:
        """The first page of a query's answer; queries are written so that nothing beyond it is needed."""
        response = self._session.request(
            "POST", SUITEQL_PATH, params={"limit": PAGE_ROWS, "offset": 0}, json={"q": query}, auth=self._auth
        )
        return cast("list[Row]", loads_exact(response.content)["items"])

    def one(self, query: str) -> Row:
        """The only row of an aggregate; columns without a value are absent."""
        rows = self.page(query)
        return rows[0] if rows else {}

    def at_once(self, call: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`call` on every item with bounded concurrency, results in the order of the items."""
        return self._session.map_concurrently(call, items)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()
