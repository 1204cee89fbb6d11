"""A mistake in the configuration in the facts of one error: what was expected, what was found, where, and the cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic_core import PydanticCustomError

from q2c_pipeline.errors import ConfigurationError


class Problem(NamedTuple):
    """One mistake in the configuration, in the facts of a ConfigurationError."""

    expected: str
    found: str
    where: str
    next_step: str


def wrong(expected: str, found: str, next_step: str) -> PydanticCustomError:
    """What a validator raises: the facts of the mistake, to be completed by its place."""
    facts = {"expected": expected, "found": found, "next_step": next_step}
    return PydanticCustomError("q2c", "expected {expected}, found {found}", facts)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a suggestion, or the first few known names."""
    names = sorted(known)
    by_lower = {one.lower(): one for one in names}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=max(1, len(names)))
    if near:
        return f"did you mean '{by_lower[_first_of_the_nearest(name.lower(), near)]}'?"
    return f"choose one of: {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}"  # noqa: PLR2004


def _first_of_the_nearest(name: str, near: list[str]) -> str:
    """Of several equally near names the first by the alphabet: bb6 is nearer to bb06 than to bb16 for whoever mistyped it."""
    ratios = {one: difflib.SequenceMatcher(None, one, name).ratio() for one in near}
    return min(one for one in near if ratios[one] == ratios[near[0]])


def refuse(problems: list[Problem], file: Path) -> None:
    """Raise one error for all problems: the mistakes of a file are mended in one go, not one run at a time."""
    if len(problems) == 1:
        raise ConfigurationError(**problems[0]._asdict())
    if problems:
        listed = "".join(f"\n  - {p.where}: expected {p.expected}, found {p.found}; {p.next_step}" for p in problems)
        raise ConfigurationError(
            expected="a configuration without mistakes",
            found=f"{len(problems)}:{listed}\n",
            where=file.name,
            next_step="correct them and run `q2c check`",
        )
