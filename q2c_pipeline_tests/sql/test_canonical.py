"""The newest version known on the day counts; a later deletion removes the record."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from q2c_pipeline_tests.sql.world import World

DAY = date(2026, 10, 31)


def version(hour: int, name: str, **values: Any) -> dict[str, Any]:
    return {"source_version": datetime(2026, 10, 1, hour, tzinfo=UTC), "account_name": name, "as_of": date(2026, 10, 2), **values}


def names(*versions: dict[str, Any]) -> list[str]:
    """Names of the accounts that are left when one account came in these versions."""
    world = World()
    for number, values in enumerate(versions):
        row = world.add("account", "crm", f"v{number}", **values)
        row["source_id"] = "001"
    with world.run("canonical.account") as warehouse:
        return warehouse.query("select account_name from canonical.account")["account_name"].to_list()


@pytest.mark.parametrize(
    ("versions", "left"),
    [
        ([version(1, "old"), version(2, "new")], ["new"]),
        ([version(2, "new"), version(1, "old")], ["new"]),
        ([version(1, "first"), version(1, "again", as_of=DAY)], ["again"]),
        ([version(1, "first"), version(1, "again", batch_id="b2")], ["again"]),
        ([version(1, "old"), version(2, "gone", is_deleted=True)], []),
        ([version(1, "gone", is_deleted=True), version(2, "back")], ["back"]),
        ([version(1, "only")], ["only"]),
        ([version(1, "gone", is_deleted=True)], []),
        ([version(1, "known"), version(2, "later", as_of=date(2026, 11, 1))], ["known"]),
    ],
)
def test_which_version_counts(versions: list[dict[str, Any]], left: list[str]) -> None:
    assert names(*versions) == left
