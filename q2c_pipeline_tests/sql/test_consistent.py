"""A company without faults has no exceptions, and every truth holds."""

from __future__ import annotations

from q2c_pipeline_tests.sql.world import consistent


def test_nothing_is_found_in_a_consistent_company() -> None:
    assert consistent().post_all().exceptions() == []
