"""What finance posts for each billing document, on the day of the document."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import credit_line_net, line_net, line_tax, lines_of
from q2c_pipeline.sandbox.company.catalogue import ENTITIES, PRODUCT
from q2c_pipeline.sandbox.company.dates import DAY, month_end
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, erase_lines, post, write_entries
from q2c_pipeline.sandbox.company.money import convert, to_major
from q2c_pipeline.sandbox.company.world import Deferral

if TYPE_CHECKING:
    from datetime import datetime

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record


Service = tuple[int, int, str, str | None, date, date]
"""Net, tax, product code, root key, first and last service day of a document line."""


def post_invoice(world: World, invoice_id: str) -> None:
    """Post an invoice: receivable with tax, deferred or earned revenue a line, tax; again after a change."""
    invoice = world.stripe["invoice"][invoice_id]
    services = [_service(world, line) for line in lines_of(world, invoice_id)]
    _post_document(world, invoice, "CustInvc", 1, services)


def post_credit(world: World, credit_id: str) -> None:
    """Post a credit note as the mirror image of an invoice."""
    note = world.stripe["credit_note"][credit_id]
    lines = [world.stripe["credit_note_line"][key] for key in world.credit_lines[credit_id]]
    _post_document(world, note, "CustCred", -1, [_credited_service(world, line) for line in lines])


def _service(world: World, line: Record) -> Service:
    period = line["period"]
    product = world.stripe["product"][line["pricing"]["price_details"]["product"]]["metadata"]["product_code"]
    last = (period["end"] - DAY).date()
    return line_net(line), line_tax(line), product, root_key(world, line), period["start"].date(), last


def _credited_service(world: World, line: Record) -> Service:
    credited = world.stripe["invoice_line"][line["invoice_line_item"]]
    _, _, product, key, _, _ = _service(world, credited)
    first, last = (date.fromisoformat(line["metadata"][name]) for name in ("service_start", "service_end"))
    return credit_line_net(line), line_tax(line), product, key, first, last


def root_key(world: World, line: Record) -> str | None:
    """Contract line that an invoice line bills, None without contract."""
    details = line["parent"].get("subscription_item_details") or {}
    root = world.by_item.get(details.get("subscription_item", ""))
    key: str | None = root.key if root else line["metadata"].get("contract_line")
    return key


def _post_document(world: World, document: Record, kind: str, sign: int, services: list[Service]) -> None:
    entity, currency = document["metadata"]["legal_entity"], document["currency"].upper()
    heading = document_heading(world, document, kind)
    entries, deferrals = [], []
    for net, _, product, key, first, last in services:
        late = last > month_end(heading.day) and PRODUCT[product].revenue_class == "Ratable"
        if late:
            deferrals.append(Deferral(document["id"], key, entity, currency, sign * net, first, last, heading.day))
        account = "deferred" if late else "revenue"
        amount = to_major(-sign * net, currency)
        entries.append(Entry(account, amount, item=_item(world, product), contract_line=key, memo=product))
    tax = sum(service[1] for service in services)
    total = to_major(sign * (sum(service[0] for service in services) + tax), currency)
    lines = [Entry("receivable", total), *entries, Entry("tax", to_major(-sign * tax, currency))]
    number = world.posted.get(document["id"])
    if number is None:
        world.posted[document["id"]] = post(world, heading, lines)
    else:
        write_entries(world, number, heading, lines)
    world.deferrals[document["id"]] = deferrals


def document_heading(world: World, document: Record, kind: str) -> Heading:
    """Ledger head of an invoice or credit note."""
    day = document["effective_at"].date()
    return Heading(
        kind,
        document["number"],
        document["id"],
        document["number"],
        document["metadata"]["legal_entity"],
        document["currency"].upper(),
        ledger_customer(world, document["customer"]),
        day,
        world.moment(day, 20),
        "B" if document["status"] == "paid" else "A",
    )


def ledger_customer(world: World, stripe_customer: str) -> int:
    """NetSuite customer of a Stripe customer."""
    account_id = world.customer_account[stripe_customer]
    return int(world.salesforce["Account"][account_id]["ERP_Customer_Id__c"])


def _item(world: World, product: str) -> int:
    return next(int(item["id"]) for item in world.netsuite["item"].values() if item["itemid"] == product)


def unpost(world: World, document_id: str, moment: datetime) -> None:
    """Void the posting of a document: the head stays, the ledger lines go."""
    number = world.posted[document_id]
    erase_lines(world, number)
    header = world.netsuite["transaction"][str(number)]
    header.update(posting=False, voided=True, status="V", lastmodifieddate=moment)
    world.deferrals.pop(document_id, None)


def set_status(world: World, document_id: str, status: str, moment: datetime) -> None:
    """Change the status of a posted document's transaction."""
    number = world.posted.get(document_id)
    if number is not None:
        header = world.netsuite["transaction"][str(number)]
        header.update(status=status, lastmodifieddate=max(moment, header["lastmodifieddate"]))


def post_payment(world: World, payment_id: str) -> None:
    """Post money received: cash against the receivable, the exchange difference apart."""
    payment = world.stripe["invoice_payment"][payment_id]
    invoice = world.stripe["invoice"][payment["invoice"]]
    amount = to_major(payment["amount_paid"], payment["currency"].upper())
    _post_money(world, payment, invoice, "CustPymt", amount)


def post_refund(world: World, refund_id: str, invoice_id: str) -> None:
    """Post money paid back, the mirror image of a payment."""
    money = world.stripe["refund"][refund_id]
    amount = to_major(-money["amount"], money["currency"].upper())
    _post_money(world, money, world.stripe["invoice"][invoice_id], "CustRfnd", amount)


def money_entries(world: World, invoice: Record, amount: Decimal, currency: str, day: date) -> list[Entry]:
    """Money for an invoice: cash at the day's rate, the receivable at the invoice's, the realised exchange difference between.

    100.00 EUR invoiced at 0.86 and paid at 0.85: cash 85.00 GBP, receivable -86.00 GBP, exchange differences 1.00 GBP.
    """
    base = ENTITIES[invoice["metadata"]["legal_entity"]].currency
    invoiced = world.netsuite["transaction"][str(world.posted[invoice["id"]])]["exchangerate"]
    cash, settled = convert(amount, rate(world, currency, base, day), base), convert(amount, invoiced, base)
    entries = [Entry("cash", amount, cash), Entry("receivable", -amount, -settled)]
    return entries if cash == settled else [*entries, Entry("fx", Decimal(0), settled - cash)]


def _post_money(world: World, money: Record, invoice: Record, kind: str, amount: Decimal) -> None:
    day, entity = money["created"].date(), invoice["metadata"]["legal_entity"]
    currency = money["currency"].upper()
    heading = Heading(
        kind,
        f"{'PMT' if kind == 'CustPymt' else 'RFD'}-{money['id'].split('_')[1][-8:]}",
        money["id"],
        invoice["number"],
        entity,
        currency,
        ledger_customer(world, invoice["customer"]),
        day,
        world.moment(day, 20),
        "B",
    )
    entries = money_entries(world, invoice, amount, currency, day)
    number = world.posted.get(money["id"])
    if number is None:
        world.posted[money["id"]] = post(world, heading, entries)
    else:
        write_entries(world, number, heading, entries)
