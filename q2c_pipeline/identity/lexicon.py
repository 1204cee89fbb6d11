"""What is known of company names before any is read: legal forms, everyday words, spellings, lands. All of it is data."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Form:
    """A legal form; forms that share a kind and a country may be one company's."""

    name: str
    kinds: frozenset[str]
    countries: frozenset[str]
    place: str


@dataclass(frozen=True)
class Lexicon:
    """The packaged tables, turned round for looking up."""

    cost: Mapping[str, float]
    slips: Mapping[int, Mapping[int, float]]
    evidence: Mapping[str, float]
    forms: Mapping[tuple[str, ...], Form]
    kind: Mapping[str, str]
    canonical: Mapping[str, tuple[str, ...]]
    known: Mapping[str, str]
    first: frozenset[str]
    given: frozenset[str]
    east: tuple[tuple[str, str], ...]
    parted: tuple[tuple[str, str], ...]
    abroad: Mapping[str, str]
    articles: tuple[str, ...]
    consonants: Mapping[str, str]
    heard: Mapping[str, str]
    count: Mapping[str, str]
    phrases: Mapping[tuple[str, ...], str]
    phrase_starts: frozenset[str]
    lands: Mapping[tuple[str, ...], str]
    land_starts: frozenset[str]
    land_words: frozenset[str]
    iso3: Mapping[str, str]
    longest_form: int
    form_starts: frozenset[str]
    free_mail: frozenset[str]
    notes: Mapping[str, list[str]]
    aliases: tuple[str, ...]
    other_names: tuple[tuple[str, ...], ...]
    securities: tuple[str, ...]


@cache
def lexicon() -> Lexicon:
    """The tables of `data/`, read once."""
    words, places, forms = _read("words.toml"), _read("places.toml"), dict(_forms(_read("forms.toml")["form"]))
    notes, scripts, costs = _read("notes.toml"), _read("scripts.toml"), _read("costs.toml")
    lands = {tuple(name.split()): code for code, names in places["land"].items() for name in names}
    return Lexicon(
        cost=costs["cost"],
        slips={int(count): {int(size): bits for size, bits in sizes.items()} for count, sizes in costs["slips"].items()},
        evidence=costs["evidence"],
        forms=forms,
        kind={word: kind for kind, listed in words["kind"].items() for word in listed},
        canonical=_meanings(words["same"]),
        known=words["known"],
        first=frozenset(words["place"]["first"]),
        given=frozenset(words["place"]["given"]),
        east=_longest_first(scripts["east"]),
        parted=_longest_first(scripts["parted"]),
        abroad=scripts["abroad"],
        articles=tuple(scripts["article"]["before"]),
        consonants=scripts["consonants"],
        heard=scripts["heard"],
        count=words["count"],
        phrases={tuple(phrase.split()): word for phrase, word in words["phrase"].items()},
        phrase_starts=frozenset(phrase.split()[0] for phrase in words["phrase"]),
        lands=lands,
        land_starts=frozenset(name[0] for name in lands),
        land_words=frozenset(word for name in lands for word in name),
        iso3=places["iso3"],
        free_mail=frozenset(words["free_mail"]["domains"]),
        notes=notes["note"],
        aliases=tuple(notes["alias"]["lead"]),
        other_names=tuple(tuple(names) for names in _read("other_names.toml")["companies"]),
        securities=tuple(notes["security"]["after"]),
        longest_form=max(len(words) for words in forms),
        form_starts=frozenset(words[0] for words in forms),
    )


def _longest_first(parts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """In the letters that names are brought to before they are read: Thai vowels are taken apart."""
    plain = {unicodedata.normalize("NFKC", part): meaning for part, meaning in parts.items()}
    return tuple(sorted(plain.items(), key=lambda item: -len(item[0])))


def _meanings(same: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Every spelling with the words that it may stand for, in the order of the table."""
    found: dict[str, tuple[str, ...]] = {}
    for word, spellings in same.items():
        for spelling in (word, *spellings):
            found[spelling] = (*found.get(spelling, ()), word)
    return found | {word: (word,) for word in same}


def _forms(rows: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, ...], Form]]:
    for row in rows:
        form = Form(str(row["name"]), frozenset(row["kinds"]), frozenset(row["countries"]), str(row["place"]))
        for written in row["written"]:
            yield tuple(written.split()), form
            if " and " in f" {written} ":
                yield from ((tuple(word if part == "and" else part for part in written.split()), form) for word in _AND)


_AND = ("und", "et", "y", "e", "en", "och", "og")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("q2c_pipeline.identity") / "data" / name).read_text(encoding="utf-8"))
