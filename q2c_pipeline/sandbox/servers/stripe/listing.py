"""The list endpoints: which records they show, in pages, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.stripe import forms
from q2c_pipeline.sandbox.servers.stripe.problems import invalid, missing, not_found, unknown
from q2c_pipeline.sandbox.servers.stripe.store import EVENT_RETENTION, Window, dig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from q2c_pipeline.sandbox.servers.stripe.forms import Params
    from q2c_pipeline.sandbox.servers.stripe.objects import Renderer
    from q2c_pipeline.sandbox.servers.stripe.store import Store
    from q2c_pipeline.sandbox.systems import Record

_PAGING = ("limit", "starting_after", "ending_before")
_BOUNDS = ("gt", "gte", "lt", "lte")
_ENDED = ("canceled", "incomplete_expired")


@dataclass(frozen=True)
class Listing:
    """One list endpoint: `by` maps parameters to record fields, `tests` holds the parameters that need more than equality."""

    table: str
    by: dict[str, str] = field(default_factory=dict)
    tests: dict[str, Callable[[Record, Any], bool]] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    has_created: bool = True


def _flag(path: str) -> Callable[[Record, Any], bool]:
    return lambda record, wanted: bool(dig(record, path)) is forms.as_bool(wanted, path)


def _range(path: str) -> Callable[[Record, Any], bool]:
    def inside(record: Record, wanted: Any) -> bool:
        found, window = dig(record, path), _window(wanted, path)
        return (
            found is not None
            and (window.gt is None or found > window.gt)
            and (window.gte is None or found >= window.gte)
            and (window.lt is None or found < window.lt)
            and (window.lte is None or found <= window.lte)
        )

    return inside


def _subscription_status(record: Record, wanted: str) -> bool:
    status = record.get("status", "active")
    if wanted == "":
        return bool(status != "canceled")
    return wanted in {"all", status} or (wanted == "ended" and status in _ENDED)


def _pending(record: Record, wanted: str) -> bool:
    return (record.get("invoice") is None) is forms.as_bool(wanted, "pending")


def _active(record: Record, wanted: str) -> bool:
    return bool(record.get("active", True)) is forms.as_bool(wanted, "active")


_CUSTOMER = {"customer": "customer"}
LISTINGS: dict[str, Listing] = {
    "customers": Listing("customer", {"email": "email"}),
    "products": Listing("product", {"type": "type"}, {"active": _active, "ids": lambda r, wanted: r["id"] in wanted}),
    "prices": Listing(
        "price",
        {"product": "product", "currency": "currency", "type": "type"}
        | {f"recurring.{name}": f"recurring.{name}" for name in ("interval", "meter", "usage_type")},
        {"active": _active, "lookup_keys": lambda r, wanted: r.get("lookup_key") in wanted},
        # As documented: without the parameter only active prices come.
        {"active": "true"},
    ),
    "subscriptions": Listing(
        "subscription", _CUSTOMER | {"collection_method": "collection_method"}, {"status": _subscription_status}, {"status": ""}
    ),
    "subscription_schedules": Listing("subscription_schedule", _CUSTOMER),
    "invoices": Listing(
        "invoice",
        _CUSTOMER
        | {
            "status": "status",
            "collection_method": "collection_method",
            "subscription": "parent.subscription_details.subscription",
        },
        {"due_date": _range("due_date")},
    ),
    "invoiceitems": Listing("invoiceitem", _CUSTOMER | {"invoice": "invoice"}, {"pending": _pending}),
    "credit_notes": Listing("credit_note", _CUSTOMER | {"invoice": "invoice"}),
    "invoice_payments": Listing(
        "invoice_payment",
        {"invoice": "invoice", "status": "status"}
        | {f"payment.{name}": f"payment.{name}" for name in ("type", "payment_intent", "charge")},
    ),
    "charges": Listing("charge", _CUSTOMER | {"payment_intent": "payment_intent", "transfer_group": "transfer_group"}),
    "payment_intents": Listing("payment_intent", _CUSTOMER),
    "refunds": Listing("refund", {"charge": "charge", "payment_intent": "payment_intent"}),
    "tax_rates": Listing("tax_rate", {}, {"active": _active, "inclusive": _flag("inclusive")}),
    "coupons": Listing("coupon"),
    "events": Listing("event", {"type": "type"}, {"types": lambda r, wanted: r["type"] in wanted}),
    "billing/meters": Listing("billing.meter", {"status": "status"}, has_created=False),
}


@dataclass(frozen=True)
class Paging:
    """The page that a caller asks for."""

    limit: int
    after: str | None
    before: str | None


def take_paging(params: Params) -> Paging:
    """Read and remove the paging parameters."""
    limit, after, before = (params.pop(name, None) for name in _PAGING)
    size = 10 if limit is None else forms.as_int(limit, "limit")
    if not 1 <= size <= 100:
        invalid("This value must be between 1 and 100.", "limit")
    if after is not None and before is not None:
        invalid("You cannot specify both starting_after and ending_before.", "starting_after")
    return Paging(size, after, before)


def list_page(name: str, params: Params, store: Store, renderer: Renderer) -> Record:
    """Answer a list call; `params` holds everything but `expand`."""
    listing = LISTINGS[name]
    paging = take_paging(params)
    window = _window(params.pop("created", None), "created") if listing.has_created else Window()
    wanted = {**listing.defaults, **_flat(params)}
    ids = _ids(listing, wanted, store)
    _check_cursor(listing.table, paging, renderer, store)
    fitting = (
        one
        for one in store.walk(listing.table, ids, _kept(listing, window, store), after=paging.after, before=paging.before)
        if renderer.visible(listing.table, one) and _fits(listing, store.table(listing.table)[one], wanted)
    )
    return _page(fitting, paging, f"/v1/{name}", lambda one: renderer.show(listing.table, store.table(listing.table)[one]))


def plain_page(members: list[Record], paging: Paging, url: str, show: Callable[[Record], Record]) -> Record:
    """Answer a call for a sub-list, whose own order is kept."""
    ids = [one["id"] for one in members]
    by_id = dict(zip(ids, members, strict=True))
    cursor = paging.after or paging.before
    if cursor is not None and cursor not in by_id:
        not_found("object", cursor, param="starting_after", status=400)
    place = ids.index(cursor) if cursor else -1
    beyond = reversed(ids[:place]) if paging.before else iter(ids[place + 1 :])
    return _page(beyond, paging, url, lambda one: show(by_id[one]))


def _page(ids: Iterable[str], paging: Paging, url: str, show: Callable[[str], Record]) -> Record:
    found = list(islice(ids, paging.limit + 1))
    chosen = found[: paging.limit]
    if paging.before is not None:
        chosen.reverse()
    return {"object": "list", "data": [show(one) for one in chosen], "has_more": len(found) > paging.limit, "url": url}


def _ids(listing: Listing, wanted: dict[str, Any], store: Store) -> list[str]:
    for name in wanted:
        if name not in listing.by and name not in listing.tests:
            unknown(name)
    equal = next((name for name in listing.by if name in wanted), None)
    return store.newest(listing.table) if equal is None else store.group(listing.table, listing.by[equal], wanted[equal])


def _fits(listing: Listing, record: Record, wanted: dict[str, Any]) -> bool:
    return all(
        listing.tests[name](record, value) if name in listing.tests else dig(record, listing.by[name]) == value
        for name, value in wanted.items()
    )


def _check_cursor(table: str, paging: Paging, renderer: Renderer, store: Store) -> None:
    for param, cursor in (("starting_after", paging.after), ("ending_before", paging.before)):
        if cursor is not None and (cursor not in store.table(table) or not renderer.visible(table, cursor)):
            not_found(table, cursor, param=param, status=400)


def _kept(listing: Listing, window: Window, store: Store) -> Window:
    if listing.table != "event":
        return window
    oldest = store.now() - EVENT_RETENTION
    return Window(window.gt, max(window.gte or oldest, oldest), window.lt, window.lte)


def _window(value: Any, param: str) -> Window:
    if value is None:
        return Window()
    if isinstance(value, str):
        moment = forms.as_time(value, param)
        return Window(gte=moment, lte=moment)
    for bound in value:
        if bound not in _BOUNDS:
            unknown(f"{param}[{bound}]")
    return Window(**{bound: forms.as_time(text, f"{param}[{bound}]") for bound, text in value.items()})


def _flat(params: Params) -> dict[str, Any]:
    """Name nested parameters by dots, except ranges, whose test reads them whole."""
    flat: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, dict) and not set(value) <= set(_BOUNDS):
            flat |= {f"{name}.{inner}": text for inner, text in value.items()}
        else:
            flat[name] = value
    return flat


def require(params: Params, *names: str) -> None:
    """Refuse a call that lacks one of the parameters."""
    for name in names:
        if name not in params:
            missing(name)
