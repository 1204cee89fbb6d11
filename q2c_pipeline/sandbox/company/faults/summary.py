"""What goes wrong in a ledger that posts summaries: documents lost or counted twice, amounts, classes, companies and periods."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.dates import DAY, add_months, month_end, month_start
from q2c_pipeline.sandbox.company.faults.ground import QUIET_DAYS
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import Entry, entries_of, erase, post, write_entries
from q2c_pipeline.sandbox.company.money import convert
from q2c_pipeline.sandbox.company.posting import post_invoice
from q2c_pipeline.sandbox.company.releasing import release_again
from q2c_pipeline.sandbox.company.summing import Day, Summary, all_entries, heading, revalue_again, sum_up, totals, write
from q2c_pipeline.sandbox.systems import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record

Amounts = tuple[tuple[str, Decimal], ...]
ODD = Decimal(13)
WEEK = 7


class Books:
    """The summaries of a company, and which of them a fault has touched; days beside one that was touched stay free of others."""

    def __init__(self, world: World, seed: int, summaries: dict[Day, Summary]) -> None:
        self.world, self.summaries = world, summaries
        self.rng = Random(f"{seed}:summaries")
        self.used: set[Day] = set()

    def claim(self, wanted: str, suits: Callable[[Summary], bool]) -> Summary:
        """Take a summary out of every grace for one fault alone, by lot."""
        settled = self.world.as_of - QUIET_DAYS
        pool = [one for day, one in sorted(self.summaries.items()) if day[2] <= settled and day not in self.used and suits(one)]
        if not pool:
            raise ConfigurationError(
                expected=f"an untouched summary {wanted}",
                found="none",
                where=f"simulated company with {len(self.summaries)} summary journals",
                next_step="ask for more accounts or months, or for fewer faults at once",
            )
        chosen = self.rng.choice(pool)
        self.use_around(chosen.day)
        return chosen

    def use_around(self, day: Day) -> None:
        """Keep other faults a week away from this one, and out of the sister companies' same day."""
        entity, currency, date = day
        for other in self.summaries:
            is_near = other[0] == entity and abs((other[2] - date).days) <= WEEK
            if other[1] == currency and (is_near or other[2] == date):
                self.used.add(other)

    def record(self, document_id: str) -> Record:
        """An invoice or credit note."""
        found: Record = self.world.stripe["invoice"].get(document_id) or self.world.stripe["credit_note"][document_id]
        return found

    def tell(self, control: str, subject: str, summary: Summary, amount: Decimal) -> None:
        """Note a planted difference in the summary's currency."""
        self.world.truth.append(Truth(control, subject, amount, summary.day[1]))

    def tell_document(self, control: str, summary: Summary, document_id: str, sign: int = 1) -> None:
        """Note that a document's receivable is missing, or (sign -1) in the ledger once too often."""
        self.tell(
            control, self.record(document_id)["number"], summary, sign * amount_of(summary.parts[document_id], "receivable")
        )

    def lose(self, summary: Summary, document_id: str) -> None:
        """Leave a document out; what was not put off is not released."""
        note = document_id in self.world.stripe["credit_note"]
        self.tell_document("BP10" if note else "BP01", summary, document_id)
        del summary.parts[document_id]
        self.world.deferrals.pop(document_id, None)


def amount_of(entries: Sequence[Entry], account: str) -> Decimal:
    """What entries post to an account."""
    return sum((entry.amount for entry in entries if entry.account == account), Decimal(0))


def amounts(entries: Sequence[Entry]) -> Amounts:
    """What entries post to each account, comparable."""
    return tuple(sorted((name, amount_of(entries, name)) for name in {entry.account for entry in entries}))


def singular(summary: Summary) -> list[str]:
    """Invoices whose amounts no other document of the day has, neither as they are nor turned."""
    seen = Counter(amounts(part) for part in summary.parts.values())
    turned = Counter(amounts([replace(one, amount=-one.amount) for one in part]) for part in summary.parts.values())
    return [
        key
        for key, part in sorted(summary.parts.items())
        if seen[amounts(part)] == 1 and not turned[amounts(part)] and amount_of(part, "receivable") > 0
    ]


