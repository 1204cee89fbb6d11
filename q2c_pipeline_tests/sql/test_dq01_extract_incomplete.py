"""DQ01: an extract that does not hold what the source counts."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline_tests.sql.deliveries import delivered


def check(*, is_ok: bool) -> dict[str, object]:
    return {
        "batch_id": "b1",
        "instance": "sf_main",
        "object_name": "PricebookEntry",
        "check_name": "count",
        "expected_value": "10",
        "found_value": "9",
        "is_ok": is_ok,
    }


def test_a_count_that_differs() -> None:
    found = delivered(check_result=[check(is_ok=False), check(is_ok=True)]).exceptions()

    assert found == [("DQ01", "sf_main.PricebookEntry", Decimal("0.0000"), None)]


def test_a_count_that_agrees() -> None:
    assert delivered(check_result=[check(is_ok=True)]).exceptions() == []
