"""The law of mappings: mapping the whole is mapping its parts, for every object of every platform, whatever is delivered."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from types import ModuleType

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from q2c_pipeline.orchestration.loading import field_map, readings
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.netsuite import mapping as netsuite
from q2c_pipeline.platforms.salesforce import mapping as salesforce
from q2c_pipeline.platforms.salesforce import tiers
from q2c_pipeline.platforms.stripe import mapping as stripe
from q2c_pipeline.schemas.reading import PROBLEM, REFUSED, Reading, read, sift

PLATFORMS = {"salesforce": (salesforce, tiers), "stripe": (stripe,), "netsuite": (netsuite,)}
COMMON_TEXTS = (
    None, "", " ", "1", "-3", "0.125", "12.50", "1999", "1e3", "abc", "USD", "usd", "JPY", "T", "F", "true", "false",
    "2026-01-31", "2026-02-30", "2026-02-03T04:05:06.000+0000", "2026-02-03T04:05:06Z", "2026-03-29 02:30:00", "1767225600",
    "month", "year", "[]", "{}", "[1", '[{"amount":"83","tax_behavior":"exclusive"}]', '[{"amount":"7"},{"amount":"-2"}]',
    '[{"up_to":"10","unit_price":"2.00"},{"up_to":null,"unit_price":"1.50"}]', "\u00e4\u4e2d", "x" * 300,
)  # fmt: skip
"""What vendors send, and what they should not."""
ADDED = {
    "instance": pl.String(), "batch_id": pl.String(), "as_of": pl.Date(), "row_number": pl.UInt32(), "is_tombstone": pl.Boolean(),
    "tombstone_id": pl.String(), "tombstone_at": pl.Datetime("us", "UTC"),
}  # fmt: skip
STAMP = datetime(2026, 2, 3, tzinfo=UTC)


def words(modules: Sequence[ModuleType]) -> list[str]:
    """Every word of every vocabulary that the mapping knows."""
    tables = [value for module in modules for value in vars(module).values() if isinstance(value, dict)]
    return sorted({key for table in tables for key, value in table.items() if isinstance(value, StrEnum)})


def cases(platform: str) -> list[tuple[Reading, list[str]]]:
    """Every reading of the platform with the logical fields of its object."""
    conventions = {"time_zone": "Europe/Berlin", "currency": "EUR"}
    instance = Instance("one", platform, "", {}, conventions, {"4000": "revenue"})
    fields = field_map(instance)
    return [(reading, list(fields[reading.source].vendor)) for reading in readings(instance)]


def delivered(names: list[str], texts: Sequence[str | None], dice: random.Random, count: int) -> pl.DataFrame:
    """Rows of a delivery: mostly plausible, some nonsense, some deleted."""
    rows = []
    for number in range(count):
        row: dict[str, object] = {name: dice.choice(texts) for name in names}
        gone = dice.random() < 0.1
        row |= {"instance": "one", "batch_id": f"b{dice.randint(1, 2)}", "as_of": date(2026, 3, 31), "row_number": number}
        row |= {"is_tombstone": gone, "tombstone_id": f"t{number}" if gone else None, "tombstone_at": STAMP if gone else None}
        rows.append(row)
    return pl.DataFrame(rows, schema={**dict.fromkeys(names, pl.String()), **ADDED})


def check_parts(platform: str, dice: random.Random, size: int) -> None:
    """Whole and parts agree, in what is read and in what is refused; nothing depends on a row's neighbours."""
    texts = (*COMMON_TEXTS, *words(PLATFORMS[platform]))
    for reading, names in cases(platform):
        frame = delivered(names, texts, dice, size)
        cut = dice.randint(0, size)
        for way in (read, sift):
            whole = way(reading, frame.lazy()).collect()
            parts = [way(reading, part.lazy()).collect() for part in (frame.head(cut), frame.slice(cut))]
            assert_frame_equal(whole, pl.concat(parts), check_row_order=False)
        said, refused = read(reading, frame.lazy()).collect(), sift(reading, frame.lazy()).collect()
        assert said[PROBLEM].is_not_null().to_list() == refused[REFUSED].to_list(), reading.source


@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=2, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40))
def test_mapping_the_whole_is_mapping_its_parts(platform: str, seed: int, size: int) -> None:
    check_parts(platform, random.Random(seed), size)


@pytest.mark.long
@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 400))
def test_mapping_the_whole_is_mapping_its_parts_of_many_deliveries(platform: str, seed: int, size: int) -> None:
    check_parts(platform, random.Random(seed), size)


def test_the_deliveries_are_read_and_refused() -> None:
    dice = random.Random(1)
    for platform, modules in PLATFORMS.items():
        assert len(words(modules)) > 5
        reading, names = cases(platform)[0]
        frame = read(reading, delivered(names, COMMON_TEXTS, dice, 4000).lazy()).collect()
        assert 0 < frame[PROBLEM].null_count() < frame.height, platform
