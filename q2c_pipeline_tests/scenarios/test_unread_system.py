"""A system that could not be read is not blamed for what it does not show."""

from __future__ import annotations

from pathlib import Path

from q2c_pipeline.orchestration import lookalikes, night
from q2c_pipeline.settings import load_settings
from q2c_pipeline_tests.scenarios.nights import AS_OF, NEXT_DAY, company

FOUND = "select control_id, subject_key, currency, difference_amount from recon.exception where leg in ('BB', 'BP') order by all"


def test_what_falls_due_while_billing_cannot_be_read_is_in_flight(tmp_path: Path) -> None:
    simulated = company(5, "bb04_price_drift", "bp03_posted_twice")
    before = night.query_published(simulated.night(tmp_path, AS_OF), FOUND)
    with simulated.served() as urls:
        config = lookalikes.write_config(tmp_path, urls)
        wrong_key = simulated.credentials | {lookalikes.variable("stripe_main", "api_key"): "not-the-key"}
        settings = load_settings(config, wrong_key)
        result = night.run_night(settings, NEXT_DAY, lambda *_: None)
    assert len(result.blocked) == 1
    assert "stripe_main" in str(result.blocked[0])
    assert night.query_published(settings, FOUND).equals(before)
    due_today = f"select count(*) from grid.booked_billed where due_date = date '{NEXT_DAY}' and is_in_flight"
    assert night.query_published(settings, due_today).item() > 0
