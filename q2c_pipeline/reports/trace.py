"""Follows one record through all systems: what led to it and what came of it, with the exceptions on the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import polars as pl

from q2c_pipeline.errors import StoreError
from q2c_pipeline.reports.formats import amount_text, date_text

_FIND = """
    select node_key from mart.trace_node
    where lower(source_id) = lower($identifier) or lower(business_number) = lower($identifier) order by node_key"""
_NEAR = """
    select distinct business_number, jaro_winkler_similarity(lower(business_number), lower($identifier)) as likeness
    from mart.trace_node where business_number is not null order by likeness desc, business_number limit 3"""
_CHILDREN = "select parent_key, child_key, min(method) as method from mart.trace_edge where parent_key = any($keys) group by all"
_PARENTS = "select parent_key, child_key, min(method) as method from mart.trace_edge where child_key = any($keys) group by all"
_NODES = """
    select node_key, role, instance, kind, source_id, business_number, amount, currency, record_status, record_date
    from mart.trace_node where node_key = any($keys)"""
_EXCEPTIONS = """
    select subject_key, control_id, difference_amount, currency, reason from recon.exception
    where subject_key = any($subjects) order by control_id, exception_id"""
_KINDS = ("opportunity", "contract", "contract_line", "subscription_line", "subscription", "invoice", "credit_memo")
"""Order of kinds below one record: the road from deal to document first, so that it is shown whole."""


class Reader(Protocol):
    """What a trace needs of a published warehouse."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of the SELECT as a frame."""
        ...


@dataclass(frozen=True)
class Node:
    """A record in the tree, how its parent leads to it, and what is below it."""

    key: str
    role: str | None
    instance: str
    kind: str
    source_id: str
    business_number: str | None
    amount: Decimal | None
    currency: str | None
    status: str | None
    record_date: date | None
    method: str | None = None
    is_sought: bool = False
    is_repeated: bool = False
    """Stands elsewhere in the tree with all that is below it."""
    exceptions: Sequence[str] = ()
    children: Sequence[Node] = field(default_factory=tuple)

    @property
    def text(self) -> str:
        """One line: kind, number, amount, status, date, where it is, and by what evidence it is linked."""
        amount = f"{amount_text(self.amount, self.currency)} {self.currency or ''}".strip() if self.amount is not None else ""
        number = self.business_number or self.source_id
        place = self.instance if number == self.source_id else f"{self.instance} {self.source_id}"
        how = f"by {self.method.replace('_', ' ')}" if self.method and self.method != "record" else ""
        facts = (amount, self.status, date_text(self.record_date), f"[{place}]", how, "(see above)" if self.is_repeated else "")
        return " ".join((self.kind.replace("_", " "), number, *(fact for fact in facts if fact)))


def trace(reader: Reader, identifier: str) -> list[Node]:
    """Trees of all records that carry the number or id: their ancestors above them, their descendants below."""
    sought = _find(reader, identifier)
    edges = _Edges()
    keys = set(sought)
    keys |= _reach(reader, _PARENTS, sought, "parent_key", edges) | _reach(reader, _CHILDREN, sought, "child_key", edges)
    return _Forest(reader, keys, edges, frozenset(sought)).trees()


def _find(reader: Reader, identifier: str) -> list[str]:
    """Keys of the records meant; the subject of an exception, `ORD-00101/2@billing` or `stripe_main.charge/ch_1`, is one too."""
    for wanted in (identifier, identifier.partition("@")[0], identifier.rpartition("/")[2]):
        found = reader.query(_FIND, {"identifier": wanted})["node_key"].to_list()
        if found:
            return found
    raise _unknown(reader, identifier)


class _Edges:
    """Who leads to whom, and how; each pair once."""

    def __init__(self) -> None:
        self.methods: dict[tuple[str, str], str] = {}

    def add(self, frame: pl.DataFrame) -> None:
        for parent, child, method in frame.select("parent_key", "child_key", "method").iter_rows():
            self.methods.setdefault((parent, child), method)


