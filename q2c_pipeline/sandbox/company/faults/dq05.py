"""DQ05: the figures of a closed period are not what they were when it was closed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import at
from q2c_pipeline.sandbox.company.ledger import erase, shift_line
from q2c_pipeline.sandbox.company.money import to_minor

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record

MORE = Decimal(500)


def dq05_rent_raised(ground: Ground) -> None:
    """Somebody with the right to override raised the rent of a closed month by changing its journal."""
    head = ground.claim_rent(closed=True)
    ground.remember_transaction(head["id"])
    first, second = ground.world.ledger_lines[head["id"]]
    shift_line(ground.world, first, MORE)
    shift_line(ground.world, second, -MORE)
    head["lastmodifieddate"] = at(ground.world.as_of, 9)
    _tell(ground, head, MORE)


def dq05_journal_taken_out(ground: Ground) -> None:
    """A journal of a closed month was deleted, as the ledger's own list of deletions says."""
    head = ground.claim_rent(closed=True)
    ground.remember_transaction(head["id"])
    rent = _rent(ground, head)
    number = ground.world.ids.number("deleted", 900001)
    gone = {"type": "journalentry", "recordid": head["id"], "name": head["tranid"], "deleteddate": at(ground.world.as_of, 9)}
    ground.world.netsuite["deletedrecord"][str(number)] = gone
    erase(ground.world, head["id"])
    _tell(ground, head, rent)


def dq05_rent_entered_late(ground: Ground) -> None:
    """Somebody with the right to override entered more rent in a closed month; no controlled account is touched."""
    head = ground.claim_rent(closed=True)
    ground.forget_transaction(head["id"])
    moment = at(ground.world.as_of, 9)
    head.update(createddate=moment, lastmodifieddate=moment)
    _tell(ground, head, _rent(ground, head))


def _rent(ground: Ground, head: Record) -> Decimal:
    """What a journal of rent debits."""
    lines: dict[str, Record] = ground.world.netsuite["transactionline"]
    rent: Decimal = max(lines[key]["foreignamount"] for key in ground.world.ledger_lines[head["id"]])
    return rent


def _tell(ground: Ground, head: Record, moved: Decimal) -> None:
    currencies = ground.world.netsuite["currency"]
    symbol = currencies[str(head["currency"])]["symbol"]
    ground.tell("DQ05", head["tranid"], int(to_minor(moved, symbol)), symbol)
