"""BP12: a ledger transaction does not balance."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.ledger import shift_line

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground

OFF = 7
"""Major units by which the transaction is off; whole, so that every currency can have it."""


def bp12_release_off(ground: Ground) -> None:
    """One line of a release journal was changed afterwards."""
    world = ground.world
    names = {name for name in world.posted if name.startswith("REL-") and name not in ground.used}
    name = ground.pick("release journal", names)
    ground.used.add(name)
    header = world.netsuite["transaction"][str(world.posted[name])]
    _unbalance(ground, header["id"], name, _symbol(ground, header["currency"]), line=1)


def bp12_invoice_line_off(ground: Ground) -> None:
    """The income line of an invoice posting is off while the receivable is right."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL)
    _unbalance(ground, ground.world.posted[invoice["id"]], invoice["number"], invoice["currency"], line=1)


def _symbol(ground: Ground, currency: int) -> str:
    return str(ground.world.netsuite["currency"][str(currency)]["symbol"])


def _unbalance(ground: Ground, number: int, name: str, currency: str, *, line: int) -> None:
    shift_line(ground.world, f"{number}-{line}", Decimal(OFF))
    ground.tell("BP12", name, -OFF * (1 if currency.upper() == "JPY" else 100), currency)
