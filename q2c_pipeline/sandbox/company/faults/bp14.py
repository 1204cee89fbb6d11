"""BP14: something is entered in a period that was closed already."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import at
from q2c_pipeline.sandbox.company.faults.ground import FINAL

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def bp14_invoice_late(ground: Ground) -> None:
    """An invoice was forgotten at first, and entered with its old date after the close."""
    for _ in range(ground.volume):
        invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and _in_closed_period(ground, one["id"]))
        _enter_late(ground, invoice["id"])
        ground.tell("BP14", invoice["number"], -invoice["total"], invoice["currency"])


def bp14_payment_late(ground: Ground) -> None:
    """Cash was applied with a value date in a closed month."""
    payments = ground.world.stripe["invoice_payment"]
    key = ground.pick("payment", payments, lambda key: _untouched(ground, payments[key]) and _in_closed_period(ground, key))
    ground.used |= {key, payments[key]["invoice"]}
    header = _enter_late(ground, key)
    ground.tell("BP14", header["tranid"], payments[key]["amount_paid"], payments[key]["currency"])


def _untouched(ground: Ground, payment: Record) -> bool:
    return not ground.used & {payment["id"], payment["invoice"]}


def _in_closed_period(ground: Ground, record_id: str) -> bool:
    number = ground.world.posted.get(record_id)
    if number is None:
        return False
    header = ground.world.netsuite["transaction"][str(number)]
    return bool(ground.world.netsuite["accountingperiod"][str(header["postingperiod"])]["closed"])


def _enter_late(ground: Ground, record_id: str) -> Record:
    """Let a posting be entered the day after its period's close."""
    netsuite = ground.world.netsuite
    header = netsuite["transaction"][str(ground.world.posted[record_id])]
    closed = netsuite["accountingperiod"][str(header["postingperiod"])]["closedondate"]
    moment = at((closed + timedelta(days=1)).date(), 10)
    header.update(createddate=moment, lastmodifieddate=max(moment, header["lastmodifieddate"]))
    return header