def _reach(reader: Reader, query: str, start: Sequence[str], column: str, edges: _Edges) -> set[str]:
    """All keys that can be reached, one query a step; a circle ends where it began."""
    seen, frontier = set(start), list(start)
    while frontier:
        found = reader.query(query, {"keys": frontier})
        edges.add(found)
        frontier = sorted(set(found[column].to_list()) - seen)
        seen |= set(frontier)
    return seen


class _Forest:
    """Builds trees out of the reached records."""

    def __init__(self, reader: Reader, keys: set[str], edges: _Edges, sought: frozenset[str]) -> None:
        self._facts = {row["node_key"]: row for row in reader.query(_NODES, {"keys": sorted(keys)}).iter_rows(named=True)}
        self._exceptions = _exceptions(reader, self._facts.values())
        self._sought = sought
        self._methods = edges.methods
        self._children: dict[str, list[str]] = defaultdict(list)
        self._has_parent: set[str] = set()
        for parent, child in edges.methods:
            if parent in self._facts and child in self._facts and parent != child:
                self._children[parent].append(child)
                self._has_parent.add(child)
        self._placed: set[str] = set()
        self._said: set[str] = set()

    def trees(self) -> list[Node]:
        """Trees from the records that nothing leads to; a circle is entered at what was sought."""
        roots = sorted(set(self._facts) - self._has_parent, key=self._order) or sorted(self._sought & set(self._facts))
        return [self._node(root, None) for root in roots]

    def _order(self, key: str) -> tuple[int, str, str, str]:
        row = self._facts[key]
        place = _KINDS.index(row["kind"]) if row["kind"] in _KINDS else len(_KINDS)
        return place, str(row["record_date"] or ""), str(row["business_number"] or ""), key

    def _node(self, key: str, method: str | None) -> Node:
        row = self._facts[key]
        is_repeated = key in self._placed
        self._placed.add(key)
        below = [] if is_repeated else sorted(self._children[key], key=self._order)
        return Node(
            key=key,
            role=row["role"],
            instance=row["instance"],
            kind=row["kind"],
            source_id=row["source_id"],
            business_number=row["business_number"],
            amount=row["amount"],
            currency=row["currency"],
            status=row["record_status"],
            record_date=row["record_date"],
            method=method,
            is_sought=key in self._sought,
            is_repeated=is_repeated and bool(self._children[key]),
            exceptions=self._unsaid(key),
            children=tuple(self._node(child, self._methods[key, child]) for child in below),
        )

    def _unsaid(self, key: str) -> tuple[str, ...]:
        """Exceptions of a record that the tree has not told yet: an invoice and its posting share a number."""
        new = tuple(said for said in self._exceptions.get(key, ()) if said not in self._said)
        self._said.update(new)
        return new


def _exceptions(reader: Reader, rows: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Exceptions by the record that they are about: its number, its id, or its number at a role (`AC-00012@erp`)."""
    about: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for subject in _subjects(row):
            about[subject].append(row["node_key"])
    found: dict[str, list[str]] = defaultdict(list)
    for exception in reader.query(_EXCEPTIONS, {"subjects": sorted(about)}).iter_rows(named=True):
        amount = f" {amount_text(exception['difference_amount'], exception['currency'])} {exception['currency']}"
        said = f"{exception['control_id']}{amount if exception['currency'] else ''}: {exception['reason']}"
        for key in about[exception["subject_key"]]:
            found[key].append(said)
    return found


def _subjects(row: Mapping[str, Any]) -> set[str]:
    number, role = row["business_number"], row["role"]
    names = {number, row["source_id"], f"{number}@{role}" if number and role else None}
    return {name for name in names if name}


def _unknown(reader: Reader, identifier: str) -> StoreError:
    near = reader.query(_NEAR, {"identifier": identifier})["business_number"].to_list()
    return StoreError(
        expected="the business number or source id of a record",
        found=f"nothing with '{identifier}'",
        where="mart.trace_node",
        next_step=f"try one like {', '.join(near)}" if near else "check the number, or run the night that should bring it",
    )
