"""Found = planted exactly, nothing else found, every bridge sums, nothing unexplained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from q2c_pipeline.sandbox.company.faults import available_stacks
from q2c_pipeline_tests.scenarios.worlds import UNBALANCED, World, each_alone, mixes, reconciled


def _said(value: int | Sequence[str]) -> str:
    return str(value) if isinstance(value, int) else f"{len(value)} faults"


def assert_truth(world: World) -> None:
    found, planted = world.found(), world.planted()
    assert {"missed": dict(planted - found), "invented": dict(found - planted)} == {"missed": {}, "invented": {}}
    assert world.query(UNBALANCED).to_dicts() == []
    assert world.query("select * from recon.bridge where cause = 'unexplained' and cause_amount <> 0").to_dicts() == []
    assert world.unlisted() == []
    assert world.result.blocked == []


@pytest.mark.parametrize(("seed", "faults"), mixes(5)[2:], ids=_said)
def test_found_is_planted(tmp_path: Path, seed: int, faults: Sequence[str]) -> None:
    with reconciled(tmp_path, seed, faults) as world:
        assert_truth(world)


@pytest.mark.long
@pytest.mark.parametrize(
    ("seed", "faults"), mixes(30)[:2] + mixes(30)[5:], ids=lambda v: str(v) if isinstance(v, int) else f"{len(v)} faults"
)
def test_found_is_planted_in_more_worlds(tmp_path: Path, seed: int, faults: Sequence[str]) -> None:
    with reconciled(tmp_path, seed, faults, accounts=60 + seed, months=4 + seed % 7) as world:
        assert_truth(world)


@pytest.mark.long
@pytest.mark.parametrize(("seed", "faults"), each_alone(), ids=lambda v: str(v) if isinstance(v, int) else ",".join(v))
def test_each_fault_alone(tmp_path: Path, seed: int, faults: Sequence[str]) -> None:
    with reconciled(tmp_path, seed, faults) as world:
        assert_truth(world)


def test_several_faults_on_one_line_or_document(tmp_path: Path) -> None:
    with reconciled(tmp_path, 3, available_stacks(), accounts=60, months=6) as world:
        assert len(world.symptoms) >= 5
        assert_truth(world)


def test_a_world_without_faults_has_zero_bridges(tmp_path: Path) -> None:
    with reconciled(tmp_path, 77, ()) as world:
        assert_truth(world)
        # Receivables in foreign currency differ in a clean world, too: rates move. Those differences are explained to the minor
        # unit, by three classes of their own that are no exceptions; of any other measure nothing differs, and nothing is found.
        open_groups = world.query("select distinct leg, measure from recon.bridge where difference_amount <> 0")
        assert open_groups.rows() == [("SL", "foreign_receivable")]
        causes = world.query("select distinct cause from recon.bridge where cause_amount <> 0")["cause"]
        assert set(causes) == {"fx_realised", "fx_unrealised", "fx_rounding"}
        assert world.query(UNBALANCED).is_empty()
        assert not world.found()
        population = world.query("select control_id, population, exceptions from recon.control_result where leg in ('BB', 'BP')")
        assert population.filter(population["population"] == 0)["control_id"].to_list() == []
