"""A tiny consistent company in canonical rows: one customer, one order, ten months billed and posted; tests bend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from q2c_pipeline.engine.controls import with_generated
from q2c_pipeline.engine.runner import Warehouse, graph
from q2c_pipeline.engine.sqlfiles import SqlFile, load
from q2c_pipeline.schemas.adapters import polars_schema
from q2c_pipeline.schemas.fields import Type
from q2c_pipeline.schemas.tables import TABLES
from q2c_pipeline_tests.sql.shared import SharedWarehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

AS_OF = date(2026, 10, 31)
PARAMS: dict[str, Any] = {
    "as_of": AS_OF,
    "invoice_grace_days": 3,
    "booking_grace_days": 1,
    "posting_grace_days": 2,
    "order_sla_days": 2,
    "invoice_sla_days": 35,
    "posting_sla_days": 5,
    "unapplied_sla_days": 30,
    "proration": "actual_days",
    "group_currency": "USD",
    "severity_high_amount": Decimal(1_000),
    "severity_critical_amount": Decimal(10_000),
}
INSTANCE = {"crm": "sf_main", "billing": "stripe_main", "erp": "netsuite_main"}
BILLED_MONTHS = 10
TAX = Decimal("0.1")
_STAMP = datetime(2026, 10, 30, tzinfo=UTC)
_ZERO: dict[Type, Any] = {
    Type.TEXT: "x", Type.MONEY: Decimal(0), Type.RATE: Decimal(0), Type.COUNT: 0, Type.DATE: date(2026, 1, 1),
    Type.INSTANT: _STAMP, Type.FLAG: False,
}  # fmt: skip
Row = dict[str, Any]


@dataclass
class World:
    """Rows by table and source id; `add`, `change` and `remove` bend them, `run` computes every table from them."""

    rows: dict[str, dict[tuple[str, str], Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    landing: dict[str, list[Row]] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=lambda: dict(PARAMS))
    roles: tuple[str, ...] = ("crm", "billing", "erp")
    summary_convention: tuple[str, str, str] | None = None
    graces: Sequence[tuple[object, ...]] = ()
    """Instance, entity, days for booking, invoice and posting."""

    def add(self, table: str, role: str, source_id: str, **values: Any) -> Row:
        """A row with neutral values for what is not given."""
        contract = TABLES[table]
        row = {
            name: None if name in contract.nullable else _ZERO[spec.kind] for name, spec in contract.fields.items()
        } | {
            "instance": INSTANCE[role], "source_id": source_id, "source_version": _STAMP, "batch_id": "b1",
            "as_of": self.params["as_of"], "is_deleted": False,
        } | values  # fmt: skip
        unknown = set(values) - set(contract.fields)
        assert not unknown, f"{table} has no {unknown}"
        self.rows[table][(INSTANCE[role], source_id)] = row
        return row

    def get(self, table: str, source_id: str) -> Row:
        """The row with that id, whatever its instance."""
        return next(row for (_, key), row in self.rows[table].items() if key == source_id)

    def change(self, table: str, source_id: str, **values: Any) -> None:
        """Overwrite fields of a row."""
        self.get(table, source_id).update(values)

    def remove(self, table: str, source_id: str) -> Row:
        """Take a row out."""
        row = self.get(table, source_id)
        return self.rows[table].pop((row["instance"], source_id))

    def order(self, number: int, *, amends: int | None = None, **line: Any) -> str:
        """An activated order with one line; the line's id is 802-<number>."""
        start, end = line.pop("start_date", date(2026, 1, 1)), line.pop("end_date", date(2026, 12, 31))
        terms: Row = {"account_source_id": "001-1", "currency": "USD", "legal_entity_code": "US"}
        terms |= {"activated_at": datetime(2025, 12, 15, tzinfo=UTC)}
        terms |= {name: line.pop(name) for name in tuple(line) if name in TABLES["contract"].fields}
        self.add(
            "contract", "crm", f"801-{number}", contract_number=f"ORD-{number:05}", contract_status="activated",
            start_date=start,
            amends_contract_source_id=amends and f"801-{amends}", **terms,
        )  # fmt: skip
        self.line(f"802-{number}", number, start_date=start, end_date=end, amends=amends, **line)
        return f"802-{number}"

    def line(self, source_id: str, order: int, *, amends: int | None = None, **values: Any) -> None:
        """A recurring line of ten at 100 a month unless told otherwise."""
        usual = {
            "contract_source_id": f"801-{order}", "line_number": "1", "product_source_id": "01t-1", "quantity": Decimal(10),
            "unit_price": Decimal(100), "billing_frequency": "monthly", "billing_timing": "advance", "billing_anchor": "start",
            "price_period": "month", "charge_type": "recurring", "amends_line_source_id": amends and f"802-{amends}",
        }  # fmt: skip
        self.add("contract_line", "crm", source_id, **(usual | values))

    def subscribe(self, number: int, **item: Any) -> None:
        """Subscription and item of an order, with ids written on both sides."""
        contract = self.get("contract", f"801-{number}")
        self.add(
            "subscription", "billing", f"sub-{number}", account_source_id="cus-1", subscription_status="active",
            currency=contract["currency"], start_date=contract["start_date"],
            claimed_contract_id=f"801-{number}", legal_entity_code="US",
        )  # fmt: skip
        usual = {
            "subscription_source_id": f"sub-{number}", "price_source_id": "price-1", "product_source_id": "prod-1",
            "claimed_contract_line_id": f"802-{number}", "claimed_contract_line_key": f"ORD-{number:05}/1",
        }  # fmt: skip
        self.add("subscription_line", "billing", f"si-{number}", **(usual | item))
        self.change("contract_line", f"802-{number}", claimed_subscription_line_id=f"si-{number}")
        self.change("contract", f"801-{number}", claimed_subscription_id=f"sub-{number}", claimed_billing_status="Active")

    def bill(self, name: str, start: date, end: date, net: Decimal | int = 1000, **line: Any) -> str:
        """An open invoice in-<name> with one line il-<name>, issued on the first day of its service unless told otherwise."""
        issued = line.pop("issued_date", start)
        header = {"document_kind": "invoice", "document_status": "open", "legal_entity_code": "US", "currency": "USD"}
        header |= {key: line.pop(key) for key in tuple(header) if key in line}
        net = Decimal(net)
        self.add(
            "invoice", "billing", f"in-{name}", document_number=f"INV-{name}", account_source_id="cus-1", issued_date=issued,
            net_amount=net, tax_amount=net * TAX, total_amount=net * (1 + TAX),
            finalized_at=datetime(issued.year, issued.month, issued.day, tzinfo=UTC), **header,
        )  # fmt: skip
        usual = {
            "invoice_source_id": f"in-{name}", "subscription_source_id": "sub-1", "subscription_line_source_id": "si-1",
            "product_source_id": "prod-1", "quantity": Decimal(10), "unit_price": Decimal(100), "net_amount": net,
            "tax_amount": net * TAX, "currency": header["currency"], "service_start_date": start, "service_end_date": end,
        }  # fmt: skip
        self.add("invoice_line", "billing", f"il-{name}", **(usual | line))
        return f"in-{name}"

    def reprice(self, name: str, net: Decimal | int, **line: Any) -> None:
        """Let invoice and line of that name bear another net amount."""
        net = Decimal(net)
        self.change("invoice", f"in-{name}", net_amount=net, tax_amount=net * TAX, total_amount=net * (1 + TAX))
        self.change("invoice_line", f"il-{name}", net_amount=net, tax_amount=net * TAX, **line)

    def unbill(self, name: str) -> None:
        """Take an invoice and its line out."""
        self.remove("invoice", f"in-{name}")
        self.remove("invoice_line", f"il-{name}")

    def post_all(self) -> World:
        """Post every final document as the company would, transaction tr-<invoice id>."""
        for (_, source_id), invoice in sorted(self.rows["invoice"].items()):
            if invoice["document_status"] not in {"draft", "void"}:
                self.post(source_id)
        return self

    def post(self, invoice: str, *, transaction: str | None = None, **shared: Any) -> str:
        """Receivable, tax and net of a document in one transaction; `shared` overrides fields of all its lines."""
        header = self.get("invoice", invoice)
        lines = [row for row in self.rows["invoice_line"].values() if row["invoice_source_id"] == invoice]
        transaction = transaction or f"tr-{invoice}"
        amounts: dict[str, Decimal] = {"1100": header["total_amount"], "2100": -header["tax_amount"]}
        for row in lines:
            deferred = (row["service_end_date"].year, row["service_end_date"].month) > (
                header["issued_date"].year, header["issued_date"].month)  # fmt: skip
            account = "2400" if deferred else "4000"
            amounts[account] = amounts.get(account, Decimal(0)) - row["net_amount"]
        usual = {
            "transaction_number": header["document_number"], "transaction_kind": header["document_kind"],
            "posting_date": header["issued_date"], "currency": header["currency"],
            "claimed_document_number": header["document_number"], "claimed_document_id": invoice,
        }  # fmt: skip
        self.journal(transaction, amounts, **(usual | shared))
        return transaction

    def journal(self, transaction: str, amounts: dict[str, Decimal], **shared: Any) -> None:
        """One posted line for each account number, both in the primary and in the secondary book."""
        day = shared["posting_date"]
        usual = {
            "transaction_source_id": transaction, "subsidiary_source_id": "1", "is_posted": True, "is_voided": False,
            "accounting_period_source_id": f"{day:%Y-%m}",
        }  # fmt: skip
        for number, (account, amount) in enumerate(amounts.items(), 1):
            for book in ("1", "2"):
                values = {"line_number": str(number), "ledger_account_source_id": account, "transaction_amount": amount}
                values |= {"functional_amount": amount, "book_source_id": book, "is_primary_book": book == "1"}
                self.add("posting", "erp", f"{transaction}-{number}-{book}", **(usual | values | shared))

    def run(self, *wanted: str) -> Warehouse:
        """A warehouse in memory in which every table that `wanted` needs has been made."""
        warehouse = self.filled()
        self.make(warehouse, *(wanted or ("recon.exception", "recon.bridge", "recon.control_result", "recon.timing")))
        return warehouse

    def filled(self) -> SharedWarehouse:
        """A warehouse in memory that has the rows and none of the tables; what a test puts there itself counts too."""
        warehouse = SharedWarehouse()
        self.fill(warehouse)
        return warehouse

    def make(self, warehouse: SharedWarehouse, *wanted: str) -> None:
        """Make every table that `wanted` needs."""
        warehouse.make_all(files_for(*wanted), self.params)

    def fill(self, warehouse: Warehouse) -> None:
        """Put the rows where the loader would."""
        for table, rows in self.rows.items():
            if rows:
                frame = pl.DataFrame(list(rows.values()), schema=polars_schema(TABLES[table]), orient="row")
                warehouse.append(f"mapped.{table}", frame)
        for statement in _POLICY:
            warehouse.connection.execute(statement)
        for role in self.roles:
            warehouse.connection.execute("insert into policy.instance values (?, 'any', ?)", [INSTANCE[role], role])
        for grace in self.graces:
            warehouse.connection.execute("insert into policy.grace values (?, ?, ?, ?, ?)", list(grace))
        if self.summary_convention:
            warehouse.connection.execute("insert into policy.summary_convention values (?, ?, ?)", list(self.summary_convention))
        for table, found in self.landing.items():
            warehouse.append(f"landing.{table}", pl.DataFrame(found))

    def exceptions(self) -> list[tuple[str, str, Decimal, str | None]]:
        """Control, subject, amount and currency of every exception, sorted."""
        with self.run() as warehouse:
            return found_in(warehouse)


