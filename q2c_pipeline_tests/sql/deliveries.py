"""What the controls of deliveries look at: a batch, and records of it that could not be read."""

from __future__ import annotations

from datetime import date

from q2c_pipeline_tests.sql.world import World, consistent


def delivered(**tables: list[dict[str, object]]) -> World:
    """A company without a difference, of which one delivery is recorded, and these tables of landing."""
    world = consistent().post_all()
    world.landing = {
        "batch": [
            {
                "batch_id": "b1",
                "instance": "sf_main",
                "platform": "salesforce",
                "object_name": "PricebookEntry",
                "sequence": 1,
                "as_of": date(2026, 10, 31),
                "row_count": 9,
                "loaded_rows": 9,
                "rejected_rows": 0,
            }
        ],
        **tables,
    }
    return world


def reject(source_id: str, field: str, *, enum: bool) -> dict[str, object]:
    """A field of a record that could not be read."""
    return {
        "batch_id": "b1",
        "instance": "stripe_main",
        "object_name": "charge",
        "source_id": source_id,
        "row_number": 3,
        "field_name": field,
        "reason": f"{field}: bad",
        "value": "frozen",
        "is_unknown_enum": enum,
        "record": "{}",
    }
