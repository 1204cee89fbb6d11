"""BB16: a credit note takes back what it should not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import credit_line_net, line_net
from q2c_pipeline.sandbox.company.crediting import Credit, issue_credit
from q2c_pipeline.sandbox.company.dates import DAY
from q2c_pipeline.sandbox.company.posting import root_key

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb16_credited_for_nothing(ground: Ground) -> None:
    """A running line was credited for one period, as if it had been cancelled."""
    root = ground.claim_root(ground.plain)
    line = ground.rng.choice(ground.final_lines(root))
    _credit(ground, root, _days(line), line["amount"], line_net(line))


def bb16_above_its_line(ground: Ground) -> None:
    """Somebody credited a line of an invoice with more than the line: the other lines of the invoice leave room for it."""
    root = ground.claim_root(lambda root: ground.plain(root) and bool(_roomy(ground, root)))
    line = ground.rng.choice(_roomy(ground, root))
    _credit(ground, root, _days(line), line["amount"] * 6 // 5, line_net(line) * 6 // 5)


def bb16_credited_twice(ground: Ground) -> None:
    """What a customer gave back in the middle of a month was credited, and credited again later."""
    root = ground.claim_root(lambda root: len(_once_credited(ground, root)) == 1)
    line = _once_credited(ground, root)[0]
    days = (date.fromisoformat(line["metadata"][name]) for name in ("service_start", "service_end"))
    _credit(ground, root, (next(days), next(days)), line["amount"], credit_line_net(line))


def _credit(ground: Ground, root: Root, days: tuple[date, date], gross: int, net: int) -> None:
    credit = Credit(root, *days, gross, net, 1)
    ground.used.add(issue_credit(ground.world, credit, ground.settled_day))
    ground.tell("BB16", root.key, net, root.currency)


def _days(line: Record) -> tuple[date, date]:
    return line["period"]["start"].date(), (line["period"]["end"] - DAY).date()


def _roomy(ground: Ground, root: Root) -> list[Record]:
    """Lines on invoices that billed at least half as much again for something else."""
    invoices = ground.world.stripe["invoice"]
    return [line for line in ground.final_lines(root) if 2 * invoices[line["invoice"]]["subtotal"] > 3 * line_net(line) > 0]


def _once_credited(ground: Ground, root: Root) -> list[Record]:
    """Lines of issued credit notes for a root billed in advance, where the line that they credit can bear them twice."""
    world = ground.world
    if root.charge_type != "Recurring" or root.timing != "Advance":
        return []
    notes = [note for document in ground.documents(root) for note in world.credits_of.get(document, ())]
    issued = [note for note in notes if world.stripe["credit_note"][note]["status"] == "issued"]
    lines = [world.stripe["credit_note_line"][key] for note in issued for key in world.credit_lines[note]]
    own = [line for line in lines if root_key(world, world.stripe["invoice_line"][line["invoice_line_item"]]) == root.key]
    whole = [2 * credit_line_net(line) <= line_net(world.stripe["invoice_line"][line["invoice_line_item"]]) for line in own]
    return own if all(whole) and len(own) == len(lines) else []