def summary_document_missing(books: Books) -> None:
    """The run that sums up the day skipped an invoice."""
    summary = books.claim("with an invoice unlike the others", lambda one: len(one.parts) > 2 and bool(singular(one)))
    books.lose(summary, books.rng.choice(singular(summary)))
    write(books.world, summary)


def summary_two_missing(books: Books) -> None:
    """Two invoices of one day were skipped."""
    summary = books.claim("with several invoices", lambda one: _pair(one) is not None)
    for document_id in _pair(summary) or ():
        books.lose(summary, document_id)
    write(books.world, summary)


def _pair(summary: Summary) -> tuple[str, str] | None:
    """Two invoices whose sum is neither one document's nor any other pair's."""
    if not 4 < len(summary.parts) < 40:
        return None
    keys = sorted(summary.parts)
    sums = {(a, b): amounts([*summary.parts[a], *summary.parts[b]]) for place, a in enumerate(keys) for b in keys[place + 1 :]}
    single = {amounts(part) for part in summary.parts.values()}
    often = Counter(sums.values())
    alone = set(singular(summary))
    return next((pair for pair, both in sums.items() if alone >= set(pair) and often[both] == 1 and both not in single), None)


def summary_one_of_equals_missing(books: Books) -> None:
    """One of several invoices of equal amounts was skipped: nobody can tell which, so the difference is the summary's."""
    summary = books.claim("with equal invoices", lambda one: bool(_equals(one)))
    document_id = _equals(summary)[0]
    amount = amount_of(summary.parts[document_id], "receivable")
    write(books.world, summary, [entry for key, part in summary.parts.items() if key != document_id for entry in part])
    books.tell("BP04", summary.tranid, summary, amount)


def _equals(summary: Summary) -> list[str]:
    seen = Counter(amounts(part) for part in summary.parts.values())
    return [key for key, part in sorted(summary.parts.items()) if seen[amounts(part)] > 1 and amount_of(part, "receivable") > 0]


def summary_counted_twice(books: Books) -> None:
    """A retry put one invoice into the day's sum a second time."""
    summary = books.claim("with an invoice unlike the others", lambda one: len(one.parts) > 1 and bool(singular(one)))
    document_id = books.rng.choice(singular(summary))
    write(books.world, summary, [*all_entries(summary), *summary.parts[document_id]])
    books.tell_document("BP03", summary, document_id, -1)


def summary_and_by_itself(books: Books) -> None:
    """Somebody missed an invoice in the ledger, which holds sums only, and entered it by hand."""
    world = books.world
    summary = books.claim("of several documents", lambda one: len(one.parts) > 1 and bool(singular(one)))
    document_id = books.rng.choice(singular(summary))
    number = books.record(document_id)["number"]
    head = replace(heading(summary), tranid=f"JE-{number}", source=number, memo="Missing invoice")
    post(world, head, totals(summary.parts[document_id]))
    books.tell_document("BP03", summary, document_id, -1)


def summary_void_document(books: Books) -> None:
    """An invoice was voided in billing after the day had been summed up, and nobody took it out of the ledger."""
    world = books.world
    summary, document_id = _voided(books)
    if summary.batch:
        books.record(document_id)["metadata"]["ledger_batch"] = summary.batch
    post_invoice(world, document_id)
    number = world.posted.pop(document_id)
    entries = [Entry(one.account, one.amount, one.base) for one in entries_of(world, number, at_own_rate=True)]
    erase(world, number)
    world.deferrals.pop(document_id)
    write(world, summary, [*all_entries(summary), *entries])
    books.tell("BP11", world.stripe["invoice"][document_id]["number"], summary, -amount_of(entries, "receivable"))


def _voided(books: Books) -> tuple[Summary, str]:
    void: dict[Day, list[str]] = {}
    for key, one in sorted(books.world.stripe["invoice"].items()):
        if one["status"] == "void":
            day = one["metadata"]["legal_entity"], one["currency"].upper(), one["effective_at"].date()
            void.setdefault(day, []).append(key)
    totals_of = {key: books.world.stripe["invoice"][key]["total"] for keys in void.values() for key in keys}

    def unlike(one: Summary) -> bool:
        wanted = [totals_of[key] for key in void.get(one.day, ())]
        others = [books.record(key)["total"] for key in one.parts]
        return len(wanted) == 1 and wanted[0] not in others

    summary = books.claim("of a day with a void invoice", unlike)
    return summary, void[summary.day][0]


