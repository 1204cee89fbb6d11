"""Several faults on one contract line: each has its own cells, or one of them is the cause of all that is seen."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.faults.bb01 import forget
from q2c_pipeline.sandbox.company.faults.bb04 import agreed_net
from q2c_pipeline.sandbox.company.faults.bb08 import bill_again
from q2c_pipeline.sandbox.company.faults.bb14 import bill_by, sister
from q2c_pipeline.sandbox.company.faults.bp06 import move
from q2c_pipeline.sandbox.company.ledger import erase
from q2c_pipeline.sandbox.company.money import half_away
from q2c_pipeline.sandbox.company.rework import change_line, remove_lines

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record

DEARER = Fraction(105, 100)
CHEAPER = Fraction(90, 100)


def stacked_drifted_and_skipped(ground: Ground) -> None:
    """Every period is billed too dear but for one, which is not billed at all: two causes, each in its own periods."""
    root = ground.claim_root(ground.plain)
    skipped, *others = _shuffled(ground, root)
    ground.tell("BB06", root.key, line_net(skipped), root.currency)
    remove_lines(ground.world, [skipped["id"]])
    ground.tell("BB04", root.key, -sum(_reprice(ground, root, line, DEARER) for line in others), root.currency)


def stacked_drifted_and_short(ground: Ground) -> None:
    """One unit too few at nine tenths of the price: with another quantity the price cannot be told, so quantity is the cause."""
    root = ground.claim_root(lambda root: ground.plain(root) and root.strands[0].quantity > 1)
    held = root.strands[0].quantity
    share = CHEAPER * Fraction(held - 1, held)
    change = sum(_reprice(ground, root, line, share, quantity=held - 1) for line in ground.final_lines(root)[1:])
    ground.tell("BB05", root.key, -change, root.currency)


def stacked_drifted_and_billed_twice(ground: Ground) -> None:
    """All periods are billed too dear, one of them once more at the right price: there, twice is the cause."""
    root = ground.claim_root(ground.plain)
    twice, *others = _shuffled(ground, root)
    again = line_net(twice)
    bill_again(ground, root, twice)
    ground.tell("BB08", root.key, -again - _reprice(ground, root, twice, DEARER), root.currency)
    ground.tell("BB04", root.key, -sum(_reprice(ground, root, line, DEARER) for line in others), root.currency)


def stacked_billed_twice_and_not_posted(ground: Ground) -> None:
    """A period is billed twice, and the second invoice never reached the ledger: too much asked for, and too little posted."""
    root = ground.claim_root(ground.plain)
    line = ground.rng.choice(ground.final_lines(root))
    second = ground.world.stripe["invoice"][bill_again(ground, root, line)]
    ground.tell("BB08", root.key, -line_net(line), root.currency)
    _lose(ground, second)


def stacked_drifted_and_not_posted(ground: Ground) -> None:
    """The price is wrong in every period, and one of these invoices is not in the ledger."""
    root = ground.claim_root(ground.plain)
    lines = _shuffled(ground, root)
    ground.tell("BB04", root.key, -sum(_reprice(ground, root, line, DEARER) for line in lines), root.currency)
    _lose(ground, ground.world.stripe["invoice"][lines[0]["invoice"]])


def stacked_skipped_and_in_a_sisters_books(ground: Ground) -> None:
    """One period of a line is not billed, and the invoice of another one stands in a sister company's books."""
    root = ground.claim_root(lambda root: ground.plain(root) and ground.alone(root))
    skipped, posted, *_ = _shuffled(ground, root)
    ground.tell("BB06", root.key, line_net(skipped), root.currency)
    remove_lines(ground.world, [skipped["id"]])
    invoice = ground.world.stripe["invoice"][posted["invoice"]]
    move(ground, invoice, "CustInvc", sister(ground, root))
    ground.tell("BP06", invoice["number"], invoice["total"], invoice["currency"])


def stacked_sister_bills_what_the_seller_posts(ground: Ground) -> None:
    """A sister company issued the invoice, and the ledger has it in the seller's books, as if nothing were wrong: two causes."""
    root = ground.claim_root(lambda root: ground.plain(root) and ground.alone(root))
    line = ground.rng.choice(ground.final_lines(root))
    bill_by(ground, root, [line], sister(ground, root))
    invoice = ground.world.stripe["invoice"][line["invoice"]]
    move(ground, invoice, "CustInvc", root.entity)
    ground.tell("BP06", invoice["number"], invoice["total"], invoice["currency"])
    ground.tell_symptom("BB06", "BB14", root.key)


def stacked_never_set_up_and_said_active(ground: Ground) -> None:
    """An order has no subscription, and Salesforce was told that it is active: the money and the status are told apart."""
    root = ground.claim_root(lambda root: ground.plain(root) and ground.alone(root))
    forget(ground, root)
    del ground.world.stripe["subscription"][root.subscription_id or ""]
    ground.tell_without_money("ST01", ground.world.order(root)["OrderNumber"])


def _shuffled(ground: Ground, root: Root) -> list[Record]:
    lines = ground.final_lines(root)
    ground.rng.shuffle(lines)
    return lines


def _reprice(ground: Ground, root: Root, line: Record, share: Fraction, quantity: int | None = None) -> int:
    """Bill a share of what was agreed; gives the change of the net."""
    net = half_away(agreed_net(root, line["period"]["start"].date()) * share)
    return change_line(ground.world, line, half_away(line["amount"] * share), net, quantity=quantity)


def _lose(ground: Ground, invoice: Record) -> None:
    """Let the posting job have lost an invoice."""
    erase(ground.world, ground.world.posted.pop(invoice["id"]))
    ground.world.deferrals.pop(invoice["id"], None)
    ground.tell("BP01", invoice["number"], invoice["total"], invoice["currency"])
