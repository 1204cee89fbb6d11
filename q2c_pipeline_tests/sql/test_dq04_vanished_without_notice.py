"""DQ04: a record vanished from the source without a delete event."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import AS_OF, World, consistent

MONDAY, TUESDAY = date(2026, 10, 26), date(2026, 10, 27)


def told(*news: tuple[str, str, date, str]) -> World:
    """What was heard of records: object, id, day, state."""
    world = consistent().post_all()
    world.landing["tombstone"] = [
        {"batch_id": f"b{day}", "instance": "netsuite_main", "object_name": name, "as_of": day, "source_id": key, "state": state}
        for name, key, day, state in news
    ]
    return world


def found(*subjects: str) -> list[tuple[str, str, Decimal, str | None]]:
    return [("DQ04", f"netsuite_main.{subject}", Decimal("0.0000"), None) for subject in subjects]


@pytest.mark.parametrize(("state", "subjects"), [("noticed", ["transaction/7"]), ("announced", []), ("back", [])])
def test_only_what_nobody_announced(state: str, subjects: list[str]) -> None:
    assert told(("transaction", "7", MONDAY, state)).exceptions() == found(*subjects)


def test_lines_vanish_with_their_record() -> None:
    world = told(
        ("transaction", "7", MONDAY, "noticed"), ("line", "7/0/1", MONDAY, "noticed"), ("line", "8/0/1", MONDAY, "noticed")
    )

    assert world.exceptions() == found("line/8", "transaction/7")


@pytest.mark.parametrize("later", ["back", "announced"])
def test_the_last_news_counts(later: str) -> None:
    world = told(("transaction", "7", MONDAY, "noticed"), ("transaction", "7", TUESDAY, later))
    assert world.exceptions() == []
    world.params["as_of"] = MONDAY
    with world.run("control.dq04_vanished_without_notice") as warehouse:
        assert warehouse.query("select subject_key from control.dq04_vanished_without_notice").rows() == [
            ("netsuite_main.transaction/7",)
        ]


def test_gone_again_is_missing_again() -> None:
    news = [
        ("transaction", "7", MONDAY, "noticed"),
        ("transaction", "7", TUESDAY, "back"),
        ("transaction", "7", AS_OF, "noticed"),
    ]

    assert told(*news).exceptions() == found("transaction/7")