def summary_amount_wrong(books: Books) -> None:
    """A sum was typed over by hand: receivable and revenue are off alike."""
    summary = books.claim("with revenue", lambda one: amount_of(all_entries(one), "revenue") < 0)
    entries = [*all_entries(summary), Entry("receivable", -ODD, None), Entry("revenue", ODD, None)]
    write(books.world, summary, _converted(books, summary, entries))
    books.tell("BP04", summary.tranid, summary, ODD)


def summary_tax_dropped(books: Books) -> None:
    """A whole day was summed up without tax, after a change of tax codes."""
    summary = books.claim("with tax", lambda one: len(one.parts) > 2 and amount_of(all_entries(one), "tax") < 0)
    tax = amount_of(all_entries(summary), "tax")
    entries = [*all_entries(summary), Entry("receivable", tax, None), Entry("tax", -tax, None)]
    write(books.world, summary, _converted(books, summary, entries))
    books.tell("BP05", summary.tranid, summary, -tax)


def summary_unbalanced(books: Books) -> None:
    """An import let a sum through whose lines do not add up."""
    summary = books.claim("with a receivable", lambda one: amount_of(all_entries(one), "receivable") > 0)
    entries = [*all_entries(summary), Entry("receivable", ODD, None)]
    write(books.world, summary, _converted(books, summary, entries))
    books.tell("BP12", summary.tranid, summary, -ODD)


def summary_deferral_as_revenue(books: Books) -> None:
    """One invoice of the day went to revenue at once, and is therefore not released any more."""
    summary = books.claim("with one deferral of its amount", lambda one: bool(_deferring(one)))
    document_id = _deferring(summary)[0]
    deferred = amount_of(summary.parts[document_id], "deferred")
    moved = [Entry("deferred", -deferred, None), Entry("revenue", deferred, None)]
    write(books.world, summary, _converted(books, summary, [*all_entries(summary), *moved]))
    books.world.deferrals.pop(document_id, None)
    books.tell("BP08", books.record(document_id)["number"], summary, -deferred)


def _deferring(summary: Summary) -> list[str]:
    deferred = {key: amount_of(part, "deferred") for key, part in sorted(summary.parts.items())}
    seen = Counter(abs(amount) for amount in deferred.values())
    return [key for key, amount in deferred.items() if amount < 0 and seen[abs(amount)] == 1]


def summary_posted_twice(books: Books) -> None:
    """The whole sum was posted again under another number."""
    summary = books.claim("of a day", _is_plain)
    head = replace(heading(summary), tranid=f"{summary.tranid}-R")
    post(books.world, head, totals(all_entries(summary)))
    books.tell("BP03", head.tranid, summary, -amount_of(all_entries(summary), "receivable"))


def summary_never_posted(books: Books) -> None:
    """A day was never summed up."""
    summary = books.claim("of a day", _is_plain)
    for document_id in sorted(summary.parts):
        books.lose(summary, document_id)
    erase(books.world, books.world.posted.pop(summary.tranid))


def summary_next_period(books: Books) -> None:
    """A month's last sum was posted on the first day of the next month."""
    world = books.world
    last = world.as_of - QUIET_DAYS

    def late(one: Summary) -> bool:
        return _is_plain(one) and one.day[2].day > 20 and month_end(one.day[2]) < last

    summary = books.claim("late in a month that is over", late)
    first = month_end(summary.day[2]) + DAY
    header = world.netsuite["transaction"][str(summary.number)]
    header.update(trandate=first, postingperiod=world.periods[first])
    books.use_around((*summary.day[:2], first))
    books.tell("BP07", summary.tranid, summary, amount_of(all_entries(summary), "receivable"))


def summary_back_dated_period(books: Books) -> None:
    """A sum bears the right day and the period before it."""
    world = books.world
    summary = books.claim(
        "of a later month", lambda one: _is_plain(one) and add_months(month_start(one.day[2]), -1) >= world.start
    )
    header = world.netsuite["transaction"][str(summary.number)]
    header["postingperiod"] = world.periods[add_months(month_start(summary.day[2]), -1)]
    books.tell("BP07", summary.tranid, summary, amount_of(all_entries(summary), "receivable"))


