"""What of each customer record is compared: one row a record, with its keys and the blocks in which partners are sought."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from q2c_pipeline.identity.corpus import Corpus, counted
from q2c_pipeline.identity.evidence import country_code, read_domain, read_tax_id
from q2c_pipeline.identity.known_names import listed
from q2c_pipeline.identity.names import Name, read_name
from q2c_pipeline.identity.pausing import collection_paused
from q2c_pipeline.identity.spelling import sound

_LARGEST_BLOCK = {
    "tax_digits": 50,
    "site": 50,
    "name_key": 300,
    "brand": 60,
    "beginning": 40,
    "heard": 40,
    "two_words": 100,
    "initials": 15,
    "listed": 60,
}
"""A block with more records than this tells nobody apart and would cost the square of its size."""

_OPTIONAL = ("tax_id", "country_code", "domain", "address", "account_number", "parent_source_id")
_NAME_SCHEMA = {
    "account_name": pl.String,
    "name_key": pl.String,
    "joined": pl.String,
    "form": pl.String,
    "brand": pl.String,
    "heard": pl.String,
    "two_words": pl.String,
    "initials": pl.String,
    "listed": pl.Int64,
}


@collection_paused()
def features(accounts: pl.DataFrame) -> tuple[pl.DataFrame, Corpus]:
    """Records with the columns of canonical.account (and domain, address where known) made comparable, in order of their key."""
    missing = [pl.lit(None, pl.String).alias(name) for name in (*_OPTIONAL, "role") if name not in accounts.columns]
    frame = accounts.with_columns(*missing, account_key=pl.concat_str("instance", pl.lit(":"), "source_id")).sort("account_key")
    names, corpus = _names(frame["account_name"].unique().sort())
    frame = frame.join(names, on="account_name", how="left", maintain_order="left")
    frame = _with_ids(frame).with_columns(beginning=_beginning())
    return frame.with_columns(*(_small_blocks(name, size) for name, size in _LARGEST_BLOCK.items())), corpus


def _names(distinct: pl.Series) -> tuple[pl.DataFrame, Corpus]:
    """Distinct names read once, and how many of them each word occurs in."""
    read = [(text, _main(text)) for text in distinct.to_list()]
    corpus = counted([(name,) if name else () for _, name in read])
    rows = [(text, *_name_row(name, corpus)) for text, name in read]
    return pl.DataFrame(rows, schema=_NAME_SCHEMA, orient="row"), corpus


def _main(text: str) -> Name | None:
    return next(iter(read_name(text)), None)


def _name_row(name: Name | None, corpus: Corpus) -> tuple[str | int | None, ...]:
    if name is None:
        return (None,) * 8
    everyday = {word.key for word in name.words if word.kind != "unknown"}
    rare = sorted({word.key for word in name.words}, key=lambda key: (key in everyday, corpus.counts[key], key))
    form = next((form.name for form in name.forms if form.kinds), None)
    initials = "".join(word.initials for word in name.words)
    letters = initials if len(name.words) > 2 else name.joined if len(name.joined) < 6 else None  # noqa: PLR2004
    two = " ".join(sorted(rare[:2])) if len(rare) > 1 else None
    return name.key, name.joined, form, rare[0], sound(rare[0]), two, letters, listed(name)


def _with_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """Country, valid tax id and registered domain; every distinct value is read once."""
    taxes = frame.select("tax_id", "country_code").unique().drop_nulls("tax_id")
    keys = [_tax_key(text, country or "") for text, country in taxes.iter_rows()]
    frame = frame.join(
        taxes.with_columns(pl.Series("tax_key", keys, pl.String)), on=["tax_id", "country_code"], how="left", nulls_equal=True
    )
    digits = pl.col("tax_id").str.replace_all(r"\D", "").str.tail(8)
    frame = frame.with_columns(tax_digits=pl.when(digits.str.len_chars() > 5).then(digits))  # noqa: PLR2004
    frame = _with_reading(frame, "domain", "site", read_domain)
    return _with_reading(frame, "country_code", "country", country_code).sort("account_key")


def _with_reading(frame: pl.DataFrame, column: str, name: str, read: Callable[[str], str]) -> pl.DataFrame:
    distinct = frame.select(column).unique().drop_nulls()
    values = [read(text) or None for text in distinct[column]]
    return frame.join(distinct.with_columns(pl.Series(name, values, pl.String)), on=column, how="left")


def _tax_key(text: str, country: str) -> str | None:
    tax = read_tax_id(text, country)
    return f"{tax.country}:{tax.scheme}:{tax.value}" if tax is not None and tax.is_valid else None


def _beginning() -> pl.Expr:
    """The first letters of the name within a country: finds slips in later letters and words left out."""
    return pl.when(pl.col("joined").str.len_chars() >= 6).then(  # noqa: PLR2004
        pl.concat_str(pl.col("joined").str.slice(0, 6), pl.col("country").fill_null(""), separator=":")
    )


def _small_blocks(name: str, size: int) -> pl.Expr:
    return pl.when(pl.len().over(name) <= size).then(pl.col(name)).alias(f"{name}_block")
