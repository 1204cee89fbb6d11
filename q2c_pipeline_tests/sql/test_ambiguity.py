"""What could be several things is never guessed: each record is taken once, in a stated order, and all candidates are named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import World, consistent

DAYS = (date(2026, 5, 10), date(2026, 5, 20))
ALIKE = "it may as well be another one of inpay-a, inpay-b, which look the same"


def two_halves(*posted: str | None) -> World:
    """Invoice 5 of 1,100.00 is paid in two halves by inpay-a and inpay-b; the ledger's payments bear these ids, or none."""
    world = consistent()
    world.post_all()
    for name, day in zip("ab", DAYS, strict=True):
        money = {"payment_source_id": f"pi-{name}", "payment_amount": Decimal(550), "currency": "USD"}
        money |= {"payment_status": "succeeded"}
        world.add("payment_application", "billing", f"inpay-{name}", invoice_source_id="in-5", **money)
        world.add("payment", "billing", f"ch-{name}", payment_kind="payment", account_source_id="cus-1", paid_date=day, **money)
    for number, claimed in enumerate(posted):
        world.journal(
            f"PMT-{number}", {"1000": Decimal(550), "1100": Decimal(-550)}, transaction_kind="payment",
            transaction_number=f"PMT-{number}", posting_date=DAYS[-1], currency="USD", claimed_document_id=claimed,
            claimed_document_number="INV-5",
        )  # fmt: skip
    return world


def linked(world: World) -> dict[str, str | None]:
    """Which movement each ledger payment was taken for."""
    with world.run("link.money_posting") as warehouse:
        rows = warehouse.query("select transaction_number, money_key from link.money_posting").rows()
    return {number: key and key.split(":")[1] for number, key in rows}


def told(world: World) -> list[tuple[str, str, Decimal, str]]:
    """Exceptions with what they say."""
    with world.run() as warehouse:
        return warehouse.query(
            "select control_id, subject_key, difference_amount, reason from recon.exception order by all"
        ).rows()


def test_two_payments_without_an_id_take_two_movements_one_each() -> None:
    world = two_halves(None, None)

    assert linked(world) == {"PMT-0": "inpay-a", "PMT-1": "inpay-b"}
    assert told(world) == []


@pytest.mark.parametrize(("named", "free"), [("inpay-a", "inpay-b"), ("inpay-b", "inpay-a")])
def test_what_an_id_names_is_not_taken_again_while_another_is_free(named: str, free: str) -> None:
    world = two_halves(None, named)

    assert linked(world) == {"PMT-0": free, "PMT-1": named}
    assert told(world) == []


def test_one_payment_for_two_that_look_the_same_names_both() -> None:
    world = two_halves(None)

    assert linked(world) == {"PMT-0": "inpay-a"}
    [(control, subject, amount, reason)] = told(world)
    assert (control, subject, amount) == ("SL02", "inpay-b", Decimal("550.0000"))
    assert reason.endswith(ALIKE)


def test_one_payment_too_many_names_both() -> None:
    world = two_halves(None, "inpay-a", "inpay-b")

    [(control, subject, amount, reason)] = told(world)
    assert (control, subject, amount) == ("SL02", "inpay-a", Decimal("-550.0000"))
    assert reason.endswith(ALIKE)


def twin() -> World:
    """A second billing document bears the number of invoice 5."""
    world = consistent()
    world.bill("twin", date(2026, 5, 1), date(2026, 5, 31), 1000)
    world.change("invoice", "in-twin", document_number="INV-5")
    return world.post_all()


def test_a_number_of_two_documents_is_settled_by_the_id() -> None:
    with twin().run("link.document") as warehouse:
        rows = warehouse.query("select transaction_key, document_key, method from link.document order by 1").rows()
    found = {key.split(":")[1]: (document.split(":")[1], method) for key, document, method in rows}
    assert found["tr-in-5"] == ("in-5", "external_id")
    assert found["tr-in-twin"] == ("in-twin", "external_id")


def test_a_number_of_two_documents_without_an_id_names_both() -> None:
    world = twin()
    for row in world.rows["posting"].values():
        if row["transaction_source_id"] == "tr-in-5":
            row["claimed_document_id"] = None

    reasons = {control: reason for control, _, _, reason in told(world)}
    assert "is that of several documents: stripe_main:in-5, stripe_main:in-twin" in reasons["BP02"]
    assert "BP01" in reasons
