"""Many pairs at once: each distinct pair of names and each distinct set of other facts is compared once; the rest is joins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import polars as pl

from q2c_pipeline.identity.compare import NameMatch, compare_names
from q2c_pipeline.identity.corpus import Corpus
from q2c_pipeline.identity.pausing import collection_paused
from q2c_pipeline.identity.scoring import Evidence, Party, Thresholds, evidence, lands_of, verdict

SIDES = ("left", "right")
FACTS = ("country", "tax_id", "domain", "address")
"""Beside the name; a party has them in this order."""
_NAMES = ["left_name", "right_name", "left_country", "right_country"]
_OTHERS = [f"{side}_{fact}" for side in SIDES for fact in FACTS]
_VERDICT = {"score": pl.Float64, "decision": pl.String, "method": pl.String, "explanation": pl.String}
_T = TypeVar("_T")


@collection_paused()
def weighed(pairs: pl.DataFrame, thresholds: Thresholds, corpus: Corpus) -> pl.DataFrame:
    """`pairs` with score, decision, method and explanation, in their order.

    Their columns are `left_name`, `left_country`, `left_tax_id`, `left_domain`, `left_address` and the same on the right, none
    null. Equal outcomes are judged once: a hundred thousand pairs of equal names in one country are one judgement.
    """

    def matched(left: str, right: str, one: str, other: str) -> NameMatch:
        return compare_names(left, right, lands=lands_of(one, other), corpus=corpus)

    same = pl.col("left_name") == pl.col("right_name")
    alike = pairs.select(_NAMES).with_columns(  # equal names are one outcome in all countries
        *(pl.when(same).then(pl.lit("")).otherwise(name).alias(name) for name in ("left_country", "right_country"))
    )
    names, matches = _numbered(alike, "match", matched)
    others, found = _numbered(pairs.select(_OTHERS), "found", lambda *facts: evidence(_party(facts[:4]), _party(facts[4:])))
    outcome = pl.DataFrame({"match": names, "found": others})
    judged = _judged(outcome.unique(maintain_order=True), matches, found, thresholds)
    verdicts = outcome.join(judged, on=["match", "found"], how="left", maintain_order="left")
    return pairs.hstack(verdicts.select(*_VERDICT))


def _numbered(inputs: pl.DataFrame, name: str, compare: Callable[..., _T]) -> tuple[pl.Series, list[_T]]:
    """For each row the number of its outcome, and the outcomes; distinct rows are compared once."""
    distinct = inputs.unique(maintain_order=True)
    numbers: dict[_T, int] = {}
    of = [numbers.setdefault(compare(*row), len(numbers)) for row in distinct.iter_rows()]
    told = inputs.join(distinct.with_columns(pl.Series(name, of, pl.Int64)), on=inputs.columns, how="left", maintain_order="left")
    return told[name], list(numbers)


def _judged(outcomes: pl.DataFrame, matches: list[NameMatch], found: list[Evidence], thresholds: Thresholds) -> pl.DataFrame:
    """The verdict on each distinct outcome."""
    said = (verdict(matches[match], found[other], thresholds) for match, other in outcomes.iter_rows())
    rows = [(one.score, one.decision.value, one.method, one.explanation) for one in said]
    return outcomes.hstack(pl.DataFrame(rows, schema=_VERDICT, orient="row"))


def _party(facts: tuple[str, ...]) -> Party:
    return Party("", *facts)
