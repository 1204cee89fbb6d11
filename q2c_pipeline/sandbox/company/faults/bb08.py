"""BB08: the same period is billed twice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.billing import Bill, issue_invoice, regular_draft

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb08_billed_twice(ground: Ground) -> None:
    """A second invoice for a period that was billed already."""
    for _ in range(ground.volume):
        root = ground.claim_root(ground.plain)
        line = ground.rng.choice(ground.final_lines(root))
        _tell(ground, root, line)
        bill_again(ground, root, line)


def bb08_reissued_twice(ground: Ground) -> None:
    """A voided invoice was issued again, and then again."""
    root = ground.claim_root(lambda root: _was_voided(ground, root))
    starts = {line["period"]["start"] for line in _voided_lines(ground, root)}
    line = next(line for line in ground.final_lines(root) if line["period"]["start"] in starts)
    _tell(ground, root, line)
    bill_again(ground, root, line)


def _voided_lines(ground: Ground, root: Root) -> list[Record]:
    invoices = ground.world.stripe["invoice"]
    return [line for line in ground.lines_of(root) if invoices[line["invoice"]]["status"] == "void"]


def _was_voided(ground: Ground, root: Root) -> bool:
    return (
        root.charge_type == "Recurring"
        and not any(strand.delta for strand in root.strands)
        and not ground.has_credits(root)
        and bool(_voided_lines(ground, root))
    )


def bill_again(ground: Ground, root: Root, line: Record) -> str:
    """Issue a second invoice for the period of a line, as the contract says; gives its id."""
    start = line["period"]["start"].date()
    draft = regular_draft(ground.world, root, start)
    if draft is None:
        raise AssertionError(root.key)
    issued: date = ground.world.stripe["invoice"][line["invoice"]]["created"].date()
    day = min(issued + timedelta(days=1), ground.settled_day)
    bill = Bill(root.account_id, root.entity, root.currency, (draft,), root.subscription_id)
    invoice: str = issue_invoice(ground.world, bill, day, settle=False)
    ground.used.add(invoice)
    return invoice


def _tell(ground: Ground, root: Root, line: Record) -> None:
    ground.tell("BB08", root.key, -line_net(line), root.currency)
