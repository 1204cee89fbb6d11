"""Calls side by side: order, bound, failure."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from q2c_pipeline.platforms.concurrency import as_they_come, in_order


def test_calls_run_side_by_side_and_results_keep_the_order_of_the_items() -> None:
    all_there = threading.Barrier(3)

    def call(number: int) -> int:
        all_there.wait(20)
        return number * number

    assert list(in_order(call, range(6), 3)) == [0, 1, 4, 9, 16, 25]


def test_items_are_taken_as_results_are() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = in_order(lambda number: number, items(), 4)
    assert next(results) == 0
    assert len(taken) <= 5, "one a worker waits, and one is given out"
    results.close()  # type: ignore[attr-defined]  # a generator
    assert len(taken) <= 5


def test_the_first_failure_in_order_is_raised_and_the_rest_is_left() -> None:
    called: list[int] = []

    def call(number: int) -> int:
        called.append(number)
        if number == 2:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="2"):
        list(in_order(call, range(1000), 2))
    assert len(called) <= 7


def test_streams_run_side_by_side_and_nothing_is_lost() -> None:
    all_there = threading.Barrier(3)

    def call(number: int) -> Iterator[int]:
        all_there.wait(20)
        yield from range(number * 100, number * 100 + 50)

    assert sorted(as_they_come(call, range(6), 3)) == sorted(n * 100 + m for n in range(6) for m in range(50))


def test_who_yields_much_waits_until_it_is_taken() -> None:
    yielded: list[int] = []

    def call(_: int) -> Iterator[int]:
        for number in range(10_000):
            yielded.append(number)
            yield number

    results = as_they_come(call, range(2), 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # a generator
    assert len(yielded) <= 1 + 4 + 2, "one is given out, four wait, and each worker holds one"


def test_a_failing_stream_ends_the_others() -> None:
    def call(number: int) -> Iterator[int]:
        if number == 3:
            raise ValueError(number)
        yield number

    with pytest.raises(ValueError, match="3"):
        list(as_they_come(call, range(1000), 2))


def test_nothing_to_do_is_nothing() -> None:
    assert list(as_they_come(lambda number: [number], [], 2)) == []
    assert list(in_order(lambda number: number, [], 2)) == []
