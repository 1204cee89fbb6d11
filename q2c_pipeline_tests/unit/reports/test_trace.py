"""A trace shows a record with all that led to it and all that came of it, each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import StoreError
from q2c_pipeline.reports.trace import Node, trace

NODES = [
    ("account:sf:1", "crm", "sf", "account", "001", "AC-1", None, None, None, None),
    ("account:bill:1", "billing", "bill", "account", "cus_1", "AC-1", None, None, None, None),
    ("contract:sf:1", "crm", "sf", "contract", "801", "ORD-1", None, "EUR", "activated", "2026-01-01"),
    ("contract_line:sf:1", "crm", "sf", "contract_line", "802", "ORD-1/1", "1200", "EUR", "recurring", "2026-01-01"),
    ("subscription:bill:1", "billing", "bill", "subscription", "sub_1", "sub_1", None, "EUR", "active", "2026-01-01"),
    ("invoice:bill:1", "billing", "bill", "invoice", "in_1", "INV-1", "119", "EUR", "paid", "2026-01-02"),
    ("transaction:erp:1", "erp", "erp", "invoice", "4711", "INV-1", "118.99", "EUR", "posted", "2026-01-02"),
    ("invoice:bill:2", "billing", "bill", "invoice", "in_2", "<INV-2>", "5", "EUR", "open", "2026-02-02"),
]
EDGES = [
    ("account:sf:1", "account:bill:1", "external_id"),
    ("account:sf:1", "contract:sf:1", "record"),
    ("contract:sf:1", "contract_line:sf:1", "record"),
    ("account:bill:1", "subscription:bill:1", "record"),
    ("contract_line:sf:1", "invoice:bill:1", "subscription_line"),
    ("subscription:bill:1", "invoice:bill:1", "record"),
    ("subscription:bill:1", "invoice:bill:2", "record"),
    ("invoice:bill:1", "transaction:erp:1", "document_number"),
    ("invoice:bill:1", "payment:bill:gone", "record"),
]
EXCEPTIONS = [
    ("e1", "BP04", "INV-1", "0.01", "EUR", "document says 119.00, posted 118.99"),
    ("e2", "MD07", "AC-1@billing", "0", None, "external id is missing"),
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse() as made:
        run = made.connection.execute
        run("create schema mart")
        run("create schema recon")
        run(
            "create table mart.trace_node (node_key varchar, role varchar, instance varchar, kind varchar, source_id varchar, "
            "business_number varchar, amount decimal(20,4), currency varchar, record_status varchar, record_date date)"
        )
        run("create table mart.trace_edge (parent_key varchar, child_key varchar, method varchar)")
        run(
            "create table recon.exception (exception_id varchar, control_id varchar, subject_key varchar, "
            "difference_amount decimal(20,4), currency varchar, reason varchar)"
        )
        for table, rows in (("mart.trace_node", NODES), ("mart.trace_edge", EDGES), ("recon.exception", EXCEPTIONS)):
            for row in rows:
                run(f"insert into {table} values ({', '.join('?' * len(row))})", list(row))
        yield made


def lines(node: Node, depth: int = 0) -> Iterator[tuple[int, str]]:
    """The tree as lines with their depth; an exception is a line of its own below its record."""
    yield depth, f"{node.text}{'  <--' if node.is_sought else ''}"
    for exception in node.exceptions:
        yield depth + 1, f"! {exception}"
    for child in node.children:
        yield from lines(child, depth + 1)


def told(warehouse: Warehouse, identifier: str) -> list[str]:
    return [f"{'  ' * depth}{text}" for node in trace(warehouse, identifier) for depth, text in lines(node)]


def test_an_invoice_with_its_road_from_the_account_to_the_ledger(warehouse: Warehouse) -> None:
    assert told(warehouse, "INV-1") == [
        "account AC-1 [sf 001]",
        "  contract ORD-1 activated 2026-01-01 [sf 801]",
        "    contract line ORD-1/1 1,200.00 EUR recurring 2026-01-01 [sf 802]",
        "      invoice INV-1 119.00 EUR paid 2026-01-02 [bill in_1] by subscription line  <--",
        "        ! BP04 0.01 EUR: document says 119.00, posted 118.99",
        "        invoice INV-1 118.99 EUR posted 2026-01-02 [erp 4711] by document number  <--",
        "  account AC-1 [bill cus_1] by external id",
        "    ! MD07: external id is missing",
        "    subscription sub_1 active 2026-01-01 [bill]",
        "      invoice INV-1 119.00 EUR paid 2026-01-02 [bill in_1] (see above)  <--",
    ]


@pytest.mark.parametrize("identifier", ["in_1", "inv-1", "INV-1"])
def test_a_record_is_found_by_id_or_number(warehouse: Warehouse, identifier: str) -> None:
    assert any("invoice INV-1 119.00" in line for line in told(warehouse, identifier))


@pytest.mark.parametrize(("subject", "number"), [("AC-1@billing", "AC-1"), ("bill.invoice/in_2", "<INV-2>")])
def test_the_subject_of_an_exception_leads_to_its_record(warehouse: Warehouse, subject: str, number: str) -> None:
    assert any(number in line and line.endswith("<--") for line in told(warehouse, subject))


def test_what_is_beside_the_road_stays_out(warehouse: Warehouse) -> None:
    assert not any("INV-2" in line for line in told(warehouse, "4711"))


def test_an_unknown_number_suggests_known_ones(warehouse: Warehouse) -> None:
    with pytest.raises(StoreError, match="try one like INV-1, "):
        trace(warehouse, "INV-99")


def test_a_circle_ends(warehouse: Warehouse) -> None:
    warehouse.connection.execute("insert into mart.trace_edge values ('transaction:erp:1', 'account:sf:1', 'record')")
    contracts = [line for line in told(warehouse, "801") if "contract ORD-1" in line]
    assert len(contracts) == 2
    assert contracts[1].endswith("(see above)  <--")
