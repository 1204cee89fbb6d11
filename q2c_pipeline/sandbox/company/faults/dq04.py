"""DQ04: a record that was read yesterday is gone today, and nobody said that it was deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.ledger import erase

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def dq04_deal_line_purged(ground: Ground) -> None:
    """A line of a deal was purged from Salesforce past the recycle bin."""
    lines = ground.world.salesforce["OpportunityLineItem"]
    key = ground.pick("line of a deal", set(lines) - ground.used)
    ground.used.add(key)
    ground.remember("salesforce", "OpportunityLineItem", key)
    del lines[key]
    ground.tell_without_money("DQ04", f"sf_main.OpportunityLineItem/{key}")


def dq04_journal_wiped(ground: Ground) -> None:
    """A journal of an open month was wiped by a script of the vendor's support; the list of deletions does not know it."""
    head = ground.claim_rent(closed=False)
    ground.remember_transaction(head["id"])
    erase(ground.world, head["id"])
    ground.tell_without_money("DQ04", f"netsuite_main.transaction/{head['id']}")
