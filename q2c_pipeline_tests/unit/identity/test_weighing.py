from __future__ import annotations

import gc

import polars as pl
import pytest

from q2c_pipeline.identity import weighing
from q2c_pipeline.identity.compare import NameMatch, compare_names
from q2c_pipeline.identity.corpus import Corpus
from q2c_pipeline.identity.scoring import Party, Thresholds, judge_pair

NAMES = ("Zoller GmbH", "Zoller Holding GmbH", "Zoller Spain GmbH", "", "Zoler Gmbh")
FACTS = (("DE", "DE136695976", "zoller.de", "Hauptstr. 1, 10115 Berlin"), ("ES", "", "zoller.es", ""), ("", "", "", ""))
COLUMNS = [f"{side}_{fact}" for side in weighing.SIDES for fact in ("name", *weighing.FACTS)]


def many() -> pl.DataFrame:
    """Every pair of every name and fact, each twice."""
    parties = [(name, *facts) for name in NAMES for facts in FACTS]
    rows = [(*left, *right) for left in parties for right in parties]
    return pl.DataFrame(rows * 2, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def test_many_pairs_are_judged_like_each_alone_and_keep_their_order() -> None:
    found = weighing.weighed(many(), Thresholds(), Corpus())
    half = len(COLUMNS) // 2
    for row in found.iter_rows(named=True):
        facts = [row[column] for column in COLUMNS]
        alone = judge_pair(Party(*facts[:half]), Party(*facts[half:]), Thresholds())
        said = (row["score"], row["decision"], row["method"], row["explanation"])
        assert said == (alone.score, alone.decision.value, alone.method, alone.explanation)
    assert found.select(COLUMNS).equals(many())


def test_each_distinct_pair_of_names_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, frozenset[str]]] = []

    def counted(left: str, right: str, *, lands: frozenset[str], corpus: Corpus) -> NameMatch:
        seen.append((left, right, lands))
        return compare_names(left, right, lands=lands, corpus=corpus)

    monkeypatch.setattr(weighing, "compare_names", counted)
    pairs = pl.DataFrame(
        [("A Ltd", "GB", "", "", "", "A Limited", "GB", "", "", "")] * 500
        + [("A Ltd", "", "", "", "", "A Ltd", "", "", "", "")] * 500,
        schema=dict.fromkeys(COLUMNS, pl.String),
        orient="row",
    )
    weighing.weighed(pairs, Thresholds(), Corpus())
    assert len(seen) == 2


def test_the_collector_rests_while_many_names_are_compared_and_goes_on_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[bool] = []

    def failing(*_: str, **__: object) -> NameMatch:
        states.append(gc.isenabled())
        raise ZeroDivisionError

    monkeypatch.setattr(weighing, "compare_names", failing)
    with pytest.raises(ZeroDivisionError):
        weighing.weighed(many(), Thresholds(), Corpus())
    assert states == [False]
    assert gc.isenabled()
