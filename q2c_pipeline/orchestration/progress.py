"""How far a night is: a bar in a terminal, and the seconds that each phase took."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

PHASES = ("extract", "load", "transform", "publish", "cases", "corrections", "report")


class Phases:
    """Hears what was finished (`phases("load", "sf_main.Order: 412 rows")`), from any thread, and shows it."""

    def __init__(self, console: Console, totals: dict[str, int] | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self.steps: dict[str, int] = {}
        self._totals = totals or {}
        self._tasks: dict[str, TaskID] = {}
        self._last = time.perf_counter()
        self._lock = threading.Lock()
        self._bar = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description:<11}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[what]}", style="dim"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def __call__(self, phase: str, what: str) -> None:
        """Count one finished step; the time since the step before it is its phase's."""
        with self._lock:
            now = time.perf_counter()
            self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
            self.steps[phase] = self.steps.get(phase, 0) + 1
            self._last = now
            if phase not in self._tasks:
                self._tasks[phase] = self._bar.add_task(phase, total=self._totals.get(phase), what="")
            self._bar.update(self._tasks[phase], advance=1, what=what[:80])

    def said(self) -> str:
        """One line: extract 21 steps 3.2 s, load ..."""
        order = sorted(self.seconds, key=lambda phase: PHASES.index(phase) if phase in PHASES else len(PHASES))
        return ", ".join(f"{phase} {self.steps[phase]} steps {self.seconds[phase]:.1f} s" for phase in order)
