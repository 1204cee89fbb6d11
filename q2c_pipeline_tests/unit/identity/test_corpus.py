from __future__ import annotations

from q2c_pipeline.identity.corpus import corpus_of
from q2c_pipeline.identity.names import read_name
from q2c_pipeline.identity.scoring import Decision, Party, Thresholds, judge_pair

BRANDS = [
    f"{first}{last}" for first in ("Zol", "Mar", "Ker", "Tan", "Bor") for last in ("lin", "dek", "gav", "pof", "suk", "wem")
]
TRADES = ["Foods", "Steel", "Energy", "Media", "Optics", "Motors", "Bank", "Paper", "Logistics", "Software"]


def test_a_word_beside_many_brands_is_an_everyday_word_of_the_list() -> None:
    corpus = corpus_of(f"{brand} Byggeri" for brand in BRANDS)
    assert corpus.is_common(read_name("Byggeri")[0].words[0])
    assert not corpus.is_common(read_name(BRANDS[0])[0].words[0])


def test_a_brand_that_a_list_writes_in_many_ways_stays_a_brand() -> None:
    names = [f"Zollin {trade} {form}" for trade in TRADES for form in ("GmbH", "AG", "Ltd")]
    corpus = corpus_of(names)
    assert corpus.counts["zollin"] == len(names)
    assert not corpus.is_common(read_name("Zollin")[0].words[0])
    found = judge_pair(Party("Zollin GmbH"), Party("Zollin Gesellschaft mbH"), Thresholds(), corpus)
    assert found.decision is Decision.SAME
    assert found.score > judge_pair(Party("Foods GmbH"), Party("Food GmbH"), Thresholds(), corpus).score
