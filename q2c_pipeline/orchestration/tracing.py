"""Follows one record through all systems: what it comes from, what it leads to, and what is wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

import polars as pl

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration.asking import shown
from q2c_pipeline.settings import Settings

Branches = list[tuple[int, str]]
_NODE = "node_key, role, instance, kind, source_id, business_number, amount, currency, record_status, record_date"
_MATCHES = f"""
    select {_NODE} from mart.trace_node
    where lower(business_number) = lower($identifier) or source_id = $identifier order by role, node_key"""  # noqa: S608
_NODES = f"select {_NODE} from mart.trace_node where node_key in (select unnest($keys))"  # noqa: S608
_NEAREST = """
    select business_number from mart.trace_node where business_number is not null
    order by jaro_winkler_similarity(upper(business_number), upper($identifier)) desc, business_number limit 1"""
_DOWN = """
    select parent_key as near_key, child_key as far_key, method from mart.trace_edge
    where parent_key in (select unnest($keys)) order by all"""
_UP = """
    select child_key as near_key, parent_key as far_key, method from mart.trace_edge
    where child_key in (select unnest($keys)) order by all"""
_BREAKS = """
    select subject_key, control_id, reason from recon.exception
    where subject_key in (select unnest($subjects)) order by subject_key, control_id"""


class _Reader(Protocol):
    def query(self, sql: str, params: Mapping[str, object] | None = None) -> pl.DataFrame: ...


@dataclass(frozen=True)
class Traced:
    """One record and its relations as lines with their depth; depth 1 hangs below the label."""

    label: str
    branches: Branches


@dataclass(frozen=True)
class _Node:
    node_key: str
    role: str | None
    instance: str
    kind: str
    source_id: str
    business_number: str | None
    amount: Decimal | None
    currency: str | None
    record_status: str | None
    record_date: date | None

    def line(self, method: str | None = None) -> str:
        """One line, such as: erp invoice INV-US-000123  120.00 USD  posted  2026-03-01  netsuite_main:4711."""
        name = f"{self.role or self.instance} {self.kind} {self.business_number or self.source_id}"
        money = f"{shown(self.amount)} {self.currency}" if self.amount is not None else None
        place = f"{self.instance}:{self.source_id}" if self.business_number != self.source_id else self.instance
        how = f"linked by {method}" if method not in (None, "record") else None
        parts = (name, money, self.record_status, shown(self.record_date) or None, place, how)
        return "  ".join(part for part in parts if part)


@dataclass
class _Web:
    """Everything reachable from some records in one direction."""

    links: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    nodes: dict[str, _Node] = field(default_factory=dict)


def trace(settings: Settings, identifier: str) -> list[Traced]:
    """The records with this business number or source id; one that hangs below another of them is shown there only.

    Raises ConfigurationError when no record has it, with the nearest number.
    """
    with open_published(settings.stores.published) as published:
        matches = [_Node(*row) for row in published.query(_MATCHES, {"identifier": identifier}).iter_rows()]
        if not matches:
            raise _unknown(published, identifier)
        below = {match.node_key: _reach(published, _DOWN, match) for match in matches}
        hidden = {key for start, web in below.items() for key in web.nodes if key != start}
        return [_traced(published, match, below[match.node_key]) for match in matches if match.node_key not in hidden]


def _unknown(published: _Reader, identifier: str) -> ConfigurationError:
    nearest = published.query(_NEAREST, {"identifier": identifier})["business_number"].to_list()
    hint = f"did you mean '{nearest[0]}'?" if nearest else "run `q2c nightly` on data"
    return ConfigurationError(
        expected="a business number or source id of the published day", found=f"'{identifier}'", where="q2c trace", next_step=hint
    )


def _reach(published: _Reader, direction: str, start: _Node) -> _Web:
    """Walk level by level, so that the work grows with what is found and not with the company."""
    web, level = _Web(nodes={start.node_key: start}), [start.node_key]
    while level:
        new: dict[str, None] = {}
        for near, far, method in published.query(direction, {"keys": level}).iter_rows():
            web.links.setdefault(near, []).append((far, method))
            if far not in web.nodes:
                new[far] = None
        rows = published.query(_NODES, {"keys": list(new)}).iter_rows() if new else ()
        found = {node.node_key: node for node in (_Node(*row) for row in rows)}
        web.nodes |= found
        level = list(found)
    return web


def _traced(published: _Reader, start: _Node, below: _Web) -> Traced:
    above = _reach(published, _UP, start)
    branches: Branches = []
    for title, web in (("comes from", above), ("leads to", below)):
        lines = list(_walk(web, start.node_key, 2, set()))
        branches += [(1, title), *lines] if lines else []
    breaks = list(_breaks(published, [*above.nodes.values(), *below.nodes.values()]))
    branches += [(1, "exceptions"), *breaks] if breaks else []
    return Traced(start.line(), branches)


def _walk(web: _Web, key: str, depth: int, shown_already: set[str]) -> Iterator[tuple[int, str]]:
    """Depth first; a record that several others lead to is unfolded once."""
    for far, method in web.links.get(key, []):
        node = web.nodes.get(far)
        if node is None:
            yield depth, f"{far}  not in the published file"
        elif far in shown_already:
            yield depth, f"{node.kind} {node.business_number or node.source_id}  (see above)"
        else:
            shown_already.add(far)
            yield depth, node.line(method)
            yield from _walk(web, far, depth + 1, shown_already)


def _breaks(published: _Reader, nodes: Sequence[_Node]) -> Iterator[tuple[int, str]]:
    subjects = sorted({node.business_number for node in nodes if node.business_number})
    for subject, control_id, reason in published.query(_BREAKS, {"subjects": subjects}).iter_rows():
        yield 2, f"{control_id} {subject}: {reason}"
