"""A batch in the making: chunks, wider chunks, rows taken out again, and nothing left of what was not landed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from q2c_pipeline.errors import LandingError
from q2c_pipeline.landing import draft as module
from q2c_pipeline.landing import files
from q2c_pipeline.landing.draft import Draft, FlatRecord
from q2c_pipeline.landing.manifest import Manifest, Window
from q2c_pipeline.landing.store import Landing


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_ROWS", 3)


def drafted(folder: Path, *records: Mapping[str, str | None]) -> Draft:
    draft = Draft(folder / "unfinished")
    draft.add(map(dict, records))
    return draft


def rows(count: int) -> list[FlatRecord]:
    return [{"id": str(number)} for number in range(count)]


def landed(root: Path, draft: Draft) -> Manifest:
    return Landing(root).land(
        draft,
        instance="billing",
        platform="stripe",
        object_name="invoice",
        as_of=date(2026, 1, 31),
        window=Window(None, datetime(2026, 2, 1, tzinfo=UTC)),
        columns=["id"],
    )


def test_no_more_than_a_chunk_waits_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[int] = []
    plain = module._text_frame  # noqa: SLF001

    def counted(rows: list[FlatRecord], columns: list[str]) -> pl.DataFrame:
        waiting.append(len(rows))
        return plain(rows, columns)

    monkeypatch.setattr(module, "_text_frame", counted)
    draft = drafted(tmp_path, *rows(10))
    assert draft.height == 10
    assert draft.scan().collect().height == 10
    assert waiting == [3, 3, 3, 1]


def test_records_in_chunks_are_one_file_in_their_order(tmp_path: Path) -> None:
    manifest = landed(tmp_path, drafted(tmp_path, *rows(10)))
    assert manifest.row_count == 10
    assert [row["id"] for row in Landing(tmp_path).scan(manifest).collect().to_dicts()] == [str(number) for number in range(10)]


def test_a_later_chunk_may_be_wider(tmp_path: Path) -> None:
    manifest = landed(tmp_path, drafted(tmp_path, *rows(4), {"id": "late", "new": "1.10"}, *rows(2), {"newer": "2"}))
    assert manifest.columns == ("id", "new", "newer")
    frame = Landing(tmp_path).scan(manifest).collect()
    assert frame.columns == ["id", "new", "newer"]
    assert frame.rows()[:2] == [("0", None, None), ("1", None, None)]
    assert frame.rows()[4] == ("late", "1.10", None)
    assert frame.rows()[7] == (None, None, "2")


def test_an_empty_draft_shows_what_was_asked_for(tmp_path: Path) -> None:
    manifest = landed(tmp_path, drafted(tmp_path))
    assert (manifest.row_count, manifest.columns) == (0, ("id",))
    assert Landing(tmp_path).scan(manifest).collect().is_empty()


def test_rows_are_taken_out_and_others_come(tmp_path: Path) -> None:
    draft = drafted(tmp_path, *rows(5))
    draft.drop(pl.col("id").is_in(["1", "4"]))
    assert draft.height == 3
    draft.add([{"id": "4", "state": "newer"}])
    assert list(draft.values("id", "state")) == [("0", None), ("2", None), ("3", None), ("4", "newer")]
    assert landed(tmp_path, draft).row_count == 4


def test_of_a_record_that_came_twice_the_last_stays(tmp_path: Path) -> None:
    draft = drafted(tmp_path, *({"id": name, "v": str(n)} for n, name in enumerate("abcabdea")))
    draft.keep_last("id")
    assert list(draft.values("id", "v")) == [("c", "2"), ("b", "4"), ("d", "5"), ("e", "6"), ("a", "7")]


def test_some_fields_of_some_rows(tmp_path: Path) -> None:
    draft = drafted(tmp_path, *({"id": str(n), "kind": "odd" if n % 2 else "even"} for n in range(8)))
    assert list(draft.values("id", where=pl.col("kind") == "odd")) == [("1",), ("3",), ("5",), ("7",)]
    assert drafted(tmp_path / "other", {"id": "waits"}).texts("id") == {"waits"}
    assert draft.texts("kind") == {"odd", "even"}
    assert draft.texts("absent") == set()


def test_a_draft_that_begins_again_knows_nothing_of_before(tmp_path: Path) -> None:
    draft = drafted(tmp_path, *rows(4), {"id": "x", "extra": "1"})
    draft.restart()
    draft.add([{"id": "a"}])
    manifest = landed(tmp_path, draft)
    assert (manifest.row_count, manifest.columns) == (1, ("id",))


def test_what_is_left_of_a_killed_run_is_not_landed(tmp_path: Path) -> None:
    drafted(tmp_path, *rows(7)).scan()
    assert list((tmp_path / "unfinished").iterdir())
    assert landed(tmp_path, drafted(tmp_path, {"id": "a"})).row_count == 1
    assert not (tmp_path / "unfinished").exists()


def test_a_batch_appears_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    sync = files.sync

    def look(path: Path) -> None:
        seen.append([one.name for one in tmp_path.rglob("*.parquet")])
        sync(path)

    monkeypatch.setattr(files, "sync", look)
    draft = drafted(tmp_path, *rows(10))
    assert not list(tmp_path.rglob("*.parquet"))
    manifest = landed(tmp_path, draft)
    assert seen == [[], [manifest.file_name]], "no name before the last row is on the disk, no manifest before the file"


def test_a_source_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[FlatRecord]:
        yield from rows(7)
        raise ConnectionError

    landing = Landing(tmp_path)
    with pytest.raises(ConnectionError):
        landing.land(
            broken(),
            instance="billing",
            platform="stripe",
            object_name="invoice",
            as_of=date(2026, 1, 31),
            window=Window(None, datetime(2026, 2, 1, tzinfo=UTC)),
        )
    assert landing.manifests() == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_disk_that_takes_nothing_is_explained(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("in the way")
    with pytest.raises(LandingError, match="room and permission"):
        Draft(place / "unfinished").add(rows(3))


def test_half_a_character_stays_as_it_was_spelled(tmp_path: Path) -> None:
    draft = drafted(tmp_path, {"id": "a\ud83db"}, {"id": "\U0001f600"}, {"id": None})
    assert list(draft.values("id")) == [("a\\ud83db",), ("\U0001f600",), (None,)]
