"""Billing day by day: what is due becomes invoices, prorations and credit notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company import usage
from q2c_pipeline.sandbox.company.amounts import restate_invoice, tax_entry
from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.crediting import Credit, issue_credit
from q2c_pipeline.sandbox.company.dates import DAY, midnight
from q2c_pipeline.sandbox.company.money import plain
from q2c_pipeline.sandbox.company.paying import plan_settlement
from q2c_pipeline.sandbox.company.posting import post_invoice
from q2c_pipeline.sandbox.company.setup import price_of
from q2c_pipeline.sandbox.company.terms import Root, Slice, Strand

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record


@dataclass(frozen=True)
class Draft:
    """A line about to be invoiced; `root` is None for a line without any contract."""

    root: Root | None
    start: date
    end: date
    gross: int
    net: int
    quantity: int
    price_id: str
    unit_amount: str | None
    proration: bool = False
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bill:
    """An invoice about to be issued."""

    account_id: str
    entity: str
    currency: str
    drafts: tuple[Draft, ...]
    subscription_id: str | None = None
    reason: str = "subscription_cycle"


def bill_day(world: World, day: date) -> None:
    """Invoice and credit everything that is due on a day, subscription by subscription."""
    groups: dict[str, list[tuple[Root, date]]] = {}
    for root, start in world.due.pop(day, []):
        groups.setdefault(_document_key(world, root), []).append((root, start))
    for cells in groups.values():
        _bill_group(world, day, cells)


def _document_key(world: World, root: Root) -> str:
    """One-time lines ride on the order's advance subscription that starts the same day, if it has one."""
    if root.subscription_id:
        return root.subscription_id
    for sibling in world.roots_of[root.order_id]:
        if sibling.subscription_id and sibling.timing == "Advance" and sibling.start == root.start:
            return sibling.subscription_id
    return root.order_id


def _bill_group(world: World, day: date, cells: list[tuple[Root, date]]) -> None:
    drafts: list[Draft] = []
    owed: list[Credit] = []
    for root, start in cells:
        if root.charge_type == "Usage":
            drafts += _usage_drafts(world, root, start)
        elif all(strand.delta for strand, _ in root.cells[start]):
            _prorate(world, root, start, drafts, owed)
        else:
            drafts += _regular_drafts(world, root, start)
    if drafts:
        root = next((root for root, _ in cells if root.subscription_id), cells[0][0])
        bill = Bill(
            root.account_id,
            root.entity,
            root.currency,
            tuple(drafts),
            root.subscription_id,
            _reason(root, day, drafts),
        )
        issue_invoice(world, bill, day)
    for credit in owed:
        issue_credit(world, credit, day)


def _reason(root: Root, day: date, drafts: list[Draft]) -> str:
    if root.subscription_id is None:
        return "manual"
    if all(draft.proration for draft in drafts):
        return "subscription_update"
    return "subscription_create" if day == root.start else "subscription_cycle"


def _usage_drafts(world: World, root: Root, start: date) -> list[Draft]:
    rated = usage.rate_month(world, root, start)
    if rated is None:
        return []
    quantity, amount, end = rated
    return [Draft(root, start, end, amount, amount, quantity, price_of(world, root, root.strands[0]), None)]


def regular_draft(world: World, root: Root, start: date) -> Draft | None:
    """The line of one period at the terms in force: quantities of all strands together, none if nothing is left."""
    pieces = root.cells[start]
    quantity = sum(strand.quantity for strand, _ in pieces)
    if quantity == 0:
        return None
    strand = [strand for strand, _ in pieces if strand.quantity > 0][-1]
    return Draft(
        root,
        start,
        pieces[0][1].end,
        sum(piece.gross for _, piece in pieces),
        sum(piece.net for _, piece in pieces),
        quantity,
        price_of(world, root, strand),
        plain(root.period_price(strand)),
        metadata=_line_metadata(root) if root.charge_type == "One-Time" else {},
    )


def _regular_drafts(world: World, root: Root, start: date) -> list[Draft]:
    draft = regular_draft(world, root, start)
    return [draft] if draft else []


def _prorate(world: World, root: Root, start: date, drafts: list[Draft], owed: list[Credit]) -> None:
    pieces = root.cells[start]
    net = sum(piece.net for _, piece in pieces)
    if root.timing == "Arrears" or net > 0:
        drafts += [_proration(world, root, strand, piece) for strand, piece in pieces]
    elif len({strand.quantity > 0 for strand, _ in pieces}) > 1:
        owed.append(_credit(root, pieces))
    else:
        owed += [_credit(root, [pair]) for pair in pieces]


def _proration(world: World, root: Root, strand: Strand, piece: Slice) -> Draft:
    return Draft(
        root,
        piece.start,
        piece.end,
        piece.gross,
        piece.net,
        strand.quantity,
        price_of(world, root, strand),
        plain(root.period_price(strand)),
        proration=True,
        metadata=_line_metadata(root),
    )


