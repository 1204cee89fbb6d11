from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from q2c_pipeline.errors import LandingError
from q2c_pipeline.landing.draft import FlatRecord
from q2c_pipeline.landing.flatten import flatten, loads_exact
from q2c_pipeline.landing.manifest import Check, Manifest, Tombstone, Window
from q2c_pipeline.landing.store import Landing

UNTIL = datetime(2026, 2, 1, tzinfo=UTC)


def land(landing: Landing, *records: FlatRecord, gone: tuple[str, ...] = ()) -> Manifest:
    return landing.land(
        records,
        instance="billing",
        platform="stripe",
        object_name="invoice",
        as_of=date(2026, 1, 31),
        window=Window(None, UNTIL),
        checks=[Check("count", "2", str(len(records)))],
        tombstones=[Tombstone(name, UNTIL) for name in gone],
        columns=["id", "total"],
    )


def test_a_batch_comes_back_as_landed(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    manifest = land(landing, {"id": "a", "total": "1999.90"}, {"id": "b", "extra": "1"})
    assert landing.manifests() == [manifest]
    assert landing.scan(manifest).collect().to_dicts() == [
        {"id": "a", "total": "1999.90", "extra": None},
        {"id": "b", "total": None, "extra": "1"},
    ]
    assert manifest.checks[0].is_ok


def test_an_empty_delivery_still_shows_its_columns(tmp_path: Path) -> None:
    assert land(Landing(tmp_path)).columns == ("id", "total")


def test_changed_bytes_are_refused(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    manifest = land(landing, {"id": "a"})
    path = tmp_path / "billing" / "invoice" / manifest.file_name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(LandingError, match="expected sha256"):
        landing.scan(manifest)


def test_a_lost_file_is_an_error_that_names_the_batch(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    manifest = land(landing, {"id": "a"})
    (tmp_path / "billing" / "invoice" / manifest.file_name).unlink()
    with pytest.raises(LandingError, match=manifest.batch_id):
        landing.scan(manifest)


def test_a_file_without_a_manifest_was_never_landed(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    manifest = land(landing, {"id": "a"})
    (tmp_path / "billing" / "invoice" / manifest.file_name).with_suffix(".json").unlink()
    assert landing.manifests() == []
    assert land(landing, {"id": "a"}).sequence == 1


def test_known_ids_are_those_landed_and_not_deleted_since(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    land(landing, {"id": "a"}, {"id": "b"})
    land(landing, {"id": "c"}, gone=("a",))
    assert landing.known_ids("billing", "invoice", "id") == {"b", "c"}


@pytest.mark.parametrize("name", ["../x", "a/b", "", "a b"])
def test_a_name_cannot_leave_the_landing_zone(tmp_path: Path, name: str) -> None:
    with pytest.raises(LandingError):
        Landing(tmp_path).land(
            [], instance=name, platform="stripe", object_name="x", as_of=date(2026, 1, 31), window=Window(None, UNTIL)
        )


def test_an_unreadable_manifest_is_named(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    manifest = land(landing, {"id": "a"})
    (tmp_path / "billing" / "invoice" / manifest.file_name).with_suffix(".json").write_text("{", encoding="utf-8")
    with pytest.raises(LandingError, match="unreadable JSON"):
        landing.manifests()


def test_numbers_keep_the_digits_that_were_sent() -> None:
    record = loads_exact(
        '{"total": 12345678901234567.90, "n": 1, "ok": true, "none": null, "p": {"d": {"x": "y"}}, "l": [{"a": 0.10}]}'
    )
    assert flatten(record) == {
        "total": "12345678901234567.90",
        "n": "1",
        "ok": "true",
        "none": None,
        "p.d.x": "y",
        "l": '[{"a":"0.10"}]',
    }


def test_known_ids_are_remembered_and_what_came_since_is_added(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    for number in range(9):
        land(landing, {"id": str(number)})
    assert landing.known_ids("billing", "invoice", "id") == set("012345678")
    remembered = [path.name for path in tmp_path.glob("billing/invoice/*.ids")]
    land(landing, {"id": "9"}, gone=("0",))
    assert landing.known_ids("billing", "invoice", "id") == set("123456789")
    assert [path.name for path in tmp_path.glob("billing/invoice/*.ids")] == remembered


def test_a_memory_of_other_batches_is_passed_over(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    manifests = [land(landing, {"id": str(number)}) for number in range(9)]
    landing.known_ids("billing", "invoice", "id")
    (tmp_path / "billing" / "invoice" / manifests[-1].file_name).with_suffix(".json").unlink()
    assert landing.known_ids("billing", "invoice", "id") == set("01234567")


def test_batches_that_are_known_already_are_not_opened(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    first, second = land(landing, {"id": "a"}), land(landing, {"id": "b"})
    (tmp_path / "billing" / "invoice" / first.file_name).with_suffix(".json").write_text("{", encoding="utf-8")
    assert landing.manifests_beside("billing", {first.batch_id}) == [second]
    assert landing.latest("billing", "invoice") == second
