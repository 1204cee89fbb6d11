"""Names that a field was too short for: `TATA CONSULTANCY SERVICES LIMI`."""

from __future__ import annotations

from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.tidying import tidied
from q2c_pipeline.identity.tokens import plain

_SHORTEST = 24
"""Fields of names have 25, 30, 32, 35 or 40 letters, less a trailing space; names shorter than this are whole."""
_UMLAUTS = str.maketrans({"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00f8": "oe", "\u00e5": "aa", "\u00e6": "ae"})
_LITTLE = frozenset({"the", "and", "und", "et", "y", "e"})


def cut_off(left: str, right: str) -> str:
    """Why the two are one name, of which one is cut off within a word; nothing where they are not."""
    short, long = sorted((left.strip(), right.strip()), key=len)
    if len(short) < _SHORTEST or len(long) <= len(short):
        return ""
    for spell in (_as_plain, _as_german):
        if _is_begun(spell(short), spell(long)):
            return f"one name is cut off after {len(short)} letters"
    return ""


def _as_plain(text: str) -> list[str]:
    pieces = (plain(word) for word in tidied(text).replace("&", " ").split())
    return [piece for piece in pieces if piece and piece not in _LITTLE]


def _as_german(text: str) -> list[str]:
    return _as_plain(text.casefold().translate(_UMLAUTS))


def _is_begun(short: list[str], long: list[str]) -> bool:
    """Does `short` end within a word of `long`? A number that goes on is another number."""
    if len(short) < 2 or len(long) < len(short) or short[:-1] != long[: len(short) - 1]:  # noqa: PLR2004
        return False
    last, whole = short[-1], long[len(short) - 1]
    is_number = any(word.isdigit() or word in lexicon().count for word in (last, whole))
    return whole.startswith(last) and len(whole) > len(last) and not is_number
