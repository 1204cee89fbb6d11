"""The closed loop's people and its witness: an accountant, somebody in billing, and what changed in the systems."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx

from q2c_pipeline.corrections.record import Correction
from q2c_pipeline.domain.repairs import Action, PendingItem, SetFields
from q2c_pipeline.platforms.netsuite.auth import authentication
from q2c_pipeline.sandbox.servers.misbehave import GLITCH_PATH
from q2c_pipeline.sandbox.systems import Systems
from q2c_pipeline.settings import Settings

Change = tuple[str, str, str, str]
"""System, table, record, field; an empty field for a record that was added or removed."""
_STAMPS = frozenset({"SystemModstamp", "LastModifiedDate", "lastmodifieddate", "linelastmodifieddate"})
_LOGS = frozenset({("stripe", "event")})
_OF_A_JOURNAL = ("transaction", "transactionline", "transactionaccountingline")
_OF_AN_INVOICE = ("invoice", "invoiceitem", "invoice_line")
_SYSTEM_OF = {"sf_main": "salesforce", "stripe_main": "stripe", "netsuite_main": "netsuite"}


def photographed(systems: Systems) -> Systems:
    """The whole state of all systems."""
    return copy.deepcopy(systems)


def changes(before: Systems, after: Systems) -> dict[Change, Any]:
    """Everything that is not as it was, with its value now, but for modification stamps and event logs."""
    return dict(_changes(before, after))


def _changes(before: Systems, after: Systems) -> Iterator[tuple[Change, Any]]:
    for system in ("salesforce", "stripe", "netsuite"):
        old, new = getattr(before, system), getattr(after, system)
        for table in sorted({*old, *new}):
            if (system, table) not in _LOGS:
                yield from _of_table(system, table, old.get(table, {}), new.get(table, {}))


def _of_table(system: str, table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[Change, Any]]:
    for key in sorted({*old, *new}):
        if key not in old or key not in new:
            yield (system, table, key, ""), new.get(key)
            continue
        was, now = _flat(old[key]), _flat(new[key])
        for name in sorted({*was, *now} - _STAMPS):
            if was.get(name) != now.get(name):
                yield (system, table, key, name), now.get(name)


def _flat(record: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in record.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return flat


def promised(pushed: Sequence[Correction], now: Systems) -> dict[Change, Any]:
    """What the corrections said they would do, in the systems' own words."""
    found: dict[Change, Any] = {}
    for one in pushed:
        system = _SYSTEM_OF[one.instance]
        if isinstance(one.payload, SetFields):
            record = one.target.source_id or ""
            found |= {(system, one.target.object_name, record, each.name): each.after for each in one.payload.changes}
        elif one.action is Action.PENDING_ITEM:
            made = one.external_id or ""
            found[system, "invoiceitem", made, ""] = now.stripe["invoiceitem"].get(made)
        elif one.action is Action.DRAFT_INVOICE:
            found |= dict(_invoice(one, now))
        else:
            found |= dict(_journal(one, now))
    return found


def _invoice(one: Correction, now: Systems) -> Iterator[tuple[Change, Any]]:
    """A draft with the items that were made for it, and the lines that these became."""
    for table in _OF_AN_INVOICE:
        for key, record in now.stripe[table].items():
            if record["id" if table == "invoice" else "invoice"] == one.external_id:
                yield ("stripe", table, key, ""), record


def _journal(one: Correction, now: Systems) -> Iterator[tuple[Change, Any]]:
    """A draft with our key, and the lines of just that transaction."""
    for table in _OF_A_JOURNAL:
        for key, record in now.netsuite[table].items():
            header = str(record["id"] if table == "transaction" else record["transaction"])
            if header == one.external_id:
                yield ("netsuite", table, key, ""), record


def next_day(settings: Settings) -> None:
    """A day passes: the clock of every system jumps at its next request."""
    jump = {"kind": "skew", "detail": {"seconds": timedelta(days=1).total_seconds()}}
    for one in settings.instances:
        httpx.post(f"{one.url}{GLITCH_PATH}", json=jump).raise_for_status()


def post_drafts(settings: Settings, pushed: Sequence[Correction]) -> int:
    """The accountant looks at our drafts and posts them."""
    instance = settings.writing_instance("netsuite_main")
    drafts = [one for one in pushed if one.action is Action.DRAFT_JOURNAL]
    with httpx.Client(base_url=instance.url, auth=authentication(instance)) as ledger:
        for one in drafts:
            path = f"/services/rest/record/v1/journalEntry/{one.external_id}"
            ledger.patch(path, json={"approved": True}).raise_for_status()
    return len(drafts)


def invoice_pending_items(settings: Settings, pushed: Sequence[Correction]) -> int:
    """Billing invoices what waits for each customer."""
    instance = settings.writing_instance("stripe_main")
    items = [one.payload for one in pushed if isinstance(one.payload, PendingItem)]
    waiting = {(item.customer_id, item.currency): item.subscription_id for item in items}
    headers = {"Authorization": f"Bearer {instance.credentials['api_key']}"}
    with httpx.Client(base_url=instance.url, headers=headers) as billing:
        for (customer, currency), subscription in waiting.items():
            form = {"customer": customer, "currency": currency.lower(), "pending_invoice_items_behavior": "include"}
            made = billing.post("/v1/invoices", data=form | ({"subscription": subscription} if subscription else {}))
            made.raise_for_status()
            billing.post(f"/v1/invoices/{made.json()['id']}/finalize").raise_for_status()
    return len(waiting)


def finalize_drafts(settings: Settings, pushed: Sequence[Correction]) -> int:
    """Somebody in billing looks at our draft invoices and finalizes them."""
    instance = settings.writing_instance("stripe_main")
    drafts = [one for one in pushed if one.action is Action.DRAFT_INVOICE]
    headers = {"Authorization": f"Bearer {instance.credentials['api_key']}"}
    with httpx.Client(base_url=instance.url, headers=headers) as billing:
        for one in drafts:
            billing.post(f"/v1/invoices/{one.external_id}/finalize").raise_for_status()
    return len(drafts)
