"""MD04: a field was changed by a system that may not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline_tests.sql.world import consistent

if TYPE_CHECKING:
    from q2c_pipeline_tests.sql.world import World

ZERO = Decimal("0.0000")


def renamed(table_id: str, before: str, now: str) -> World:
    """A customer record whose name was `before` in September and is `now`."""
    world = consistent().post_all()
    row = world.get("account", table_id)
    earlier = row | {"account_name": before, "source_version": datetime(2026, 9, 1, tzinfo=UTC), "as_of": date(2026, 9, 1)}
    world.rows["account"][row["instance"], f"{table_id} in September"] = earlier
    row["account_name"] = now
    return world


def test_a_value_that_was_right_and_is_not_any_more() -> None:
    assert renamed("77", "One", "Two").exceptions() == [("MD04", "AC-1@erp/account_name", ZERO, None)]


def test_a_value_that_never_was_right_only_differs() -> None:
    assert renamed("77", "Zero", "Two").exceptions() == [("MD03", "AC-1@erp/account_name", ZERO, None)]


def test_others_that_did_not_follow_the_owner_only_differ() -> None:
    found = renamed("001-1", "One", "Two").exceptions()

    assert [one[:2] for one in found] == [("MD03", "AC-1@billing/account_name"), ("MD03", "AC-1@erp/account_name")]


def test_a_value_that_is_right_again_is_right() -> None:
    assert renamed("77", "Two", "One").exceptions() == []
