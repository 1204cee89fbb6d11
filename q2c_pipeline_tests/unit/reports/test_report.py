"""The page works offline, escapes what it is given, and says how much of how much it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.errors import StoreError
from q2c_pipeline.reports import charts
from q2c_pipeline.reports.contents import Contents, read_contents
from q2c_pipeline.reports.outcomes import write_outcomes
from q2c_pipeline.reports.page import Page, build_page
from q2c_pipeline.reports.report import render
from q2c_pipeline_tests.unit.reports.published_sample import AS_OF, CLEAN, Sample, publish_sample, run_history

EVIL = "<script>alert('{}')</script>"
VOID = {"meta", "input", "br", "link", "img"}


class Outline(HTMLParser):
    """Collects tags and what they carry, and that every one of them is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def contents_of(folder: Path, sample: Sample | None = None, runs: int = 12) -> Contents:
    published = publish_sample(folder / "published.duckdb", sample)
    with open_published(published) as warehouse:
        return read_contents(warehouse, AS_OF, run_history(runs))


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    return contents_of(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def page(contents: Contents) -> Page:
    return build_page(contents)


@pytest.fixture(scope="module")
def html(contents: Contents) -> str:
    return render(contents)


def without_charts(contents: Contents) -> Contents:
    """The same without what takes long to draw."""
    return replace(contents, steps=contents.steps.clear())


def test_nothing_is_fetched(html: str) -> None:
    assert "http" not in html
    assert not re.search(r"url\(|@import|src=", html)
    assert not Outline(html).named("link")


def test_every_tag_is_closed_and_ids_are_distinct(html: str) -> None:
    outline = Outline(html)
    assert outline.open == []
    ids = [attrs["id"] for _, attrs in outline.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))


def test_tables_and_charts_can_be_read_aloud(html: str) -> None:
    outline = Outline(html)
    assert all(attrs.get("scope") for attrs in outline.named("th"))
    pictures = [attrs for _, attrs in outline.tags if attrs.get("role") == "img"]
    assert pictures
    assert all(attrs.get("aria-label") for attrs in pictures)
    assert outline.named("html")[0]["lang"] == "en"
    assert html.index("<h1") < html.index("<h2") < html.index("<h3")


def test_links_lead_somewhere(html: str) -> None:
    outline = Outline(html)
    ids = {attrs.get("id") for _, attrs in outline.tags}
    assert {str(attrs["href"]).removeprefix("#") for attrs in outline.named("a")} <= ids


def test_text_from_data_is_escaped(tmp_path: Path) -> None:
    page = render(contents_of(tmp_path, Sample(timing=0, exceptions=9, subject=EVIL, reason=EVIL.format(0))))
    assert Outline(page).open == []
    assert page.count("<script") == 1
    assert "alert(" in page


def test_a_chart_escapes_its_labels() -> None:
    steps = [charts.Step("Difference", Decimal(2), charts.TOTAL), charts.Step("<b>x</b>", Decimal(2), charts.MORE)]
    picture = charts.waterfall(steps, "USD")
    assert "&lt;b&gt;" in picture
    assert "<b>" not in picture


def test_every_step_of_the_bridge_is_drawn_and_printed(contents: Contents, page: Page, html: str) -> None:
    drawn = [chart for leg in page.bridges for chart in leg["charts"]]
    shown = sum(len(chart["steps"]) for chart in drawn)
    assert shown == contents.steps.filter(pl.col("measure").is_in(["net", "receivable"])).height
    assert all(step["amount"].text in html for chart in drawn for step in chart["steps"])


def test_a_chart_falls_back_to_the_measure_that_differs(contents: Contents) -> None:
    taxes = contents.steps.filter(pl.col("leg") == "BP").head(1).with_columns(pl.lit("tax").alias("measure"))
    page = build_page(replace(contents, steps=taxes))
    assert {chart["title"].split(", ")[-1] for leg in page.bridges for chart in leg["charts"]} == {"tax"}


def test_a_clean_night(tmp_path: Path) -> None:
    clean = contents_of(tmp_path, CLEAN)
    page = build_page(clean)
    assert (page.verdict.word, page.verdict.tone) == ("Booked, billed and posted agree to the cent", "good")
    assert [leg["agreeing"] for leg in page.bridges] == [
        "All 5 comparisons agree to the cent.",
        "All 20 comparisons agree to the cent.",
    ]
    assert {control["found"] for control in page.controls} == {"0"}
    text = render(clean)
    assert "No exceptions in any leg" in text
    assert "Every record could be read." in text


def test_what_is_in_flight_is_no_exception_but_is_said(tmp_path: Path) -> None:
    flying = contents_of(tmp_path, replace(CLEAN, timing=2))
    assert flying.verdict == "Booked, billed and posted agree to the cent, but for what is in flight"


def test_a_control_that_did_not_run_is_no_clean_night(tmp_path: Path) -> None:
    clean = contents_of(tmp_path, CLEAN)
    partly = replace(clean, summary=clean.summary.with_columns(pl.lit(2).alias("controls_not_run")))
    page = build_page(partly)
    assert page.verdict.tone == "note"
    assert ("Controls not run", "2") in page.facts


