"""Release journals as faults find and rewrite them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import add_months, month_start
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, entries_of, write_entries
from q2c_pipeline.sandbox.company.money import to_minor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground


@dataclass(frozen=True)
class Release:
    """What one journal releases for one contract line."""

    journal: str
    key: str
    entries: tuple[Entry, ...]

    @property
    def amount(self) -> Decimal:
        """Revenue that it recognises, positive."""
        return -sum((entry.amount for entry in self.entries if entry.account == "revenue"), Decimal(0))


def journals(ground: Ground) -> list[str]:
    """Release journals that no fault has put out of balance; one that is posted is judged at once, whatever the grace."""
    return sorted(name for name in ground.world.posted if name.startswith("REL-") and name not in ground.used)


def day_of(ground: Ground, name: str) -> date:
    """The month-end that a journal is dated."""
    day: date = ground.world.netsuite["transaction"][str(ground.world.posted[name])]["trandate"]
    return day


def months_later(ground: Ground, name: str, months: int) -> str:
    """The name of the same company's journal some months later: REL-UK-2026-01-EUR + 1 = REL-UK-2026-02-EUR."""
    month = add_months(month_start(day_of(ground, name)), months)
    head, entity, _, _, *currency = name.split("-")
    return "-".join((head, entity, f"{month:%Y-%m}", *currency))


def claim_release(ground: Ground, *, other: int = 0) -> Release:
    """Take the release of a steady line that has a journal some months away, too.

    Line and journal stay free: both are scarce, other lines of a journal are other subjects, and faults of the line that are
    planted later do not touch its releases any more.
    """
    open_names = set(journals(ground))
    found = {
        f"{name}|{key}": Release(name, key, tuple(entry for entry in entries if entry.contract_line == key))
        for name in sorted(open_names)
        if months_later(ground, name, other) in open_names
        for entries in [entries_of(ground.world, ground.world.posted[name])]
        for key in sorted({entry.contract_line for entry in entries if entry.contract_line})
        if len({entry.contract_line for entry in entries}) > 1
    }
    release = found[ground.pick("release", found, lambda one: _steady(ground, found[one]))]
    ground.used.add(releases_of(release.key))
    return release


def releases_of(key: str) -> str:
    """What a fault takes that touches the deferred revenue of a contract line and leaves its bookings and bills to others."""
    return f"releases of {key}"


def _steady(ground: Ground, release: Release) -> bool:
    root = ground.world.roots.get(release.key)
    if root is None or {root.key, releases_of(root.key)} & ground.used or root.key in ground.restless:
        return False
    last = day_of(ground, release.journal)
    return bool(release.amount > 0 and root.quantity(last) > 0 and not ground.world.amendments.get(root.order_id))


def take_out(ground: Ground, release: Release) -> None:
    """Let a journal release nothing for the line."""
    entries = entries_of(ground.world, ground.world.posted[release.journal])
    _write(ground, release.journal, [entry for entry in entries if entry.contract_line != release.key])


def put_in(ground: Ground, journal: str, key: str, amount: Decimal) -> None:
    """Let a journal release an amount more for a line."""
    more = Entry("deferred", amount, contract_line=key, release=True)
    entries = entries_of(ground.world, ground.world.posted[journal])
    _write(ground, journal, [*entries, more, replace(more, account="revenue", amount=-amount)])


def rewrite(ground: Ground, name: str, changed: Callable[[Entry], Entry]) -> None:
    """Change lines of a journal one by one."""
    _write(ground, name, [changed(entry) for entry in entries_of(ground.world, ground.world.posted[name])])


def _write(ground: Ground, name: str, entries: list[Entry]) -> None:
    number = ground.world.posted[name]
    header = ground.world.netsuite["transaction"][str(number)]
    entity, day = name.split("-")[1], header["trandate"]
    heading = Heading("Journal", name, None, None, entity, currency_of(ground, name), None, day, header["createddate"], "B")
    write_entries(ground.world, number, heading, entries)


def currency_of(ground: Ground, name: str) -> str:
    """Currency of a journal."""
    netsuite = ground.world.netsuite
    return str(netsuite["currency"][str(netsuite["transaction"][str(ground.world.posted[name])]["currency"])]["symbol"])


def journal_of(ground: Ground, entity: str, currency: str, *, after: date) -> str | None:
    """The last balanced release journal of a company and currency whose whole month lies after a day."""
    names = [
        name
        for name in journals(ground)
        if name.split("-")[1] == entity and currency_of(ground, name) == currency and month_start(day_of(ground, name)) > after
    ]
    return names[-1] if names else None


def tell(ground: Ground, control: str, journal: str, key: str, amount: Decimal) -> None:
    """Note a planted difference of a line, in the journal's currency."""
    currency = currency_of(ground, journal)
    ground.tell(control, key, int(to_minor(amount, currency)), currency)
