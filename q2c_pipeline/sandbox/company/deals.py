"""Salesforce's own history of deals: a row for every stage, day and amount that an opportunity had."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record

KEPT = ("StageName", "CloseDate", "Amount")


def record_deal_history(world: World) -> None:
    """Write the history of every opportunity: as it was created, what it said since, and what it says now."""
    for deal in world.salesforce["Opportunity"].values():
        for state in _states(world, deal):
            identifier = world.ids.salesforce("008")
            moment = state["SystemModstamp"]
            stamps = {"CreatedDate": moment, "LastModifiedDate": moment, "SystemModstamp": moment}
            said = {name: state[name] for name in KEPT}
            world.salesforce["OpportunityHistory"][identifier] = {
                "Id": identifier,
                "IsDeleted": False,
                **stamps,
                "OpportunityId": deal["Id"],
                "CurrencyIsoCode": deal["CurrencyIsoCode"],
                **said,
            }


def _states(world: World, deal: Record) -> Iterator[Record]:
    """Opened as a proposal; a closed deal was changed once more, or more often."""
    earlier = world.earlier_deals.get(deal["Id"], [])
    if deal["IsClosed"] or earlier:
        yield {**deal, **(earlier[0] if earlier else {}), "StageName": "Proposal", "SystemModstamp": deal["CreatedDate"]}
    yield from earlier
    yield deal
