"""Which records belong together with those that changed: everything that a recomputation of them could read or write.

Two records belong together when one names the other, or both bear the same number: a customer, its orders, what bills them and
what posts that. Postings belong to their transaction and to the document that it names, not to their customer: one journal may
release the revenue of thousands of customers, and no table that is computed in part looks at a posting's customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from q2c_pipeline.schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

FACTS = (
    "account",
    "opportunity",
    "opportunity_line",
    "contract",
    "contract_line",
    "contract_tier",
    "subscription",
    "subscription_line",
    "usage",
    "invoice",
    "invoice_line",
    "payment",
    "payment_application",
    "posting",
)
"""Tables of business records; the others (products, charts, periods, rates) are the same for every customer."""
_SAME_SYSTEM = {
    "account_source_id": "account",
    "parent_source_id": "account",
    "opportunity_source_id": "opportunity",
    "contract_source_id": "contract",
    "contract_line_source_id": "contract_line",
    "amends_contract_source_id": "contract",
    "amends_line_source_id": "contract_line",
    "subscription_source_id": "subscription",
    "subscription_line_source_id": "subscription_line",
    "invoice_source_id": "invoice",
    "credited_invoice_source_id": "invoice",
    "credited_line_source_id": "invoice_line",
    "payment_source_id": "payment",
    "transaction_source_id": "transaction",
}
_ANY_SYSTEM = {
    "claimed_contract_id": "contract",
    "claimed_contract_line_id": "contract_line",
    "claimed_subscription_id": "subscription",
    "claimed_subscription_line_id": "subscription_line",
    "claimed_document_id": "document",
}
_TEXTS = {
    "account_number": "account_number",
    "contract_number": "contract_number",
    "document_number": "document_number",
    "claimed_document_number": "document_number",
    "claimed_contract_line_key": "line_key",
}
_NAMED_BY = {
    "contract": "contract",
    "contract_line": "contract_line",
    "subscription": "subscription",
    "subscription_line": "subscription_line",
    "invoice": "document",
    "payment": "document",
    "payment_application": "document",
}
"""Tables whose ids other systems write down, and the word for what they name."""
_CLAIMED_ACCOUNTS = ("claimed_crm_account_id", "claimed_billing_account_id", "claimed_erp_account_id")
_LINKS = "select 1 from duckdb_tables() where database_name = ? and schema_name = 'link' and table_name = 'account'"
_OF_POSTING = ("transaction_source_id", "claimed_document_number", "claimed_document_id")
"""All that a posting is joined by where tables are computed in part_seen."""


@dataclass(frozen=True)
class Reference:
    """A column whose value ties records together: rows are found by `found_by` and let others be found by `gives`."""

    column: str
    found_by: str
    gives: str
    of_instance: bool = False


def references(table: str) -> tuple[Reference, ...]:
    """The columns of a fact table that tie its rows to others."""
    return tuple(_references(table))


def _references(table: str) -> Iterator[Reference]:
    yield Reference("source_id", table, table, of_instance=True)
    if table == "account":
        # Not each other's: two ledgers may both have a customer 17.
        yield Reference("source_id", "account claimed", "account known")
        yield from (Reference(name, "account known", "account claimed") for name in _CLAIMED_ACCOUNTS)
    if table in _NAMED_BY:
        yield Reference("source_id", f"any {_NAMED_BY[table]}", f"any {_NAMED_BY[table]}")
    for name in _OF_POSTING if table == "posting" else TABLES[table].fields:
        if name in _SAME_SYSTEM:
            yield Reference(name, _SAME_SYSTEM[name], _SAME_SYSTEM[name], of_instance=True)
        elif name in _ANY_SYSTEM:
            yield Reference(name, f"any {_ANY_SYSTEM[name]}", f"any {_ANY_SYSTEM[name]}")
        elif name in _TEXTS:
            yield Reference(name, _TEXTS[name], _TEXTS[name])


class Touched:
    """Finds all records that belong together with some, by following references until there are no more.

    Works in the attached catalog `part_seen`: `node` holds what was found, `hit_<table>` the rows of mapped.<table>.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, work: str) -> None:
        self._execute = connection.execute
        self._work = work
        self._has_links = bool(self._execute(_LINKS, [work]).fetchall())
        self._execute("create table part_seen.node (kind varchar, instance varchar, value varchar)")
        self._execute("create table part_seen.fresh (kind varchar, instance varchar, value varchar)")
        for table in FACTS:
            self._execute(f"create table part_seen.hit_{table} (id bigint)")

    def add(self, select: str, params: Mapping[str, object] | None = None) -> None:
        """Start from these nodes: rows of kind, instance (or '') and value."""
        self._execute(
            f"insert into part_seen.fresh select kind, instance, value from ({select}) where value is not null",
            dict(params or {}),
        )

    def follow(self) -> None:
        """Find all that belongs to the nodes that were added."""
        self._keep_unseen()
        while kinds := [
            str(kind) for (kind,) in self._execute("select distinct kind from part_seen.fresh order by all").fetchall()
        ]:
            for table in FACTS:
                self._hit(table, kinds)
            self._execute("insert into part_seen.node from part_seen.fresh")
            self._execute("delete from part_seen.fresh")
            for table in FACTS:
                self._give(table)
            self._give_line_keys()
            self._give_linked_accounts()
            self._keep_unseen()

    def share(self, table: str) -> float:
        """What part of the rows of mapped.<table> was found."""
        row = self._execute(
            f"select (select count(*) from part_seen.hit_{table}), (select count(*) from {self._work}.mapped.{table})"
        ).fetchall()[0]
        return float(row[0] / row[1]) if row[1] else 0.0

    def _keep_unseen(self) -> None:
        unseen = "select distinct * from part_seen.fresh except select * from part_seen.node"
        self._execute(f"create or replace table part_seen.fresh as {unseen}")

    def _hit(self, table: str, kinds: Sequence[str]) -> None:
        """Rows of the table that a fresh node finds."""
        found = [self._found(table, one) for one in references(table) if one.found_by in kinds]
        new = (
            f"({' union '.join(found)}) except select id from part_seen.hit_{table}"
            if found
            else "select null::bigint as id limit 0"
        )
        self._execute(f"create or replace table part_seen.new_{table} as {new}")
        self._execute(f"insert into part_seen.hit_{table} from part_seen.new_{table}")

    def _found(self, table: str, one: Reference) -> str:
        fresh = f"(select instance, value from part_seen.fresh where kind = '{one.found_by}') as f"
        same = " and m.instance = f.instance" if one.of_instance else ""
        return f"select m.rowid as id from {self._work}.mapped.{table} as m semi join {fresh} on m.{one.column} = f.value{same}"

    def _give(self, table: str) -> None:
        """What the new rows let others be found by."""
        if not self._execute(f"select 1 from part_seen.new_{table} limit 1").fetchall():
            return
        named = ", ".join(dict.fromkeys(["instance", *(one.column for one in references(table))]))
        rows = f"select {named} from {self._work}.mapped.{table} where rowid in (select id from part_seen.new_{table})"
        self._execute(f"create or replace table part_seen.row as {rows}")
        for one in references(table):
            instance = "instance" if one.of_instance else "''"
            self.add(f"select distinct '{one.gives}' as kind, {instance} as instance, {one.column} as value from part_seen.row")

    def _give_line_keys(self) -> None:
        """A contract line is named by its order's number and its own: ORD-7/1."""
        lines = f"{self._work}.mapped.contract_line as l"
        self.add(f"""
            select distinct 'line_key' as kind, '' as instance, c.contract_number || '/' || l.line_number as value
            from {lines} inner join {self._work}.mapped.contract as c
                on l.instance = c.instance and l.contract_source_id = c.source_id
            where l.rowid in (select id from part_seen.hit_contract_line)
                and c.rowid in (select id from part_seen.hit_contract)""")
        self.add(
            "select distinct 'contract_number' as kind, '' as instance, split_part(value, '/', 1) as value from part_seen.fresh "
            "where kind = 'line_key'"
        )

    def _give_linked_accounts(self) -> None:
        """Customer records that last night were found to be one customer's, whatever the evidence."""
        if not self._has_links:
            return
        for mine, theirs in (("other_account_key", "account_key"), ("account_key", "other_account_key")):
            self.add(f"""
                select 'account' as kind, split_part(l.{theirs}, ':', 1) as instance, split_part(l.{theirs}, ':', 2) as value
                from {self._work}.link.account as l
                inner join part_seen.node as n on n.kind = 'account' and l.{mine} = n.instance || ':' || n.value""")
