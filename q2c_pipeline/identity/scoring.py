"""One pair of records: all evidence added up to a score, a decision and a sentence that says why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from q2c_pipeline.identity.compare import NameMatch, compare_names
from q2c_pipeline.identity.corpus import Corpus
from q2c_pipeline.identity.evidence import (
    Finding,
    compare_addresses,
    compare_countries,
    compare_domains,
    compare_tax_ids,
    country_code,
    read_tax_id,
)

_NAME_FLOOR = -6.0
"""Beside other evidence the unlikeliest name counts no more than this: companies rename and trade under brands."""


class Decision(StrEnum):
    """What is done with a pair."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Thresholds:
    """At `same` and above two records are one company, at `different` and below they are not; a person looks between."""

    same: float = 0.60
    different: float = 0.25

    def decide(self, score: float) -> Decision:
        """0.85 -> same, 0.40 -> unsure, 0.10 -> different."""
        if score >= self.same:
            return Decision.SAME
        return Decision.DIFFERENT if score <= self.different else Decision.UNSURE


@dataclass(frozen=True)
class Party:
    """What is compared of one record; only the name is needed."""

    name: str
    country: str = ""
    tax_id: str = ""
    domain: str = ""
    address: str = ""


@dataclass(frozen=True)
class Verdict:
    """The result for one pair; `method` is the kind of evidence that decided."""

    score: float
    decision: Decision
    method: str
    explanation: str


@dataclass(frozen=True)
class Evidence:
    """All findings beside the name."""

    tax: Finding | None
    domain: Finding | None
    country: Finding | None
    address: Finding | None

    @property
    def found(self) -> list[Finding]:
        """Those that say anything."""
        return [finding for finding in (self.tax, self.domain, self.country, self.address) if finding is not None]


def judge_pair(left: Party, right: Party, thresholds: Thresholds, corpus: Corpus | None = None) -> Verdict:
    """Score two records; works for a single pair, and better with the words of the whole list as `corpus`."""
    name = compare_names(left.name, right.name, lands=lands_of(left.country, right.country), corpus=corpus)
    return verdict(name, evidence(left, right), thresholds)


def lands_of(left: str, right: str) -> frozenset[str]:
    """The countries of two records, as far as they are known."""
    return frozenset(code for code in (country_code(left), country_code(right)) if code)


def evidence(left: Party, right: Party) -> Evidence:
    """What tax ids, domains, countries and addresses say; names do not matter."""
    return Evidence(
        compare_tax_ids(
            read_tax_id(left.tax_id, left.country or right.country), read_tax_id(right.tax_id, right.country or left.country)
        ),
        compare_domains(left.domain, right.domain),
        compare_countries(left.country, right.country),
        compare_addresses(left.address, right.address),
    )


def verdict(name: NameMatch, beside: Evidence, thresholds: Thresholds) -> Verdict:
    """Names and evidence added up."""
    score = probability(_total(name, beside.tax, beside.found))
    decision = thresholds.decide(score)
    method = _method(beside.tax, beside.domain, beside.address, decision)
    return Verdict(score, decision, method, _sentence(decision, name, beside.found))


def probability(bits: float) -> float:
    """Log odds to base 2 as a probability with four digits: 0 bits -> 0.5, 7 bits -> 0.9922."""
    return round(1.0 / (1.0 + math.exp2(-bits)), 4)


def _total(name: NameMatch, tax: Finding | None, found: list[Finding]) -> float:
    if tax is not None and tax.is_key:
        return tax.bits + max(-_NAME_LIMIT, min(_NAME_LIMIT, name.bits))
    if name.is_kin:
        return name.bits + sum(min(finding.bits, _SHARED_IN_GROUP) for finding in found)
    floor = _NAME_FLOOR if any(finding.bits > 2 for finding in found) else name.bits  # noqa: PLR2004
    return max(name.bits, floor) + sum(finding.bits for finding in found)


_SHARED_IN_GROUP = 0.25
"""Companies of one group share site and seat: neither tells them apart."""
_NAME_LIMIT = 7.0
"""A valid tax id decides alone: no name outweighs it."""


def _method(tax: Finding | None, domain: Finding | None, address: Finding | None, decision: Decision) -> str:
    if tax is not None and tax.is_key:
        return "tax_id"
    if domain is not None and domain.is_key and decision is Decision.SAME:
        return "domain"
    if address is not None and address.bits > 0 and decision is Decision.SAME:
        return "address"
    return "name"


def _sentence(decision: Decision, name: NameMatch, found: list[Finding]) -> str:
    reasons = [*(finding.reason for finding in sorted(found, key=lambda finding: -abs(finding.bits))), *name.reasons]
    text = "; ".join(dict.fromkeys(reasons)) or "nothing is known but the names"
    return f"{decision.value}: {text}"
