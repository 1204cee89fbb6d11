"""Reads a company name: the words that tell it from others, its legal forms, the lands it names, and its other names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import OSA

from q2c_pipeline.identity.lexicon import Form, lexicon
from q2c_pipeline.identity.tidying import tidied

_ALIAS = re.compile(
    r"[\s,;(\[]+(?:d\.?/?b\.?/?a\.?|doing business as|trading as|t/a|t/as|f\.?/?k\.?/?a\.?|formerly(?: known as)?"
    r"|previously(?: known as)?|a\.?/?k\.?/?a\.?|also known as|now known as|n/k/a"
    r"|vormals|ehemals|fr[uü]her|anciennement|antes|voorheen|tidigare)[\s:.,]+",
    re.IGNORECASE,
)
_EX = re.compile(r"\(\s*(?:ex|form|prev|was)\.?[-\s]+", re.IGNORECASE)
_FORM_INSIDE = re.compile(
    r"^(?P<name>\w.+?\s(?:AG|SE|GmbH|PLC|plc|S\.?[pP]\.?A\.?|S\.?A\.?|N\.?V\.?|A/S|ASA|AB|Oyj|Inc\.?|LLC|Ltd\.?))(?P<dash>\s+[-\u2013\u2014|])?"
    r"\s+(?P<rest>[^\W\d_a-z].*)$"
)
"""`Fraport AG Frankfurt Airport Services`, `Petroleo Brasileiro S.A. - Petrobras`: a whole name, and what more is said of it."""
_SHORT_LETTER = re.compile(r"\b(\w)\.(?=[a-z]{2,})")
"""`F.lli` is one word."""
_APOSTROPHES = str.maketrans("", "", "'\u2019\u2018\u00b4`\u02bc\u02b9")
_ELIDED = re.compile(r"(?<=\s)(?:d|dell|all|nell|dall)['\u2019\u00b4`](?=\w)", re.IGNORECASE)
"""`Banca d'Italia` is a bank of Italy."""
_OWN_INITIALS = re.compile(r"(?P<name>.*\S)\s*\((?P<short>[^()]{2,8})\)\s*")
_DOTTED = re.compile(r"\b(?:\w\.){2,}(?:\w\b)?")
_SLASHED = re.compile(r"\b(\w)/(\w)(?:/(\w))?\b")
_TIGHT_AND = re.compile(r"\b(\w{1,2})&(\w{1,2})\b")
_SITE = re.compile(r"\b(\w{2,})\.(com|net|org|io|co\.uk|de|ai)\b", re.IGNORECASE)
_CAMEL = re.compile(r"[A-Z][a-z]+|[A-Z]+(?![a-z])|[a-z]+")
_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_PIECE = re.compile(r"\w+")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th|er|e)?")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"})
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


@dataclass(frozen=True)
class Name:
    """A name as read: telling words in order, legal forms, initials of all before the form, all words `written` as one."""

    raw: str
    words: tuple[Word, ...]
    forms: tuple[Form, ...]
    initials: frozenset[str]
    written: str
    is_alias: bool = False

    @property
    def is_formal(self) -> bool:
        """Does it carry a legal form that says more than `company`?"""
        return any(form.kinds for form in self.forms)

    @property
    def joined(self) -> str:
        """All words without spaces."""
        return "".join(word.text for word in self.words)

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
    parts = [part for part in _ALIAS.split(_EX.sub(" formerly ", f" {tidied(text)}")) if part.strip(" ()[]")]
    names = [_read_one(part) for part in (*parts, *_inner(parts[0] if parts else ""))]
    return tuple(replace(name, is_alias=number > 0) for number, name in enumerate(names) if name.words)


def _inner(text: str) -> Iterator[str]:
    """The shorter names inside one that goes on after its legal form."""
    found = _FORM_INSIDE.match(text.strip())
    kinds = {word.kind for word in _read_one(found["rest"]).words} if found else set()
    if found and kinds - {"geo"} and not kinds & {"holding", "number", "letter"}:
        yield found["name"]
        if found["dash"]:
            yield found["rest"]


def _read_one(text: str) -> Name:
    """One name; `Hennes and Mauritz AB (H&M)` without the short name that it gives itself."""
    found = _OWN_INITIALS.fullmatch(text)
    if found:
        name = _read_plain(found["name"])
        if any(_is_drawn_from(_plain(found["short"]), letters) for letters in name.initials):
            return name
    return _read_plain(text)


def _is_drawn_from(short: str, letters: str) -> bool:
    """`iag` from `icag`: the same first letter, the others in order."""
    following = iter(letters)
    return len(short) > 1 and short[0] == letters[:1] and all(letter in following for letter in short)


def _read_plain(text: str) -> Name:
    tokens = _with_phrases(list(_tokens(text)))
    lead, tokens, tail = _take_forms(tokens)
    words = tuple(_words([token for token in tokens if token.folded not in ("", "and")]))
    telling = tuple(word for word in words if word.kind != "stop") or words
    return Name(
        text.strip(),
        _without_own_initials(telling, words),
        (*lead, *tail),
        frozenset(_initials(words, tail)),
        "".join(word.text for word in words),
    )


@dataclass(frozen=True)
class _Token:
    """A piece of text between spaces, folded to plain letters."""

    folded: str
    other: str
    camel: str


def _tokens(text: str) -> Iterator[_Token]:
    """Pieces in order; dotted, slashed and tightly joined single letters become one piece."""
    for chunk in _east_parted(_ELIDED.sub("di ", text).translate(_APOSTROPHES)).split():
        for piece in _pieces(chunk):
            yield _Token(_plain(piece), _plain(piece.casefold().translate(_GERMAN)), _camel_initials(piece))


def _with_phrases(tokens: list[_Token]) -> list[_Token]:
    """`Hava Yollari` as the one word that it means: airlines."""
    phrases, starts = lexicon().phrases, lexicon().phrase_starts
    if not any(token.folded in starts for token in tokens):
        return tokens
    found: list[_Token] = []
    while tokens:
        length = next((n for n in (3, 2) if tuple(token.folded for token in tokens[:n]) in phrases), 1)
        if length > 1:
            word = phrases[tuple(token.folded for token in tokens[:length])]
            found.append(_Token(word, word, "".join(token.folded[0] for token in tokens[:length])))
        else:
            found.append(tokens[0])
        tokens = tokens[length:]
    return found


def _camel_initials(piece: str) -> str:
    """`GlaxoSmithKline` -> `gsk`, `JPMorgan` -> `jpm`; nothing for a piece with one capital or only capitals."""
    if piece.isupper() or not piece.isascii():
        return ""
    parts = _CAMEL.findall(piece)
    return "".join(part if part.isupper() else part[0] for part in parts).lower() if len(parts) > 1 else ""


def _pieces(chunk: str) -> list[str]:
    if chunk.isalnum():
        return [chunk]
    chunk = _SHORT_LETTER.sub(r"\1", _SITE.sub(r"\1 com", chunk))
    chunk = _DOTTED.sub(lambda found: found.group().replace(".", ""), chunk)
    chunk = _SLASHED.sub(lambda found: "".join(part or "" for part in found.groups()), chunk)
    chunk = _TIGHT_AND.sub(r"\1\2", chunk)
    chunk = chunk.replace("&", " and ").replace("+", " and ")
    return _PIECE.findall(chunk.replace("_", " "))


@lru_cache(maxsize=100_000)
def _plain(piece: str) -> str:
    return _NOT_PLAIN.sub("", anyascii(piece).lower())


def _east_parted(text: str) -> str:
    """Chinese, Japanese and Korean names have no spaces: their common parts are told by the lexicon."""
    if text.isascii() or not any(ord(letter) > 0x2FFF for letter in text):  # noqa: PLR2004
        return text
    for part, meaning in lexicon().east:
        text = text.replace(part, f" {meaning} ")
    return text


def _take_forms(tokens: list[_Token]) -> tuple[list[Form], list[_Token], list[Form]]:
    """Legal forms before the name, the rest, and legal forms after or inside it; a name is never all form."""
    tokens = _joined_letters(tokens)
    lead: list[Form] = []
    found = _form_at(tokens, 0, {"lead"})
    if found is not None and len(tokens) > found[1]:
        lead, tokens = [found[0]], tokens[found[1] :]
    rest, tail = tokens[:1], []
    tokens = [*tokens[:1], *(_form_mended(token) for token in tokens[1:])]
    position = 1
    while position < len(tokens):
        found = _form_at(tokens, position, {"lead", "anywhere"}) or _form_at_end(tokens, position)
        if found is None:
            rest.append(tokens[position])
            position += 1
        else:
            tail.append(found[0])
            position += found[1]
    return lead, rest, tail


@lru_cache(maxsize=100_000)
def _form_mended(token: _Token) -> _Token:
    """`Aktiengeselschaft` as it should be: long words of legal forms are known even with a slip."""
    if len(token.folded) < _LONG_FORM_WORD or (token.folded,) in lexicon().forms or token.folded in lexicon().canonical:
        return token
    long_words = (spelled[0] for spelled in lexicon().forms if len(spelled) == 1 and len(spelled[0]) >= _LONG_FORM_WORD)
    near = next((word for word in long_words if OSA.distance(word, token.folded, score_cutoff=2) <= 2), "")  # noqa: PLR2004
    return replace(token, folded=near) if near else token


def _form_at(tokens: Sequence[_Token], start: int, places: set[str]) -> tuple[Form, int] | None:
    """The longest form that begins at `start`. Very short ones count before a name or at its end only."""
    forms, longest = lexicon().forms, lexicon().longest_form
    if start >= len(tokens) or tokens[start].folded not in lexicon().form_starts:
        return None
    for length in range(min(longest, len(tokens) - start), 0, -1):
        spelled = tuple(token.folded for token in tokens[start : start + length])
        form = forms.get(spelled)
        is_clear = start == 0 or length > 1 or len(spelled[0]) > 2  # noqa: PLR2004
        if form is not None and form.place in places and is_clear and (start > 0 or length > 1 or spelled[0] not in _NEVER_FIRST):
            return form, length
    return None


_LONG_FORM_WORD = 10
_NEVER_FIRST = frozenset({"sa", "ca", "is", "joint", "co", "public", "private", "limited", "company", "kg", "too", "mb"})


def _form_at_end(tokens: Sequence[_Token], start: int) -> tuple[Form, int] | None:
    """A form after which only forms, lands or numbers come."""
    found = _form_at_any(tokens, start)
    if found is None:
        return None
    position = start + found[1]
    while position < len(tokens):
        further = _form_at_any(tokens, position)
        if further is None and not _is_place_or_number(tokens, position):
            return None
        position += further[1] if further else 1
    return found


def _form_at_any(tokens: Sequence[_Token], start: int) -> tuple[Form, int] | None:
    forms, longest = lexicon().forms, lexicon().longest_form
    if start >= len(tokens) or tokens[start].folded not in lexicon().form_starts:
        return None
    for length in range(min(longest, len(tokens) - start), 0, -1):
        form = forms.get(tuple(token.folded for token in tokens[start : start + length]))
        if form is not None:
            return form, length
    return None


def _is_place_or_number(tokens: Sequence[_Token], position: int) -> bool:
    spelled = tokens[position].folded
    return spelled.isdigit() or spelled in ("and", "the") or spelled in lexicon().land_words


def _joined_letters(tokens: list[_Token]) -> list[_Token]:
    """`J P Morgan` as `JP Morgan`, `S R L` as `SRL`, `H & M` as `HM`: runs of single letters are one piece."""
    joined: list[_Token] = []
    run: list[_Token] = []
    for position, token in enumerate([*tokens, None]):
        if token is not None and _is_letter(token):
            run.append(token)
            continue
        if (
            run
            and token is not None
            and token.folded == "and"
            and any(_is_letter(one) for one in tokens[position + 1 : position + 2])
        ):
            continue
        if run:
            text = "".join(one.folded for one in run)
            joined.append(_Token(text, text, text if len(text) > 1 else ""))
            run = []
        if token is not None:
            joined.append(token)
    return joined


def _is_letter(token: _Token) -> bool:
    return len(token.folded) == 1 and token.folded.isalpha()


def _words(tokens: Sequence[_Token]) -> Iterator[Word]:
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
            yield _word(tokens[position], is_last=0 < position == len(tokens) - 1)
        position += length


def _tens_and_units(tokens: Sequence[_Token], start: int) -> str:
    """`forty four` and `forty 4` are 44."""
    if start + 1 >= len(tokens):
        return ""
    tens, units = lexicon().count.get(tokens[start].folded, ""), _number(tokens[start + 1].folded, is_last=False)
    is_number = len(tens) == 2 and tens.endswith("0") and len(units) == 1  # noqa: PLR2004
    return tens[0] + units if is_number and units != "0" else ""


def _land_at(tokens: Sequence[_Token], start: int) -> tuple[str, int]:
    if tokens[start].folded not in lexicon().land_starts:
        return "", 1
    for length in (4, 3, 2, 1):
        land = lexicon().lands.get(tuple(token.folded for token in tokens[start : start + length]))
        if land is not None and start + length <= len(tokens):
            return land, length
    return "", 1


@lru_cache(maxsize=100_000)
def _word(token: _Token, *, is_last: bool) -> Word:
    text = token.folded
    number = _number(text, is_last=is_last)
    if number:
        return Word(text, number, "number", frozenset({number}), text[0])
    key = canonical(text)
    kind = _kind(text, key, is_last=is_last)
    spellings = frozenset({text, token.other, *meanings(text), *meanings(token.other)})
    return Word(text, key, kind, spellings, token.camel or text[0])


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
