"""Full disks and damaged files: one clear message, nothing merged, readers keep what they have, and a way on that works."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import LandingError, Q2CError, StoreError
from q2c_pipeline.orchestration import night
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.scenarios.nights import AS_OF, NEXT_DAY, differences, published_tables
from q2c_pipeline_tests.scenarios.site import Site


@pytest.fixture
def settings(site: Site, tmp_path: Path) -> Settings:
    """The stores after a first night, to be damaged."""
    shutil.copytree(site.evening, tmp_path, dirs_exist_ok=True)
    return site.settings(tmp_path)


def refusal(settings: Settings) -> str:
    """What the next night says; what was published before is still there, whole."""
    published = settings.stores.published.read_bytes()
    with pytest.raises(Q2CError) as refused:
        night.run_night(settings, NEXT_DAY, lambda *_: None)
    assert settings.stores.published.read_bytes() == published
    said = str(refused.value)
    assert "\n" not in said
    return said


def batch(settings: Settings, kind: str) -> Path:
    return min((settings.stores.landing / "stripe_main" / "invoice").glob(f"*.{kind}"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink], ids=["changed", "cut", "lost"])
def test_a_damaged_batch_is_named_and_nothing_is_merged(settings: Settings, damage: Callable[[Path], None]) -> None:
    settings.stores.warehouse.unlink()
    name = batch(settings, "parquet").stem
    damage(batch(settings, "parquet"))
    with pytest.raises(LandingError) as refused, night.open_warehouse(settings, AS_OF) as warehouse:
        night.load_all(settings, warehouse, AS_OF, lambda *_: None, night.NightResult(AS_OF))
    assert f"batch {name} of stripe_main.invoice" in str(refused.value)
    assert "expected sha256" in str(refused.value)
    assert "restore the file from backup" in str(refused.value)
    with Warehouse(settings.stores.warehouse) as warehouse:
        assert warehouse.query("select count(*) as n from landing.batch where instance = 'stripe_main'")["n"][0] == 0
        assert warehouse.count("mapped.invoice") == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"batch_id": "x"}', "\x00\x01"])
def test_a_damaged_manifest_is_named(settings: Settings, content: str) -> None:
    batch(settings, "json").write_text(content)
    said = refusal(settings)
    assert str(batch(settings, "json")) in said
    assert "expected a batch manifest" in said
    assert "restore the manifest from backup" in said


def test_a_landing_zone_that_is_no_folder(settings: Settings) -> None:
    shutil.rmtree(settings.stores.landing)
    settings.stores.landing.write_text("in the way")
    said = refusal(settings)
    assert "expected room and permission to write" in said
    assert "correct the permissions" in said


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be looked at" * 200], ids=["empty", "other"])
def test_a_work_file_that_is_none(settings: Settings, content: bytes) -> None:
    settings.stores.warehouse.write_bytes(content)
    if content:
        assert "remove this file and run `q2c nightly`" in refusal(settings)


def test_a_cut_work_file_is_built_again_from_landing(site: Site, settings: Settings) -> None:
    cut(settings.stores.warehouse)
    assert f"{settings.stores.warehouse}: expected a warehouse file that can be opened" in (said := refusal(settings))
    assert "remove this file and run `q2c nightly`: it is built again from landing" in said
    settings.stores.warehouse.unlink()
    site.assert_made_good(settings.root)


def test_a_work_file_of_another_version_is_refused_with_the_way_on(settings: Settings) -> None:
    with Warehouse(settings.stores.warehouse) as warehouse:
        warehouse.connection.execute("alter table mapped.invoice drop column due_date")
    said = refusal(settings)
    assert "expected a column mapped.invoice.due_date of type DATE, found a file that another version of q2c made" in said
    assert "remove this file" in said


def test_a_damaged_published_file_is_named_and_replaced_by_the_next_night(site: Site, settings: Settings) -> None:
    cut(settings.stores.published)
    with pytest.raises(StoreError, match="remove this file and run `q2c nightly`"), open_published(settings.stores.published):
        pass
    site.assert_made_good(settings.root)


@pytest.mark.parametrize(
    ("point", "where"),
    [
        ("sync:18", "landing"),
        pytest.param("sync:17", "landing", marks=pytest.mark.long),
        pytest.param("disk:4000", "landing", marks=pytest.mark.long),
        *(
            pytest.param(f"disk:{size}", "warehouse", marks=pytest.mark.long)
            for size in (200_000, 1_000_000, 4_000_000, 9_000_000)
        ),
        ("disk:2000000", "warehouse"),
    ],
)
def test_a_full_disk_stops_the_night_and_the_next_one_makes_it_good(site: Site, tmp_path: Path, point: str, where: str) -> None:
    with site.start(tmp_path, point, "full") as process:
        out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (1, "")
    assert err.count("\n") == 1, err
    assert f"{tmp_path}/data/{where}" in err
    assert "Next: free disk space" in err
    assert not list(tmp_path.rglob("*.unfinished"))
    site.assert_made_good(tmp_path)


@pytest.mark.long
def test_the_memory_of_landed_ids_may_be_damaged(site: Site, settings: Settings) -> None:
    for _ in range(8):
        site.finish(settings.root)
    memories = sorted(settings.stores.landing.rglob("known-*.ids"))
    assert memories
    for memory in memories:
        cut(memory)
    assert differences(published_tables(site.finish(settings.root)), site.undisturbed) == []
