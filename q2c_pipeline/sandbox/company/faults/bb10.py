"""BB10: billing never heard of an amendment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.money import plain
from q2c_pipeline.sandbox.company.rework import change_line, remove_credit, remove_lines
from q2c_pipeline.sandbox.company.setup import price_of

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb10_increase_not_applied(ground: Ground) -> None:
    """More seats, or a higher price, were sold; billing goes on as before."""
    _ignore(ground, ground.claim_root(lambda root: _amended(ground, root) and _worth(ground, root) > 0))


def bb10_decrease_not_applied(ground: Ground) -> None:
    """Fewer seats, or a lower price, were agreed; billing goes on as before and credits nothing."""
    _ignore(ground, ground.claim_root(lambda root: _amended(ground, root) and _worth(ground, root) < 0))


def _amended(ground: Ground, root: Root) -> bool:
    """Tell whether one amendment changes a running line, and every due period has its regular line."""
    deltas = [strand for strand in root.strands if strand.delta]
    if root.charge_type != "Recurring" or not deltas or len(deltas) != len(root.strands) - 1:
        return False
    running = root.quantity(deltas[0].start) > 0 and len({strand.start for strand in deltas}) == 1
    regular = _regular_lines(ground, root)
    return running and all(start in regular for start in ground.due_starts(root) if _base(root, start))


def _base(root: Root, start: date) -> list[int]:
    """Gross and net of a period without the amendment; nothing where only the amendment has a charge."""
    pieces = [piece for strand, piece in root.cells[start] if not strand.delta]
    return [sum(piece.gross for piece in pieces), sum(piece.net for piece in pieces)] if pieces else []


def _regular_lines(ground: Ground, root: Root) -> dict[date, Record]:
    lines = ground.final_lines(root)
    return {line["period"]["start"].date(): line for line in lines if not _is_proration(line)}


def _is_proration(line: Record) -> bool:
    return bool((line["parent"].get("subscription_item_details") or {}).get("proration"))


def _worth(ground: Ground, root: Root) -> int:
    due = ground.due_starts(root)
    return sum(piece.net for start in due for strand, piece in root.cells[start] if strand.delta)


def _ignore(ground: Ground, root: Root) -> None:
    world, base = ground.world, root.strands[0]
    effective = root.strands[1].start
    ground.tell("BB10", root.key, _worth(ground, root), root.currency)
    remove_lines(world, [line["id"] for line in ground.lines_of(root) if _is_proration(line)])
    for credit in [note for document in sorted(ground.documents(root)) for note in world.credits_of.get(document, ())]:
        if world.stripe["credit_note"][credit]["status"] == "issued":
            remove_credit(world, credit)
    price, unit = price_of(world, root, base), plain(root.period_price(base))
    for start, line in _regular_lines(ground, root).items():
        if start >= effective:
            gross, net = _base(root, start)
            change_line(world, line, gross, net, price=price, unit_amount=unit, quantity=base.quantity)
    world.stripe["subscription_item"][root.item_id or ""].update(price=price, quantity=base.quantity)
