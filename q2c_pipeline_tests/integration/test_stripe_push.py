"""Corrections pushed to a Stripe look-alike: metadata, pending items, drafts, their removal, and every way to lose an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline.domain.repairs import (
    Action,
    DraftInvoice,
    FieldChange,
    Order,
    Outcome,
    Payload,
    PendingItem,
    Remove,
    SetFields,
    Target,
    Task,
    Verdict,
)
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.stripe.forms import KEY, NEW_INVOICE
from q2c_pipeline.platforms.stripe.push import StripePusher, open_pusher
from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.servers.stripe.app import create_app
from q2c_pipeline.sandbox.systems import Record, Systems
from q2c_pipeline_tests.sandbox.in_process import URL, InProcess
from q2c_pipeline_tests.sandbox.small_shop import small_shop

READ_KEY, WRITE_KEY = "rk_test_read_1", "rk_test_write_1"
QUICK = RetryPolicy(attempts=2, first_pause=0.001, longest_pause=0.002)
ITEM = PendingItem(
    "cus_a",
    "sub_a",
    "USD",
    Decimal("-12.50"),
    "Seats of March, billed twice",
    date(2026, 3, 1),
    date(2026, 3, 31),
    {"contract_line": "ORD-1/1"},
)
DRAFT = DraftInvoice("cus_a", "USD", (ITEM, replace(ITEM, amount=Decimal("99.99"), subscription_id=None)), {"legal_entity": "US"})
METADATA = SetFields((FieldChange("crm_account_id", "001Alpha", "001New"), FieldChange("metadata.note", None, "a & b = 1")))


@dataclass
class Shop:
    """The look-alike, its line, and a pusher."""

    systems: Systems
    app: Any
    line: InProcess
    pusher: StripePusher

    def table(self, name: str) -> dict[str, Record]:
        return self.systems.stripe.setdefault(name, {})

    def made(self, name: str) -> list[Record]:
        return [one for one in self.table(name).values() if KEY in one.get("metadata", {})]

    def glitch(self, kind: Any, pattern: str, **options: Any) -> None:
        self.app.state.glitches.add(Glitch(kind, pattern, **options))

    def send(self, order: Order) -> Outcome:
        (outcome,) = self.pusher.send([order])
        return outcome


def opened(key: str = WRITE_KEY, **conventions: str) -> Shop:
    systems = small_shop()
    app = create_app(systems, api_key=READ_KEY, write_key=WRITE_KEY)
    line = InProcess(app)
    instance = Instance("stripe_main", "stripe", URL, {"api_key": key}, conventions)
    return Shop(systems, app, line, open_pusher(instance, policy=QUICK, transport=line))


@pytest.fixture
def shop() -> Shop:
    return opened()


def order(payload: Payload, key: str = "key-1", name: str = "customer", source_id: str | None = None) -> Order:
    actions = {
        PendingItem: Action.PENDING_ITEM,
        DraftInvoice: Action.DRAFT_INVOICE,
        Remove: Action.REMOVE,
        SetFields: Action.SET_FIELDS,
        Task: Action.TASK,
    }
    return Order("c1", key, Target("stripe_main", name, source_id, "AC-Alpha"), actions[type(payload)], payload)


CUSTOMER = order(METADATA, source_id="cus_a")


@pytest.mark.parametrize("asked", [CUSTOMER, order(ITEM), order(DRAFT), order(Remove("invoiceitem", "ii_1"))])
def test_what_is_previewed_is_what_is_sent(shop: Shop, asked: Order) -> None:
    shop.table("invoiceitem")["ii_1"] = {"id": "ii_1", "customer": "cus_a", "amount": 5, "currency": "usd", "metadata": {}}
    calls = shop.pusher.preview([asked])
    assert shop.line.written() == []
    assert shop.send(asked).verdict is Verdict.DONE
    new = next((one["id"] for one in shop.made("invoice")), "")
    quoted = NEW_INVOICE.replace("{", "%7B").replace("}", "%7D").replace(" ", "+")
    sent = [(s.method, s.path, s.body) for s in shop.line.written()]
    assert [(c.method, c.path, c.body.replace(quoted, new)) for c in calls] == sent
    assert not any(WRITE_KEY in f"{call}" for call in calls)


def test_metadata_is_merged_and_can_be_set_back(shop: Shop) -> None:
    assert shop.send(CUSTOMER).verdict is Verdict.DONE
    held = shop.table("customer")["cus_a"]
    assert held["metadata"] == {"account_number": "AC-Alpha", "salesforce_account_id": "001New", "note": "a & b = 1"}
    undo = SetFields(tuple(FieldChange(each.name, each.after, each.before) for each in METADATA.changes))
    assert shop.send(order(undo, "key-1-undo", source_id="cus_a")).verdict is Verdict.DONE
    assert held["metadata"] == {"account_number": "AC-Alpha", "salesforce_account_id": "001Alpha"}


def test_a_record_that_moved_goes_back_with_the_difference(shop: Shop) -> None:
    shop.table("customer")["cus_a"]["metadata"]["salesforce_account_id"] = "001Other"
    outcome = shop.send(CUSTOMER)
    assert (outcome.verdict, outcome.detail) == (
        Verdict.CHANGED,
        "metadata.salesforce_account_id: in evidence 001Alpha, now 001Other",
    )
    assert "no longer exists" in shop.send(order(METADATA, source_id="cus_none")).detail
    assert shop.line.written() == []


def test_an_item_waits_for_the_next_invoice_with_its_whole_period() -> None:
    shop = opened(time_zone="Europe/Berlin")
    outcome = shop.send(order(ITEM))
    (item,) = shop.made("invoiceitem")
    assert (outcome.verdict, outcome.external_id) == (Verdict.DONE, item["id"])
    assert (item["amount"], item["currency"], item["invoice"]) == (-1250, "usd", None)
    assert item["metadata"] == {"contract_line": "ORD-1/1", KEY: "key-1"}
    assert item["parent"]["subscription_details"]["subscription"] == "sub_a"
    assert [item["period"][end].isoformat() for end in ("start", "end")] == [
        "2026-02-28T23:00:00+00:00",
        "2026-03-31T22:00:00+00:00",
    ]


def test_yen_have_no_smaller_unit_and_cents_no_smaller_one(shop: Shop) -> None:
    assert "amount=1250&" in shop.pusher.preview([order(replace(ITEM, currency="JPY", amount=Decimal(1250)))])[0].body
    outcome = shop.send(order(replace(ITEM, amount=Decimal("0.005"))))
    assert (outcome.verdict, "0.005" in outcome.detail, shop.line.written()) == (Verdict.REJECTED, True, [])


def test_a_draft_holds_its_own_items_only_and_goes_with_them(shop: Shop) -> None:
    shop.send(order(ITEM, "key-0"))
    outcome = shop.send(order(DRAFT))
    (draft,) = shop.made("invoice")
    assert (outcome.external_id, draft["status"], draft["auto_advance"], draft["total"]) == (draft["id"], "draft", False, 8749)
    assert {one["metadata"][KEY]: one["invoice"] for one in shop.made("invoiceitem")} == {
        "key-0": None,
        "key-1-0": draft["id"],
        "key-1-1": draft["id"],
    }
    gone = order(Remove("invoice", draft["id"]), "key-1-undo")
    assert shop.send(gone).verdict is Verdict.DONE
    assert shop.made("invoice") == []
    assert [one["metadata"][KEY] for one in shop.made("invoiceitem")] == ["key-0"]
    assert shop.send(gone).detail == "it is gone already"
    found = shop.pusher.look_up(gone)
    assert found is not None
    assert found.verdict is Verdict.DONE


@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize("kind", ["reset", "reset_after"])
def test_a_draft_that_broke_off_is_completed_not_made_twice(shop: Shop, skip: int, kind: str) -> None:
    shop.glitch(kind, "POST *", skip=skip)
    assert shop.send(order(DRAFT)).verdict is Verdict.UNKNOWN
    whole = kind == "reset_after" and skip == 2
    assert (shop.pusher.look_up(order(DRAFT)) is not None) is whole
    assert shop.send(order(DRAFT)).verdict is Verdict.DONE
    assert [one["total"] for one in shop.made("invoice")] == [8749]
    assert len(shop.made("invoiceitem")) == 2


def test_a_draft_that_stripe_will_not_have_leaves_nothing(shop: Shop) -> None:
    refused = {"code": 400, "body": {"error": {"code": "parameter_invalid", "message": "no such rate"}}}
    shop.glitch("status", "POST /v1/invoiceitems", skip=1, detail=refused)
    outcome = shop.send(order(DRAFT))
    assert (outcome.verdict, outcome.detail) == (Verdict.REJECTED, "HTTP 400 parameter_invalid: no such rate")
    assert (shop.made("invoice"), shop.made("invoiceitem")) == ([], [])


def test_a_final_invoice_is_not_removed(shop: Shop) -> None:
    outcome = shop.send(order(Remove("invoice", "in_001")))
    assert (outcome.verdict, outcome.detail) == (Verdict.CHANGED, "invoice in_001 is open, no longer a draft")
    billed = {"id": "ii_1", "customer": "cus_a", "amount": 5, "currency": "usd", "metadata": {}, "invoice": "in_001"}
    shop.table("invoiceitem")["ii_1"] = billed
    outcome = shop.send(order(Remove("invoiceitem", "ii_1")))
    assert (outcome.verdict, "You can only delete an item of a draft invoice" in outcome.detail) == (Verdict.REJECTED, True)


def test_the_same_order_twice_is_one_item(shop: Shop) -> None:
    first, second = (shop.send(order(ITEM)) for _ in range(2))
    assert first.external_id == second.external_id
    assert second.detail == "the vendor repeated its first answer"
    assert len(shop.made("invoiceitem")) == 1
    assert [s.headers["idempotency-key"] for s in shop.line.written()] == ["key-1", "key-1"]


def test_a_key_used_for_something_else_is_refused(shop: Shop) -> None:
    shop.send(order(ITEM))
    outcome = shop.send(order(replace(ITEM, amount=Decimal(7))))
    assert (outcome.verdict, "idempotency_error" in outcome.detail) == (Verdict.REJECTED, True)


@pytest.mark.parametrize(
    ("kind", "detail", "verdict", "has_effect"),
    [
        ("reset", {}, Verdict.UNKNOWN, False),
        ("reset_after", {}, Verdict.UNKNOWN, True),
        ("twice", {}, Verdict.DONE, True),
        ("skew", {"seconds": -86400.0}, Verdict.DONE, True),
        ("status", {"code": 429, "body": {"error": {"code": "rate_limit"}}}, Verdict.FAILED, False),
        ("status", {"code": 429, "body": {"error": {"code": "lock_timeout", "message": "held"}}}, Verdict.FAILED, False),
        ("status", {"code": 409, "body": {"error": {"type": "idempotency_error"}}}, Verdict.UNKNOWN, False),
        ("status", {"code": 500, "body": "oops"}, Verdict.UNKNOWN, False),
        ("status", {"code": 503, "body": "busy", "headers": {"Retry-After": "30"}}, Verdict.FAILED, False),
        ("status", {"code": 402, "body": {"error": {"type": "card_error", "message": "no"}}}, Verdict.REJECTED, False),
    ],
)
@pytest.mark.parametrize("asked", [CUSTOMER, order(ITEM)])
def test_verdicts_of_the_line(
    shop: Shop, asked: Order, kind: Any, detail: dict[str, Any], verdict: Verdict, *, has_effect: bool
) -> None:
    shop.glitch(kind, "POST *", detail=detail)
    outcome = shop.send(asked)
    assert outcome.verdict is verdict
    assert outcome.retry_after == (30.0 if "headers" in detail else None)
    assert (shop.pusher.look_up(asked) is not None) is has_effect
    made = asked.action is Action.PENDING_ITEM
    in_force = len(shop.made("invoiceitem")) if made else int("note" in shop.table("customer")["cus_a"]["metadata"])
    assert in_force == int(has_effect)


def test_what_is_found_by_its_key_is_told_with_its_id(shop: Shop) -> None:
    for number in range(120):
        shop.send(order(ITEM, f"other-{number}"))
    shop.glitch("reset_after", "POST *")
    assert shop.send(order(ITEM)).verdict is Verdict.UNKNOWN
    found = shop.pusher.look_up(order(ITEM))
    assert found is not None
    assert shop.table("invoiceitem")[str(found.external_id)]["metadata"][KEY] == "key-1"


def test_a_reading_key_cannot_write_and_is_not_shown() -> None:
    shop = opened(READ_KEY)
    outcomes = shop.pusher.send([CUSTOMER, order(ITEM)])
    assert [outcome.verdict for outcome in outcomes] == [Verdict.FAILED, Verdict.FAILED]
    assert all("does not have the required permissions" in outcome.detail for outcome in outcomes)
    quoting = {"code": 401, "body": {"error": {"message": f"Invalid API Key provided: {READ_KEY}"}}}
    shop.glitch("status", "POST *", times=2, detail=quoting)
    outcome = shop.send(order(ITEM))
    assert (outcome.verdict, outcome.detail) == (Verdict.FAILED, "HTTP 401 Invalid API Key provided: ***")


def test_nothing_is_sent_while_stripe_cannot_be_reached(shop: Shop) -> None:
    shop.line.offline = True
    outcomes = shop.pusher.send([CUSTOMER, order(ITEM)])
    assert [outcome.verdict for outcome in outcomes] == [Verdict.FAILED] * 2
    assert all(outcome.detail.startswith("not sent") for outcome in outcomes)


def test_a_draft_that_cannot_be_seen_may_be_half_made(shop: Shop) -> None:
    shop.glitch("reset", "POST *", skip=1)
    assert shop.send(order(DRAFT)).verdict is Verdict.UNKNOWN
    shop.line.offline = True
    outcome = shop.send(order(DRAFT))
    assert (outcome.verdict, "cannot be seen" in outcome.detail) == (Verdict.UNKNOWN, True)
    shop.line.offline = False
    assert shop.send(order(DRAFT)).verdict is Verdict.DONE
    assert [one["total"] for one in shop.made("invoice")] == [8749]


def test_a_task_never_reaches_stripe(shop: Shop) -> None:
    task = order(Task("revenue operations", "Issue a credit note", "of 12.50 USD"))
    outcome = shop.send(task)
    assert (outcome.verdict, "not task" in outcome.detail, shop.pusher.preview([task])) == (Verdict.REJECTED, True, [])
    assert shop.line.sent == []


def test_over_a_real_line_a_lost_answer_is_unknown_until_looked_up() -> None:
    systems = small_shop()
    app = create_app(systems, api_key=READ_KEY, write_key=WRITE_KEY)
    with serve(app) as running:
        pusher = open_pusher(Instance("stripe_main", "stripe", running.url, {"api_key": WRITE_KEY}), policy=QUICK)
        app.state.glitches.add(Glitch("reset_after", "POST *"))
        assert [one.verdict for one in pusher.send([order(ITEM)])] == [Verdict.UNKNOWN]
        found = pusher.look_up(order(ITEM))
        assert found is not None
        assert found.external_id in systems.stripe["invoiceitem"]
        pusher.close()
