"""Calls side by side, with few results waiting at any time: in the order of the items, or as they come."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import Full, Queue, SimpleQueue
from typing import TypeVar, cast

T = TypeVar("T")
R = TypeVar("R")
_NOTHING = object()
_LOOK_SECONDS = 0.1
"""How often a worker whose results nobody takes looks whether anybody will."""


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


def as_they_come(call: Callable[[T], Iterable[R]], items: Iterable[T], workers: int) -> Iterator[R]:
    """Everything that `call` yields for every item, by `workers` threads, whichever is ready first.

    However much one item yields, a few results wait: a worker that is ahead of whoever takes them waits too.
    """
    results: Queue[tuple[R | None, BaseException | None, bool]] = Queue(2 * workers)
    rest, lock, ended = iter(items), threading.Lock(), threading.Event()

    def put(result: R | None, error: BaseException | None = None, *, is_last: bool = False) -> bool:
        while not ended.is_set():
            with suppress(Full):
                results.put((result, error, is_last), timeout=_LOOK_SECONDS)
                return True
        return False

    def work() -> None:
        try:
            while (item := _next(rest, lock, ended)) is not _NOTHING:
                if not all(put(result) for result in call(cast("T", item))):
                    return
            put(None, is_last=True)
        except BaseException as error:  # noqa: BLE001  (whoever takes the results gets it)
            put(None, error, is_last=True)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield from _taken(results, workers)
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _next(items: Iterator[T], lock: threading.Lock, ended: threading.Event) -> T | object:
    with lock:
        return _NOTHING if ended.is_set() else next(items, _NOTHING)


def _taken(results: Queue[tuple[R | None, BaseException | None, bool]], workers: int) -> Iterator[R]:
    while workers:
        result, error, is_last = results.get()
        if error is not None:
            raise error
        workers -= is_last
        if not is_last:
            yield cast("R", result)


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
