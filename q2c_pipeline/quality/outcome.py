"""What every quality check says, whichever tool made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl


class Weight(StrEnum):
    """What a failed check means: a warning is looked at, an error is acted on, a stop ends the run there."""

    WARNING = "warning"
    ERROR = "error"
    STOP = "stop"


@dataclass(frozen=True)
class Outcome:
    """The result of one check on one table; `sample` holds a few of the rows that broke it."""

    name: str
    table: str
    is_ok: bool
    says: str
    weight: Weight = Weight.ERROR
    facts: Mapping[str, str | int] = field(default_factory=dict)
    sample: pl.DataFrame = field(default_factory=pl.DataFrame)
    problem: str = ""
    """Why the check itself could not be made; empty when it was made, whatever it found."""
