"""Only a run of the whole job may take a part out of tables; chosen assets and repeated steps leave others as they were."""

from __future__ import annotations

import dagster as dg

from q2c_pipeline.orchestration.resources import makes_every_table


def a_run(assets: frozenset[dg.AssetKey] | None = None, parent: str | None = None) -> dg.DagsterRun:
    return dg.DagsterRun(job_name="nightly", asset_selection=assets, parent_run_id=parent, root_run_id=parent)


def test_a_run_of_the_whole_job_makes_every_table() -> None:
    assert makes_every_table(a_run())
    assert makes_every_table(a_run(frozenset()))


def test_chosen_assets_repeated_steps_and_no_run_do_not() -> None:
    assert not makes_every_table(a_run(frozenset({dg.AssetKey(["grid", "booked_billed"])})))
    assert not makes_every_table(a_run(parent="a-failed-run"))
    assert not makes_every_table(None)
