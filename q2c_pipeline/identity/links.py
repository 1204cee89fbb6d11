"""Links between customer records that need no comparison: what ids claim, what people decided, equal tax ids and numbers."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from q2c_pipeline.identity.scoring import Decision
from q2c_pipeline.state.judgements import Judgement, Opinion

LINK_SCHEMA = {
    "left_key": pl.String,
    "right_key": pl.String,
    "method": pl.String,
    "score": pl.Float64,
    "decision": pl.String,
    "explanation": pl.String,
}
METHOD_ORDER = ("human", "external_id", "reverse_external_id", "tax_id", "account_number", "domain", "address", "name")
"""The surer method first: it links before a weaker one may take its place in a cluster."""
_LARGEST_KEY = 50
"""A number that more records share than this is a placeholder, not a key."""


def claim_links(claims: pl.DataFrame) -> pl.DataFrame:
    """The rows of claim.account as links: which CRM account a record belongs to by the ids that systems keep of one another."""
    pairs = claims.with_columns(one="other_account_key", other="account_key")
    return _as_links(pairs, pl.col("method"), 0.999, pl.format("same: {}", "evidence"))


def key_links(records: pl.DataFrame) -> pl.DataFrame:
    """Every pair with one tax id or number, one of them open; a contradicting tax id makes it uncertain."""
    numbers = [_shared(records, "account_number", "account_number", 0.99), _shared(records, "tax_key", "tax_id", 0.995)]
    return _checked(_surest(pl.concat(numbers)), records)


def human_links(judgements: Mapping[tuple[str, str], Judgement]) -> pl.DataFrame:
    """What people decided, as links."""
    score = {Opinion.SAME: 1.0, Opinion.DIFFERENT: 0.0, Opinion.UNSURE: 0.5}
    rows = []
    for pair, one in sorted(judgements.items()):
        said = f"{one.opinion.value}: {one.who} decided on {one.judged_at:%Y-%m-%d}: {one.why}"
        rows.append((*pair, "human", score[one.opinion], one.opinion.value, said))
    return pl.DataFrame(rows, schema=LINK_SCHEMA, orient="row")


def _shared(records: pl.DataFrame, column: str, method: str, score: float) -> pl.DataFrame:
    """Every pair of records with one value of a key."""
    known = records.filter(pl.col(column).is_not_null() & (pl.len().over(column) <= _LARGEST_KEY)).select(
        "account_key", column, "is_open"
    )
    pairs = known.join(known, on=column).filter(
        pl.col("account_key") < pl.col("account_key_right"), pl.col("is_open") | pl.col("is_open_right")
    )
    text = pl.col(column).str.split(":").list.last() if column == "tax_key" else pl.col(column)
    shown = pl.concat_str(pl.lit("…"), text.str.tail(4)) if column == "tax_key" else text
    said = pl.format(f"same: equal {'valid tax id' if column == 'tax_key' else 'account number'} {{}}", shown)
    return _as_links(pairs.with_columns(one="account_key", other="account_key_right"), pl.lit(method), score, said)


def _as_links(pairs: pl.DataFrame, method: pl.Expr, score: float, said: pl.Expr) -> pl.DataFrame:
    return pairs.select(
        left_key=pl.min_horizontal("one", "other"),
        right_key=pl.max_horizontal("one", "other"),
        method=method,
        score=pl.lit(score),
        decision=pl.lit(Decision.SAME.value),
        explanation=said,
    )


def _surest(found: pl.DataFrame) -> pl.DataFrame:
    """One row a pair: the surest method, with all that was found as its explanation."""
    order = pl.col("method").replace_strict({name: number for number, name in enumerate(METHOD_ORDER)}, return_dtype=pl.Int64)
    reasons = pl.col("explanation").str.strip_prefix("same: ").unique(maintain_order=True).str.join("; ")
    return (
        found.with_columns(order=order)
        .sort("left_key", "right_key", "order", "explanation")
        .group_by("left_key", "right_key", maintain_order=True)
        .agg(pl.col("method").first(), pl.col("score").max(), pl.col("decision").first(), reasons.alias("explanation"))
        .with_columns(pl.format("same: {}", "explanation").alias("explanation"))
    )


def _checked(links: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """A key against which the valid tax ids of one country speak is left to a person."""
    taxes = records.select("account_key", "tax_key")
    sides = links.join(taxes, left_on="left_key", right_on="account_key", how="left").join(
        taxes, left_on="right_key", right_on="account_key", how="left", suffix="_right"
    )
    contradicted = _scheme("tax_key").eq(_scheme("tax_key_right")) & pl.col("tax_key").ne(pl.col("tax_key_right"))
    said = pl.format("unsure: {}; but their valid tax ids differ", pl.col("explanation").str.strip_prefix("same: "))
    return (
        sides.with_columns(is_contradicted=contradicted.fill_null(value=False))
        .with_columns(
            score=pl.when("is_contradicted").then(0.5).otherwise("score"),
            decision=pl.when("is_contradicted").then(pl.lit(Decision.UNSURE.value)).otherwise("decision"),
            explanation=pl.when("is_contradicted").then(said).otherwise("explanation"),
        )
        .select(*LINK_SCHEMA)
        .sort("left_key", "right_key")
    )


def _scheme(column: str) -> pl.Expr:
    return pl.col(column).str.replace(r":[^:]*$", "")
