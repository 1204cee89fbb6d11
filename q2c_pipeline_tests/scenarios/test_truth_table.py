"""The measurement itself: it must see what is missed, invented or of another amount, else a perfect table proves nothing."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline_tests.scenarios.truth import Measured, Plan, measure, page, plans, scores, wrong

PLAN = Plan(1, ("bb06_unbilled",), 35, 5)
KEY, OTHER = ("BB06", "ORD-00001/1", "USD"), ("BP01", "INV-US-000001", "USD")


def measured(planted: dict[tuple[str, str, str | None], str], found: dict[tuple[str, str, str | None], str]) -> Measured:
    ours, theirs = ({key: Decimal(text) for key, text in side.items()} for side in (planted, found))
    return Measured(PLAN, ours, theirs, {"BB": (3, 0, 0)}, 0)


def test_what_agrees_is_perfect() -> None:
    one = measured({KEY: "10"}, {KEY: "10"})
    assert scores([one])["BB06"].is_perfect
    assert list(wrong(one)) == []


def test_missed_invented_and_other_amounts_are_told_apart() -> None:
    one = measured({KEY: "10", OTHER: "5"}, {OTHER: "5.01", ("BB01", "x", None): "0"})
    table = scores([one])
    assert (table["BB06"].missed, table["BP01"].other_amount, table["BB01"].invented) == (1, 1, 1)
    assert not any(score.is_perfect for score in table.values())
    assert len(list(wrong(one))) == 3
    assert "recall 1/2 = 0.5000; amounts exact 0/1 = 0.0000" in page([one], list(wrong(one)))


def test_a_bridge_that_does_not_sum_and_a_blocked_system_are_wrong() -> None:
    one = Measured(PLAN, {}, {}, {"BP": (3, 1, 0)}, 1)
    assert [text.removeprefix(f"{PLAN}: ") for text in wrong(one)] == [
        "bridge BP: 1 groups do not sum, 0 hold something unexplained",
        "1 systems were blocked",
    ]


def test_the_full_set_holds_every_fault_alone_and_is_the_same_every_time() -> None:
    names = set(available_faults())
    full = plans(len(names) + 60)
    assert names <= {one.faults[0] for one in full if len(one.faults) == 1}
    assert full == plans(len(names) + 60)
    assert plans(7) == plans(7)
    assert len(set(plans(7))) == 7


def test_one_world_is_measured_from_build_to_bridge() -> None:
    one = measure(Plan(7, ("bb06_period_skipped", "bp01_not_posted"), 20, 3))
    assert {control for control, _, _ in one.planted} == {"BB06", "BP01"}
    assert one.planted == one.found
    assert set(one.bridge) >= {"BB", "BP"}
