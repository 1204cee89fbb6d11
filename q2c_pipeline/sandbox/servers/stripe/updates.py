"""`POST /v1/<objects>/{id}`: metadata and the few fields that may be edited in place."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.stripe import forms
from q2c_pipeline.sandbox.servers.stripe.problems import invalid, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from q2c_pipeline.sandbox.servers.stripe.calls import Call
    from q2c_pipeline.sandbox.servers.stripe.forms import Params
    from q2c_pipeline.sandbox.systems import Record

_MAX_KEYS, _MAX_KEY, _MAX_VALUE = 50, 40, 500
_READERS: dict[str, Callable[[str, str], Any]] = (
    dict.fromkeys(("amount", "quantity", "days_until_due"), forms.as_int)
    | dict.fromkeys(("active", "auto_advance", "cancel_at_period_end", "discountable"), forms.as_bool)
    | dict.fromkeys(("cancel_at", "due_date", "effective_at"), forms.as_time)
)
_EDITABLE: dict[str, tuple[str, ...]] = {
    "customer": ("name", "email", "phone", "description", "address"),
    "product": ("name", "active", "description"),
    "price": ("active", "nickname"),
    "subscription": ("description", "days_until_due", "cancel_at", "cancel_at_period_end", "cancellation_details"),
    "subscription_item": ("price", "quantity"),
    "invoice": ("description", "auto_advance", "days_until_due", "due_date", "effective_at"),
    "invoiceitem": ("description", "amount", "discountable"),
    "credit_note": ("memo",),
    "charge": ("description",),
    "payment_intent": ("description",),
    "refund": (),
}
_AFTER_CANCEL = ("cancellation_details",)
_AFTER_FINALIZING = ("description",)


def updatable() -> tuple[str, ...]:
    """Tables whose records may be edited in place."""
    return tuple(_EDITABLE)


def update(call: Call, table: str) -> Record:
    """Apply an edit to the record that the address names."""
    record = call.record(table)
    if table == "subscription_item":
        return _update_item(call, record)
    values = read_fields(call.params, _allowed(table, record), record.get("metadata"))
    return call.show(table, call.change(table, record, values))


def _update_item(call: Call, item: Record) -> Record:
    params = dict(call.params)
    proration = params.pop("proration_behavior", "create_prorations")
    values = read_fields(params, _EDITABLE["subscription_item"], item.get("metadata"))
    if values.keys() - {"metadata"} and proration != "none":
        invalid("This sandbox does not prorate: send proration_behavior=none.", "proration_behavior")
    if "price" in values:
        call.record("price", values["price"], param="price")
    subscription = call.record("subscription", item["subscription"])
    before = deepcopy(item)
    item.update(values)
    if item != before:
        call.store.touch("subscription_item")
        # An item has no event of its own: the subscription that it belongs to tells of the change.
        call.announce("subscription", "updated", subscription, {**subscription, "items": before})
    return call.show("subscription_item", item)


def read_fields(params: Params, allowed: tuple[str, ...], metadata: dict[str, str] | None = None) -> Record:
    """Read the allowed fields, and metadata merged into the given one; any other parameter is refused."""
    values: Record = {}
    for name, text in params.items():
        if name == "metadata":
            values[name] = merged_metadata(metadata or {}, text)
        elif name not in allowed:
            unknown(name)
        else:
            values[name] = None if text == "" else _READERS.get(name, _as_is)(text, name)
    return values


def merged_metadata(old: dict[str, str], given: Any) -> dict[str, str]:
    """Merge metadata: an empty value removes its key, an empty `metadata` removes all."""
    if given == "":
        return {}
    merged = {name: value for name, value in {**old, **given}.items() if value != ""}
    if len(merged) > _MAX_KEYS or any(len(k) > _MAX_KEY or len(v) > _MAX_VALUE for k, v in merged.items()):
        invalid(f"Metadata holds at most {_MAX_KEYS} keys of {_MAX_KEY} and values of {_MAX_VALUE} characters.", "metadata")
    return merged


def _as_is(text: str, _name: str) -> str:
    return text


def _allowed(table: str, record: Record) -> tuple[str, ...]:
    if table == "subscription" and record.get("status") == "canceled":
        return _AFTER_CANCEL
    if table == "invoice" and record.get("status") != "draft":
        return _AFTER_FINALIZING
    return _EDITABLE[table]
