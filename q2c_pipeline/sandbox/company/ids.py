"""Stable identifiers in each vendor's form, made from counters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class Ids:
    """Counters by kind: the same acts in the same order give the same ids."""

    counters: Counter[str] = field(default_factory=Counter)

    def number(self, kind: str, first: int = 1) -> int:
        """Next whole number of a kind."""
        self.counters[kind] += 1
        return self.counters[kind] + first - 1

    def salesforce(self, prefix: str) -> str:
        """Next 18-character Salesforce id."""
        stem = f"{prefix}Q2{_base36(self.number(prefix)).rjust(10, '0')}"
        return stem + "".join(_check(stem[start : start + 5]) for start in (0, 5, 10))

    def stripe(self, prefix: str) -> str:
        """Next Stripe id, such as in_1Q2C00000001A."""
        return f"{prefix}_1Q2C{_base36(self.number(prefix)).rjust(10, '0')}"

    def document(self, prefix: str) -> str:
        """Next document number, such as INV-US-000123."""
        return f"{prefix}-{self.number(prefix):06d}"


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _BASE36[digit] + text
    return text


def _check(five: str) -> str:
    return _ALPHABET[sum(1 << place for place, letter in enumerate(five) if letter.isupper())]
