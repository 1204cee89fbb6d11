"""Where time goes: wall clock and processor seconds of a block, and processor seconds inside chosen functions."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from typing import Any
from unittest.mock import patch


class Clock:
    """Seconds of the block it was entered for: on the wall, and of the processor in all threads of this process."""

    wall = 0.0
    cpu = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Add the time spent inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu

    def figures(self) -> dict[str, object]:
        """Both as they are printed."""
        return {"seconds": f"{self.wall:.2f}", "CPU s": f"{self.cpu:.2f}"}


class Phases:
    """A listener of progress that takes the time between two reports as that of the phase of the second."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._last = time.perf_counter()

    def __call__(self, phase: str, _: str) -> None:
        """Hear of something finished."""
        now = time.perf_counter()
        self.seconds[phase] += now - self._last
        self._last = now


class Shares:
    """Processor seconds by part of the work, summed over threads; a part inside another counts for itself only."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._local = threading.local()
        self._lock = threading.Lock()

    @contextmanager
    def watching(self, parts: dict[str, list[str]]) -> Iterator[None]:
        """Watch functions, given by part as dotted names, while the context lasts."""
        with ExitStack() as stack:
            for part, names in parts.items():
                for name in names:
                    stack.enter_context(_replaced(name, partial(self._timed, part)))
            yield

    def _timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def timed(*given: Any, **named: Any) -> Any:
            outer, self._local.inner = getattr(self._local, "inner", 0.0), 0.0
            start = time.thread_time()
            try:
                return call(*given, **named)
            finally:
                spent = time.thread_time() - start
                with self._lock:
                    self.seconds[part] += spent - self._local.inner
                self._local.inner = outer + spent

        return timed


def _replaced(name: str, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Any:
    patcher = patch(name)
    original, _ = patcher.get_original()
    return patch(name, change(original))
