"""Expectation suites: silent on a plausible delivery, and each one fires on a planted fault."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from q2c_pipeline.quality.expectations import run_suites
from q2c_pipeline.quality.outcome import Outcome
from q2c_pipeline.quality.suites import Expectation, Suite, suites
from q2c_pipeline_tests.unit.quality.deliveries import DAY, bad, empty, good

EVERY = [f"{suite.name}.{one.name}" for suite in suites(DAY) for one in suite.expectations]
Found = Mapping[str, Outcome]


def by_name(outcomes: list[Outcome]) -> Found:
    """Outcomes under `suite.expectation`, in the order of the suites."""
    return dict(zip(EVERY, outcomes, strict=True))


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports") / "data_docs"


@pytest.fixture(scope="module")
def on_good(docs: Path) -> Found:
    with good() as warehouse:
        return by_name(run_suites(warehouse, suites(DAY), docs))


@pytest.fixture(scope="module")
def on_bad() -> Found:
    with bad() as warehouse:
        return by_name(run_suites(warehouse, suites(DAY)))


@pytest.mark.parametrize("name", EVERY)
def test_each_is_silent_on_a_plausible_delivery(name: str, on_good: Found) -> None:
    assert on_good[name].is_ok, on_good[name]
    assert on_good[name].problem == ""


@pytest.mark.parametrize("name", EVERY)
def test_each_fires_on_a_planted_fault(name: str, on_bad: Found) -> None:
    assert not on_bad[name].is_ok
    assert on_bad[name].problem == "", "it must fail for what it found, not because it could not run"
    assert on_bad[name].facts["unexpected"]


def test_a_broken_row_is_named_with_its_values(on_bad: Found) -> None:
    sample = on_bad["documents.net_of_header_equals_lines"].sample
    assert sample.row(0, named=True) == {
        "record": "sf_main:in_1",
        "header_net_amount": "30.0000",
        "lines_net_amount": "29.9900",
    }


def test_volume_is_held_against_the_last_deliveries(on_bad: Found) -> None:
    below, above = on_bad["delivery.volume_not_below_usual"], on_bad["delivery.volume_not_above_usual"]
    assert below.sample["record"].to_list() == ["sf_main.Account"]
    assert above.sample["record"].to_list() == ["sf_main.Order"]


def test_a_first_night_has_nothing_to_compare_with() -> None:
    with empty() as warehouse:
        outcomes = by_name(run_suites(warehouse, suites(DAY)))
    assert all(outcome.is_ok for outcome in outcomes.values())


def test_what_cannot_be_checked_is_told_apart_from_what_is_wrong() -> None:
    broken = Expectation("nonsense", "ExpectColumnValuesToNotBeNull", "no such column", {"column": "no_such_column"})
    suite = Suite("nonsense", "landing.batch", "select instance as record from landing.batch", [broken])
    with good() as warehouse:
        (outcome,) = run_suites(warehouse, [suite])
    assert not outcome.is_ok
    assert "no_such_column" in outcome.problem


def test_data_docs_are_built_and_an_earlier_run_is_replaced(docs: Path, on_good: Found) -> None:
    assert on_good
    assert (docs / "index.html").is_file()
    assert len(list(docs.glob("validations/documents/**/*.html"))) == 1
