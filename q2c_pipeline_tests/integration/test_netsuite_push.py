"""Corrections pushed to a NetSuite look-alike: drafts that stay out of the ledger, customer fields, removal and reversal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from json import loads
from typing import Any

import pytest

from q2c_pipeline.domain.repairs import (
    Action,
    DraftJournal,
    FieldChange,
    JournalLine,
    Order,
    Outcome,
    Payload,
    PendingItem,
    Remove,
    ReverseJournal,
    SetFields,
    Target,
    Verdict,
)
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.netsuite.push import NetSuitePusher, open_pusher
from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.netsuite.app import create_app
from q2c_pipeline.sandbox.servers.netsuite.auth import Credentials, key_pair
from q2c_pipeline.sandbox.servers.netsuite.journals import Journals
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.systems import Record, Systems
from q2c_pipeline_tests.sandbox.in_process import URL, InProcess
from q2c_pipeline_tests.sandbox.netsuite_ledger import ledger

QUICK = RetryPolicy(attempts=2, first_pause=0.001, longest_pause=0.002)
READER = Credentials()
WRITER = Credentials(
    consumer_key="writer", consumer_secret="writer-secret-text", token_id="writer-token", token_secret="writer-token-secret"
)
LINES = (
    JournalLine("1100", Decimal("119.00"), Decimal(0), "receivable"),
    JournalLine("2100", Decimal(0), Decimal("19.00")),
    JournalLine("4000", Decimal(0), Decimal("100.00")),
)
JOURNAL = DraftJournal("US", "1", "USD", date(2026, 1, 20), "Invoice that was never posted", "INV-US-000009", LINES)
CUSTOMER = SetFields((FieldChange("crm_account_id", "001A", "001B"), FieldChange("tax_id", "US1", None)))
STAMP = "2025-06-01 08:00:00"
MADE = "104"


def token_based(role: Credentials) -> dict[str, str]:
    names = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret")
    return {name: getattr(role, name) for name in names}


@dataclass
class Books:
    """The look-alike, its line, and a pusher."""

    systems: Systems
    app: Any
    line: InProcess
    pusher: NetSuitePusher

    def table(self, name: str) -> dict[str, Record]:
        return self.systems.netsuite[name]

    def drafts(self) -> list[Record]:
        return [one for one in self.table("transaction").values() if one["type"] == "Journal" and not one["posting"]]

    def glitch(self, kind: Any, pattern: str, **options: Any) -> None:
        self.app.state.glitches.add(Glitch(kind, pattern, **options))

    def send(self, order: Order) -> Outcome:
        (outcome,) = self.pusher.send([order])
        return outcome

    def approve(self, key: str) -> None:
        Journals(self.app.state.account.store).approve(key)


def opened(given: Credentials = WRITER, **options: Any) -> Books:
    systems = ledger()
    app = create_app(systems, credentials=READER, writer=WRITER)
    line = InProcess(app)
    instance = Instance("netsuite_main", "netsuite", URL, token_based(given))
    return Books(systems, app, line, open_pusher(instance, policy=QUICK, transport=line, sleep=lambda _: None, **options))


@pytest.fixture
def books() -> Books:
    return opened()


def order(payload: Payload, key: str = "key-1", version: str | None = STAMP, correction: str = "c1") -> Order:
    actions = {
        DraftJournal: Action.DRAFT_JOURNAL,
        Remove: Action.REMOVE,
        ReverseJournal: Action.REVERSE_JOURNAL,
        SetFields: Action.SET_FIELDS,
        PendingItem: Action.PENDING_ITEM,
    }
    is_customer = isinstance(payload, SetFields)
    target = Target("netsuite_main", "customer" if is_customer else "journalEntry", "11" if is_customer else None, "key", version)
    return Order(correction, key, target, actions[type(payload)], payload)


def journals(count: int) -> list[Order]:
    return [order(replace(JOURNAL, memo=f"number {n}"), f"key-{n}", correction=f"c{n}") for n in range(count)]


@pytest.mark.parametrize("payload", [JOURNAL, CUSTOMER, Remove("journalEntry", MADE), ReverseJournal("103", date(2026, 2, 1))])
def test_what_is_previewed_is_what_is_sent(books: Books, payload: Payload) -> None:
    if isinstance(payload, Remove):
        books.send(order(JOURNAL, "key-0"))
        books.line.sent.clear()
    calls = books.pusher.preview([order(payload)])
    assert books.line.written() == []
    assert books.send(order(payload)).verdict is Verdict.DONE
    assert [(c.method, c.path, c.body) for c in calls] == [(s.method, s.path, s.body) for s in books.line.written()]
    assert not any(secret in f"{calls}" for secret in token_based(WRITER).values() if len(secret) > 6)


def test_a_draft_stays_out_of_the_ledger_until_an_accountant_posts_it(books: Books) -> None:
    outcome = books.send(order(JOURNAL))
    assert (outcome.verdict, outcome.external_id) == (Verdict.DONE, MADE)
    (draft,) = books.drafts()
    assert (draft["externalid"], draft["custbody_source_document"]) == ("key-1", "INV-US-000009")
    entries = [e for e in books.table("transactionaccountingline").values() if str(e["transaction"]) == MADE]
    assert {entry["posting"] for entry in entries} == {False}
    assert [e["amount"] for e in entries if e["accountingbook"] == 1] == [
        Decimal("119.00"),
        Decimal("-19.00"),
        Decimal("-100.00"),
    ]
    books.approve(MADE)
    assert books.drafts() == []
    entries = [e for e in books.table("transactionaccountingline").values() if str(e["transaction"]) == MADE]
    assert {entry["posting"] for entry in entries} == {True}


def test_a_foreign_journal_takes_the_rate_of_its_day(books: Books) -> None:
    euro = replace(JOURNAL, subsidiary_id="2", currency="EUR", posting_date=date(2026, 1, 28))
    assert books.send(order(euro)).verdict is Verdict.DONE
    (draft,) = books.drafts()
    newest = max(r["effectivedate"] for r in books.table("currencyrate").values() if r["effectivedate"] <= euro.posting_date)
    rate = next(r["exchangerate"] for r in books.table("currencyrate").values() if r["effectivedate"] == newest)
    assert draft["exchangerate"] == rate
    before = replace(euro, posting_date=date(2026, 1, 2))
    assert "There is no exchange rate" in books.send(order(before, "key-2")).detail


def test_removing_a_draft_leaves_a_trace_and_nothing_else(books: Books) -> None:
    before = {name: dict(rows) for name, rows in books.systems.netsuite.items() if name != "deletedrecord"}
    books.send(order(JOURNAL))
    gone = order(Remove("journalEntry", MADE), "key-1-undo")
    assert books.pusher.look_up(gone) is None
    assert books.send(gone).verdict is Verdict.DONE
    assert {name: rows for name, rows in books.systems.netsuite.items() if name != "deletedrecord"} == before
    assert [one["recordid"] for one in books.table("deletedrecord").values()] == [int(MADE)]
    assert books.send(gone).detail == "it is gone already"
    assert books.pusher.look_up(gone) is not None


def test_a_deletion_that_the_network_delivers_twice_is_done(books: Books) -> None:
    """The second delivery is told that there is no such journal: that is what was asked for."""
    books.send(order(JOURNAL))
    books.glitch("twice", "DELETE *")
    outcome = books.send(order(Remove("journalEntry", MADE), "key-1-undo"))
    assert (outcome.verdict, outcome.external_id, books.drafts()) == (Verdict.DONE, MADE, [])


def test_a_journal_that_was_posted_meanwhile_is_reversed_instead(books: Books) -> None:
    books.send(order(JOURNAL))
    reverse = order(ReverseJournal(MADE, date(2026, 2, 1)), "key-1-undo")
    assert books.send(reverse).detail == f"journal {MADE} is still a draft: delete it"
    books.approve(MADE)
    refused = books.send(order(Remove("journalEntry", MADE), "key-1-undo"))
    assert (refused.verdict, refused.detail) == (Verdict.CHANGED, f"journal {MADE} was posted meanwhile: reverse it")
    assert books.pusher.look_up(reverse) is None
    assert books.send(reverse).verdict is Verdict.DONE
    assert books.send(reverse).detail == "found by its key"
    reversals = [one for one in books.table("transaction").values() if one.get("isreversal")]
    assert [one["trandate"] for one in reversals] == [date(2026, 2, 1)]
    sums = [e["amount"] for e in books.table("transactionaccountingline").values() if str(e["transaction"]) in {MADE, "105"}]
    assert sum(sums) == 0


@pytest.mark.parametrize(
    ("journal", "reason"),
    [
        (replace(JOURNAL, posting_date=date(2025, 12, 31)), "closed or locked period"),
        (replace(JOURNAL, subsidiary_id="77"), "Invalid subsidiary reference"),
        (replace(JOURNAL, lines=(replace(LINES[0], account_number="9999"), *LINES[1:])), "one account '9999'"),
        (replace(JOURNAL, currency="CHF"), "one currency 'CHF'"),
    ],
)
def test_what_the_books_forbid_comes_back_with_their_reason(books: Books, journal: DraftJournal, reason: str) -> None:
    outcome = books.send(order(journal))
    assert (outcome.verdict, reason in outcome.detail) == (Verdict.REJECTED, True)
    assert books.drafts() == []


def test_customer_fields_are_set_and_can_be_set_back(books: Books) -> None:
    outcome = books.send(order(CUSTOMER))
    held = books.table("customer")["11"]
    assert (outcome.verdict, held["externalid"], held["vatregnumber"]) == (Verdict.DONE, "001B", None)
    assert outcome.version_after not in (None, STAMP)
    undo = SetFields(tuple(FieldChange(each.name, each.after, each.before) for each in CUSTOMER.changes))
    assert books.send(order(undo, "key-1-undo", outcome.version_after)).verdict is Verdict.DONE
    assert [books.table("customer")["11"][name] for name in ("externalid", "vatregnumber")] == ["001A", "US1"]


def test_several_corrections_of_one_customer_do_not_hinder_each_other(books: Books) -> None:
    singles = [order(SetFields((each,)), f"key-{n}") for n, each in enumerate(CUSTOMER.changes)]
    assert [outcome.verdict for outcome in books.pusher.send(singles)] == [Verdict.DONE, Verdict.DONE]
    assert [books.table("customer")["11"][name] for name in ("externalid", "vatregnumber")] == ["001B", None]
    later = order(SetFields((FieldChange("tax_id", None, "US3"),)), "key-3")
    assert books.send(later).verdict is Verdict.CHANGED


def test_a_customer_that_moved_goes_back_with_the_difference(books: Books) -> None:
    books.app.state.account.store.touch("customer", "11", vatregnumber="US2")
    outcome = books.send(order(CUSTOMER))
    assert outcome.verdict is Verdict.CHANGED
    assert "vatRegNumber: in evidence US1, now US2" in outcome.detail
    assert f"version: in evidence {STAMP}, now 2026-01-31T22:00:00Z" in outcome.detail
    assert books.line.written() == []


def test_the_same_journal_twice_is_one_draft(books: Books) -> None:
    assert [books.send(order(JOURNAL)).external_id for _ in range(2)] == [MADE, MADE]
    assert len(books.drafts()) == 1


@pytest.mark.parametrize(
    ("kind", "detail", "verdict", "has_effect"),
    [
        ("reset", {}, Verdict.UNKNOWN, False),
        ("reset_after", {}, Verdict.UNKNOWN, True),
        ("twice", {}, Verdict.DONE, True),
        ("skew", {"seconds": 86400.0}, Verdict.DONE, True),
        (
            "status",
            {"code": 429, "body": {"o:errorDetails": [{"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED"}]}},
            Verdict.FAILED,
            False,
        ),
        ("status", {"code": 500, "body": "oops"}, Verdict.UNKNOWN, False),
        ("status", {"code": 503, "body": "busy", "headers": {"Retry-After": "30"}}, Verdict.FAILED, False),
        (
            "status",
            {"code": 400, "body": {"o:errorDetails": [{"o:errorCode": "USER_ERROR", "detail": "no"}]}},
            Verdict.REJECTED,
            False,
        ),
    ],
)
@pytest.mark.parametrize("payload", [JOURNAL, CUSTOMER])
def test_verdicts_of_the_line(
    books: Books, payload: Payload, kind: Any, detail: dict[str, Any], verdict: Verdict, *, has_effect: bool
) -> None:
    asked = order(payload)
    books.glitch(kind, "P*/record/v1/*", detail=detail)
    outcome = books.send(asked)
    assert outcome.verdict is verdict
    assert outcome.retry_after == (30.0 if "headers" in detail else None)
    assert (books.pusher.look_up(asked) is not None) is has_effect
    in_force = len(books.drafts()) if payload is JOURNAL else int(books.table("customer")["11"]["externalid"] == "001B")
    assert in_force == int(has_effect)


@pytest.mark.parametrize(("count", "batches"), [(5, [5]), (101, [100, 1])])
def test_many_journals_go_as_batches(count: int, batches: list[int]) -> None:
    books = opened()
    calls = books.pusher.preview(journals(count))
    outcomes = books.pusher.send(journals(count))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DONE}
    by_id = {str(one["id"]): one["memo"] for one in books.drafts()}
    assert [by_id[str(outcome.external_id)] for outcome in outcomes] == [f"number {n}" for n in range(count)]
    assert [(c.method, c.path, c.body) for c in calls] == [(s.method, s.path, s.body) for s in books.line.written()]
    assert [len(loads(call.body).get("items", ["one"])) for call in calls] == batches


def test_a_batch_gathers_journals_from_between_other_orders(books: Books) -> None:
    orders = journals(5)
    orders.insert(2, order(CUSTOMER, "key-customer", correction="c-customer"))
    outcomes = books.pusher.send(orders)
    assert [outcome.correction_id for outcome in outcomes] == [one.correction_id for one in orders]
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DONE}
    assert [sent.method for sent in books.line.written()] == ["POST", "PATCH"]


def test_a_batch_tells_the_reason_of_each_refusal(books: Books) -> None:
    orders = journals(6)
    orders[2] = order(replace(JOURNAL, posting_date=date(2025, 12, 31)), "key-2", correction="c2")
    books.send(orders[4])
    outcomes = books.pusher.send(orders)
    assert [o.verdict for o in outcomes] == [Verdict.DONE] * 2 + [Verdict.REJECTED] + [Verdict.DONE] * 3
    assert "closed or locked period" in outcomes[2].detail
    assert outcomes[4].detail == "found by its key"
    assert len(books.drafts()) == 5


@pytest.mark.parametrize("kind", ["reset", "reset_after", "twice"])
def test_a_batch_whose_answer_is_lost_is_found_by_its_keys(books: Books, kind: str) -> None:
    orders = journals(5)
    books.glitch(kind, "POST */journalEntry")
    first = books.pusher.send(orders)
    assert {o.verdict for o in first} == {Verdict.DONE if kind == "twice" else Verdict.UNKNOWN}
    assert [books.pusher.look_up(one) is not None for one in orders] == [kind != "reset"] * 5
    assert {o.verdict for o in books.pusher.send(orders)} == {Verdict.DONE}
    assert len(books.drafts()) == 5


@pytest.mark.parametrize(("code", "kind"), [(429, "status"), (503, "status"), (0, "reset")])
def test_a_result_that_cannot_be_read_says_nothing_of_its_journal(books: Books, code: int, kind: str) -> None:
    """A batch was accepted and acted; that its third result is not to be had (busy) does not mean that it failed."""
    books.glitch(kind, "GET */task/3/result", detail={"code": code, "body": "later", "headers": {"Retry-After": "5"}})
    orders = journals(5)
    outcomes = books.pusher.send(orders)
    assert [o.verdict for o in outcomes] == [Verdict.DONE, Verdict.DONE, Verdict.UNKNOWN, Verdict.DONE, Verdict.DONE]
    assert outcomes[2].detail.startswith("accepted, result not read: ")
    found = books.pusher.look_up(orders[2])
    assert found is not None
    assert len(books.drafts()) == 5


def test_a_reading_role_cannot_write() -> None:
    books = opened(READER)
    outcomes = books.pusher.send([order(JOURNAL), order(CUSTOMER)])
    assert [outcome.verdict for outcome in outcomes] == [Verdict.FAILED] * 2
    assert all("INSUFFICIENT_PERMISSION" in outcome.detail for outcome in outcomes)
    assert books.drafts() == []


def test_nothing_is_sent_while_netsuite_cannot_be_reached(books: Books) -> None:
    books.line.offline = True
    outcomes = books.pusher.send([order(JOURNAL), order(CUSTOMER), *journals(6)])
    assert {outcome.verdict for outcome in outcomes} == {Verdict.FAILED}
    assert all(outcome.detail.startswith("not sent") for outcome in outcomes)


def test_a_pending_item_is_not_for_books(books: Books) -> None:
    item = PendingItem("cus_a", None, "USD", Decimal(1), "x", date(2026, 1, 1), date(2026, 1, 2))
    assert books.send(order(item)).verdict is Verdict.REJECTED
    assert books.pusher.preview([order(item)]) == []
    assert books.line.sent == []


def test_a_lost_login_is_a_write_that_was_never_sent() -> None:
    private, public = key_pair()
    writer = Credentials(client_id="writer", certificate_id="writer-certificate", public_key_pem=public)
    app = create_app(ledger(), credentials=READER, writer=writer)
    given = {"client_id": "writer", "certificate_id": "writer-certificate", "private_key": private}
    pusher = open_pusher(Instance("netsuite_main", "netsuite", URL, given), policy=QUICK, transport=InProcess(app))
    assert pusher.send([order(JOURNAL)])[0].verdict is Verdict.DONE
    app.state.glitches.add(Glitch("expire_token", "POST */journalEntry"))
    app.state.glitches.add(Glitch("reset", "POST */token"))
    (outcome,) = pusher.send([order(JOURNAL, "key-2")])
    assert (outcome.verdict, outcome.detail.startswith("not sent")) == (Verdict.FAILED, True)
    app.state.glitches.add(Glitch("expire_token", "POST */journalEntry"))
    assert pusher.send([order(JOURNAL, "key-2")])[0].verdict is Verdict.DONE


def test_over_a_real_line_a_lost_answer_is_unknown_until_looked_up() -> None:
    app = create_app(ledger(), credentials=READER, writer=WRITER)
    with serve(app) as running:
        pusher = open_pusher(Instance("netsuite_main", "netsuite", running.url, token_based(WRITER)), policy=QUICK)
        app.state.glitches.add(Glitch("reset_after", "POST */journalEntry"))
        assert pusher.send([order(JOURNAL)])[0].verdict is Verdict.UNKNOWN
        found = pusher.look_up(order(JOURNAL))
        assert found is not None
        assert found.external_id == MADE
        pusher.close()
