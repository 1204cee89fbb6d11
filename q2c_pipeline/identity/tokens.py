"""Cuts the text of a name into pieces folded to plain letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.scripts import consonants, is_without_vowels, meaning, parted, without_marks

_SHORT_LETTER = re.compile(r"\b(\w)\.(?=[a-z]{2,})")
"""`F.lli` is one word."""
_APOSTROPHES = str.maketrans("", "", "'\u2019\u2018\u00b4`\u02bc\u02b9")
_ELIDED = re.compile(r"(?<=\s)(?:d|dell|all|nell|dall)['\u2019\u00b4`](?=\w)", re.IGNORECASE)
"""`Banca d'Italia` is a bank of Italy."""
_DOTTED = re.compile(r"\b(?:\w\.){2,}(?:\w\b)?")
_INITIALS = re.compile(r"(?:[A-Z]\.){2,3}")
_SLASHED = re.compile(r"\b(\w)/(\w)(?:/(\w))?\b")
_TIGHT_AND = re.compile(r"\b(\w{1,2})&(\w{1,2})\b")
_SITE = re.compile(r"\b(\w{2,})\.(com|net|org|io|co\.uk|de|ai)\b", re.IGNORECASE)
_CAMEL = re.compile(r"[A-Z][a-z]+|[A-Z]+(?![a-z])|[a-z]+")
_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_PIECE = re.compile(r"\w+")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"})


@dataclass(frozen=True)
class Token:
    """A piece of text between spaces, folded to plain letters."""

    folded: str
    other: str
    camel: str
    consonants: str = ""
    """Of a word in another script: what it has in any spelling."""
    is_without_vowels: bool = False
    is_initials: bool = False
    """Two or three letters with dots or spaces: first names, as a rule."""


def tokens_of(text: str) -> list[Token]:
    """Pieces in order, phrases as the one word that they mean."""
    return _with_phrases(list(_tokens(text)))


def _tokens(text: str) -> Iterator[Token]:
    """Pieces in order; dotted, slashed and tightly joined single letters become one piece."""
    for chunk in parted(_ELIDED.sub("di ", text).translate(_APOSTROPHES)).split():
        yield from _of_chunk(chunk)


@lru_cache(maxsize=200_000)
def _of_chunk(chunk: str) -> tuple[Token, ...]:
    """The pieces between two spaces; lists of names say the same ones over and over."""
    plain_chunk = without_marks(chunk)
    if is_without_vowels(chunk):
        return tuple(token for piece in _pieces(plain_chunk) for token in _told(piece))
    is_spelled, is_initials = plain_chunk != chunk, _INITIALS.fullmatch(chunk) is not None
    return tuple(_token(piece, is_spelled=is_spelled, is_initials=is_initials) for piece in _pieces(plain_chunk))


def _token(piece: str, *, is_spelled: bool, is_initials: bool) -> Token:
    """One piece; `is_spelled` where it was brought to Latin letters already."""
    is_foreign = is_spelled or any(ord(letter) > _LATIN for letter in piece)
    german, heard = plain(piece.casefold().translate(_GERMAN)), consonants(piece) if is_foreign else ""
    return Token(plain(piece), german, _camel_initials(piece), heard, is_initials=is_initials)


_LATIN = 0x24F
"""Letters of other scripts come after these."""


def _told(piece: str) -> Iterator[Token]:
    """An Arabic or Hebrew word: by its meaning where it has one, else by its consonants."""
    said = meaning(piece)
    words = [plain(piece)] if said is None else said.split()
    heard = consonants(piece) if len(words) == 1 else ""
    yield from (Token(word, word, "", heard, is_without_vowels=True) for word in words)


def _with_phrases(tokens: list[Token]) -> list[Token]:
    """`Hava Yollari` as the one word that it means: airlines."""
    phrases, starts = lexicon().phrases, lexicon().phrase_starts
    if not any(token.folded in starts for token in tokens):
        return tokens
    found: list[Token] = []
    while tokens:
        length = next((n for n in (3, 2) if tuple(token.folded for token in tokens[:n]) in phrases), 1)
        if length > 1:
            word = phrases[tuple(token.folded for token in tokens[:length])]
            found.append(Token(word, word, "".join(token.folded[0] for token in tokens[:length])))
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
def plain(piece: str) -> str:
    """`Müller's` -> `mullers`: small Latin letters and digits only."""
    return _NOT_PLAIN.sub("", anyascii(piece).lower())


def joined_letters(tokens: list[Token]) -> list[Token]:
    """`J P Morgan` as `JP Morgan`, `S R L` as `SRL`, `H & M` as `HM`: runs of single letters are one piece."""
    if not any(_is_letter(token) for token in tokens):
        return tokens
    joined: list[Token] = []
    run: list[Token] = []
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
            joined.append(Token(text, text, text if len(text) > 1 else "", is_initials=len(text) > 1))
            run = []
        if token is not None:
            joined.append(token)
    return joined


def _is_letter(token: Token) -> bool:
    return len(token.folded) == 1 and token.folded.isalpha()
