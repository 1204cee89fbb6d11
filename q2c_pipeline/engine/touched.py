"""Which records belong together with those that changed: everything that a recomputation of them could read or write.

Two records belong together when one names the other, or both bear the same number: a customer, its orders, what bills them and
what posts that. Postings belong to their transaction and to the document that it names, not to their customer: one journal may
release the revenue of thousands of customers, and no table that is computed in part looks at a posting's customer. Of a posting
that changed, the contract line that it names belongs to them as well.
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
_LARGER = 8
"""A table so many times larger than another is not read before all is found in that one."""
_OF_POSTING = ("transaction_source_id", "claimed_document_number", "claimed_document_id")
"""What a posting belongs together with others by."""
_BESIDES = {"posting": ("claimed_contract_line_key",)}
"""The contract line of a posting tells only of changed ones: a journal may name the lines of thousands of customers."""


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

    Works in the attached catalog `part_seen`: `node` holds what was found, and in which step, `hit_<table>` the rows of
    mapped.<table>. A column is read only for what was found since it was read last; the largest tables come last, so that their
    columns are read once for all.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, work: str) -> None:
        self._execute = connection.execute
        self._work = work
        self._has_links = bool(self._execute(_LINKS, [work]).fetchall())
        self._execute("create table part_seen.node (kind varchar, instance varchar, value varchar, step integer)")
        self._execute("create table part_seen.changed_posting (instance varchar, source_id varchar)")
        for table in FACTS:
            self._execute(f"create table part_seen.hit_{table} (id bigint)")
        self._rows = {table: self._count(f"{work}.mapped.{table}") for table in FACTS}
        self._by_size = sorted((table for table in FACTS if self._rows[table]), key=self._rows.__getitem__)
        self._step = 0
        self._found_in: dict[str, int] = {}
        """The step in which a kind of node was found last."""
        self._read_in: dict[tuple[str, Reference], int] = {}
        """The step in which a column was last read for what finds its rows."""
        self._linked_in = 0
        """The step up to which links of accounts were followed."""

    def add(self, select: str, params: Mapping[str, object] | None = None) -> None:
        """Start from these nodes: rows of kind, instance (or '') and value."""
        self._step += 1
        self._execute(
            f"create or replace table part_seen.given as select distinct * from ({select}) where value is not null",
            dict(params or {}),
        )
        found = [str(kind) for (kind,) in self._execute("select distinct kind from part_seen.given").fetchall()]
        if not found:
            return
        self._execute(f"""
            insert into part_seen.node select g.kind, g.instance, g.value, {self._step} from part_seen.given as g
            anti join (from part_seen.node where kind in ({", ".join(f"'{kind}'" for kind in found)})) as n
                on g.kind = n.kind and g.value = n.value and g.instance = n.instance""")
        fresh = self._execute(f"select distinct kind from part_seen.node where step = {self._step}").fetchall()
        self._found_in.update({str(kind): self._step for (kind,) in fresh})
        if self._found_in.get("line_key") == self._step:
            named = f"from part_seen.node where kind = 'line_key' and step = {self._step}"
            self.add(f"select 'contract_number' as kind, '' as instance, split_part(value, '/', 1) as value {named}")

    def add_rows(self, table: str, either: Sequence[str], params: Mapping[str, object]) -> None:
        """Start from the rows of mapped.<table> of which one of these conditions is true."""
        rows = f"from {self._work}.mapped.{table} where"
        self._hit(table, " union ".join(f"select rowid as id {rows} {where}" for where in either), params)
        if table == "posting" and self._count("part_seen.hit_posting"):
            self._execute("insert into part_seen.changed_posting select distinct instance, source_id from part_seen.row")
            self._give_named_lines()

    def follow(self) -> None:
        """Find all that belongs to the nodes and rows that were added."""
        while pending := [table for table in self._by_size if self._unread(table)]:
            for table in pending:
                if self._rows[table] > _LARGER * self._rows[pending[0]] and self._unread(pending[0]):
                    break
                self._read(table)

    def share(self, table: str) -> float:
        """What part of the rows of mapped.<table> was found."""
        return self._count(f"part_seen.hit_{table}") / self._rows[table] if self._rows[table] else 0.0

    def _count(self, table: str) -> int:
        return int(self._execute(f"select count(*) from {table}").fetchall()[0][0])

    def _unread(self, table: str) -> list[Reference]:
        """The columns of a table that find rows for nodes found since; other versions of its own rows come last."""
        unread = [one for one in references(table) if self._found_in.get(one.found_by, 0) > self._last_read(table, one)]
        return [one for one in unread if one.found_by != table] or unread

    def _read(self, table: str) -> None:
        """Take the rows of the table that belong to nodes found since it was read last."""
        columns = self._unread(table)
        if not columns:
            return
        found = " union ".join(self._found(table, one) for one in columns)
        self._read_in.update({(table, one): self._step for one in columns})
        self._hit(table, f"({found}) except select id from part_seen.hit_{table}", {})
        if table == "account" and self._has_links:
            self._give_linked_accounts()

    def _last_read(self, table: str, one: Reference) -> int:
        return self._read_in.get((table, one), 0)

    def _found(self, table: str, one: Reference) -> str:
        unread = f"kind = '{one.found_by}' and step > {self._last_read(table, one)}"
        same = " and m.instance = f.instance" if one.of_instance else ""
        return f"""
            select m.rowid as id from {self._work}.mapped.{table} as m
            semi join (select instance, value from part_seen.node where {unread}) as f on m.{one.column} = f.value{same}"""

    def _hit(self, table: str, select: str, params: Mapping[str, object]) -> None:
        """Take these rows of the table, and what they let others be found by."""
        self._execute(f"create or replace table part_seen.new_{table} as {select}", dict(params))
        if not self._count(f"part_seen.new_{table}"):
            return
        self._execute(f"insert into part_seen.hit_{table} from part_seen.new_{table}")
        columns = references(table)
        named = ", ".join(dict.fromkeys(["instance", *(one.column for one in columns), *_BESIDES.get(table, ())]))
        rows = f"select {named} from {self._work}.mapped.{table} where rowid in (select id from part_seen.new_{table})"
        self._execute(f"create or replace table part_seen.row as {rows}")
        self.add(" union all ".join(map(_given, columns)))
        if table in {"contract", "contract_line"}:
            self._give_line_keys()
        if table == "posting":
            self._give_named_lines()

    def _give_named_lines(self) -> None:
        """Contract lines that changed postings name or named: what was released of them has changed."""
        changed = "part_seen.row semi join part_seen.changed_posting using (instance, source_id)"
        self.add(f"select 'line_key' as kind, '' as instance, claimed_contract_line_key as value from {changed}")

    def _give_line_keys(self) -> None:
        """A contract line is named by its order's number and its own: ORD-7/1."""
        mapped = f"{self._work}.mapped"
        self.add(f"""
            select 'line_key' as kind, '' as instance, c.contract_number || '/' || l.line_number as value
            from (from {mapped}.contract_line where rowid in (select id from part_seen.hit_contract_line)) as l
            inner join (from {mapped}.contract where rowid in (select id from part_seen.hit_contract)) as c
                on l.instance = c.instance and l.contract_source_id = c.source_id""")

    def _give_linked_accounts(self) -> None:
        """Customer records that last night were found to be one customer's, whatever the evidence."""
        fresh = f"select instance || ':' || value as key from part_seen.node where kind = 'account' and step > {self._linked_in}"
        self._linked_in = self._step
        linked = " union all ".join(
            f"select {theirs} as key from {self._work}.link.account semi join ({fresh}) as n on {mine} = n.key"
            for mine, theirs in (("other_account_key", "account_key"), ("account_key", "other_account_key"))
        )
        customers = (
            f"(select distinct customer_id from {self._work}.identity.customer semi join ({fresh}) as n on account_key = n.key)"
        )
        linked += (
            f" union all select account_key as key from {self._work}.identity.customer semi join {customers} using (customer_id)"
        )
        self.add(
            f"select 'account' as kind, split_part(key, ':', 1) as instance, split_part(key, ':', 2) as value from ({linked})"
        )


def _given(one: Reference) -> str:
    instance = "instance" if one.of_instance else "''"
    return f"select distinct '{one.gives}' as kind, {instance} as instance, {one.column} as value from part_seen.row"
