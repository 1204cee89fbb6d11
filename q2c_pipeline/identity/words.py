"""The words of a name: what each means, which kind it is of, and in which other ways it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.tokens import Token

_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th|er|e)?")
_AND = frozenset({"and", "und", "et", "y", "e", "och", "en", "i"})
"""Between two partners: neither `Carl & Zeiss` nor `Carl und Zeiss` is Zeiss."""
_LAST_NUMERALS = {"i": "1", "v": "5", "x": "10"}


@dataclass(frozen=True)
class Word:
    """One word of a name; `spellings` are all ways of writing it that mean the same."""

    text: str
    key: str
    kind: str
    spellings: frozenset[str]
    initials: str
    land: str = ""
    consonants: str = ""
    is_without_vowels: bool = False


def words_of(tokens: Sequence[Token]) -> Iterator[Word]:
    """Words in order; names of countries and numbers written in two words become one."""
    is_partner = any(token.folded in _AND for token in tokens[1:2])
    tokens = [token for token in tokens if token.folded not in ("", "and")]
    position = 0
    while position < len(tokens):
        land, length = _land_at(tokens, position)
        total = _tens_and_units(tokens, position)
        if total:
            length = 2
            yield Word(total, total, "number", frozenset({total}), total[0])
        elif land:
            text = "".join(token.folded for token in tokens[position : position + length])
            initials = "".join(token.folded[0] for token in tokens[position : position + length])
            yield Word(text, land.lower() + "*", "geo", frozenset({text, land.lower() + "*"}), initials, land)
        else:
            length = 1
            word = _word(tokens[position], is_last=0 < position == len(tokens) - 1)
            yield _before_a_name(word, tokens) if position == 0 and not is_partner else word
        position += length


def _before_a_name(word: Word, tokens: Sequence[Token]) -> Word:
    """`Carl` in Carl Zeiss, `A.P.` in A.P. Moller, `Banco` in Banco Santander weigh less than a brand or a line of business."""
    is_given = word.text in lexicon().given or (tokens[0].is_initials and word.kind == "unknown")
    kind = "carrier" if word.text in lexicon().first else "given" if is_given else ""
    follows = next((_word(token, is_last=False).kind for token in tokens[1:]), "") if kind else ""
    return replace(word, kind=kind) if follows == "unknown" else word


def _tens_and_units(tokens: Sequence[Token], start: int) -> str:
    """`forty four` and `forty 4` are 44."""
    if start + 1 >= len(tokens):
        return ""
    tens, units = lexicon().count.get(tokens[start].folded, ""), _number(tokens[start + 1].folded, is_last=False)
    is_number = len(tens) == 2 and tens.endswith("0") and len(units) == 1  # noqa: PLR2004
    return tens[0] + units if is_number and units != "0" else ""


def _land_at(tokens: Sequence[Token], start: int) -> tuple[str, int]:
    if tokens[start].folded not in lexicon().land_starts:
        return "", 1
    for length in (4, 3, 2, 1):
        land = lexicon().lands.get(tuple(token.folded for token in tokens[start : start + length]))
        if land is not None and start + length <= len(tokens):
            return land, length
    return "", 1


@lru_cache(maxsize=100_000)
def _word(token: Token, *, is_last: bool) -> Word:
    text = token.folded
    number = _number(text, is_last=is_last)
    if number:
        return Word(text, number, "number", frozenset({number}), text[0])
    key = canonical(text)
    kind = _kind(text, key, is_last=is_last)
    spellings = frozenset({text, token.other, *meanings(text), *meanings(token.other)})
    return Word(text, key, kind, spellings, token.camel or text[0], "", token.consonants, token.is_without_vowels)


def canonical(text: str) -> str:
    """The one word that stands for a spelling: `technologies`, `tech` -> `technology`; an unknown plural loses its s."""
    return meanings(text)[0]


def meanings(text: str) -> tuple[str, ...]:
    """All words that a spelling may stand for: `fin` -> finance or financial."""
    known = lexicon().canonical
    if text in known:
        return known[text]
    if len(text) > 3 and text.endswith("s") and not text.endswith("ss"):  # noqa: PLR2004
        single = f"{text[:-3]}y" if text.endswith("ies") else text[:-1]
        return known.get(single, (single,))
    return (text,)


def _kind(text: str, key: str, *, is_last: bool) -> str:
    kinds = lexicon().kind
    if len(text) == 1 and (is_last or text in "0123456789"):
        return "letter"
    if len(text) == 1 and text not in kinds:
        return "initial"
    if text in kinds:
        return kinds[text]
    return kinds.get(key, "unknown")


def _number(text: str, *, is_last: bool) -> str:
    """`ii` -> `2`, `2nd` -> `2`, `007` -> `7`; a last `i` is the numeral, not the Spanish or Catalan word."""
    digits = _ORDINAL.fullmatch(text)
    if digits:
        return str(int(digits.group(1)))
    if is_last and text in _LAST_NUMERALS:
        return _LAST_NUMERALS[text]
    return lexicon().count.get(text, "")


def is_in(word: Word, words: Sequence[Word]) -> bool:
    """Is it this very word, and not another of the same spelling?"""
    return any(word is one for one in words)
