"""Takes from the text of a name what is no part of it: titles, the seat, and notes that people write about the record."""

from __future__ import annotations

import re
import unicodedata

_TITLES = re.compile(r"^(?:Prof|Dr|Dipl)\b[.\s-]+(?:(?:Prof|Dr|Dipl|Ing|h\.?\s?c)\b[.\s-]+)*", re.IGNORECASE)
_SEAT = re.compile(r",?\s+an?\s+[\w ]{3,30}\s(?:corporation|company|llc|l\.l\.c\.|partnership|trust)\.?$", re.IGNORECASE)
"""As contracts say it: `Globex Corp., a Delaware corporation`."""
_STATE = re.compile(r"\s*/[A-Z]{2}/\s*$")
"""As registers say it: `Hormel Foods Corp /DE/`."""
_SAID = (
    r"(?:do not use|dnu|inactive|duplicate|dupe?|test|new|old|hq|headquarters?|head office|main(?: account)?|billing|closed"
    r"|obsolete|deprecated|merged|archived?|on hold|credit hold"
    r"|prospect|customer|vendor|supplier|accounts? (?:payable|receivable)"
    r"|in liquidation|in administration|in liquidazione|en liquidation|en liquidaci[oó]n|i\.? ?l\.?|i\.? ?g\.?)"
)
_NOTES = re.compile(
    rf"\s*[(\[*<]+\s*{_SAID}\s*[)\]*>]+|\s+[-\u2013\u2014|:]+\s*{_SAID}\s*$|^\s*{_SAID}\s*[-\u2013\u2014|:]+\s"
    r"|[\s,;]+(?:attn|attention|c/o|z\.? ?hd\.?)[\s.:].*$|[\s,]+(?:in|en) liquida(?:tion|zione|ci[oó]n)\s*$|[\u2122\u00ae\u00a9]",
    re.IGNORECASE,
)
"""What people write about a record into its name: `Acme Corp - DO NOT USE`, `Acme Corp, Attn: Accounts Payable`."""


def tidied(text: str) -> str:
    """The name alone: without titles before it, its seat, and notes."""
    return _TITLES.sub("", _SEAT.sub("", _STATE.sub("", " ".join(unicodedata.normalize("NFKC", _without_notes(text)).split()))))


def _without_notes(text: str) -> str:
    """A name that is all note is kept."""
    bare = _NOTES.sub(" ", text)
    return bare if bare.strip() else text
