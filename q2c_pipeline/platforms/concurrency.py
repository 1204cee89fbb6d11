"""Calls side by side whose results come in the order of the items, with few results waiting at any time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(call: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """`call` on every item by `workers` threads, results in the order of the items; items are taken as results are.

    At most one result a worker waits to be taken, so that a long list of items needs no more memory than a short one. The
    threads do not keep an ending process alive, as those of the standard library's pool would.
    """
    orders: SimpleQueue[tuple[T, Future[R]] | None] = SimpleQueue()
    waiting: deque[Future[R]] = deque()
    threads = [threading.Thread(target=_work, args=(call, orders), daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for item in items:
            waiting.append(Future())
            orders.put((item, waiting[-1]))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        _end(threads, orders, waiting)


def _end(threads: list[threading.Thread], orders: SimpleQueue[tuple[T, Future[R]] | None], waiting: deque[Future[R]]) -> None:
    """Take back what was not begun, and wait for what was."""
    for future in waiting:
        future.cancel()
    for _ in threads:
        orders.put(None)
    for thread in threads:
        thread.join()


def _work(call: Callable[[T], R], orders: SimpleQueue[tuple[T, Future[R]] | None]) -> None:
    while (order := orders.get()) is not None:
        item, future = order
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(call(item))
        except BaseException as error:  # noqa: BLE001  (whoever asked for the result gets it)
            future.set_exception(error)
