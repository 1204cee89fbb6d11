"""A pusher in a process of its own that is killed before one of its steps: configuration, time, number of the step.

    python -m q2c_pipeline_tests.chaos.killed q2c.toml 2026-01-31T23:00:00+00:00 7

Steps are counted where a kill could matter: before and after each transaction of the state store and each request.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.orchestration import pushing
from q2c_pipeline.settings import load_settings
from q2c_pipeline_tests.chaos.fate import Clock


class Steps:
    """Counts down to the step before which this process dies."""

    def __init__(self, left: int) -> None:
        self.left = left

    def step(self) -> None:
        """One more; SIGKILL leaves no time for any tidying up."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def between(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """The call, with a step before and one after it."""

        def wrapped(*args: Any, **options: Any) -> Any:
            self.step()
            result = original(*args, **options)
            self.step()
            return result

        return wrapped

    def around(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """The transaction, with a step before it, one before its commit, and one after."""

        @contextmanager
        def wrapped(*args: Any) -> Iterator[Any]:
            self.step()
            with original(*args) as inside:
                yield inside
                self.step()
            self.step()

        return wrapped


def main(config: str, now: str, step: str) -> None:
    """Push everything that is due, or die before."""
    steps, clock = Steps(int(step)), Clock()
    clock.now = datetime.fromisoformat(now)
    vars(pushing)["acting"] = steps.around(vars(pushing)["acting"])
    httpx.HTTPTransport.handle_request = steps.between(httpx.HTTPTransport.handle_request)  # type: ignore[method-assign]
    robot = Actor("robot", frozenset({UserRole.ADMIN}))
    pushing.Pushing(load_settings(Path(config)), robot, clock.reading(), clock.sleep).push()


if __name__ == "__main__":
    main(*sys.argv[1:])
