"""What the demonstration plants, remembers and compares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration import lookalikes
from q2c_pipeline.orchestration.demo import Comparison, compare
from q2c_pipeline.orchestration.lookalikes import Served
from q2c_pipeline.sandbox.systems import Truth
from q2c_pipeline.settings import load_settings

URLS = {"sf_main": "http://127.0.0.1:1", "stripe_main": "http://127.0.0.1:2", "netsuite_main": "http://127.0.0.1:3"}


class _Published:
    def __init__(self, rows: list[tuple[str, str, str | None, Decimal | None]]) -> None:
        self._rows = rows

    def query(self, _sql: str, _params: Mapping[str, object] | None = None) -> pl.DataFrame:
        names = ("control_id", "subject_key", "currency", "difference_amount")
        kinds = (pl.String, pl.String, pl.String, pl.Decimal(20, 4))
        return pl.DataFrame(self._rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def test_faults_are_chosen_by_name_by_control_or_all() -> None:
    assert lookalikes.chosen_faults("none") == ()
    assert lookalikes.chosen_faults("BB06, bp01") == tuple(
        name for name in lookalikes.chosen_faults("all") if name.startswith(("bb06", "bp01"))
    )
    with pytest.raises(ConfigurationError, match="did you mean 'bb06'"):
        lookalikes.chosen_faults("bb6")


def test_the_written_configuration_names_variables_and_no_values(tmp_path: Path) -> None:
    credentials = lookalikes.new_credentials()
    path = lookalikes.write_config(tmp_path, URLS)
    settings = load_settings(path, credentials)
    assert settings.instance("stripe_main").credentials["api_key"] == credentials["Q2C_STRIPE_MAIN_API_KEY"]
    assert not [value for value in credentials.values() if value in path.read_text()]


def test_facts_survive_the_way_between_processes() -> None:
    served = Served(URLS, [Truth("BB04", "ORD-00001/1", Decimal("-0.10"), "USD"), Truth("MD01", "AC@erp", Decimal(0), None)], 9)
    assert Served.from_json(served.to_json()) == served


def test_planted_and_found_are_compared_to_the_cent() -> None:
    truth = [
        Truth("BB04", "a", Decimal("1.00"), "USD"),
        Truth("BB04", "a", Decimal("0.50"), "USD"),
        Truth("BB06", "b", Decimal("7.00"), "EUR"),
        Truth("MD01", "c", Decimal(0), None),
    ]
    found = _Published([("BB04", "a", "USD", Decimal("1.5")), ("BP01", "d", "USD", Decimal(3)), ("MD01", "c", None, None)])
    compared = compare(truth, found)
    assert [one.agrees for one in compared] == [True, False, False, True]
    assert compared[1] == Comparison("BB06", "b", "EUR", Decimal(7), None)
    assert compared[2] == Comparison("BP01", "d", "USD", None, Decimal(3))


def test_a_demonstration_clears_only_its_own_leftovers(tmp_path: Path) -> None:
    folder = lookalikes.prepare(tmp_path / "demo")
    (folder / "data" / "landing").mkdir(parents=True)
    assert not (lookalikes.prepare(folder) / "data").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "q2c.toml").write_text("[company]\n")
    with pytest.raises(ConfigurationError, match="--workdir"):
        lookalikes.prepare(other)
