"""BB07: a contract is billed in another currency than it was sold in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.catalogue import CURRENCIES, ENTITIES
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.money import convert, to_major, to_minor
from q2c_pipeline.sandbox.company.paying import charge_of
from q2c_pipeline.sandbox.company.rework import change_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record

TWO_DECIMALS = ("EUR", "GBP", "USD")


def bb07_other_currency(ground: Ground) -> None:
    """The subscription was set up in another currency, with the same figures."""
    root = ground.claim_root(lambda root: _suits(ground, root))
    wrong = _another(ground, root)
    ground.world.stripe["subscription"][root.subscription_id or ""]["currency"] = wrong.lower()
    _bill_in(ground, root, ground.final_lines(root), wrong, lambda minor, _: minor)


def bb07_one_invoice_converted(ground: Ground) -> None:
    """One period was invoiced in another currency, at the rate of its day."""
    root = ground.claim_root(lambda root: _suits(ground, root))
    wrong = _another(ground, root)

    def converted(minor: int, line: Record) -> int:
        day = line["period"]["start"].date()
        amount = convert(to_major(minor, root.currency), rate(ground.world, root.currency, wrong, day), wrong)
        return int(to_minor(amount, wrong))

    _bill_in(ground, root, [ground.rng.choice(ground.final_lines(root))], wrong, converted)


def _suits(ground: Ground, root: Root) -> bool:
    return ground.plain(root) and ground.alone(root) and root.currency in TWO_DECIMALS and root.entity != "JP"


def _another(ground: Ground, root: Root) -> str:
    return ground.rng.choice([symbol for symbol in TWO_DECIMALS if symbol != root.currency])


def _bill_in(ground: Ground, root: Root, lines: list[Record], wrong: str, turned: Callable[[int, Record], int]) -> None:
    ground.tell("BB07", root.key, sum(line_net(line) for line in lines), root.currency)
    for line in lines:
        _relabel(ground, line["invoice"], wrong)
        line["currency"] = wrong.lower()
        change_line(ground.world, line, turned(line["amount"], line), turned(line_net(line), line))


def _relabel(ground: Ground, invoice_id: str, wrong: str) -> None:
    """Let an invoice, its money and its ledger transactions bear another currency; amounts follow with its lines."""
    world = ground.world
    invoice = world.stripe["invoice"][invoice_id]
    invoice["currency"] = wrong.lower()
    base = ENTITIES[invoice["metadata"]["legal_entity"]].currency
    for payment_id in world.payments_of.get(invoice_id, ()):
        charge = charge_of(world, payment_id)
        money = (world.stripe["invoice_payment"][payment_id], charge, world.stripe["payment_intent"][charge["payment_intent"]])
        for record in money:
            record["currency"] = wrong.lower()
    for record_id in (invoice_id, *world.payments_of.get(invoice_id, ())):
        header = world.netsuite["transaction"][str(world.posted[record_id])]
        header.update(currency=CURRENCIES[wrong], exchangerate=rate(world, wrong, base, header["trandate"]))
