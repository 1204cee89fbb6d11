"""RR03: a contract line's deferred balance is negative, or its deferral stands on another line."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import CHART
from q2c_pipeline.sandbox.company.faults.releases import claim_release, currency_of, journals, put_in, releases_of, tell
from q2c_pipeline.sandbox.company.ledger import entries_of
from q2c_pipeline.sandbox.company.money import to_major, to_minor

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def rr03_released_beyond_deferral(ground: Ground) -> None:
    """A journal released for a line all that was left of it, and some more: its deferred revenue is now a debit."""
    release = claim_release(ground)
    amount = _left(ground, release.key, release.journal) + ground.rng.randint(1, 40) * 10
    put_in(ground, release.journal, release.key, amount)
    tell(ground, "RR03", release.journal, release.key, -amount)


def rr03_deferred_for_other_line(ground: Ground) -> None:
    """The posting of an invoice names a contract line that the invoice does not bill: in all, every account is right."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: len(_deferred_lines(ground, one)) == 1 and not _released_wrongly(ground, one))
    [line] = _deferred_lines(ground, invoice)
    right, wrong = line["custcol_contract_line"], ground.rng.choice(sorted(world.roots))
    while wrong == right:
        wrong = ground.rng.choice(sorted(world.roots))
    line["custcol_contract_line"] = wrong
    ground.used.add(releases_of(right))
    currency = invoice["currency"].upper()
    ground.tell("RR03", right, int(to_minor(-line["foreignamount"], currency)), currency)


def _left(ground: Ground, key: str, journal: str) -> Decimal:
    """What is deferred for a line in all and not released by any journal."""
    currency = currency_of(ground, journal)
    deferred = sum(one.net for all_of in ground.world.deferrals.values() for one in all_of if one.root_key == key)
    entries = [entry for name in journals(ground) for entry in entries_of(ground.world, ground.world.posted[name])]
    released = sum((-one.amount for one in entries if one.contract_line == key and one.account == "revenue"), Decimal(0))
    return to_major(deferred, currency) - released


def _released_wrongly(ground: Ground, invoice: Record) -> bool:
    """Tell whether another fault already touched releases of what the invoice defers."""
    return any(releases_of(line["custcol_contract_line"]) in ground.used for line in _deferred_lines(ground, invoice))


def _deferred_lines(ground: Ground, invoice: Record) -> list[Record]:
    """Ledger lines of an invoice that put off revenue of a known contract line."""
    world = ground.world
    number = world.posted.get(invoice["id"])
    keys = world.ledger_lines.get(number, ()) if number else ()
    deferred = [
        world.netsuite["transactionline"][key]
        for key in keys
        if world.netsuite["transactionaccountingline"][f"{key}-1"]["account"] == CHART["deferred"].internal_id
    ]
    is_known = all(line["custcol_contract_line"] in world.roots for line in deferred)
    return deferred if is_known and invoice["id"] in world.deferrals else []
