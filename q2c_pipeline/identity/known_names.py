"""Companies whose names no rule can bring together, by a list."""

from __future__ import annotations

from functools import cache

from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.names import Name, read_name


def listed_as_one(left: Name, right: Name) -> bool:
    """Are both names listed for one company? `Facebook` and `Meta Platforms`; not `Meta Spain`."""
    return left.key != right.key and listed(left) is not None and listed(left) == listed(right)


def listed(name: Name) -> int | None:
    """The number of the company that the whole name is listed for."""
    return _companies().get(name.key)


@cache
def _companies() -> dict[str, int]:
    return {
        name.key: number for number, names in enumerate(lexicon().other_names) for text in names for name in read_name(text)[:1]
    }
