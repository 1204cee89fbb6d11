"""Customers from links: the surest link joins first, and no customer has two records of one system unless they are duplicates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

import polars as pl

from q2c_pipeline.identity.links import LINK_SCHEMA, METHOD_ORDER
from q2c_pipeline.identity.scoring import Decision

_DUPLICATE_METHODS = frozenset({"human", "tax_id", "domain", "address"})
"""Only these make two records of one system a duplicate by themselves; a likeness of names alone is left to a person."""
_CLAIMS = frozenset({"external_id", "reverse_external_id", "account_number"})
_ROLE_ORDER = {"crm": 0, "erp": 1, "billing": 2}
_DUPLICATES = {
    "customer_id": pl.String,
    "instance": pl.String,
    "left_key": pl.String,
    "right_key": pl.String,
    "method": pl.String,
    "score": pl.Float64,
    "explanation": pl.String,
}
_BY_THIRD = ("third", 0.999, "same: both are linked to one record of another system")


class _Customers:
    """Records joined so far; a join that would break a rule is refused and said why."""

    def __init__(self, instance_of: Mapping[str, str], duplicates: set[tuple[str, str]], apart: set[tuple[str, str]]) -> None:
        self.instance_of = instance_of
        self.duplicates = duplicates
        self.apart = defaultdict(set)
        for one, other in apart:
            self.apart[one].add(other)
            self.apart[other].add(one)
        self.of = {key: key for key in instance_of}
        self.members = {key: [key] for key in instance_of}

    def join(self, one: str, other: str) -> str:
        """Join the customers of two records; returns why not, or nothing."""
        first, second = self.of[one], self.of[other]
        if first == second:
            return ""
        refusal = self._refusal(self.members[first], self.members[second])
        if not refusal:
            keep, gone = (first, second) if len(self.members[first]) >= len(self.members[second]) else (second, first)
            for key in self.members[gone]:
                self.of[key] = keep
            self.members[keep] += self.members.pop(gone)
        return refusal

    def _refusal(self, lefts: list[str], rights: list[str]) -> str:
        held = defaultdict(list)
        for key in lefts:
            held[self.instance_of[key]].append(key)
        for key in rights:
            if not self.apart[key].isdisjoint(lefts):
                return "a person decided that records of the two customers are different"
            for rival in held[self.instance_of[key]]:
                if (min(key, rival), max(key, rival)) not in self.duplicates:
                    return f"{min(key, rival)} and {max(key, rival)} of one system would become one customer"
        return ""


def clustered(records: pl.DataFrame, links: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Customers, duplicates (MD02), and the links with those that had to give way turned to unsure."""
    instance_of = dict(records.select("account_key", "instance").iter_rows())
    known = links.filter(pl.col("left_key").is_in(list(instance_of)) & pl.col("right_key").is_in(list(instance_of)))
    customers = _Customers(instance_of, set(_duplicate_pairs(known, instance_of)), set(_apart(known)))
    refused = {}
    for left, right in _in_order(known):
        refusal = customers.join(left, right)
        if refusal:
            refused[left, right] = refusal
    ids = _customer_ids(records, customers.of)
    return _customer_frame(records, ids), _duplicate_frame(known, records, customers, ids), _given_way(links, refused)


def _in_order(links: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Links to follow: by method, then score, then keys: the same order every time."""
    order = pl.col("method").replace_strict({name: number for number, name in enumerate(METHOD_ORDER)}, return_dtype=pl.Int64)
    same = links.filter(pl.col("decision") == Decision.SAME.value).with_columns(order=order)
    same = same.sort("order", "score", "left_key", "right_key", descending=[False, True, False, False])
    return same.select("left_key", "right_key").iter_rows()


def _duplicate_pairs(links: pl.DataFrame, instance_of: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Records of one system that are one by more than their names, or that ids tie to one record of another system."""
    sure = links.filter(pl.col("decision") == Decision.SAME.value)
    partners = defaultdict(set)
    for left, right, method in sure.select("left_key", "right_key", "method").iter_rows():
        if instance_of[left] == instance_of[right]:
            if method in _DUPLICATE_METHODS:
                yield left, right
        elif method in _CLAIMS:
            partners[left, instance_of[right]].add(right)
            partners[right, instance_of[left]].add(left)
    for keys in partners.values():
        yield from combinations(sorted(keys), 2)


def _apart(links: pl.DataFrame) -> Iterator[tuple[str, str]]:
    different = links.filter((pl.col("decision") == Decision.DIFFERENT.value) & (pl.col("method") == "human"))
    return iter(different.select("left_key", "right_key").rows())


def _customer_ids(records: pl.DataFrame, of: Mapping[str, str]) -> dict[str, str]:
    """Named after the customer's first CRM record, else ERP, else billing: other systems may come and go without a new id."""
    anchor: dict[str, tuple[int, str]] = {}
    for key, role in records.select("account_key", "role").iter_rows():
        place = (_ROLE_ORDER.get(role, len(_ROLE_ORDER)), key)
        anchor[of[key]] = min(anchor.get(of[key], place), place)
    return {key: anchor[root][1] for key, root in of.items()}


def _customer_frame(records: pl.DataFrame, ids: Mapping[str, str]) -> pl.DataFrame:
    named = [ids[key] for key in records["account_key"]]
    frame = records.select("account_key", pl.Series("customer_id", named, pl.String), "instance", "role")
    return frame.with_columns(is_duplicate=pl.len().over("customer_id", "instance") > 1).sort("account_key")


def _duplicate_frame(links: pl.DataFrame, records: pl.DataFrame, customers: _Customers, ids: Mapping[str, str]) -> pl.DataFrame:
    """Every further record of a system that a customer has, beside the first (one that ids tie), with the reason."""
    said = {(left, right): (method, score, why) for left, right, method, score, _, why in links.select(*LINK_SCHEMA).iter_rows()}
    is_tied = dict(records.select("account_key", "is_tied").iter_rows())
    rows = []
    for members in (several for several in customers.members.values() if len(several) > 1):
        first: dict[str, str] = {}
        for key in sorted(members, key=lambda key: (not is_tied[key], key)):
            one = first.setdefault(customers.instance_of[key], key)
            if one != key:
                rows.append(
                    (ids[key], customers.instance_of[key], one, key, *said.get((min(one, key), max(one, key)), _BY_THIRD))
                )
    return pl.DataFrame(rows, schema=_DUPLICATES, orient="row").sort("left_key", "right_key")


def _given_way(links: pl.DataFrame, refused: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    rows = [(left, right, reason) for (left, right), reason in refused.items()]
    why = pl.DataFrame(rows, schema={"left_key": pl.String, "right_key": pl.String, "refusal": pl.String}, orient="row")
    told = pl.format("unsure: {}; not joined: {}", pl.col("explanation").str.strip_prefix("same: "), "refusal")
    is_refused = pl.col("refusal").is_not_null() & (pl.col("method") != "human")
    joined = links.join(why, on=["left_key", "right_key"], how="left")
    return (
        joined.with_columns(
            decision=pl.when(is_refused).then(pl.lit(Decision.UNSURE.value)).otherwise("decision"),
            explanation=pl.when(is_refused).then(told).otherwise("explanation"),
        )
        .select(links.columns)
        .sort("left_key", "right_key")
    )
