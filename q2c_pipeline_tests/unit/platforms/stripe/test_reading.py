"""Control sums of lines, months of usage, and the fields that the reader knows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.landing.draft import Draft
from q2c_pipeline.landing.manifest import Window
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.stripe import mapping
from q2c_pipeline.platforms.stripe.client import _pages_expected
from q2c_pipeline.platforms.stripe.delivery import Delivery, Piece, net_of, number, piece_of
from q2c_pipeline.platforms.stripe.extract import connect
from q2c_pipeline.platforms.stripe.sources import SOURCES
from q2c_pipeline.platforms.stripe.usage import asks_of
from q2c_pipeline.schemas.fieldmap import load_field_map

FIELDS = load_field_map(Path(mapping.__file__).parent / "fields.toml")
SPEC = Path(__file__).parents[4].parent / "shared" / "vendors" / "data" / "stripe.openapi.json"
DOCUMENTED = {"invoice_line": "invoice_line_item", "credit_note_line": "credit_note_line_item"} | {
    "meter_event_summary": "billing.meter_event_summary"
}


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def seconds(text: str) -> str:
    return str(int(day(text).timestamp()))


@pytest.mark.parametrize(
    ("line", "net"),
    [
        ({"amount": "1000"}, 1000),
        ({"amount": "1000", "discount_amounts": [{"amount": "100"}, {"amount": "50"}]}, 850),
        ({"amount": "1000", "discount_amount": "100", "discount_amounts": []}, 900),
        ({"amount": "1000", "taxes": [{"amount": "160", "tax_behavior": "inclusive"}]}, 840),
        ({"amount": "1000", "taxes": [{"amount": "190", "tax_behavior": "exclusive"}]}, 1000),
        ({"amount": "much"}, 0),
    ],
)
def test_net_of_a_line(line: dict[str, Any], net: int) -> None:
    assert net_of(line) == Decimal(net)


def test_what_is_no_number_counts_as_zero() -> None:
    assert [number(text) for text in (None, "", "x", "12")] == [0, 0, 0, 12]


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return Delivery(is_full=True, headers=Draft(tmp_path / "headers"), parts=Draft(tmp_path / "parts"))


def test_lines_that_do_not_add_up_show_per_currency(delivery: Delivery) -> None:
    kind = next(source.parts for source in SOURCES if source.name == "invoice")
    line = {"id": "il_1", "amount": "900"}
    dear = piece_of({"id": "in_1", "currency": "usd", "total_excluding_tax": "1000"}, [line], kind, {})
    right = piece_of({"id": "in_2", "currency": "eur", "total_excluding_tax": "900"}, [line], kind, {})
    delivery.add_list([[dear, right]])
    assert [(check.name[-3:], check.is_ok) for check in delivery.part_checks()] == [("eur", True), ("usd", False)]


def test_an_id_that_comes_twice_shows(delivery: Delivery) -> None:
    delivery.add_list([[Piece("a", {}), Piece("a", {})]])
    assert [check.is_ok for check in delivery.header_checks()] == [False, True]


def test_the_same_record_in_two_lists_is_no_mistake(delivery: Delivery) -> None:
    delivery.add_list([[Piece("a", {"x": "first"}, ({"id": "a1"},))]])
    delivery.add_list([[Piece("a", {"x": "second"}, ({"id": "a1"},))]])
    assert [check.is_ok for check in delivery.header_checks()] == [True, True]
    assert list(delivery.headers.values("x")) == [("first",)]
    assert delivery.parts is not None
    assert list(delivery.parts.values("id")) == [("a1",)]


def subscription(start: str, ended: str | None = None, meter: str | None = "mtr_1") -> Piece:
    header = {"customer": "cus_1", "start_date": seconds(start), "ended_at": seconds(ended) if ended else None}
    return Piece("sub_1", header, ({"id": "si_1", "price.recurring.meter": meter},))


@pytest.mark.parametrize(
    ("metered", "since", "months"),
    [
        (subscription("2025-12-15"), None, ["2025-12", "2026-01", "2026-02", "2026-03"]),
        (subscription("2025-12-15", ended="2026-02-01"), None, ["2025-12", "2026-01"]),
        (subscription("2025-12-15", ended="2026-02-01T06:00"), None, ["2025-12", "2026-01", "2026-02"]),
        (subscription("2025-12-15"), "2026-03-31", ["2026-02", "2026-03"]),
        (subscription("2026-05-01"), None, []),
        (subscription("2025-12-15", meter=None), None, []),
    ],
)
def test_usage_is_asked_for_by_month(metered: Piece, since: str | None, months: list[str]) -> None:
    window = Window(day(since) if since else None, day("2026-04-01"))
    assert [f"{ask.start:%Y-%m}" for ask in asks_of(metered, window, FIELDS)] == months


@pytest.mark.parametrize(
    ("created", "pages"),
    [
        ([day("2026-01-31"), day("2026-01-26")], 10),
        ([day("2026-01-31"), day("2026-01-31")], 50 * 86_400),
        ([], 50 * 86_400),
    ],
)
def test_a_list_is_expected_to_be_as_dense_as_its_newest_page(created: list[datetime], pages: int) -> None:
    newest = [{"id": "x", "created": str(int(one.timestamp()))} for one in created]
    assert _pages_expected(newest, day("2025-12-12"), day("2026-01-31")) == pages


def test_a_missing_key_is_explained() -> None:
    with pytest.raises(ConfigurationError, match="restricted key"):
        connect(Instance("stripe_main", "stripe", "http://127.0.0.1:1", {}))


def test_a_key_is_never_shown() -> None:
    instance = Instance("stripe_main", "stripe", "http://127.0.0.1:1", {"api_key": "rk_live_secret"})
    assert "rk_live_secret" not in repr(instance)


@pytest.mark.parametrize("name", FIELDS)
def test_every_documented_field_is_read_or_left_unread_by_name(name: str) -> None:
    if not SPEC.exists():
        pytest.skip("the vendor's description is not on this machine")
    schemas = json.loads(SPEC.read_text())["components"]["schemas"]
    documented = set(schemas[DOCUMENTED.get(name, name)]["properties"])
    taken_out = {"items", "lines"} if name in {"subscription", "invoice", "credit_note"} else set()
    unknown = {
        field for field in documented - taken_out if not FIELDS[name].knows(field) and not FIELDS[name].knows(f"{field}.x")
    }
    assert unknown == set()
