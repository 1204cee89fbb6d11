from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World

OLD, NEW = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def test_a_price_that_lost_a_tier_keeps_only_the_tiers_of_its_newest_version() -> None:
    world = World()
    for number, version in ((1, NEW), (2, NEW), (3, OLD)):
        terms = {"tier_number": number, "from_quantity": Decimal(number), "unit_price": Decimal(1)}
        world.add("contract_tier", "crm", f"L/{number}", contract_line_source_id="L", source_version=version, **terms)
    world.add("contract_tier", "crm", "M/1", contract_line_source_id="M", source_version=OLD, tier_number=1)
    with world.run("canonical.contract_tier") as warehouse:
        found = warehouse.query("select source_id from canonical.contract_tier order by source_id").rows()
    assert found == [("L/1",), ("L/2",), ("M/1",)]