def _credit(root: Root, pieces: list[tuple[Strand, Slice]]) -> Credit:
    slices = [piece for _, piece in pieces]
    gross, net = -sum(piece.gross for piece in slices), -sum(piece.net for piece in slices)
    return Credit(root, slices[0].start, slices[0].end, gross, net, abs(pieces[0][0].quantity))


def _line_metadata(root: Root) -> dict[str, str]:
    return {"salesforce_order_item_id": root.order_item_id, "contract_line": root.key}


def issue_invoice(world: World, bill: Bill, day: date, *, settle: bool = True) -> str:
    """Finalize an invoice on a day, post it and plan its payment."""
    invoice_id = write_invoice(world, bill, day)
    post_invoice(world, invoice_id)
    if settle:
        plan_settlement(world, invoice_id, day)
        world.issued.append(invoice_id)
    return invoice_id


def write_invoice(world: World, bill: Bill, day: date) -> str:
    """Write an open invoice with its lines and totals, not yet posted."""
    invoice_id = world.ids.stripe("in")
    moment = world.moment(day, 2)
    account = world.salesforce["Account"][bill.account_id]
    world.stripe["invoice"][invoice_id] = {
        "id": invoice_id,
        "number": world.ids.document(f"INV-{bill.entity}"),
        "customer": account["Billing_Account_Id__c"],
        "parent": _invoice_parent(world, bill.subscription_id),
        "status": "open",
        "currency": bill.currency.lower(),
        "created": moment,
        "effective_at": moment,
        "due_date": moment + timedelta(days=int(account["Payment_Terms__c"][3:])),
        "billing_reason": bill.reason,
        "period_start": moment,
        "period_end": moment,
        "status_transitions": {
            "finalized_at": moment,
            "paid_at": None,
            "voided_at": None,
            "marked_uncollectible_at": None,
        },
        "amount_paid": 0,
        "metadata": {"legal_entity": bill.entity},
    }
    for draft in bill.drafts:
        write_line(world, invoice_id, bill, draft)
    restate_invoice(world, invoice_id)
    if bill.subscription_id:
        world.stripe["subscription"][bill.subscription_id]["latest_invoice"] = invoice_id
    return invoice_id


def _invoice_parent(world: World, subscription_id: str | None) -> Record | None:
    if subscription_id is None:
        return None
    metadata = dict(world.stripe["subscription"][subscription_id]["metadata"])
    return {
        "type": "subscription_details",
        "subscription_details": {"subscription": subscription_id, "metadata": metadata},
    }


def write_line(world: World, invoice_id: str, bill: Bill, draft: Draft) -> str:
    """Write one invoice line and remember which service period it billed."""
    identifier = world.ids.stripe("il")
    item_id = draft.root.item_id if draft.root else None
    subscription_id = draft.root.subscription_id if draft.root else None
    product = world.stripe["price"][draft.price_id]["product"]
    metadata = dict(draft.metadata)
    if item_id and not draft.proration and subscription_id:
        metadata = dict(world.stripe["subscription"][subscription_id]["metadata"])
    entity = ENTITIES[bill.entity]
    world.stripe["invoice_line"][identifier] = {
        "id": identifier,
        "invoice": invoice_id,
        "amount": draft.gross,
        "subtotal": draft.gross,
        "currency": bill.currency.lower(),
        "quantity": draft.quantity,
        "quantity_decimal": str(draft.quantity),
        "description": f"{draft.quantity} x {world.stripe['product'][product]['name']}",
        "period": {"start": midnight(draft.start), "end": midnight(draft.end + DAY)},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": draft.price_id, "product": product},
            "unit_amount_decimal": draft.unit_amount,
        },
        "parent": _line_parent(world, draft, item_id, subscription_id),
        "discount_amounts": discount_entries(identifier, draft.gross - draft.net),
        "taxes": [tax_entry(draft.net, entity)],
        "metadata": metadata,
    }
    world.invoice_lines[invoice_id].append(identifier)
    if draft.root and not draft.proration:
        draft.root.billed[draft.start] = identifier
    return identifier


def discount_entries(line_id: str, amount: int) -> list[Record]:
    """Discount list of a line: empty when nothing is discounted."""
    return [{"amount": amount, "discount": f"di_{line_id[3:]}"}] if amount else []


def _line_parent(world: World, draft: Draft, item_id: str | None, subscription_id: str | None) -> Record:
    details: Record = {
        "subscription": subscription_id,
        "invoice_item": None if item_id and not draft.proration else world.ids.stripe("ii"),
        "proration": draft.proration,
        "proration_details": {"credited_items": None},
    }
    if item_id:
        return {
            "type": "subscription_item_details",
            "subscription_item_details": {"subscription_item": item_id, **details},
        }
    return {"type": "invoice_item_details", "invoice_item_details": details}
