"""Query replies page by page; records are read when their page is served, so they may change in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.salesforce import queries
from q2c_pipeline.sandbox.servers.salesforce.org import Org
from q2c_pipeline.sandbox.servers.salesforce.problems import ApiError
from q2c_pipeline.sandbox.servers.salesforce.soql import parse

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.salesforce.queries import Selection

BetweenPages = Callable[[Org, str], None]
"""Called with the org and the queried object's name before every page but the first."""


class Cursors:
    """The open query cursors of the org."""

    def __init__(self, org: Org, *, page_size: int, between_pages: BetweenPages | None) -> None:
        self._org, self._page_size, self._between_pages = org, page_size, between_pages
        self._open: dict[str, Selection] = {}

    def first(self, version: str, soql: str, *, deleted: bool) -> dict[str, Any]:
        """The reply to query and queryAll."""
        query = parse(soql)
        if query.is_bare_count:
            return {"totalSize": queries.count(self._org, query, deleted=deleted), "done": True, "records": []}
        if query.aggregates or query.group_by:
            found = queries.aggregate(self._org, query, deleted=deleted)
            return {"totalSize": len(found), "done": True, "records": found}
        name = f"01gNEW{len(self._open):09d}AAA"
        self._open[name] = queries.select(self._org, soql, deleted=deleted)
        return self._page(version, name, 0)

    def next(self, version: str, locator: str) -> dict[str, Any]:
        """The reply to a nextRecordsUrl."""
        name, _, start = locator.rpartition("-")
        if name not in self._open or not start.isdigit():
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        if self._between_pages is not None:
            self._between_pages(self._org, self._open[name].query.source)
        return self._page(version, name, int(start))

    def _page(self, version: str, name: str, start: int) -> dict[str, Any]:
        selection = self._open[name]
        source, end = selection.query.source, start + self._page_size
        found = queries.rows(self._org, selection, selection.ids[start:end])
        base = f"/services/data/v{version}"
        records = [
            {"attributes": {"type": source, "url": f"{base}/sobjects/{source}/{row.get('Id', '')}"}, **row} for row in found
        ]
        reply = {"totalSize": len(selection.ids), "done": end >= len(selection.ids), "records": records}
        # A cursor of queryAll goes on under `query`, as in the real service.
        return reply if reply["done"] else reply | {"nextRecordsUrl": f"{base}/query/{name}-{end}"}
