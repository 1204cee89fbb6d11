"""Several faults on the posting of one document: one is the cause, and what else would be said of it is its symptom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import add_months, at, month_start
from q2c_pipeline.sandbox.company.faults.bp06 import move
from q2c_pipeline.sandbox.company.faults.bp10 import claim_note
from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.faults.sl02 import claim_payment, payment_heading
from q2c_pipeline.sandbox.company.faults.sl05 import withhold_refund
from q2c_pipeline.sandbox.company.ledger import entries_of, erase, post, shift_line, write_entries
from q2c_pipeline.sandbox.company.money import to_major
from q2c_pipeline.sandbox.company.posting import document_heading, post_invoice

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record

    Suits = Callable[[Ground, Record, date], bool]


def stacked_void_and_posted_twice(ground: Ground) -> None:
    """A void invoice still stands in the ledger, and twice: that it stands there at all is the cause."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: one["status"] == "void")
    world.netsuite["transaction"][str(world.posted[invoice["id"]])].update(posting=True, voided=False, status="A")
    post_invoice(world, invoice["id"])
    world.deferrals.pop(invoice["id"], None)
    _post_again(ground, invoice)
    ground.tell("BP11", invoice["number"], -2 * invoice["total"], invoice["currency"])
    ground.tell_symptom("BP03", "BP11", invoice["number"])


def stacked_other_entity_and_month(ground: Ground) -> None:
    """A sister company's books have it, in the next month: with the entity put right, the period is chosen anew."""
    invoice = _claim(ground, months=1)
    _to_month(ground, invoice, 1)
    move(ground, invoice, "CustInvc")
    _tell_missing(ground, "BP06", invoice, "BP07")


