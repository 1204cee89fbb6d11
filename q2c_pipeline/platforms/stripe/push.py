"""Approved corrections sent to one Stripe account: metadata, pending invoice items, draft invoices, and their removal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx

from q2c_pipeline.domain.repairs import Action, Call, DraftInvoice, IsOurs, Order, Outcome, PendingItem, Remove, Verdict, always
from q2c_pipeline.errors import Q2CError
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.preconditions import Held, has_effect, present, stands, vendor_changes
from q2c_pipeline.platforms.stripe.client import API_VERSION, api_key
from q2c_pipeline.platforms.stripe.forms import (
    KEY,
    NEW_INVOICE,
    bracketed,
    collection_of,
    draft_form,
    item_form,
    part_key,
    post_call,
)
from q2c_pipeline.platforms.writing import (
    Problem,
    Reason,
    WriteSession,
    changed,
    done,
    request_id,
    unsupported,
)
from q2c_pipeline.schemas.fieldmap import load_field_map

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_PAGE = "100"


def open_pusher(
    instance: Instance, *, policy: RetryPolicy | None = None, transport: httpx.BaseTransport | None = None
) -> StripePusher:
    """The writing side of an account; `instance` holds the credentials that may write."""
    return StripePusher(instance, policy, transport)


class StripePusher:
    """Writes to one account; every POST carries the order's idempotency key."""

    def __init__(self, instance: Instance, policy: RetryPolicy | None, transport: httpx.BaseTransport | None) -> None:
        headers = {"Authorization": f"Bearer {api_key(instance)}", "Stripe-Version": API_VERSION}
        self._session = WriteSession(instance, authorize=lambda _renew: headers, policy=policy, transport=transport)
        self._zone = ZoneInfo(instance.conventions.get("time_zone", "UTC"))
        self._fields = load_field_map(Path(__file__).parent / "fields.toml", instance.field_overrides)
        self._steps = {
            Action.SET_FIELDS: self._set_fields,
            Action.PENDING_ITEM: self._make_item,
            Action.DRAFT_INVOICE: self._make_invoice,
            Action.REMOVE: self._remove,
        }

    def preview(self, orders: Sequence[Order]) -> list[Call]:
        """Exactly the calls that `send` would make, in its order."""
        return [call for order in orders if order.action in self._steps for call in self._calls(order)]

    def look_up(self, order: Order) -> Outcome | None:
        """Whether an earlier, unanswered attempt took effect: by the key in metadata, or by the record's present values."""
        match order.payload:
            case PendingItem() as item:
                made = self._made("invoiceitems", item.customer_id, order.attempt_key)
                return done(order, "found by its key", external_id=made["id"]) if made else None
            case DraftInvoice() as draft:
                made = self._made("invoices", draft.customer_id, order.attempt_key)
                complete = made is not None and len(self._items_of(made["id"])) == len(draft.items)
                return done(order, "found by its key", external_id=made["id"]) if made and complete else None
            case Remove() as gone:
                return None if self._record(gone.object_name, gone.source_id) else done(order, external_id=gone.source_id)
        changes = vendor_changes(order, self._names(order))
        held = self._held(order)
        return done(order, external_id=order.target.source_id) if held and has_effect(held, changes) else None

    def send(self, orders: Sequence[Order], is_ours: IsOurs = always) -> list[Outcome]:
        """One outcome an order; Stripe has no batches."""
        with self._session.guarded(is_ours):
            return [self._send(order) for order in orders]

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _send(self, order: Order) -> Outcome:
        step = self._steps.get(order.action)
        if step is None:
            return unsupported(order, self._steps)
        try:
            return step(order)
        except Q2CError as error:
            outcome = self._session.not_sent(error).outcome(order)
            unseen = outcome.verdict is Verdict.FAILED and _takes_several_calls(order)
            return _half_done(outcome, "what an earlier attempt has left cannot be seen") if unseen else outcome

    def _set_fields(self, order: Order) -> Outcome:
        decided = stands(order, self._held(order), vendor_changes(order, self._names(order)))
        return decided or self._post(order, self._calls(order)[0], order.attempt_key)

    def _make_item(self, order: Order) -> Outcome:
        return self._post(order, self._calls(order)[0], order.attempt_key)

    def _make_invoice(self, order: Order) -> Outcome:
        """A draft and its items; what an interrupted attempt has made is completed, what Stripe refuses leaves nothing behind."""
        payload = _draft_of(order)
        held = self._made("invoices", payload.customer_id, order.attempt_key)
        head, *items = self._calls(order)
        answer = done(order, external_id=held["id"]) if held else self._post(order, head, order.attempt_key)
        if answer.verdict is not Verdict.DONE or answer.external_id is None:
            return answer
        try:
            refusal = self._filled(order, answer.external_id, items)
        except Q2CError as error:
            refusal = _half_done(self._session.not_sent(error).outcome(order), f"draft {answer.external_id} is there")
        return refusal or answer

    def _filled(self, order: Order, invoice_id: str, items: Sequence[Call]) -> Outcome | None:
        """Put the items that are not there yet on the draft; None when all of them are."""
        there = {item["metadata"].get(KEY) for item in self._items_of(invoice_id)}
        for number, call in enumerate(items):
            key = part_key(order, number)
            if key in there:
                continue
            body = call.body.replace(urlencode({"": NEW_INVOICE})[1:], invoice_id)
            added = self._post(order, Call(call.method, call.path, body), key)
            if added.verdict is not Verdict.DONE:
                return self._withdrawn(order, invoice_id, added)
        return None

    def _withdrawn(self, order: Order, invoice_id: str, refusal: Outcome) -> Outcome:
        """An item that Stripe will never take makes the draft worthless; after a mere failure it stays for the next attempt."""
        if refusal.verdict is Verdict.REJECTED:
            outcomes = [self._post(order, call, order.attempt_key) for call in self._removals("invoice", invoice_id)]
            if all(one.verdict is Verdict.DONE for one in outcomes):
                return refusal
        return _half_done(refusal, f"draft {invoice_id} is there, but not as ordered")

    def _remove(self, order: Order) -> Outcome:
        payload = order.payload
        if not isinstance(payload, Remove):
            raise TypeError(type(payload).__name__)
        held = self._record(payload.object_name, payload.source_id)
        if held is None:
            return done(order, "it is gone already", external_id=payload.source_id)
        if payload.object_name == "invoice" and held.get("status") != "draft":
            return changed(order, f"invoice {payload.source_id} is {held.get('status')}, no longer a draft")
        outcome = done(order, external_id=payload.source_id)
        for number, call in enumerate(self._calls(order)):
            outcome = self._post(order, call, order.attempt_key)
            if outcome.verdict is not Verdict.DONE:
                return _half_done(outcome, f"items of {payload.source_id} are deleted, it is not") if number else outcome
        return outcome

    def _post(self, order: Order, call: Call, key: str) -> Outcome:
        headers = _FORM | {"Idempotency-Key": key} if call.method == "POST" else {}
        answer = self._session.write(call, headers, _reason)
        if isinstance(answer, Problem):
            gone = call.method == "DELETE" and answer.code == "resource_missing"
            return done(order, "it is gone already") if gone else answer.outcome(order)
        says = "the vendor repeated its first answer" if answer.headers.get("Idempotent-Replayed") == "true" else ""
        return done(order, says, external_id=str(answer.json()["id"]), request_id=request_id(answer))

    def _calls(self, order: Order) -> list[Call]:
        match order.payload:
            case PendingItem() as item:
                return [post_call("invoiceitems", item_form(item, order.attempt_key, self._zone))]
            case DraftInvoice() as draft:
                items = [
                    item_form(item, part_key(order, n), self._zone) | {"invoice": NEW_INVOICE}
                    for n, item in enumerate(draft.items)
                ]
                return [
                    post_call("invoices", draft_form(draft, order.attempt_key)),
                    *(post_call("invoiceitems", i) for i in items),
                ]
            case Remove() as gone:
                return list(self._removals(gone.object_name, gone.source_id))
        changes = vendor_changes(order, self._names(order))
        fields = {bracketed(each.name): each.after or "" for each in changes}
        return [post_call(f"{collection_of(order.target.object_name)}/{order.target.source_id}", fields)]

    def _removals(self, object_name: str, source_id: str) -> Iterator[Call]:
        """A deleted draft sets its items free to be billed with the next invoice, so its own go first."""
        if object_name == "invoice":
            yield from (Call("DELETE", f"/v1/invoiceitems/{item['id']}", "") for item in self._items_of(source_id))
        yield Call("DELETE", f"/v1/{collection_of(object_name)}/{source_id}", "")

    def _names(self, order: Order) -> Mapping[str, str]:
        fields = self._fields.get(order.target.object_name)
        return fields.vendor if fields else {}

    def _held(self, order: Order) -> Held | None:
        record = self._record(order.target.object_name, order.target.source_id or "")
        if record is None:
            return None
        names = [each.name for each in vendor_changes(order, self._names(order))]
        return Held(None, {name: present(record, name) for name in names})

    def _record(self, object_name: str, source_id: str) -> dict[str, Any] | None:
        record = self._session.find(f"/v1/{collection_of(object_name)}/{source_id}")
        return None if record is None or record.get("deleted") else record

    def _made(self, collection: str, customer_id: str, key: str) -> dict[str, Any] | None:
        """What an attempt with this key has made for the customer, if it has."""
        records = self._listed(collection, {"customer": customer_id})
        return next((record for record in records if record["metadata"].get(KEY) == key), None)

    def _items_of(self, invoice_id: str) -> list[dict[str, Any]]:
        return list(self._listed("invoiceitems", {"invoice": invoice_id}))

    def _listed(self, collection: str, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        params = {**filters, "limit": _PAGE}
        while True:
            page = self._session.read(f"/v1/{collection}", params=params)
            yield from page["data"]
            if not page["has_more"]:
                return
            params["starting_after"] = page["data"][-1]["id"]


def _takes_several_calls(order: Order) -> bool:
    """Whether an attempt may break off in the middle, so that a later one must see first what is there."""
    payload = order.payload
    return isinstance(payload, DraftInvoice) or (isinstance(payload, Remove) and payload.object_name == "invoice")


def _half_done(outcome: Outcome, what: str) -> Outcome:
    """A change of several calls that broke off in the middle is neither done nor undone: the next attempt goes on with it."""
    return replace(outcome, verdict=Verdict.UNKNOWN, detail=f"{what}: {outcome.detail}")


def _draft_of(order: Order) -> DraftInvoice:
    if not isinstance(order.payload, DraftInvoice):
        raise TypeError(type(order.payload).__name__)
    return order.payload


def _reason(response: httpx.Response) -> Reason:
    """Stripe's error object; a key in use elsewhere may still take effect, a lock held elsewhere has let nothing happen."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return Reason("", response.text)
    code = error.get("code") or error.get("type", "")
    verdict = Verdict.UNKNOWN if response.status_code == httpx.codes.CONFLICT else None
    return Reason(code, error.get("message", ""), verdict)
