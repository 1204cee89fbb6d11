"""The ground on which faults are planted: finds subjects that nothing else touches, and notes the truth."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.sandbox.company.money import to_major
from q2c_pipeline.sandbox.company.posting import root_key
from q2c_pipeline.sandbox.systems import Earlier, Misbehaviour, Symptom, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import date

    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record

RENT = re.compile(r"JE-[A-Z]{2}-\d{4}-\d{2}")
FINAL = {"open", "paid", "uncollectible"}
QUIET_DAYS = timedelta(days=4)
ONE_MORE_EVERY = 150
SMALL = 60
"""Accounts: from here on there is enough of every story for every fault."""


class Ground:
    """A lived history with bookkeeping of what faults already touched."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.seed = world, seed
        self.used: set[str] = set()
        self.rng = Random(seed)
        self.name = ""
        self.count: int | None = None
        self._waiting: dict[str, list[str]] = {}
        self.restless = {key for key, root in world.roots.items() if self._falls_due_late(root)}
        self.lines: dict[str, list[str]] = defaultdict(list)
        for key, line in world.stripe["invoice_line"].items():
            root = root_key(world, line)
            if root:
                self.lines[root].append(key)
        is_small = len(world.salesforce["Account"]) < SMALL
        self.rare = {key for key, root in world.roots.items() if is_small and self._is_rare(root)}
        """Contract lines with a past that few have: a small company leaves them to the faults that need just them."""
        self.of_rare = {line["invoice"] for key in self.rare for line in self.lines_of(world.roots[key])}

    def for_fault(self, name: str, count: int | None = None) -> Ground:
        """Choose anew for the fault of that name, whatever was planted before."""
        self.name, self.count, self.rng = name, count, Random(f"{self.seed}:{name}")
        self._waiting.clear()
        return self

    @property
    def volume(self) -> int:
        """How often a fault of daily life occurs: once, and once more for every 150 accounts, unless its number was given."""
        return 1 if self.count else 1 + len(self.world.salesforce["Account"]) // ONE_MORE_EVERY

    @property
    def settled_day(self) -> date:
        """Last day whose documents are out of every grace."""
        return self.world.as_of - QUIET_DAYS

    def unrefunded_charges(self) -> set[str]:
        """Charges that may become unreadable alone: a refund of one would lose its invoice with it."""
        refunded = {refund["charge"] for refund in self.world.stripe["refund"].values()}
        return set(self.world.stripe["charge"]) - refunded - self.used

    def pick(
        self,
        kind: str,
        candidates: Collection[str],
        suits: Callable[[str], bool] = lambda _: True,
        is_rare: Callable[[str], bool] = lambda _: False,
    ) -> str:
        """Choose by lot a suitable candidate, a rare one only where no other suits, or say clearly that the world has none.

        A fault planted many times goes on in the order once drawn: the thousandth choice costs as little as the first.
        """
        waiting = self._waiting.get(kind, [])
        while waiting:
            key = waiting.pop()
            if key in candidates and suits(key):
                return key
        pool = sorted(candidates)
        self.rng.shuffle(pool)
        pool.sort(key=is_rare)
        for place, key in enumerate(pool):
            if suits(key):
                if self.count:
                    self._waiting[kind] = pool[:place:-1]
                return key
        raise ConfigurationError(
            expected=f"an untouched {kind} for the fault {self.name}",
            found="none",
            where=f"simulated company of {len(self.world.salesforce['Account'])} accounts",
            next_step="ask for more accounts or months, or for fewer faults at once",
        )

    def claim_root(self, suits: Callable[[Root], bool]) -> Root:
        """Take a contract line, and all documents that bill it, for this fault alone."""
        roots = self.world.roots
        key = self.pick("contract line", roots, lambda key: self._free(roots[key]) and suits(roots[key]), self.rare.__contains__)
        self.used |= {key, roots[key].order_id, *self.documents(roots[key])}
        return roots[key]

    def claim_order(self, suits: Callable[[Root], bool]) -> Record:
        """Take the order of a contract line for a fault that touches none of its documents, so that others may have those."""
        roots = self.world.roots

        def is_free(key: str) -> bool:
            return not self.used & {key, roots[key].order_id} and suits(roots[key])

        key = self.pick("order", roots, is_free, self.rare.__contains__)
        self.used |= {key, roots[key].order_id}
        return self.world.order(roots[key])

    def _free(self, root: Root) -> bool:
        return (
            root.item_id is not None
            and root.key not in self.used
            and not self.used & {root.key, root.order_id, *self.documents(root)}
            and root.key not in self.restless
        )

    def _is_rare(self, root: Root) -> bool:
        return bool(
            root.charge_type == "Usage"
            or len(root.strands) > 1
            or self.world.amendments.get(root.order_id)
            or self.has_credits(root)
        )

    def _falls_due_late(self, root: Root) -> bool:
        """Tell whether something of the root fell due so lately that it may still be inside a grace."""
        return any(self.settled_day < root.due(cell[0][1]) <= self.world.as_of for cell in root.cells.values())

    def documents(self, root: Root) -> set[str]:
        """Invoices, of whatever status, that carry a line of the root."""
        return {line["invoice"] for line in self.lines_of(root)}

    def lines_of(self, root: Root) -> list[Record]:
        """Invoice lines of a root that no fault took away."""
        lines = self.world.stripe["invoice_line"]
        return [lines[key] for key in self.lines[root.key] if key in lines]

    def due_starts(self, root: Root) -> list[date]:
        """Service starts of a root that fell due, oldest first."""
        return sorted(start for start, cell in root.cells.items() if root.due(cell[0][1]) <= self.world.as_of)

    def final_lines(self, root: Root) -> list[Record]:
        """Lines of final invoices for a root, by service start."""
        invoices = self.world.stripe["invoice"]
        final = [line for line in self.lines_of(root) if invoices[line["invoice"]]["status"] in FINAL]
        return sorted(final, key=lambda line: (line["period"]["start"], line["id"]))

    def plain(self, root: Root) -> bool:
        """Tell whether a root is a steady recurring line without amendments, credits or voids in its past."""
        return (
            root.charge_type == "Recurring"
            and len(root.strands) == 1
            and root.strands[0].discount_end is None
            and self.steady(root)
        )

    def steady(self, root: Root) -> bool:
        """Tell whether billing followed a root period by period without amendments, credits or voids."""
        return (
            len(root.billed) > 2
            and not self.has_credits(root)
            and not self.world.amendments.get(root.order_id)
            and len(self.final_lines(root)) == len(self.due_starts(root)) == len(root.billed)
            and self.world.stripe["subscription"][root.subscription_id or ""]["status"] == "active"
        )

    def ended(self, root: Root) -> bool:
        """Tell whether a root, the only line of its order, ran to the end of its term and billing closed its subscription."""
        return root.charge_type == "Recurring" and len(root.strands) == 1 and self.alone(root) and self.closed_in_billing(root)

    def closed_in_billing(self, root: Root) -> bool:
        """Tell whether billing will invoice nothing more on the subscription of a root."""
        return bool(self.world.stripe["subscription"][root.subscription_id or ""]["status"] == "canceled")

    def has_credits(self, root: Root) -> bool:
        """Tell whether a credit note refers to an invoice of the root."""
        return any(self.world.credits_of.get(document) for document in self.documents(root))

    def alone(self, root: Root) -> bool:
        """Tell whether a root is the only line of its order."""
        return len(self.world.roots_of[root.order_id]) == 1

    def claim_invoice(self, suits: Callable[[Record], bool]) -> Record:
        """Take an invoice that is out of every grace for this fault alone."""
        invoices = self.world.stripe["invoice"]
        key = self.pick(
            "invoice", invoices, lambda key: self._free_invoice(invoices[key]) and suits(invoices[key]), self.of_rare.__contains__
        )
        self.used.add(key)
        return invoices[key]

    def _free_invoice(self, invoice: Record) -> bool:
        return bool(invoice["id"] not in self.used and invoice["created"].date() <= self.settled_day)

    def claim_account(self, suits: Callable[[Record], bool]) -> Record:
        """Take an account, preferably one without any other fault on its orders."""
        accounts = self.world.salesforce["Account"]
        busy = {order["AccountId"] for order in self.world.salesforce["Order"].values() if order["Id"] in self.used}
        quiet = any(key not in busy and key not in self.used and suits(one) for key, one in accounts.items())
        barred = self.used | busy if quiet else self.used
        key = self.pick("account", accounts, lambda key: key not in barred and suits(accounts[key]))
        self.used.add(key)
        return accounts[key]

    def tell(self, control: str, subject: str, minor: int, currency: str) -> None:
        """Note a planted difference in minor units of a currency."""
        symbol = currency.upper()
        self.world.truth.append(Truth(control, subject, to_major(minor, symbol), symbol))

    def tell_without_money(self, control: str, subject: str) -> None:
        """Note a planted difference that has no amount; the same subject again is the same difference."""
        planted = Truth(control, subject, Decimal(0), None)
        if planted not in self.world.truth:
            self.world.truth.append(planted)

    def tell_symptom(self, control: str, cause: str, subject: str) -> None:
        """Note what must be shown as a symptom of a planted cause, and not beside it."""
        self.world.symptoms.append(Symptom(control, cause, subject))

    def remember(self, platform: str, object_name: str, key: str) -> None:
        """Keep how a record looks now as how it looked on the evening before; the fault changes it after."""
        record = getattr(self.world, platform)[object_name][key]
        self.world.earlier.append(Earlier(platform, object_name, key, copy.deepcopy(record)))

    def remember_transaction(self, number: int) -> None:
        """The same for a ledger transaction with its lines, in all books."""
        for name, key in self._parts_of(number):
            self.remember("netsuite", name, key)

    def forget_transaction(self, number: int) -> None:
        """Let a ledger transaction not have been there on the evening before."""
        self.world.earlier += [Earlier("netsuite", name, key, None) for name, key in self._parts_of(number)]

    def _parts_of(self, number: int) -> Iterator[tuple[str, str]]:
        yield "transaction", str(number)
        for name in ("transactionline", "transactionaccountingline"):
            for key, line in self.world.netsuite[name].items():
                if line["transaction"] == number:
                    yield name, key

    def claim_rent(self, *, closed: bool) -> Record:
        """Take a month's journal of rent, which no leg compares, of a period whose books are closed, or still open."""
        periods = {one["id"] for one in self.world.netsuite["accountingperiod"].values() if one["closed"] == closed}
        heads = self.world.netsuite["transaction"]
        rents = {key for key, one in heads.items() if RENT.fullmatch(str(one["tranid"])) and one["postingperiod"] in periods}
        earlier = {key for key in rents if heads[key]["trandate"] < self.world.as_of}
        key = self.pick("journal of rent", earlier, lambda key: f"journal:{key}" not in self.used)
        self.used.add(f"journal:{key}")
        return heads[key]

    def misbehave(self, platform: str, kind: str, object_name: str, **detail: object) -> None:
        """Ask a look-alike server to do something wrong."""
        self.world.misbehaviour.append(Misbehaviour(platform, kind, object_name, dict(detail)))
