"""Two single words that nearly agree: abbreviations, beginnings, slips of the keyboard or the ear; each has its price in bits."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.scripts import consonants
from q2c_pipeline.identity.words import Word, meanings

_ANOTHER = frozenset({"sector", "holding", "generic"})
"""`Gazprombank` is no long way of writing `Gazprom`."""
_NO_TYPO = frozenset({"number", "letter", "geo"})


def abbreviation(one: Word, other: Word) -> tuple[float, str] | None:
    """`manuf` or `mfctrg` and `manufacturing`: the beginning or the bones of an everyday word."""
    short, long = sorted((one, other), key=lambda word: len(word.text))
    is_everyday = long.kind not in ("unknown", *_NO_TYPO)
    if not is_everyday or short.kind in _NO_TYPO or short.text[0] != long.text[0] or len(short.text) < 3:  # noqa: PLR2004
        return None
    if short.kind != "unknown" and short.text in (short.key, long.text):
        return None
    if long.text.startswith(short.text) or (len(short.text) * 2 <= len(long.text) + 4 and _is_skeleton(short.text, long.text)):
        return lexicon().cost["abbreviated"], f"{short.text} is short for {long.text}"
    return None


def _is_skeleton(short: str, long: str) -> bool:
    """The letters of `short` in order within `long`, the vowels left out at least in part."""
    letters = iter(long)
    return all(letter in letters for letter in short) and sum(letter in "aeiou" for letter in short) <= 1


def heard_alike(one: Word, other: Word) -> tuple[float, str] | None:
    """A word in another script: its consonants are those of the Latin spelling, `omuron` of Omron, `mr` of Emaar."""
    if bool(one.consonants) == bool(other.consonants):
        return None
    told, latin = (one, other) if one.consonants else (other, one)
    price = min((_heard_cost(told, text) for text in _without_article(latin.text)), default=None, key=lambda cost: cost or 99.0)
    return None if price is None else (price, f"{latin.text} is a spelling of the word in the other script")


def _without_article(text: str) -> list[str]:
    return [text, text[2:]] if text[:2] in ("al", "el") and len(text) > 4 else [text]  # noqa: PLR2004


def _heard_cost(told: Word, text: str) -> float | None:
    """Bits for so many consonants; where the script has vowels, the words must look alike too."""
    mine, other = told.consonants, consonants(text)
    if not told.is_without_vowels:
        mine, other = mine.replace("l", "r"), other.replace("l", "r")  # one letter in Japanese and Korean
        if fuzz.ratio(told.text, text) < _ALIKE:
            return None
    cost, shortest = lexicon().cost, min(len(mine), len(other))
    if mine == other and shortest > 1:
        return cost["heard" if shortest > 2 else "heard_short"]  # noqa: PLR2004
    return cost["heard_nearly"] if shortest > 3 and OSA.distance(mine, other) == 1 else None  # noqa: PLR2004


_ALIKE = 60
"""Percent of the letters of the two spellings."""


def bones(one: Word, other: Word) -> tuple[float, str] | None:
    """`Std` and `Standard`: the consonants of an unknown word, the first and the last of them too."""
    short, long = sorted((one, other), key=lambda word: len(word.text))
    if {short.kind, long.kind} & _NO_TYPO or len(short.text) < 3 or len(short.text) == len(long.text):  # noqa: PLR2004
        return None
    has_ends = short.text[0] == long.text[0] and short.text[-1] == long.text[-1]
    if not has_ends or set(short.text) & set("aeiouy") or not _is_skeleton(short.text, long.text):
        return None
    return lexicon().cost["bones"], f"{short.text} is short for {long.text}"


def beginning(one: Word, other: Word) -> tuple[float, str] | None:
    """`Mitsub` and `Mitsubishi`: the beginning of an unknown word, three letters at least."""
    short, long = sorted((one, other), key=lambda word: len(word.text))
    if {short.kind, long.kind} <= {"unknown"} and len(short.text) >= 3 and long.text.startswith(short.text):  # noqa: PLR2004
        rest = long.text[len(short.text) :]
        if len(rest) < 2 or lexicon().kind.get(meanings(rest)[0]) in _ANOTHER:  # noqa: PLR2004
            return None
        price = lexicon().cost["prefix"] * (1.0 if len(short.text) >= 5 and len(rest) > 2 else 2.4)  # noqa: PLR2004
        return price, f"{short.text} begins {long.text}"
    return None


def typo(one: Word, other: Word) -> tuple[float, str] | None:
    """A slip of the keyboard or the ear; long words bear more of them than short ones."""
    if {one.kind, other.kind} & _NO_TYPO or (one.kind != "unknown" and other.kind != "unknown"):
        return None
    distance, a, b = min(((OSA.distance(a, b), a, b) for a in _texts(one) for b in _texts(other)), key=_nearness)
    price = _typo_cost(a, b, distance)
    return None if price is None else (price, f"{one.text} and {other.text} differ by {distance} letter{'s' * (distance > 1)}")


def _nearness(found: tuple[int, str, str]) -> tuple[int, int]:
    """The fewest slips, in the shortest spelling: Muller and Moller, not Mueller and Moeller."""
    distance, one, other = found
    return distance, len(one) + len(other)


def _texts(word: Word) -> list[str]:
    """As written, and with umlauts in two letters; not the singular, which would hide a letter."""
    return sorted(
        {word.text} | {spelling for spelling in word.spellings if len(spelling) >= len(word.text) and spelling.isalnum()}
    )


def _typo_cost(a: str, b: str, distance: int) -> float | None:
    """Bits for `distance` slips in words of this length; None when they are simply two words."""
    cost, slips, length = lexicon().cost, lexicon().slips, min(len(a), len(b))
    if length > 3 and sound(a) == sound(b):  # noqa: PLR2004
        return cost["sounds_alike"]
    size = max((size for size in slips.get(distance, {}) if size <= length), default=None)
    if size is None:
        return None
    price = slips[distance][size] + _exchanged(a, b)
    if sorted(a) == sorted(b) and length > 5:  # noqa: PLR2004
        return min(price, cost["letters_changed"])
    if min(a, b, key=len) == max(a, b, key=len)[:-1]:
        price += cost["one_more_letter"]
    return price + (cost["other_beginning"] if a[0] != b[0] else 0.0)


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _exchanged(a: str, b: str) -> float:
    """A letter for one that neither sounds nor lies near it, or early in the word, is rather another brand: Yamaha and Yamada."""
    differing = [place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y]
    if len(a) != len(b) or len(differing) != 1:
        return 0.0
    place = differing[0]
    letters = {a[place], b[place]}
    is_near = letters <= set("aeiouy") or _are_neighbours(a[place], b[place])
    return 0.0 if is_near and place > _CLEARLY_HEARD else lexicon().cost["other_letter"]


_CLEARLY_HEARD = 2
"""The last place of the first syllable, more or less."""


def _are_neighbours(one: str, other: str) -> bool:
    """On the keyboard: n and m, b and v."""
    places = [(row, keys.index(letter)) for letter in (one, other) for row, keys in enumerate(_ROWS) if letter in keys]
    return len(places) == 2 and abs(places[0][0] - places[1][0]) <= 1 and abs(places[0][1] - places[1][1]) <= 1  # noqa: PLR2004


_SOUNDS = (
    ("ph", "f"),
    ("ck", "k"),
    ("qu", "k"),
    ("sch", "sh"),
    ("tz", "z"),
    ("ts", "z"),
    ("kh", "h"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ie", "i"),
    ("ei", "i"),
    ("ae", "e"),
    ("oe", "o"),
    ("ue", "u"),
    ("th", "t"),
    ("gh", "g"),
    ("c", "k"),
    ("y", "i"),
    ("z", "s"),
    ("w", "v"),
    ("q", "k"),
    ("j", "i"),
    ("x", "ks"),
)


@lru_cache(maxsize=200_000)
def sound(text: str) -> str:
    """Letters that are often heard alike made alike, doubled ones made single."""
    for written, heard in _SOUNDS:
        text = text.replace(written, heard)
    return "".join(letter for number, letter in enumerate(text) if number == 0 or letter != text[number - 1])
