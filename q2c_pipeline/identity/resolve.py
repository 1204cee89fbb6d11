"""Who is who: all links between customer records of all systems, and the customers that they make."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from q2c_pipeline.identity.candidates import TRAINABLE_RECORDS, weighed_pairs
from q2c_pipeline.identity.clusters import clustered
from q2c_pipeline.identity.corpus import Corpus
from q2c_pipeline.identity.features import features
from q2c_pipeline.identity.links import LINK_SCHEMA, human_links, key_links
from q2c_pipeline.identity.scoring import Decision, Thresholds
from q2c_pipeline.identity.weighing import SIDES, weighed
from q2c_pipeline.state.judgements import Judgement, in_force

_PAIR = ("left_key", "right_key")
_PARTY = {"account_name": "name", "country_code": "country", "tax_id": "tax_id", "domain": "domain", "address": "address"}
_AMBIGUOUS = 0.02
"""Two candidates whose scores are closer than this cannot be told apart without a person."""


@dataclass(frozen=True)
class Resolution:
    """Who is who.

    `links`: left_key, right_key, method, score, decision, explanation. `customers`: account_key, customer_id, instance,
    is_duplicate. `duplicates`: customer_id, instance, left_key, right_key, method, explanation: records of one system that are
    one company (MD02).
    """

    links: pl.DataFrame
    customers: pl.DataFrame
    duplicates: pl.DataFrame

    def uncertain(self) -> pl.DataFrame:
        """Pairs that a person should look at, the likeliest first."""
        return self.links.filter(pl.col("decision") == Decision.UNSURE.value).sort(
            "score", "left_key", "right_key", descending=[True, False, False]
        )


def resolve(
    accounts: pl.DataFrame,
    claims: pl.DataFrame,
    judgements: Sequence[Judgement],
    thresholds: Thresholds,
    concerned: Collection[str] | None = None,
) -> Resolution:
    """Link by keys, then by likeness; people's decisions beat both. The order of the rows changes nothing.

    `accounts` has the columns of canonical.account and `role` (crm, billing, erp); `claims` are links that ids make. Only pairs
    with a `concerned` record are compared, all of them where none is named.
    """
    records, corpus = features(accounts)
    records = records.with_columns(is_open=pl.lit(True) if concerned is None else pl.col("account_key").is_in(concerned))  # noqa: FBT003
    human = human_links(in_force(judgements))
    by_id = claims.join(human, on=_PAIR, how="anti")
    by_key = key_links(records).join(pl.concat([human, by_id]), on=_PAIR, how="anti")
    known = pl.concat([human, by_id, by_key])
    likely = _by_likeness(records, corpus, known, thresholds)
    links = pl.concat([known, _without_rivals(likely, records)]).sort(_PAIR)
    tied = pl.concat([by_id["left_key"], by_id["right_key"]]).unique().implode()
    members = records.select("account_key", "instance", "role", is_tied=pl.col("account_key").is_in(tied))
    customers, duplicates, links = clustered(members, links)
    return Resolution(links, customers, duplicates)


def _by_likeness(records: pl.DataFrame, corpus: Corpus, known: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Pairs that no key decides, weighed by Splink and compared word by word; the more doubtful of the two voices counts."""
    pairs = weighed_pairs(records, thresholds.different).join(known, on=_PAIR, how="anti")
    judged = weighed(_both_sides(pairs, records), thresholds, corpus)
    if records.height >= TRAINABLE_RECORDS:
        judged = _doubted(judged, thresholds)
    return judged.select(*LINK_SCHEMA).filter(pl.col("score") > thresholds.different)


def _both_sides(pairs: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Pairs with what is compared of both records."""
    sides = pairs.select("left_key", "right_key", "probability")
    for side in SIDES:
        facts = records.select(
            pl.col("account_key").alias(f"{side}_key"),
            *(pl.col(column).fill_null("").alias(f"{side}_{fact}") for column, fact in _PARTY.items()),
        )
        sides = sides.join(facts, on=f"{side}_key", how="left")
    return sides.sort("left_key", "right_key")


def _doubted(judged: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Scores lowered to what Splink holds likely in these very systems, where it doubts more."""
    likely = pl.col("probability").round(4)
    decision = (
        pl.when(likely >= thresholds.same)
        .then(pl.lit(Decision.SAME.value))
        .when(likely <= thresholds.different)
        .then(pl.lit(Decision.DIFFERENT.value))
        .otherwise(pl.lit(Decision.UNSURE.value))
    )
    said = pl.col("explanation").str.replace(r"^\w+: ", "")
    percent = (likely * 100).round().cast(pl.Int64)
    is_doubted = likely < pl.col("score")
    return judged.with_columns(
        explanation=pl.when(is_doubted)
        .then(pl.format("{}: {}; in these systems {} % likely", decision, said, percent))
        .otherwise("explanation"),
        decision=pl.when(is_doubted).then(decision).otherwise("decision"),
        score=pl.when(is_doubted).then(likely).otherwise("score"),
    )


def _without_rivals(links: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """A record with two candidates in one system that score alike is linked to neither: a person must choose."""
    named = _rivals(links, records)
    said = pl.format("unsure: {}; several records score alike: {}", pl.col("explanation").str.strip_prefix("same: "), "rivals")
    return (
        links.join(named, on=["left_key", "right_key"], how="left")
        .with_columns(
            decision=pl.when(pl.col("rivals").is_not_null()).then(pl.lit(Decision.UNSURE.value)).otherwise("decision"),
            explanation=pl.when(pl.col("rivals").is_not_null()).then(said).otherwise("explanation"),
        )
        .select(*LINK_SCHEMA)
    )


def _rivals(links: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Pairs whose one record has several candidates in the other's system, with the list of them."""
    instance = records.select("account_key", "instance")
    same = links.filter(pl.col("decision") == Decision.SAME.value).select("left_key", "right_key", "score")
    there, back = same.rename({"left_key": "one", "right_key": "other"}), same.rename({"right_key": "one", "left_key": "other"})
    ends = pl.concat([there, back.select(there.columns)]).join(instance, left_on="other", right_on="account_key")
    best = ends.filter(pl.col("score") > pl.col("score").max().over("one", "instance") - _AMBIGUOUS)
    rivals = best.group_by("one", "instance").agg(pl.col("other").sort().alias("rivals")).filter(pl.col("rivals").list.len() > 1)
    named = best.join(rivals, on=["one", "instance"]).select(
        left_key=pl.min_horizontal("one", "other"),
        right_key=pl.max_horizontal("one", "other"),
        rivals=pl.col("rivals").list.head(5).list.join(", "),
    )
    return named.group_by("left_key", "right_key").agg(pl.col("rivals").min())