_POLICY = (
    """insert into policy.ownership values ('account', 'account_name', 'crm'), ('account', 'currency', 'crm'),
       ('account', 'parent_source_id', 'crm'), ('account', 'tax_id', 'erp'), ('account', 'payment_terms', 'erp'),
       ('price', 'unit_price', 'crm')""",
    "insert into policy.currency values ('USD', 2), ('EUR', 2), ('GBP', 2), ('JPY', 0), ('KWD', 3)",
    "insert into policy.entity values ('US', 'USD', 'US'), ('DE', 'EUR', 'DE')",
    "insert into policy.in_force values ('1', 'c0ffee', null)",
)


def found_in(warehouse: Warehouse) -> list[tuple[str, str, Decimal, str | None]]:
    """Exceptions of a warehouse that was run; nothing may stay unexplained, and every bridge must add up."""
    gaps = warehouse.query("select * from recon.bridge where cause = 'unexplained' and cause_amount <> 0").rows()
    assert gaps == []
    assert warehouse.query(
        """select 1 from recon.bridge group by leg, legal_entity_code, currency, period, measure, difference_amount
           having difference_amount <> sum(cause_amount)"""
    ).is_empty()
    return warehouse.query("select control_id, subject_key, difference_amount, currency from recon.exception order by all").rows()


