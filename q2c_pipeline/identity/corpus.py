"""How common each word is in the list of names at hand, and which words are everyday words of that very list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from q2c_pipeline.identity.names import Name, read_name
from q2c_pipeline.identity.pausing import collection_paused
from q2c_pipeline.identity.words import Word


@dataclass(frozen=True)
class Corpus:
    """Counted over distinct names; empty for a few names."""

    names: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many names have the word."""
    neighbours: Mapping[str, int] = field(default_factory=dict)
    """Beside how many different brands the word stands: a brand has few, however often the list writes it."""

    def is_common(self, word: Word) -> bool:
        """Is the word one of the everyday words of this very list (beside one brand in a hundred names, and twenty at least)?"""
        return self.neighbours.get(word.key, 0) >= max(20, self.names // 100)


@collection_paused()
def corpus_of(names: Iterable[str]) -> Corpus:
    """The words of distinct names, other names of one company included."""
    return counted([read_name(text) for text in set(names)])


def counted(read: list[tuple[Name, ...]]) -> Corpus:
    """The words of names as read."""
    counts: dict[str, int] = {}
    beside: dict[str, set[str]] = {}
    for names in read:
        words = {word.key: word.kind for name in names for word in name.words}
        brands = {key for key, kind in words.items() if kind == "unknown"}
        for key in words:
            counts[key] = counts.get(key, 0) + 1
        for key in brands:
            beside.setdefault(key, set()).update(brands - {key})
    return Corpus(len(read), counts, {key: len(others) for key, others in beside.items()})
