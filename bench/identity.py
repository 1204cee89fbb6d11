"""Identity measured: the labelled pairs by half and kind, and three systems of customers resolved against a known truth.

Run: python bench/identity.py [ACCOUNTS]
"""

from __future__ import annotations

import csv
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from q2c_pipeline.identity.corpus import corpus_of
from q2c_pipeline.identity.scoring import Party, Thresholds, judge_pair
from q2c_pipeline.identity.settling import Settled, settle

DATA = Path(__file__).parents[1] / "q2c_pipeline_tests" / "data"
PAIRS = ("company_pairs.csv", "company_pairs_hard.csv", "company_pairs_wide.csv", "company_pairs_world.csv")
_FACTS = ("name", "country", "tax_id", "domain", "address")
_SYLLABLES = "ba ber bo cal cor dan del dor el fa fen gar gil ha hol im jor ka kel lan lor ma mer nor ol pa per qui ra ros sal ser ta tor u val ver win xan yor zen".split()  # noqa: SIM905
_TRADES = "Logistics Software Foods Energy Medical Consulting Steel Media Pharma Textiles Motors Insurance Engineering Packaging Optics".split()  # noqa: SIM905
_FORMS = {
    "DE": ("GmbH", "AG", "GmbH & Co. KG"),
    "GB": ("Ltd", "PLC", "LLP"),
    "US": ("Inc.", "LLC", "Corp."),
    "FR": ("SAS", "SARL", "SA"),
    "JP": ("K.K.", "Co., Ltd."),
}
_WRITTEN = {
    "Ltd": "Limited",
    "Inc.": "Incorporated",
    "Corp.": "Corporation",
    "GmbH": "Gesellschaft mbH",
    "K.K.": "Kabushiki Kaisha",
}
_ACCOUNT = (
    "instance", "source_id", "role", "account_name", "tax_id", "country_code", "account_number", "domain", "address",
)  # fmt: skip
_CLAIM = ("other_account_key", "account_key", "method", "evidence")
_SYSTEMS = (("sf", "crm"), ("st", "billing"), ("ns", "erp"))


def labelled(name: str) -> Iterator[str]:
    """Precision, recall and F1 of each half, and what was missed by kind."""
    rows = list(csv.DictReader((DATA / name).open(encoding="utf-8")))
    corpus = corpus_of(row[side] for row in rows for side in ("left_name", "right_name"))
    for half in ("tuned", "held_out"):
        counts: dict[tuple[bool, bool], int] = defaultdict(int)
        missed: dict[str, int] = defaultdict(int)
        for row in (row for row in rows if row["half"] == half):
            left, right = (Party(*(row.get(f"{side}_{fact}", "") for fact in _FACTS)) for side in ("left", "right"))
            verdict = judge_pair(left, right, Thresholds(), corpus)
            meant, said = row["label"] == "same", verdict.decision.value == "same"
            counts[meant, said] += 1
            missed[row["kind"]] += meant != said
        yield f"{name} {half}: {_figures(counts[True, True], counts[False, True], counts[True, False])} of {sum(counts.values())} pairs"
        yield f"    missed: {', '.join(f'{kind} {n}' for kind, n in sorted(missed.items()) if n)}"


def _figures(right: int, wrong: int, lost: int) -> str:
    precision, recall = right / max(1, right + wrong), right / max(1, right + lost)
    return f"precision {precision:.3f} recall {recall:.3f} F1 {2 * right / max(1, 2 * right + wrong + lost):.3f}"


def company(count: int, *, with_ids: float, seed: int = 7) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`count` customers in each of three systems, names written as people write them, and what ids say of a part of them."""
    random.seed(seed)
    rows, claims = [], []
    for number in range(count):
        country = random.choice(list(_FORMS))
        name = f"{_brand()} {random.choice(_TRADES)}" if random.random() < 0.7 else _brand()
        form, tax, has_ids = random.choice(_FORMS[country]), _vat(), random.random() < with_ids
        for instance, role in _SYSTEMS:
            shown = tax if country == "DE" and random.random() < 0.5 else None
            rows.append((instance, f"{number}", role, _as_written(name, form), shown, country, None, None, None))
            if has_ids and role != "crm":
                claims.append((f"{instance}:{number}", f"sf:{number}", "external_id", "the ids agree"))
    accounts = pl.DataFrame(rows, schema=dict.fromkeys(_ACCOUNT, pl.String), orient="row")
    said = pl.DataFrame(claims, schema=dict.fromkeys(_CLAIM, pl.String), orient="row")
    return accounts.sample(fraction=1, shuffle=True, seed=seed), said


def _brand() -> str:
    return " ".join(
        "".join(random.choices(_SYLLABLES, k=random.choice((2, 3, 3, 4)))).capitalize() for _ in range(random.choice((1, 1, 2)))
    )


def _as_written(name: str, form: str) -> str:
    chance = random.random()
    if chance < 0.1 and len(name) > 5:
        place = random.randrange(2, len(name) - 1)
        name = name[:place] + name[place + 1 :]
    elif chance < 0.2:
        name = name.upper()
    return f"{name} {_WRITTEN.get(form, form) if random.random() < 0.3 else form}" if random.random() < 0.9 else name


def _vat() -> str:
    """A German VAT number with its check digit."""
    digits = [random.randint(1, 9), *(random.randint(0, 9) for _ in range(7))]
    product = 10
    for digit in digits:
        total = (product + digit) % 10 or 10
        product = 2 * total % 11
    return f"DE{''.join(map(str, digits))}{(11 - product) % 10}"


def resolved(count: int, *, with_ids: float) -> str:
    """Seconds, and the figures of the links across systems against the truth (equal source ids)."""
    accounts, claims = company(count, with_ids=with_ids)
    start, used = time.perf_counter(), time.process_time()
    found = settle(accounts, claims, [], Thresholds())
    seconds, used = time.perf_counter() - start, time.process_time() - used
    head = f"{count} x 3, {with_ids:.0%} with ids: {seconds:.1f} s ({used:.1f} s of processor)"
    return f"{head}; pairs in one customer: {_truth(found, accounts, claims, count)}; to look at: {found.uncertain().height}"


def _truth(found: Settled, accounts: pl.DataFrame, claims: pl.DataFrame, count: int) -> str:
    keyed = accounts.select(pl.concat_str("instance", pl.lit(":"), "source_id").alias("account_key"), number="source_id")
    claimed = claims.select(account_key="other_account_key", claimed="account_key")
    number = keyed.join(found.customer, on="account_key", how="left").join(claimed, on="account_key", how="left")
    number = number.with_columns(pl.coalesce("customer_id", "claimed", "account_key").alias("customer_id"))
    pairs = _pairs(number.group_by("customer_id").len()["len"])
    right = _pairs(number.group_by("customer_id", "number").len()["len"])
    return _figures(right, pairs - right, 3 * count - right)


def _pairs(sizes: pl.Series) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def main() -> None:
    """Print all figures."""
    for line in (line for name in PAIRS for line in labelled(name)):
        print(line)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for with_ids in (1.0, 0.9, 0.0):
        print(resolved(count, with_ids=with_ids))


if __name__ == "__main__":
    main()
