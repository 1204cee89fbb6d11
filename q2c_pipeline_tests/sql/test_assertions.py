"""Every assertion of sql/assertions holds in a consistent company and fires when the truth that it guards is broken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import load_assertions
from q2c_pipeline.quality.assertions import check_assertion
from q2c_pipeline.quality.outcome import Outcome
from q2c_pipeline_tests.sql.world import PARAMS, all_files, consistent

ASSERTIONS = {file.table: file for file in load_assertions()}
SPOILERS = {
    "billed_conserved": "update grid.booked_billed set right_amount = right_amount + 1",
    "booked_conserved": "delete from grid.booked_billed where left_amount <> 0",
    "bridge_sums": "update recon.bridge set cause_amount = cause_amount + 0.01 where cause = 'timing'",
    "document_foots": "update canonical.invoice set total_amount = total_amount + 0.01",
    "documents_conserved": "delete from grid.billed_posted where account_class = 'receivable'",
    "every_exception_shows_both_sides": "delete from mart.exception_cell",
    "exception_id_unique": "insert into recon.exception from recon.exception",
    "line_has_schedule": "delete from schedule.billing_period",
    "links_unique": "insert into link.invoice_line from link.invoice_line",
    "nothing_unexplained": "update recon.cell_cause set cause = 'unexplained'",
    "one_cause_a_cell": "insert into recon.cell_cause from recon.cell_cause",
    "releases_conserved": "insert into grid.posted_recognised (currency, right_amount) values ('USD', 1)",
    "rollforwards_foot": "update recon.receivable_rollforward set posted_closing_amount = posted_closing_amount + 0.01",
    "summaries_conserved": "insert into link.summary_share (transaction_key, posted_amount) values ('netsuite_main:1', 1)",
}
"""What breaks each truth in the made tables: the assertion stands guard over the SQL that made them."""


@pytest.fixture(scope="module")
def made() -> Iterator[Warehouse]:
    """A company with one difference, all tables made."""
    world = consistent().post_all()
    world.reprice("3", 950)
    with world.run(*(file.name for file in all_files())) as warehouse:
        yield warehouse


def outcome(name: str, warehouse: Warehouse) -> Outcome:
    """What one assertion says."""
    return check_assertion(warehouse, ASSERTIONS[name], PARAMS, "x.y")


def test_every_assertion_has_a_spoiler() -> None:
    assert set(SPOILERS) == set(ASSERTIONS)


@pytest.mark.parametrize("name", sorted(SPOILERS))
def test_it_holds_and_fires_when_its_truth_is_broken(name: str, made: Warehouse) -> None:
    assert outcome(name, made).is_ok
    made.connection.execute("begin")
    try:
        made.connection.execute(SPOILERS[name])
        assert not outcome(name, made).is_ok
    finally:
        made.connection.execute("rollback")
