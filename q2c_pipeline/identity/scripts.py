"""Names in other scripts: parts that have a meaning, and the consonants that a word has in any spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from anyascii import anyascii

from q2c_pipeline.identity.lexicon import lexicon

_EAST = re.compile("[\u3000-\u9fff\uac00-\ud7af\uf900-\ufaff\u3200-\u33ff]")
_THAI = re.compile("[\u0e00-\u0e7f]")
_ABJAD = re.compile("[\u0590-\u06ff]")
_HEBREW_SIGN = re.compile("(?<=[\u0590-\u05ff])[\"'\u05f3\u05f4](?=[\u0590-\u05ff])")
"""Before the last letter of what is short for several words: `bm` for limited."""
_ONE_LETTER = str.maketrans(
    {"\u0623": "\u0627", "\u0625": "\u0627", "\u0622": "\u0627", "\u0649": "\u064a", "\u0629": "\u0647", ".": ""}
)
"""Spellings of one Arabic letter."""


def parted(text: str) -> str:
    """Chinese, Japanese, Korean and Thai names have no spaces: their common parts are told by the lexicon."""
    if text.isascii():
        return text
    if _EAST.search(text):
        text = _replaced(text, lexicon().east)
    if _THAI.search(text):
        text = _replaced(text, lexicon().parted)
    return _HEBREW_SIGN.sub("", text)


def _replaced(text: str, parts: tuple[tuple[str, str], ...]) -> str:
    for part, meaning in parts:
        text = text.replace(part, f" {meaning} ")
    return text


def without_marks(chunk: str) -> str:
    """Marks above and below letters, which would part the word: left out of Arabic and Hebrew, read as vowels elsewhere."""
    if chunk.isascii() or not any(unicodedata.category(letter)[0] == "M" for letter in chunk):
        return chunk
    if _ABJAD.search(chunk):
        return "".join(letter for letter in chunk if unicodedata.category(letter)[0] != "M")
    return anyascii(chunk)


def is_without_vowels(text: str) -> bool:
    """Is it Arabic or Hebrew?"""
    return _ABJAD.search(text) is not None


def has_own_order(text: str) -> bool:
    """Does the script put `bank` after `Japan`, or `Qatar` before `national`? Then nothing follows from the order of words."""
    return not text.isascii() and any(pattern.search(text) for pattern in (_EAST, _THAI, _ABJAD))


def meaning(word: str) -> str | None:
    """What an everyday word of an Arabic or Hebrew name means, with or without its article."""
    table = _abroad()
    plain = word.translate(_ONE_LETTER)
    return next((table[text] for text in (plain, *_bare(plain)) if text in table), None)


@cache
def _abroad() -> dict[str, str]:
    return {word.translate(_ONE_LETTER): said for word, said in lexicon().abroad.items()}


def _bare(word: str) -> list[str]:
    return [
        word.removeprefix(article) for article in lexicon().articles if word.startswith(article) and len(word) > len(article) + 1
    ]


@lru_cache(maxsize=100_000)
def consonants(word: str) -> str:
    """`mraey` with its article and `Almarai` without are both `mr`; equal for most spellings of one name."""
    if is_without_vowels(word):
        plain = word.translate(_ONE_LETTER)
        heard = "".join(lexicon().consonants.get(letter, "") for letter in next(iter(_bare(plain)), plain))
    else:
        heard = "".join(lexicon().heard[found] for found in _heard().findall(anyascii(word).lower()))
    return "".join(letter for place, letter in enumerate(heard) if place == 0 or letter != heard[place - 1])


@cache
def _heard() -> re.Pattern[str]:
    return re.compile("|".join(sorted(lexicon().heard, key=lambda letters: -len(letters))))
