"""RR02: revenue is recognised for a contract that is cancelled, or was never activated."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.releases import journal_of, put_in, releases_of, tell

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root


def rr02_never_activated(ground: Ground) -> None:
    """A release names a line of an order that is still a draft, or was called off before it began."""
    orders, lines = ground.world.salesforce["Order"], ground.world.salesforce["OrderItem"]

    def journal(line: str) -> str | None:
        order = orders[lines[line]["OrderId"]]
        if order["Status"] == "Activated":
            return None
        return journal_of(ground, order["Legal_Entity__c"], order["CurrencyIsoCode"], after=ground.world.start)

    line = ground.pick("line of an order that is not active", lines, lambda key: journal(key) is not None)
    order, name = orders[lines[line]["OrderId"]], journal(line)
    _release(ground, name or "", f"{order['OrderNumber']}/{lines[line]['OrderItemNumber']}")


def rr02_after_cancellation(ground: Ground) -> None:
    """The releases of a cancelled line go on in a month in which nothing of it is left.

    Its billing is right and stays free for others: only the journal is taken.
    """
    roots = ground.world.roots
    told = {row.subject_key for row in ground.world.truth}

    def journal(root: Root) -> str | None:
        end = _cancelled_from(root)
        if end is None or root.key in told or releases_of(root.key) in ground.used:
            return None
        name = journal_of(ground, root.entity, root.currency, after=end)
        return name if name and _is_in_term(ground, root, name) else None

    key = ground.pick("cancelled line", roots, lambda key: journal(roots[key]) is not None)
    name = journal(roots[key])
    ground.used.add(releases_of(key))
    _release(ground, name or "", key)


def _cancelled_from(root: Root) -> date | None:
    starts = sorted(strand.start for strand in root.strands if strand.delta)
    return next((day for day in starts if root.live(day) and root.quantity(day) == 0), None)


def _is_in_term(ground: Ground, root: Root, name: str) -> bool:
    day: date = ground.world.netsuite["transaction"][str(ground.world.posted[name])]["trandate"]
    return bool(root.live(day)) and root.quantity(day) == 0


def _release(ground: Ground, name: str, key: str) -> None:
    amount = Decimal(ground.rng.randint(10, 90) * 10)
    put_in(ground, name, key, amount)
    tell(ground, "RR02", name, key, -amount)
