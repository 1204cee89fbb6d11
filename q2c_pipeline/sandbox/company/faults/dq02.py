"""DQ02: a row cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.faults.releases import releases_of
from q2c_pipeline.sandbox.company.faults.signing import sign

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def dq02_charge_bad_date(ground: Ground) -> None:
    """A Stripe charge carries a date that is none."""
    _spoil(ground, "created", "31.02.2026")


def dq02_charge_bad_amount(ground: Ground) -> None:
    """A Stripe charge carries an amount with a letter O in it."""
    _spoil(ground, "amount", "12O50")


def dq02_opportunity_bad_amount(ground: Ground) -> None:
    """A lost Salesforce opportunity carries its amount in words."""
    opportunities = ground.world.salesforce["Opportunity"]
    lost = {key for key, one in opportunities.items() if one["StageName"] == "Closed Lost"}
    key = ground.pick("lost opportunity", lost - ground.used)
    ground.used.add(key)
    ground.misbehave("salesforce", "malformed_row", "Opportunity", id=key, field="Amount", value="three thousand")
    ground.tell_without_money("DQ02", f"sf_main.Opportunity/{key}")


def dq02_order_without_currency(ground: Ground) -> None:
    """An order was signed without any currency; its line waits for it."""
    line = sign(ground, {}, CurrencyIsoCode=None)[0]
    ground.tell_without_money("DQ02", f"sf_main.Order/{line['OrderId']}")


def dq02_billed_order_unreadable(ground: Ground) -> None:
    """An order that has been billed for months carries a day that is none: its invoices name a contract that cannot be read."""
    root = ground.claim_root(lambda root: _billed_alone(ground, root))
    ground.misbehave("salesforce", "malformed_row", "Order", id=root.order_id, field="EffectiveDate", value="31.02.2026")
    billed = sum(line_net(line) for line in ground.final_lines(root))
    ground.tell("DQ02", f"sf_main.Order/{root.order_id}", -billed, root.currency)


def dq02_billed_line_unreadable(ground: Ground) -> None:
    """The only line of a billed order has a quantity in words."""
    root = ground.claim_root(lambda root: _billed_alone(ground, root))
    ground.misbehave("salesforce", "malformed_row", "OrderItem", id=root.order_item_id, field="Quantity", value="a dozen")
    billed = sum(line_net(line) for line in ground.final_lines(root))
    ground.tell("DQ02", f"sf_main.OrderItem/{root.order_item_id}", -billed, root.currency)


def dq02_billed_amendment_unreadable(ground: Ground) -> None:
    """Billing follows an amending order that carries a day that is none: invoices depart from the contract that can be read."""
    root, line = _changed(ground)
    ground.misbehave("salesforce", "malformed_row", "Order", id=line["OrderId"], field="EffectiveDate", value="31.02.2026")
    ground.tell("DQ02", f"sf_main.Order/{line['OrderId']}", -_added(ground, root), root.currency)


def dq02_billed_amendment_line_unreadable(ground: Ground) -> None:
    """Billing follows an amending order whose line has a quantity in words."""
    root, line = _changed(ground)
    ground.misbehave("salesforce", "malformed_row", "OrderItem", id=line["Id"], field="Quantity", value="a dozen")
    ground.tell("DQ02", f"sf_main.OrderItem/{line['Id']}", -_added(ground, root), root.currency)


def _changed(ground: Ground) -> tuple[Root, Record]:
    """Take a root that billing changed by one line of an amending order, and that line."""
    root = ground.claim_root(lambda root: len(_changes(ground, root)) == 1 and _added(ground, root) != 0)
    line = _changes(ground, root)[0]
    ground.used.add(line["OrderId"])
    return root, line


def _changes(ground: Ground, root: Root) -> list[Record]:
    """Lines that amend a recurring root, if each is all that its order has."""
    lines = ground.world.salesforce["OrderItem"].values()
    found = [line for line in lines if line["OriginalOrderItemId"] == root.order_item_id]
    lonely = all(sum(other["OrderId"] == line["OrderId"] for other in lines) == 1 for line in found)
    return found if lonely and root.charge_type == "Recurring" and releases_of(root.key) not in ground.used else []


def _added(ground: Ground, root: Root) -> int:
    """What the amendments of a root owe by now."""
    return sum(piece.net for start in ground.due_starts(root) for strand, piece in root.cells[start] if strand.delta)


def _billed_alone(ground: Ground, root: Root) -> bool:
    """Tell whether a root is steady, the only line of its order, and released as billed."""
    return ground.plain(root) and ground.alone(root) and releases_of(root.key) not in ground.used


def _spoil(ground: Ground, field: str, value: str) -> None:
    key = ground.pick("charge", ground.unrefunded_charges())
    ground.used.add(key)
    ground.misbehave("stripe", "malformed_row", "charge", id=key, field=field, value=value)
    ground.tell_without_money("DQ02", f"stripe_main.charge/{key}")
