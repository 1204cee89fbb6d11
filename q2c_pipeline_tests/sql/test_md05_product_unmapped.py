"""MD05: a product that is sold and cannot be found, may not be used, or earns otherwise in another system."""

from __future__ import annotations

from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import World, consistent


def found(world: World) -> list[str]:
    rows = world.exceptions()
    assert {(control, amount) for control, _, amount, _ in rows} <= {("MD05", Decimal("0.0000"))}
    return [subject for _, subject, _, _ in rows]


@pytest.mark.parametrize(
    ("source_id", "values", "subject"),
    [
        ("prod-1", {"product_code": None}, "P1@billing"),
        ("prod-1", {"is_active": False}, "P1@billing"),
        ("01t-1", {"is_active": False}, "P1@crm"),
        ("prod-1", {"revenue_class": "point_in_time"}, "P1@billing"),
    ],
)
def test_each_way_to_be_wrong(source_id: str, values: dict[str, object], subject: str) -> None:
    world = consistent()
    world.change("product", source_id, **values)
    if "revenue_class" in values:  # the schedule of postings follows the class
        world.change("product", "01t-1", revenue_class="ratable")

    assert found(world.post_all()) == [subject]


def test_a_product_without_any_code() -> None:
    world = consistent().post_all()
    world.change("product", "01t-1", product_code=None)

    assert found(world) == ["01t-1@crm"]


def test_a_system_without_products_maps_none() -> None:
    world = consistent().post_all()
    world.remove("product", "prod-1")

    assert found(world) == []


def test_what_is_not_sold_any_more_may_be_inactive() -> None:
    world = consistent().post_all()
    for key in ("crm", "billing"):
        world.add("product", key, f"{key}-9", product_code="OLD", product_name="Old", is_active=False)

    assert found(world) == []
