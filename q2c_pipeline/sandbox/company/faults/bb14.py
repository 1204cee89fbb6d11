"""BB14: a contract is billed by another legal entity than the one that sold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.rework import rework_invoice

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb14_other_entity(ground: Ground) -> None:
    """All invoices of an order were issued by a sister company, with its tax."""
    root = ground.claim_root(lambda root: ground.plain(root) and ground.alone(root))
    bill_by(ground, root, ground.final_lines(root), sister(ground, root))


def bb14_one_invoice(ground: Ground) -> None:
    """One invoice in the middle was issued by a sister company."""
    root = ground.claim_root(lambda root: ground.plain(root) and ground.alone(root))
    bill_by(ground, root, [ground.rng.choice(ground.final_lines(root))], sister(ground, root))


def sister(ground: Ground, root: Root) -> str:
    """Another company of the group, in whose books the contract's currency has a rate."""
    return ground.rng.choice([code for code in sorted(ENTITIES) if code not in {root.entity, "JP"}])


def bill_by(ground: Ground, root: Root, lines: list[Record], wrong: str) -> None:
    """Let a sister company have issued the invoices of some lines."""
    world = ground.world
    ground.tell("BB14", root.key, sum(line_net(line) for line in lines), root.currency)
    for line in lines:
        invoice = world.stripe["invoice"][line["invoice"]]
        invoice["metadata"] = {**invoice["metadata"], "legal_entity": wrong}
        for record_id in (invoice["id"], *world.payments_of.get(invoice["id"], ())):
            header = world.netsuite["transaction"][str(world.posted[record_id])]
            header["exchangerate"] = rate(world, root.currency, ENTITIES[wrong].currency, header["trandate"])
        rework_invoice(world, invoice["id"])