def summary_other_entity(books: Books) -> None:
    """A sum stands in the books of a sister company that has no documents in that currency on that day."""
    world = books.world

    def sisters(one: Summary) -> list[str]:
        return [code for code in sorted(ENTITIES) if code != one.day[0] and (code, *one.day[1:]) not in books.summaries]

    summary = books.claim("of a day that a sister company has none of", lambda one: _is_plain(one) and bool(sisters(one)))
    wrong = books.rng.choice(sisters(summary))
    header = world.netsuite["transaction"][str(summary.number)]
    header["exchangerate"] = rate(world, summary.day[1], ENTITIES[wrong].currency, summary.day[2])
    head = replace(heading(summary), entity=wrong)
    write_entries(world, summary.number, head, [replace(one, base=None) for one in totals(all_entries(summary))])
    books.tell("BP06", summary.tranid, summary, amount_of(all_entries(summary), "receivable"))


def summary_document_in_next_month(books: Books) -> None:
    """An invoice of a month's last days was left out of its day and put into the first sum of the next month."""
    first, summary, document_id = _neighbours(books)
    part = first.parts[document_id]
    write(books.world, first, [entry for key, one in first.parts.items() if key != document_id for entry in one])
    turned = _converted(books, summary, [replace(one, base=None) for one in part])
    write(books.world, summary, [*all_entries(summary), *turned])
    books.tell_document("BP07", first, document_id)


def _neighbours(books: Books) -> tuple[Summary, Summary, str]:
    """A summary late in a month with an invoice unlike all others of its month's end, and the first one of the next month."""
    settled = books.world.as_of - QUIET_DAYS

    def next_of(one: Summary) -> Summary | None:
        after = [
            other
            for day, other in sorted(books.summaries.items())
            if day[:2] == one.day[:2] and day[2] > month_end(one.day[2]) and day[2] <= settled and day not in books.used
        ]
        return after[0] if after and (after[0].day[2] - one.day[2]).days <= WEEK else None

    def unlike(one: Summary, after: Summary | None) -> list[str]:
        if after is None or len(one.parts) < 2 or one.day[2].day < 15:
            return []
        there = {amounts(part) for part in after.parts.values()}
        return [key for key in singular(one) if amounts(one.parts[key]) not in there]

    nexts = {day: next_of(one) for day, one in books.summaries.items()}
    first = books.claim("before a month's end", lambda one: bool(unlike(one, nexts[one.day])))
    second = nexts[first.day]
    if second is None:  # it was chosen for having one
        raise AssertionError(first)
    books.use_around(second.day)
    return first, second, unlike(first, second)[0]


def _is_plain(summary: Summary) -> bool:
    return amount_of(all_entries(summary), "receivable") > 0 and len(summary.parts) > 1


def _converted(books: Books, summary: Summary, entries: Sequence[Entry]) -> list[Entry]:
    """Entries that are worth nothing in the books yet at the rate of the summary's day."""
    base = ENTITIES[summary.day[0]].currency
    at_rate = rate(books.world, summary.day[1], base, summary.day[2])
    return [one if one.base is not None else replace(one, base=convert(one.amount, at_rate, base)) for one in entries]


FIRST = (
    "summary_document_in_next_month",
    "summary_next_period",
    "summary_void",
    "summary_two",
    "summary_one_of",
    "summary_other",
)
"""Faults of scarce subjects."""


def known_faults() -> list[str]:
    """Names of all faults of summaries, sorted."""
    return sorted(_planters())


def post_summaries(world: World, seed: int, names: Sequence[str], *, in_batches: bool = False) -> None:
    """Turn the ledger into one of summaries; plant the named faults, each on days that no other one touches."""
    books, planters = Books(world, seed, sum_up(world, in_batches=in_batches)), _planters()
    for name in sorted(set(names), key=lambda name: (not name.startswith(FIRST), name)):
        planters[name](books)
    if names:
        release_again(world)
    revalue_again(world)


def _planters() -> dict[str, Callable[[Books], None]]:
    return {name: member for name, member in globals().items() if name.startswith("summary_")}