@cache
def all_files() -> tuple[SqlFile, ...]:
    """Every table's file, the generated ones too, in running order."""
    return tuple(graph(with_generated(load())))


@cache
def files_for(*wanted: str) -> tuple[SqlFile, ...]:
    """The files that `wanted` tables need, in running order."""
    by_name = {file.name: file for file in all_files()}
    needed: set[str] = set()
    waiting: list[str] = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in needed:
            needed.add(name)
            waiting += by_name[name].upstreams
    return tuple(file for file in all_files() if file.name in needed)


def month_end(start: date) -> date:
    """The last day of the month that starts on `start`."""
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def masters(world: World) -> World:
    """Customer, product, chart, calendar, rates."""
    world.add(
        "account",
        "crm",
        "001-1",
        account_number="AC-1",
        account_name="One",
        legal_entity_code="US",
        claimed_billing_account_id="cus-1",
        claimed_erp_account_id="77",
    )
    world.add("account", "billing", "cus-1", account_number="AC-1", account_name="One", claimed_crm_account_id="001-1")
    world.add("account", "erp", "77", account_number="AC-1", account_name="One", claimed_crm_account_id="001-1")
    world.add("product", "crm", "01t-1", product_code="P1", product_name="Seat", revenue_class="ratable", is_active=True)
    world.add("product", "billing", "prod-1", product_code="P1", product_name="Seat", is_active=True)
    world.add("legal_entity", "erp", "1", legal_entity_code="US", currency="USD")
    world.add("legal_entity", "erp", "2", legal_entity_code="DE", currency="EUR")
    chart = {"1000": "cash", "1100": "receivable", "2100": "tax", "2400": "deferred_revenue", "4000": "revenue", "6000": "other"}
    for number, kind in chart.items():
        world.add("ledger_account", "erp", number, ledger_account_number=number, account_class=kind, is_active=True)
    for month in range(1, 13):
        start = date(2026, month, 1)
        world.add(
            "accounting_period",
            "erp",
            f"{start:%Y-%m}",
            period_name=f"{start:%b %Y}",
            start_date=start,
            end_date=month_end(start),
            period_state="open",
        )
    world.add(
        "fx_rate",
        "erp",
        "fx-1",
        currency="EUR",
        quote_currency="USD",
        effective_date=date(2026, 10, 1),
        exchange_rate=Decimal("1.1"),
        rate_type="spot",
    )
    return world


def consistent() -> World:
    """Order 1: ten seats at 100.00 a month for 2026, billed January to October, not posted yet (see `World.post_all`)."""
    world = masters(World())
    world.order(1)
    world.subscribe(1)
    for month in range(1, BILLED_MONTHS + 1):
        world.bill(str(month), date(2026, month, 1), month_end(date(2026, month, 1)))
    return world


def controls_of(found: Sequence[tuple[str, str, Decimal, str | None]]) -> list[str]:
    """Only the control ids."""
    return [control for control, *_ in found]
