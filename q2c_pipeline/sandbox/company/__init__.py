"""The simulated company: one call gives three systems that agree, except for the faults asked for."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from q2c_pipeline.sandbox.company.deals import record_deal_history
from q2c_pipeline.sandbox.company.events import record_events
from q2c_pipeline.sandbox.company.faults import available_faults, plant
from q2c_pipeline.sandbox.company.faults.summary import post_summaries
from q2c_pipeline.sandbox.company.history import live_through
from q2c_pipeline.sandbox.company.rework import latest_invoices
from q2c_pipeline.sandbox.company.truth import write_truth
from q2c_pipeline.sandbox.systems import Systems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

__all__ = ["available_faults", "build", "write_truth"]


def build(
    seed: int,
    *,
    accounts: int,
    months: int,
    as_of: date,
    faults: Sequence[str] = (),
    posts_summaries: Literal["entity_day", "batch"] | None = None,
) -> Systems:
    """Act out the company's history up to `as_of` and plant the named faults; equal arguments give equal systems.

    A company that posts summaries has the faults of summaries (`summary_...`), and of others those that leave the ledger alone.
    """
    with _without_collector():
        world = live_through(seed, accounts, months, as_of)
        in_summaries = [name for name in faults if name.startswith("summary_")] if posts_summaries else []
        plant(world, seed, [name for name in faults if name not in in_summaries])
        if posts_summaries:
            post_summaries(world, seed, in_summaries, in_batches=posts_summaries == "batch")
        latest_invoices(world)
        record_events(world)
        record_deal_history(world)
    facts = (world.truth, world.misbehaviour, world.earlier, world.symptoms)
    return Systems(as_of, world.salesforce, world.stripe, world.netsuite, *facts)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Millions of small records and no cycles: the collector would only walk them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
