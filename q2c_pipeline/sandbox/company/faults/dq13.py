"""DQ13: two accounting books call themselves the primary one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import at

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def dq13_second_book_made_primary(ground: Ground) -> None:
    """Somebody ticked the box on the second book too: every posting would count twice."""
    book = next(one for one in ground.world.netsuite["accountingbook"].values() if not one["isprimary"])
    book.update(isprimary=True, lastmodifieddate=at(ground.settled_day, 9))
    ground.tell_without_money("DQ13", "netsuite_main")


def dq13_adjustment_book_is_primary(ground: Ground) -> None:
    """A book that holds nothing but a few journals of the auditors is marked as primary."""
    tables = ground.world.netsuite
    stamp = {"lastmodifieddate": at(ground.settled_day, 9)}
    tables["accountingbook"]["3"] = {"id": 3, "name": "Audit adjustments", "isprimary": True, **stamp}
    by_hand = {one["id"] for one in tables["transaction"].values() if str(one["tranid"]).startswith("JE-US-20")}
    for key, line in list(tables["transactionaccountingline"].items()):
        if line["transaction"] in by_hand and line["accountingbook"] == 1:
            tables["transactionaccountingline"][f"{key}-3"] = {**line, "accountingbook": 3}
    ground.tell_without_money("DQ13", "netsuite_main")
