"""`make chaos SEEDS=n`: many seeds, every twentieth with real processes that are killed; prints seeds, faults and violations."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from q2c_pipeline_tests.chaos.fate import LINE, STORE
from q2c_pipeline_tests.chaos.reckoning import violations
from q2c_pipeline_tests.chaos.story import Story, fresh_store, template_store, told, told_by_processes

_SEEDS_PER_KILL = 20
_KIND_ENDS = re.compile(r" at |: | step | without ")
_SEEDS_PER_WORD = 50


def main(first: int, seeds: int) -> int:
    """Try the seeds; the number of those with violations is the exit status (at most 1)."""
    broken, faults, states = 0, Counter[str](), Counter[str]()
    began, killed = time.monotonic(), 0
    with TemporaryDirectory(prefix="q2c-chaos-") as name:
        template = template_store(Path(name))
        for seed in range(first, first + seeds):
            folder = Path(name) / str(seed)
            is_killed = seed % _SEEDS_PER_KILL == _SEEDS_PER_KILL - 1
            tell = told_by_processes if is_killed else told
            try:
                with tell(seed, folder, fresh_store(folder, template)) as story:
                    broken += _report(story)
                    faults.update(_KIND_ENDS.split(entry)[0] for entry in story.fate.history)
                    states.update(one.status.value for one in story.corrections())
                    killed += sum(entry.startswith("killed before step") for entry in story.fate.history)
            except Exception as error:  # noqa: BLE001  (a story that cannot be told is a finding like any other)
                broken += 1
                print(f"seed {seed}: {error!r}", flush=True)  # noqa: T201
            if (seed - first + 1) % _SEEDS_PER_WORD == 0:
                print(f"{seed - first + 1} seeds, {broken} with violations", flush=True)  # noqa: T201
    took = time.monotonic() - began
    print(f"seeds {first} to {first + seeds - 1} in {took:.0f} s, of them processes killed: {killed}")  # noqa: T201
    print("faults: " + ", ".join(f"{kind} {number}" for kind, number in sorted(faults.items())))  # noqa: T201
    print("corrections: " + ", ".join(f"{status} {number}" for status, number in sorted(states.items())))  # noqa: T201
    if never := {*LINE, *STORE} - {"storm"} - faults.keys():
        print(f"faults that these seeds never met: {', '.join(sorted(never))}")  # noqa: T201
    print(f"violations: {broken}")  # noqa: T201
    return min(broken, 1)


def _report(story: Story) -> int:
    found = violations(story)
    if found:
        print(f"seed {story.seed}:", *found, "history:", *story.fate.history, sep="\n  ", flush=True)  # noqa: T201
    return int(bool(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=300)
    given = parser.parse_args()
    sys.exit(main(given.first, given.seeds))
