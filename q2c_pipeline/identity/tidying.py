"""Takes from the text of a name what is no part of it: wrong encodings, titles, the seat, and notes and numbers of the record."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

from ftfy import fix_encoding

from q2c_pipeline.identity.lexicon import lexicon

_TITLES = re.compile(r"^(?:Prof|Dr|Dipl)\b[.\s-]+(?:(?:Prof|Dr|Dipl|Ing|h\.?\s?c)\b[.\s-]+)*", re.IGNORECASE)
_SEAT = re.compile(r",?\s+an?\s+[\w ]{3,30}\s(?:corporation|company|llc|l\.l\.c\.|partnership|trust)\.?$", re.IGNORECASE)
"""As contracts say it: `Globex Corp., a Delaware corporation`."""
_STATE = re.compile(r"\s*/\s?(?!(?:AB|NV|AS|SA|SL)\b)(?:[A-Z]{2}|NEW|ADR)\s?/?\s*$")
"""As registers say it: `Hormel Foods Corp /DE/`, `Wells Fargo & Company/MN`."""
_ROMANIAN = re.compile(r"^S\.?C\.?\s+(?=.*\bS\.?(?:R\.?L|A)\.?$)")
"""`S.C. Carpati Lemn S.R.L.`: companies of Romania write `trading company` before their names too."""
_DUTCH = re.compile(r"\b[vV]\. ?d\. ?(?=[A-Z])")
"""`v.d. Berg` is van den Berg."""
_LOST_LETTER = re.compile(r"(?<=\w)[?\ufffd]+(?=\w)")
_MARKS = re.compile(r"[\u2122\u00ae\u00a9]")
_PREFIX = re.compile(r"^(?:z{2,}|x{2,})[_-]+|^(?:z{3,}|x{3,})\s+|^\d{5,}[\s:_-]+", re.IGNORECASE)
"""As people push records to the end of a list: `ZZ_Acme Ltd`; or lead with the number of the record: `10004521 Acme Ltd`."""
_YEAR = r"(?!(?:19|20)\d\d\b)"
_CODES = (
    rf"\s*[(\[{{]\s*{_YEAR}[A-Z]{{0,5}}[-_ ]?\d{{2,}}[\w-]*\s*[)\]}}]\s*$",
    r"[\s,]+#\s*\d[\w-]*\s*$",
    rf"\s+[-\u2013|/]\s*{_YEAR}[A-Z]{{0,5}}-?\d{{4,}}\s*$",
    r"_(?:old|new|dup|inactive|deleted|bad|test|\d{1,3})\s*$",
)
"""Numbers of the record: `Acme Ltd (US01)`, `Acme Ltd #44871`, `Acme Ltd - 100234`; a year in brackets is part of a name."""


def tidied(text: str) -> str:
    """The name alone: in its right letters, without titles before it, its seat, notes, and what share lists add."""
    bare = _without_notes(_mended(text))
    plain = " ".join((bare if bare.isascii() else unicodedata.normalize("NFKC", bare)).split())
    bare = _SEAT.sub("", _kept(_security(), _STATE.sub("", plain)))
    return _DUTCH.sub("van den ", _ROMANIAN.sub("", _TITLES.sub("", bare)))


def _mended(text: str) -> str:
    """`MÃ¼ller &amp; Sons` -> `Müller & Sons`; a letter that was lost is left out."""
    if not text.isascii():
        text = fix_encoding(text)
    return _LOST_LETTER.sub("", html.unescape(text) if "&" in text else text)


def _without_notes(text: str) -> str:
    return _kept(_notes(), _kept(_PREFIX, _MARKS.sub(" ", text)))


def _kept(pattern: re.Pattern[str], text: str) -> str:
    """Without what the pattern finds; a name that is all note is kept."""
    bare = pattern.sub(" ", text)
    return bare if bare.strip() else text


@cache
def _notes() -> re.Pattern[str]:
    """What people write about a record into its name: `Acme Corp - DO NOT USE`, `Acme Corp, Attn: Accounts Payable`."""
    said, last, address, number, currency = (f"(?:{'|'.join(lexicon().notes[name])})" for name in _NOTES)
    brackets, dash, colon = r"[(\[*<]+", r"[-\u2013\u2014|]", r"[-\u2013\u2014|:]"
    alternatives = (
        rf"\s*{brackets}\s*{said}\s*[)\]*>]+",
        rf"\s+{colon}+\s*{said}\s*$",
        rf"^\s*{said}\s*{colon}+\s",
        rf"[\s,;]+{address}[\s.:].*$",
        rf"[\s,]+{last}\s*$",
        rf"\s*[\s,(\[]{number}(?:\s*(?:no|nr|number)\b)?[\s.:#]*[A-Z]{{0,3}}-?\d{{3,}}[\w.-]*\s*[)\]]?\s*$",
        rf"\s*(?:\s{dash}\s*|[(\[]){currency}\s*[)\]]?\s*$",
        *_CODES,
    )
    return re.compile("|".join(alternatives), re.IGNORECASE)


_NOTES = ("said", "last", "address", "number", "currency")


@cache
def _security() -> re.Pattern[str]:
    """`BAYER AG NA O.N.`, `ALPHABET INC CAP STK CL C`."""
    return re.compile(rf"[\s,-]+[(]?(?:{'|'.join(lexicon().securities)})[)]?$")
