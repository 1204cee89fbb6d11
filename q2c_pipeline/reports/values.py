"""The small values that the page is made of: amounts as text, and verdicts that do not depend on colour."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from q2c_pipeline.reports.formats import amount_text, count_text


@dataclass(frozen=True)
class Mark:
    """A verdict that does not depend on colour: an icon, a word, and a tone."""

    word: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Amount:
    """An amount as text, and whether it is nothing."""

    text: str
    is_zero: bool


GOOD, NOTE, BAD = ("good", "✓"), ("note", "●"), ("bad", "▲")
STATES = {
    "agrees": ("agrees", GOOD),
    "explained": ("explained", NOTE),
    "unexplained": ("unexplained", BAD),
    "ok": ("nothing found", GOOD),
    "exceptions": ("exceptions", NOTE),
    "not_run": ("not run", BAD),
}


def amount(value: Decimal | None, currency: str | None) -> Amount:
    """The amount as text in its currency."""
    return Amount(amount_text(value, currency), is_zero=not value)


def mark(status: str) -> Mark:
    """The word, tone and icon of a status as it stands in the tables."""
    word, (tone, icon) = STATES.get(status, (status, NOTE))
    return Mark(word, tone, icon)


def listed(count: int, most: int, what: str) -> str:
    """How many of how many are shown, so that nobody takes a part for the whole."""
    if count <= most:
        return f"All {count_text(count)} {what}."
    return f"{count_text(most)} of {count_text(count)} {what}. The workbook lists all."
