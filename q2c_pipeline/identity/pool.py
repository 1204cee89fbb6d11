"""Which records the slow comparison need look at: those that no id settles, and whoever might be their partner."""

from __future__ import annotations

import polars as pl

_SMALL = 5_000
"""So few records are all compared: sieving them would save nothing."""
_COMMON_WORD = 2_000
"""A beginning that more records share than this says nothing; their other words, domains or numbers do."""
_SITE = r"([\p{L}\p{N}-]+\.[\p{L}\p{N}.-]*\p{L})(?:[/:?#]|$)"


def orphans(accounts: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Keys of customer records of billing and ERP that no id ties to a CRM account."""
    others = accounts.filter(pl.col("role") != "crm").select("account_key")
    return others.join(claims, left_on="account_key", right_on="other_account_key", how="anti")


def twins(accounts: pl.DataFrame) -> pl.DataFrame:
    """Keys of records of one system and country with one name, whatever its case and marks."""
    named = accounts.select("account_key", "instance", "country_code", name=_letters("account_name"))
    return named.filter((pl.len().over("instance", "country_code", "name") > 1) & (pl.col("name") != "")).select("account_key")


def near(accounts: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Keys of all records that share a beginning of a word, initials, a domain or a number with one of `keys`."""
    if keys.is_empty() or accounts.height <= _SMALL:
        return accounts.select("account_key") if keys.height else keys
    signs = _signs(accounts)
    told = signs.join(keys, on="account_key", how="semi").select("sign").unique()
    return signs.join(told, on="sign", how="semi").select("account_key").unique()


def _signs(accounts: pl.DataFrame) -> pl.DataFrame:
    """What records may share, one row a record and sign."""
    words = (
        accounts.select("account_key", word=_plain("account_name").str.extract_all(r"[\p{L}\p{N}]+")).explode("word").drop_nulls()
    )
    beginnings = words.filter(pl.col("word").str.len_chars() > 2).select("account_key", sign=pl.col("word").str.slice(0, 4))  # noqa: PLR2004
    short = words.filter(pl.col("word").str.len_chars() < 7).select("account_key", sign="!" + pl.col("word"))  # noqa: PLR2004
    initials = words.group_by("account_key", maintain_order=True).agg(sign="!" + pl.col("word").str.slice(0, 1).str.join(""))
    whole = accounts.select("account_key", sign="=" + _letters("account_name").str.slice(0, 6))
    numbers = accounts.select("account_key", sign="#" + pl.col("tax_id").str.replace_all(r"\D", "").str.tail(8)).drop_nulls()
    sites = accounts.select(
        "account_key", sign="@" + _plain("domain").str.extract(_SITE).str.extract(r"([^.]+\.[^.]+)$")
    ).drop_nulls()
    common = pl.concat([beginnings, short, initials, whole])
    telling = common.filter(pl.len().over("sign") <= _COMMON_WORD)
    return pl.concat([telling, numbers, sites])


def _plain(column: str) -> pl.Expr:
    """Small letters without marks."""
    return pl.col(column).str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()


def _letters(column: str) -> pl.Expr:
    return _plain(column).str.replace_all(r"[^\p{L}\p{N}]", "")