def stacked_other_entity_and_amount(ground: Ground) -> None:
    """A sister company's books have it, a tenth of the net short: where it belongs all of it is missing."""
    invoice = _claim(ground)
    _shorten(ground, invoice, net=invoice["subtotal"] // 10)
    move(ground, invoice, "CustInvc")
    _tell_missing(ground, "BP06", invoice, "BP04")


def stacked_other_month_and_amount(ground: Ground) -> None:
    """The next month has it, a tenth of the net short."""
    invoice = _claim(ground, months=1)
    _shorten(ground, invoice, net=invoice["subtotal"] // 10)
    _to_month(ground, invoice, 1)
    _tell_missing(ground, "BP07", invoice, "BP04")


def stacked_amount_and_tax(ground: Ground) -> None:
    """A tenth of the net and half of the tax are missing: one amount is wrong, the document's."""
    invoice = _claim(ground)
    net, tax = invoice["subtotal"] // 10, (invoice["total"] - invoice["subtotal"]) // 2
    _shorten(ground, invoice, net=net, tax=tax)
    ground.tell("BP04", invoice["number"], net + tax, invoice["currency"])


def stacked_twice_in_two_months(ground: Ground) -> None:
    """A retry posted it again, in the next month: a second posting has no right month."""
    invoice = _claim(ground, months=1)
    _post_again(ground, invoice, months=1)
    ground.tell("BP03", invoice["number"], -invoice["total"], invoice["currency"])


def stacked_twice_and_less(ground: Ground) -> None:
    """It was entered again by hand, a tenth of the net short: what stands too often is the second amount."""
    invoice = _claim(ground)
    cut = invoice["subtotal"] // 10
    number = _post_again(ground, invoice)
    _shift(ground, number, invoice["currency"], cut)
    ground.tell("BP03", invoice["number"], cut - invoice["total"], invoice["currency"])


def stacked_class_and_tax(ground: Ground) -> None:
    """Service of later months is posted as revenue, and half of the tax is missing: tax differs, and the split comes after."""
    invoice = _claim(ground, _has_deferred)
    tax = (invoice["total"] - invoice["subtotal"]) // 2
    _not_deferred(ground, invoice)
    _shorten(ground, invoice, tax=tax)
    ground.tell("BP05", invoice["number"], tax, invoice["currency"])


def stacked_class_and_month(ground: Ground) -> None:
    """Service of later months is posted as revenue, in the next month: the period is the cause."""
    invoice = _claim(ground, _has_deferred, months=1)
    _not_deferred(ground, invoice)
    _to_month(ground, invoice, 1)
    _tell_missing(ground, "BP07", invoice)


def stacked_late_and_amount(ground: Ground) -> None:
    """It was entered after its period's close, a tenth of the net short: when and how much are two questions."""
    invoice = _claim(ground, _is_closed)
    cut = invoice["subtotal"] // 10
    _shorten(ground, invoice, net=cut)
    _enter_late(ground, invoice)
    ground.tell("BP04", invoice["number"], cut, invoice["currency"])
    ground.tell("BP14", invoice["number"], cut - invoice["total"], invoice["currency"])


def stacked_late_in_the_month_before(ground: Ground) -> None:
    """It was put into the month before its own after that one's close: it does not belong there at all."""
    invoice = _claim(ground, _is_closed, months=-1)
    _to_month(ground, invoice, -1)
    _enter_late(ground, invoice)
    _tell_missing(ground, "BP07", invoice)


def stacked_posted_under_a_wrong_number(ground: Ground) -> None:
    """The ledger has it under a number that billing never gave out: one posting too many, and one too few."""
    invoice = _claim(ground)
    wrong = f"{invoice['number'][:-6]}{950000 + ground.rng.randrange(1000):06d}"
    changes = {"tranid": wrong, "custbody_source_document": wrong, "externalid": f"in_mistyped_{wrong[-6:]}"}
    _head(ground, invoice).update(changes)
    ground.world.deferrals.pop(invoice["id"], None)
    ground.tell("BP01", invoice["number"], invoice["total"], invoice["currency"])
    ground.tell("BP02", wrong, -invoice["total"], invoice["currency"])


def stacked_not_posted_and_paid_twice(ground: Ground) -> None:
    """The invoice is not in the ledger, its payment stands there twice."""
    world = ground.world
    payment = claim_payment(ground)
    invoice = world.stripe["invoice"][payment["invoice"]]
    heading = payment_heading(ground, payment)
    again = replace(heading, tranid=f"{heading.tranid}-R", externalid=f"{payment['id']}-retry")
    post(world, again, entries_of(world, world.posted[payment["id"]], at_own_rate=True))
    erase(world, world.posted.pop(invoice["id"]))
    world.deferrals.pop(invoice["id"], None)
    ground.tell("BP01", invoice["number"], invoice["total"], invoice["currency"])
    ground.tell("SL02", payment["id"], -payment["amount_paid"], payment["currency"])


def stacked_credit_lost_and_invoice_twice(ground: Ground) -> None:
    """A credit note is not in the ledger, the invoice that it credits stands there twice: two documents, two causes."""
    note = claim_note(ground, "issued")
    erase(ground.world, ground.world.posted.pop(note["id"]))
    ground.world.deferrals.pop(note["id"], None)
    ground.tell("BP10", note["number"], -note["total"], note["currency"])
    invoice = ground.world.stripe["invoice"][note["invoice"]]
    _post_again(ground, invoice)
    ground.tell("BP03", invoice["number"], -invoice["total"], invoice["currency"])


def stacked_credit_lost_and_never_paid_back(ground: Ground) -> None:
    """A credit note is not in the ledger, and nobody paid the customer back: billing owes it, and the ledger does not know."""
    note = withhold_refund(ground)
    erase(ground.world, ground.world.posted.pop(note["id"]))
    ground.world.deferrals.pop(note["id"], None)
    ground.tell("BP10", note["number"], -note["total"], note["currency"])


def _claim(ground: Ground, suits: Suits | None = None, months: int = 0) -> Record:
    """A final, taxed invoice; the month so many away from its own is inside the company's time, and suits too."""

    def fits(one: Record) -> bool:
        day = _month(one, months)
        is_inside = ground.world.start <= day <= ground.settled_day
        is_taxed = one["total"] - one["subtotal"] >= 10 and one["subtotal"] > 1000
        return one["status"] in FINAL and is_taxed and is_inside and (suits is None or suits(ground, one, day))

    return ground.claim_invoice(fits)


def _month(invoice: Record, months: int) -> date:
    return add_months(month_start(invoice["effective_at"].date()), months)


def _is_closed(ground: Ground, invoice: Record, day: date) -> bool:
    return bool(invoice["id"] in ground.world.posted and _period(ground, day)["closed"])


def _has_deferred(ground: Ground, invoice: Record, _: date) -> bool:
    entries = entries_of(ground.world, ground.world.posted[invoice["id"]])
    return any(entry.account == "deferred" and entry.amount for entry in entries)


def _period(ground: Ground, day: date) -> Record:
    return ground.world.netsuite["accountingperiod"][str(ground.world.periods[day])]


def _head(ground: Ground, invoice: Record) -> Record:
    return ground.world.netsuite["transaction"][str(ground.world.posted[invoice["id"]])]


def _to_month(ground: Ground, invoice: Record, months: int) -> None:
    day = _month(invoice, months)
    _head(ground, invoice).update(trandate=day, postingperiod=ground.world.periods[day])


def _enter_late(ground: Ground, invoice: Record) -> None:
    """Let it be entered the day after its period's close."""
    head = _head(ground, invoice)
    closed = ground.world.netsuite["accountingperiod"][str(head["postingperiod"])]["closedondate"]
    moment = at((closed + timedelta(days=1)).date(), 10)
    head.update(createddate=moment, lastmodifieddate=max(moment, head["lastmodifieddate"]))


def _shorten(ground: Ground, invoice: Record, *, net: int = 0, tax: int = 0) -> None:
    """Post less net and less tax, and so much less receivable."""
    number = ground.world.posted[invoice["id"]]
    _shift(ground, number, invoice["currency"], net)
    amount = to_major(tax, invoice["currency"].upper())
    shift_line(ground.world, f"{number}-0", -amount)
    shift_line(ground.world, ground.world.ledger_lines[number][-1], amount)


def _shift(ground: Ground, number: int, currency: str, net: int) -> None:
    amount = to_major(net, currency.upper())
    shift_line(ground.world, f"{number}-0", -amount)
    shift_line(ground.world, f"{number}-1", amount)


def _not_deferred(ground: Ground, invoice: Record) -> None:
    """Post as revenue what should be deferred, so that nothing of it is released."""
    world, number = ground.world, ground.world.posted[invoice["id"]]
    entries = [replace(one, account="revenue") if one.account == "deferred" else one for one in entries_of(world, number)]
    write_entries(world, number, document_heading(world, invoice, "CustInvc"), entries)
    world.deferrals.pop(invoice["id"], None)


def _post_again(ground: Ground, invoice: Record, months: int = 0) -> int:
    """A second transaction of the same document, in its own month or another."""
    heading = document_heading(ground.world, invoice, "CustInvc")
    day = _month(invoice, months) if months else heading.day
    heading = replace(heading, tranid=f"{invoice['number']}-R", externalid=f"{invoice['id']}-retry", day=day)
    return post(ground.world, heading, entries_of(ground.world, ground.world.posted[invoice["id"]]))


def _tell_missing(ground: Ground, control: str, invoice: Record, symptom: str | None = None) -> None:
    """All of it is missing where it belongs, whatever stands elsewhere."""
    ground.tell(control, invoice["number"], invoice["total"], invoice["currency"])
    if symptom:
        ground.tell_symptom(symptom, control, invoice["number"])