def test_an_exception_without_a_rate_is_in_no_sum_and_says_so(contents: Contents) -> None:
    summary = contents.summary.with_columns(pl.lit(3).alias("unrated_exceptions"))
    unrated = contents.exceptions.with_columns(pl.lit(None, contents.exceptions["amount_at_risk"].dtype).alias("amount_at_risk"))
    page = build_page(replace(without_charts(contents), summary=summary, exceptions=unrated))
    assert "at risk, 3 without a rate" in page.verdict.word
    assert {row["at_risk"].text for row in page.exceptions} == {"no rate", ""}


def test_nothing_compared_is_no_success(tmp_path: Path) -> None:
    clean = contents_of(tmp_path, CLEAN)
    empty = {name: getattr(clean, name).clear() for name in ("statuses", "steps", "lines", "causes", "legs")}
    nothing = replace(clean, summary=clean.summary.with_columns(pl.lit(0).alias("bridge_lines")), **empty)
    page = build_page(nothing)
    assert (page.verdict.word[:20], page.verdict.tone) == ("Nothing was compared", "bad")
    assert "No leg has both of its sides configured" in render(nothing)


def test_a_cent_without_a_name_is_alarming(tmp_path: Path) -> None:
    page = build_page(contents_of(tmp_path, Sample(exceptions=0, timing=0, unexplained=Decimal("0.01"))))
    assert page.verdict.tone == "bad"
    open_rows = [row for leg in page.statuses for row in leg["rows"] if row["mark"].tone == "bad"]
    assert [row["unexplained"].text for row in open_rows] == ["0.01"]
    unexplained = [
        step for leg in page.bridges for chart in leg["charts"] for step in chart["steps"] if step["label"] == "Unexplained"
    ]
    assert [step["amount"].text for step in unexplained] == ["0.01"]


def test_a_long_list_says_how_much_of_it_is_shown(tmp_path: Path) -> None:
    many = contents_of(tmp_path, Sample(exceptions=700, timing=130))
    page = build_page(without_charts(many))
    assert len(page.exceptions) == 300
    assert page.exceptions_said.startswith("300 of 700 exceptions")
    assert page.timing["said"].startswith("100 of 130")
    shown = [row["amount_at_risk"] for row in page.exceptions]
    assert shown == sorted(shown, reverse=True)


def test_records_stand_side_by_side(page: Page) -> None:
    row = next(row for row in page.exceptions if row["control_id"] == "BB04")
    assert row["sides"] == ("Booked", "Billed")
    booked, billed = row["lines"][0]
    assert booked["number"] == row["subject"]
    assert billed["amount"].startswith("1,000")
    assert row["evidence"][0].startswith("sf_main/contract_line/")


def test_an_exception_of_many_cells_says_that_its_reason_is_of_one(contents: Contents, page: Page) -> None:
    eleven = replace(without_charts(contents), exceptions=contents.exceptions.with_columns(pl.lit(11).alias("cell_count")))
    assert all(row["said"].startswith("One of 11 differences: ") for row in build_page(eleven).exceptions)
    assert page.exceptions[0]["said"] == page.exceptions[0]["reason"]


def test_the_trend_shows_the_newest_run_of_a_day_and_no_later_day(contents: Contents) -> None:
    first, *others = contents.runs
    again = replace(first, run_id="again", exceptions=1)
    later = replace(first, run_id="later", as_of=AS_OF + timedelta(days=1))
    page = build_page(replace(without_charts(contents), runs=[first, again, *others]))
    assert [row["run_id"] for row in page.trend["rows"]][-1] == "again"
    assert len(page.trend["charts"]) == 2
    assert later.as_of not in {run.as_of for run in contents.runs}


def test_later_runs_are_no_history(tmp_path: Path) -> None:
    published = publish_sample(tmp_path / "published.duckdb", CLEAN)
    later = [replace(run, as_of=run.as_of + timedelta(days=3)) for run in run_history(5)]
    with open_published(published) as warehouse:
        assert max(run.as_of for run in read_contents(warehouse, AS_OF, later).runs) <= AS_OF


@pytest.mark.parametrize("count", [0, 1])
def test_one_run_is_no_trend(tmp_path: Path, count: int) -> None:
    assert "A trend needs two days" in render(contents_of(tmp_path, CLEAN, runs=count))


def test_tax_ids_are_masked_and_raw_records_left_out(contents: Contents, html: str) -> None:
    assert "DE123456789" not in html
    assert "record" not in contents.rejects.columns


def test_outcomes_appear_complete_and_are_the_same_again(tmp_path: Path) -> None:
    published = publish_sample(tmp_path / "published.duckdb", Sample(exceptions=2, timing=0))
    first = write_outcomes(published, tmp_path / "reports", AS_OF, run_history())
    bytes_of = {kind: path.read_bytes() for kind, path in first.items()}
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == ["q2c-2026-03-31.html", "q2c-2026-03-31.xlsx"]
    second = write_outcomes(published, tmp_path / "reports", AS_OF, run_history())
    assert {kind: path.read_bytes() for kind, path in second.items()} == bytes_of


def test_another_day_than_the_published_one_is_refused(tmp_path: Path) -> None:
    published = publish_sample(tmp_path / "published.duckdb", CLEAN)
    with pytest.raises(StoreError, match="published for 2026-03-30"):
        write_outcomes(published, tmp_path / "reports", AS_OF - timedelta(days=1), [])
    assert not (tmp_path / "reports").exists()


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    published = publish_sample(tmp_path / "published.duckdb", CLEAN)
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(StoreError, match="reports folder"):
        write_outcomes(published, tmp_path / "reports", AS_OF, [])
