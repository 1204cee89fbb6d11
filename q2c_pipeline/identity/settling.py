"""What ids leave open is settled here, night by night: records nobody claims, what people decided, and duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from q2c_pipeline.identity.links import METHOD_ORDER, claim_links, human_links
from q2c_pipeline.identity.pool import near, orphans, twins
from q2c_pipeline.identity.resolve import Resolution, resolve
from q2c_pipeline.identity.scoring import Decision, Thresholds
from q2c_pipeline.state.judgements import Judgement, in_force

_SCORE = pl.Decimal(5, 4)
_PAIR = ["left_key", "right_key"]


@dataclass(frozen=True)
class Settled:
    """The tables of schema identity.

    `account`: customer records of billing and ERP that ids do not settle, with their CRM account (empty where a person says that
    an id is wrong and nothing else is found). `duplicate`: pairs of one system that are one customer. `customer`: the customer
    of every record concerned. `link`: every pair that was compared and not found different, with score and explanation.
    """

    account: pl.DataFrame
    duplicate: pl.DataFrame
    customer: pl.DataFrame
    link: pl.DataFrame

    def uncertain(self) -> pl.DataFrame:
        """Pairs that a person should look at, the likeliest first."""
        unsure = self.link.filter(pl.col("decision") == Decision.UNSURE.value)
        return unsure.sort("score", "left_key", "right_key", descending=[True, False, False])


def settle(accounts: pl.DataFrame, claims: pl.DataFrame, judgements: Sequence[Judgement], thresholds: Thresholds) -> Settled:
    """`accounts` are canonical ones with the role of their system, `claims` the rows of claim.account."""
    keyed = accounts.with_columns(account_key=pl.concat_str("instance", pl.lit(":"), "source_id"))
    human = human_links(in_force(judgements)).filter(pl.col(side).is_in(keyed["account_key"].implode()) for side in _PAIR)
    standing = _standing(claims, human)
    lost = orphans(keyed, standing)
    spoken = pl.concat([human.select(account_key=side) for side in _PAIR])
    concerned = pl.concat([lost, spoken, twins(keyed)]).unique().sort("account_key")
    compared = _with_claimed(pl.concat([concerned, near(keyed, lost)]), keyed, standing)
    by_id = claim_links(standing.join(compared, left_on="other_account_key", right_on="account_key", how="semi"))
    found = resolve(compared, by_id, judgements, thresholds, concerned["account_key"].to_list())
    return Settled(
        _accounts(found, concerned, claims, keyed),
        _duplicates(found, concerned),
        _customers(found, concerned),
        found.links.join(by_id, on=_PAIR, how="anti").with_columns(pl.col("score").cast(_SCORE)),
    )


def _standing(claims: pl.DataFrame, human: pl.DataFrame) -> pl.DataFrame:
    """Claims that no person contradicts."""
    contradicted = human.filter(pl.col("decision") != Decision.SAME.value)
    sides = {"left_key": pl.min_horizontal("other_account_key", "account_key")}
    sides["right_key"] = pl.max_horizontal("other_account_key", "account_key")
    return claims.with_columns(**sides).join(contradicted, on=_PAIR, how="anti")


def _with_claimed(keys: pl.DataFrame, keyed: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """The records of `keys` with all that ids tie to them: nobody is linked to an account that has its customer already."""
    ours = claims.join(keys, left_on="other_account_key", right_on="account_key", how="semi").select("account_key")
    others = claims.join(pl.concat([ours, keys]), on="account_key", how="semi").select(account_key="other_account_key")
    return keyed.join(pl.concat([keys, ours, others]), on="account_key", how="semi")


def _accounts(found: Resolution, concerned: pl.DataFrame, claims: pl.DataFrame, keyed: pl.DataFrame) -> pl.DataFrame:
    """The CRM account of each open record of billing and ERP, and the surest link that leads there."""
    others = (
        keyed.filter(pl.col("role") != "crm")
        .join(concerned, on="account_key", how="semi")
        .select(other_account_key="account_key")
    )
    told = others.join(_led(found), on="other_account_key", how="left").join(
        claims.select("other_account_key", claimed="account_key"), on="other_account_key", how="left"
    )
    changed = told.filter(pl.col("account_key").ne_missing(pl.col("claimed")))
    doubles = found.duplicates.select(other_account_key="right_key", is_duplicate=pl.lit(True)).unique()  # noqa: FBT003
    return (
        changed.join(doubles, on="other_account_key", how="left")
        .select(
            "other_account_key",
            "account_key",
            "method",
            pl.col("score").cast(_SCORE),
            "explanation",
            pl.col("is_duplicate").fill_null(value=False),
        )
        .sort("other_account_key")
    )


def _led(found: Resolution) -> pl.DataFrame:
    """For each record the CRM account of its customer: that of its surest link, else through another record."""
    member = found.customers.select("account_key", "customer_id", "role")
    same = found.links.filter(pl.col("decision") == Decision.SAME.value)
    there = same.rename({"left_key": "other_account_key", "right_key": "partner"})
    back = same.rename({"right_key": "other_account_key", "left_key": "partner"}).select(there.columns)
    ends = (
        pl.concat([there, back])
        .join(member, left_on="other_account_key", right_on="account_key")
        .join(member, left_on="partner", right_on="account_key", suffix="_of_partner")
        .filter(pl.col("customer_id") == pl.col("customer_id_of_partner"), pl.col("role") != "crm")
    )
    crm = member.filter(pl.col("role") == "crm").group_by("customer_id").agg(first=pl.col("account_key").min())
    order = {name: number for number, name in enumerate(METHOD_ORDER)}
    best = (
        ends.join(crm, on="customer_id")
        .with_columns(is_through=pl.col("role_of_partner") != "crm", order=pl.col("method").replace_strict(order))
        .sort("other_account_key", "is_through", "order", "score", "partner", descending=[False, False, False, True, False])
        .unique("other_account_key", keep="first", maintain_order=True)
    )
    told = pl.when("is_through").then(pl.format("{} (its customer is {})", "explanation", "first")).otherwise("explanation")
    return best.select(
        "other_account_key",
        account_key=pl.when("is_through").then("first").otherwise("partner"),
        method="method",
        score="score",
        explanation=told,
    )


def _duplicates(found: Resolution, concerned: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one system that more than ids tie to one customer; the second of each pair is the one to merge."""
    open_keys = concerned["account_key"].implode()
    pairs = found.duplicates.filter(pl.col("left_key").is_in(open_keys) | pl.col("right_key").is_in(open_keys))
    return pairs.with_columns(pl.col("score").cast(_SCORE))


def _customers(found: Resolution, concerned: pl.DataFrame) -> pl.DataFrame:
    """Every record of each customer that has an open record."""
    touched = found.customers.join(concerned, on="account_key", how="semi").select("customer_id")
    return found.customers.join(touched, on="customer_id", how="semi").select("account_key", "customer_id").sort("account_key")
