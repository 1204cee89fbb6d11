"""A night that dies, stalls or finds the disk full at a chosen point; run as a process of its own: config, day, point, action.

    python -m q2c_pipeline_tests.scenarios.broken_off q2c.toml 2026-06-30 load:7 kill

A point is a step of the progress ("load:7" is the seventh finished load) or one of HOOKS ("manifest:3": just before the third
manifest is written), or "disk:200000": no file may grow beyond so many bytes. The action is `kill`, `stall`, or `full` (the call
fails as on a full disk).
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from q2c_pipeline.engine import publishing, runner
from q2c_pipeline.errors import Q2CError
from q2c_pipeline.landing import files, store
from q2c_pipeline.orchestration import night
from q2c_pipeline.settings import load_settings

HOOKS: dict[str, tuple[Any, str]] = {
    "sync": (files, "sync"),
    "manifest": (store, "_write_text"),
    "append": (runner.Warehouse, "append"),
    "table": (runner.Warehouse, "count"),
    "copy": (publishing, "_copy"),
    "publish": (publishing, "_tables"),
    "rename": (Path, "replace"),
}
"""Calls before which a point may lie; of renames, those of a finished copy to its place."""


def main(config: str, day: str, point: str, action: str) -> int:
    """Run a night that does not get beyond the point."""
    name, _, number = point.partition(":")
    strike = striking(int(number), {"kill": kill, "stall": stall, "full": full}[action])
    if name == "disk":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(number), int(number)))
    if name in HOOKS:
        owner, attribute = HOOKS[name]
        setattr(owner, attribute, before(getattr(owner, attribute), strike, counted=is_last_step if name == "rename" else always))

    def report(phase: str, what: str) -> None:
        if phase == name:
            strike()

    try:
        night.run_night(load_settings(Path(config)), date.fromisoformat(day), report)
    except Q2CError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def striking(number: int, act: Callable[[], None]) -> Callable[[], None]:
    """A call that acts when it is made the given time."""
    left = number

    def strike() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            act()

    return strike


def always(*_: Any) -> bool:
    return True


def is_last_step(path: Path, *_: Any) -> bool:
    return path.suffix == ".unfinished"


def before(original: Callable[..., Any], strike: Callable[[], None], counted: Callable[..., bool]) -> Callable[..., Any]:
    """The function, with a strike before each call that counts."""

    def wrapped(*args: Any, **options: Any) -> Any:
        if counted(*args):
            strike()
        return original(*args, **options)

    return wrapped


def kill() -> NoReturn:
    """What the kernel does to a process when memory runs out, or a machine that is switched off."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def stall() -> None:
    """Say so, and wait to be killed."""
    print("stalled", flush=True)  # noqa: T201
    time.sleep(600)


def full() -> NoReturn:
    """A write to a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
