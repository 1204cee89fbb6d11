"""A ledger of summary journals: found = planted exactly, nothing else found, every bridge sums, nothing unexplained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from q2c_pipeline.sandbox.company.faults.summary import known_faults
from q2c_pipeline_tests.scenarios.summary_worlds import BESIDE, each_alone, mixes, reconciled
from q2c_pipeline_tests.scenarios.test_truth import assert_truth


def test_a_ledger_of_summaries_without_faults_has_zero_bridges(tmp_path: Path) -> None:
    with reconciled(tmp_path, 77, (), accounts=35, months=5) as world:
        assert_truth(world)
        open_groups = world.query("select distinct leg, measure from recon.bridge where difference_amount <> 0")
        assert open_groups.rows() == [("SL", "foreign_receivable")]
        causes = world.query("select distinct cause from recon.bridge where cause_amount <> 0")["cause"].to_list()
        assert set(causes) <= {"fx_realised", "fx_unrealised"}, "exchange rates moved, and nothing else did"
        [(documents, journals)] = world.query(
            "select count(*), count(distinct transaction_key) from link.summary_document where times = 1"
        ).rows()
        assert documents > journals > 0
        [(counted,)] = world.query("select count(*) from link.summary_demand where is_open").rows()
        assert documents == counted


def test_every_fault_of_summaries_at_once(tmp_path: Path) -> None:
    with reconciled(tmp_path, 2, known_faults(), accounts=80) as world:
        assert_truth(world)


def test_a_ledger_of_batches(tmp_path: Path) -> None:
    with reconciled(tmp_path, 3, known_faults(), accounts=80, grouping="batch") as world:
        assert_truth(world)
        methods = world.query("select distinct method from link.summary_document")["method"].to_list()
        assert set(methods) == {"batch", "amounts_of_other_entity", "other_summary"}


@pytest.mark.long
@pytest.mark.parametrize(("seed", "faults"), each_alone(), ids=lambda v: str(v) if isinstance(v, int) else ",".join(v))
def test_each_fault_of_summaries_alone(tmp_path: Path, seed: int, faults: Sequence[str]) -> None:
    with reconciled(tmp_path, seed, faults) as world:
        assert_truth(world)


@pytest.mark.long
@pytest.mark.parametrize(("seed", "faults"), mixes(12), ids=lambda v: str(v) if isinstance(v, int) else f"{len(v)} faults")
def test_mixes_of_faults_of_summaries_and_of_billing(tmp_path: Path, seed: int, faults: Sequence[str]) -> None:
    with reconciled(tmp_path, seed, (*faults, *BESIDE), accounts=80) as world:
        assert_truth(world)
