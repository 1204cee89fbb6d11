"""Reads a company name: the words that tell it from others, its legal forms, the lands it names, and its other names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from q2c_pipeline.identity.legal_forms import take_forms
from q2c_pipeline.identity.lexicon import Form, lexicon
from q2c_pipeline.identity.tidying import tidied
from q2c_pipeline.identity.tokens import plain, tokens_of
from q2c_pipeline.identity.words import Word, words_of

_EX = re.compile(r"[\s,]*\(\s*(?:ex|form|prev|was)\.?[-\s]+|,\s+ex[-\s]+", re.IGNORECASE)
_FORM_INSIDE = re.compile(
    r"^(?P<name>\w.+?\s(?:AG|SE|GmbH|PLC|plc|S\.?[pP]\.?A\.?|S\.?A\.?|N\.?V\.?|A/S|ASA|AB|Oyj|Inc\.?|LLC|Ltd\.?))(?P<dash>\s+[-\u2013\u2014|])?"
    r"\s+(?P<rest>[^\W\d_a-z].*)$"
)
"""`Fraport AG Frankfurt Airport Services`, `Petroleo Brasileiro S.A. - Petrobras`: a whole name, and what more is said of it."""
_BRAND_FIRST = re.compile(r"^(?P<name>[^\W\d_][\w&]{2,})(?:\s+[-\u2013\u2014|]\s+(?P<rest>\S.*)|,\s(?P<trade>[^\W\d_A-Z].*))$")
"""`INA - Industrija nafte d.d.`, `Gorenje, gospodinjski aparati, d.o.o.`: the name, and what it stands for or does."""
_BRAND_LAST = re.compile(r"^(?P<rest>\S+\s+\S+\s.*\S)\s*\((?P<name>[^\W\d_]{4,})\)$")
"""`Empresa Brasileira de Aeronautica S.A. (Embraer)`."""
_OWN_INITIALS = re.compile(r"(?P<name>.*\S)\s*\((?P<short>[^()]{2,8})\)\s*")


@dataclass(frozen=True)
class Name:
    """A name as read: telling words in order, legal forms, initials of all before the form, all words `written` as one."""

    raw: str
    words: tuple[Word, ...]
    forms: tuple[Form, ...]
    initials: frozenset[str]
    written: str
    is_alias: bool = False
    is_part: bool = False
    """The shorter name inside a long one; two long names with one beginning are not one company."""

    @property
    def is_formal(self) -> bool:
        """Does it carry a legal form that says more than `company`?"""
        return any(form.kinds for form in self.forms)

    @property
    def joined(self) -> str:
        """All words without spaces."""
        return "".join(word.text for word in self.words)

    @property
    def counted(self) -> str:
        """All words without spaces, numbers in digits: `Three M` is 3M."""
        return "".join(word.key if word.kind == "number" else word.text for word in self.words)

    @property
    def spelled(self) -> frozenset[str]:
        """All words as written, in no order."""
        return frozenset(word.text for word in self.words)

    @property
    def key(self) -> str:
        """Sorted canonical words: equal for names that differ in order, plural, translation or form only."""
        return " ".join(sorted(word.key for word in self.words))


@lru_cache(maxsize=400_000)
def read_name(text: str) -> tuple[Name, ...]:
    """The name, and each trade or former name given in the same text."""
    parts = [part for part in _alias().split(_EX.sub(" formerly ", f" {tidied(text)}")) if part.strip(" ()[]")]
    names = [_read_one(part) for part in parts]
    names += [replace(name, is_part=True) for name in _inner(parts[0] if parts else "")]
    return tuple(replace(name, is_alias=True) if number else name for number, name in enumerate(names) if name.words)


@cache
def _alias() -> re.Pattern[str]:
    return re.compile(rf"[\s,;(\[]+(?:{'|'.join(lexicon().aliases)})[\s:.,]+", re.IGNORECASE)


def _inner(text: str) -> Iterator[Name]:
    """The shorter names inside one that goes on after its legal form, or that begins or ends with its brand."""
    found = _FORM_INSIDE.match(text.strip())
    kinds = {word.kind for word in _read_one(found["rest"]).words} if found else set()
    if found and kinds - {"geo"} and not kinds & _NO_EXPLANATION:
        yield _read_one(found["name"])
        if found["dash"]:
            yield _read_one(found["rest"])
    brand = _BRAND_FIRST.match(text.strip()) or _BRAND_LAST.match(text.strip())
    if brand:
        yield from _brand(brand["name"], brand["rest"] or brand["trade"])


_NO_EXPLANATION = frozenset({"holding", "number", "letter"})


def _brand(text: str, rest: str) -> Iterator[Name]:
    """The brand with the legal form of the whole name, where the rest says at length what it is."""
    brand, long = _read_one(text), _read_one(rest)
    is_explained = len(long.words) > 1 and long.forms and not {word.kind for word in long.words} & _NO_EXPLANATION
    if is_explained and [word.kind for word in brand.words] == ["unknown"]:
        yield replace(brand, forms=long.forms)


def _read_one(text: str) -> Name:
    """One name; `Hennes and Mauritz AB (H&M)` without the short name that it gives itself."""
    found = _OWN_INITIALS.fullmatch(text)
    if found:
        name = _read_plain(found["name"])
        if any(_is_drawn_from(plain(found["short"]), letters) for letters in name.initials):
            return name
    return _read_plain(text)


def _is_drawn_from(short: str, letters: str) -> bool:
    """`iag` from `icag`: the same first letter, the others in order."""
    following = iter(letters)
    return len(short) > 1 and short[0] == letters[:1] and all(letter in following for letter in short)


def _read_plain(text: str) -> Name:
    lead, tokens, tail = take_forms(tokens_of(text))
    words = tuple(words_of(tokens))
    telling = tuple(word for word in words if word.kind != "stop") or words
    return Name(
        text.strip(),
        _without_own_initials(telling, words),
        (*lead, *tail),
        frozenset(_initials(words, tail)),
        "".join(word.text for word in words),
    )


def _without_own_initials(telling: tuple[Word, ...], words: tuple[Word, ...]) -> tuple[Word, ...]:
    """`International Business Machines (IBM)` without its own short name; as in `EDP Energias de Portugal`, it may be first."""
    for short, others, every in ((telling[-1:], telling[:-1], words[:-1]), (telling[:1], telling[1:], words[1:])):
        if len(others) > 1 and len(short[0].text) > 1:
            spelled = {"".join(word.initials[0] for word in some) for some in (others, every)}
            long = [letters for letters in spelled if len(letters) > 3]  # noqa: PLR2004
            if short[0].text in spelled or any(sorted(short[0].text) == sorted(letters) for letters in long):
                return others
    return telling


def _initials(words: Sequence[Word], forms: Sequence[Form]) -> Iterator[str]:
    """What the name may be called for short, with and without little words and the first letter of its form."""
    telling = "".join(word.initials for word in words if word.kind != "stop")
    everything = "".join(word.initials for word in words)
    for letters in {telling, everything}:
        yield letters
        yield from (letters + form.name[0].lower() for form in forms)
