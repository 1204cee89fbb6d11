"""Finds the legal forms in a name: before it, after it, or inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from q2c_pipeline.identity.lexicon import Form, lexicon
from q2c_pipeline.identity.tokens import Token, joined_letters

_LONG_FORM_WORD = 10
_NEVER_FIRST = frozenset({"sa", "ca", "is", "joint", "co", "public", "private", "limited", "company", "kg", "too", "mb"})


def take_forms(tokens: list[Token]) -> tuple[list[Form], list[Token], list[Form]]:
    """Legal forms before the name, the rest, and legal forms after or inside it; a name is never all form."""
    tokens = joined_letters(tokens)
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
def _form_mended(token: Token) -> Token:
    """`Aktiengeselschaft` as it should be: long words of legal forms are known even with a slip."""
    if len(token.folded) < _LONG_FORM_WORD or (token.folded,) in lexicon().forms or token.folded in lexicon().canonical:
        return token
    near = next((word for word in _long_words() if OSA.distance(word, token.folded, score_cutoff=2) <= 2), "")  # noqa: PLR2004
    return replace(token, folded=near) if near else token


@cache
def _long_words() -> tuple[str, ...]:
    return tuple(spelled[0] for spelled in lexicon().forms if len(spelled) == 1 and len(spelled[0]) >= _LONG_FORM_WORD)


def _form_at(tokens: Sequence[Token], start: int, places: set[str]) -> tuple[Form, int] | None:
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


def _form_at_end(tokens: Sequence[Token], start: int) -> tuple[Form, int] | None:
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


def _form_at_any(tokens: Sequence[Token], start: int) -> tuple[Form, int] | None:
    forms, longest = lexicon().forms, lexicon().longest_form
    if start >= len(tokens) or tokens[start].folded not in lexicon().form_starts:
        return None
    for length in range(min(longest, len(tokens) - start), 0, -1):
        form = forms.get(tuple(token.folded for token in tokens[start : start + length]))
        if form is not None:
            return form, length
    return None


def _is_place_or_number(tokens: Sequence[Token], position: int) -> bool:
    spelled = tokens[position].folded
    return spelled.isdigit() or spelled in ("and", "the") or spelled in lexicon().land_words
