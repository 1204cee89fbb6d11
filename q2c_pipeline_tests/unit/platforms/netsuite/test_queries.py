"""The SuiteQL that the reader writes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.landing.manifest import Window
from q2c_pipeline.platforms.netsuite.objects import LINES, sources
from q2c_pipeline.platforms.netsuite.queries import (
    Source,
    Span,
    beyond,
    column_sql,
    deleted_query,
    in_span,
    page_query,
    within,
)

UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
ITEM = Source("item", key=("item.id",), stamp="item.lastmodifieddate", identity="item.id", shown=frozenset({"terms"}))


@pytest.mark.parametrize(
    ("logical", "vendor", "expected"),
    [
        ("id", "id", "item.id"),
        ("code", "itemid", "item.itemid"),
        ("currency", "currency.symbol", "currency.symbol"),
        ("effective_date", "d", "TO_CHAR(item.d, 'YYYY-MM-DD')"),
        ("modified_at", "lastmodifieddate", "TO_CHAR(item.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS')"),
        ("terms", "terms", "BUILTIN.DF(item.terms)"),
    ],
)
def test_a_field_becomes_an_expression(logical: str, vendor: str, expected: str) -> None:
    assert column_sql(ITEM, logical, vendor) == expected


@pytest.mark.parametrize("vendor", ["a b", "a.b.c", "x'", "", "1a", "a;b", "a)"])
def test_text_that_is_no_column_is_refused(vendor: str) -> None:
    with pytest.raises(ConfigurationError, match="SuiteQL column"):
        column_sql(ITEM, "code", vendor)


def test_a_window_is_half_open_and_in_the_accounts_time() -> None:
    window = Window(datetime(2026, 6, 30, 12, tzinfo=UTC), UNTIL)
    assert within(ITEM, window, ZoneInfo("Europe/Berlin")) == (
        "(item.lastmodifieddate >= TO_DATE('2026-06-30 14:00:00', 'YYYY-MM-DD HH24:MI:SS')"
        " AND item.lastmodifieddate < TO_DATE('2026-07-01 02:00:00', 'YYYY-MM-DD HH24:MI:SS')"
        " OR item.lastmodifieddate IS NULL)"
    )
    assert ">=" not in within(ITEM, Window(None, UNTIL), ZoneInfo("UTC"))


def test_a_position_is_spelled_out() -> None:
    assert beyond(("a",), (1,)) == "a > 1"
    assert beyond(("a", "b", "c"), (1, 2, 3)) == "(a > 1 OR (a = 1 AND (b > 2 OR (b = 2 AND c > 3))))"
    assert in_span(ITEM, Span(4, 9)) == "item.id > 4 AND item.id <= 9"


def test_a_page_is_in_key_order_under_short_names() -> None:
    assert page_query(ITEM, {"itemid": "item.itemid"}, "1 = 1") == (
        "SELECT item.id AS k0, item.itemid AS f0 FROM item WHERE 1 = 1 ORDER BY item.id"
    )


def test_deletions_are_asked_by_type_and_window() -> None:
    window = Window(datetime(2026, 6, 30, tzinfo=UTC), UNTIL)
    query = deleted_query(("item", "serviceitem"), window, ZoneInfo("UTC"), "recordid > 7")
    assert "LOWER(type) IN ('item', 'serviceitem') AND deleteddate >= TO_DATE('2026-06-30 00:00:00'" in query
    assert query.endswith("AND recordid > 7 ORDER BY recordid")


def test_policy_chooses_types_and_books() -> None:
    assert "isprimary = 'T'" in sources({})[LINES].only
    chosen = sources({"accounting_books": "all", "transaction_types": "CustInvc, VendBill"})[LINES]
    assert chosen.only == "transaction.type IN ('CustInvc', 'VendBill')"
    assert list(sources({}))[-2:] == ["transaction", LINES]


@pytest.mark.parametrize("conventions", [{"accounting_books": "both"}, {"transaction_types": "CustInvc'"}])
def test_policy_that_cannot_be_meant_is_refused(conventions: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        sources(conventions)
