"""Printed figures: extraction per connector, mapping, and all grids and controls beside a hand-written query.

Run with `make bench`; `python bench/run.py grids --lines 200000` runs one part. Figures are of this machine and this moment:
compare the figures of one run with each other, not with those of another day. CPU seconds suffer less from a busy machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

PARTS = ("extraction", "mapping", "grids", "by_hand", "nothing_changed")
_COMPARED_LAYERS = ("grid", "control", "recon")


def main() -> None:
    """Run each part in a process of its own, so that peak memory is its own, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--lines", type=int, default=1_000_000, help="invoice lines for grids and by_hand")
    parser.add_argument("--accounts", type=int, default=400, help="accounts of the simulated company for the other parts")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.in_process:
        _measure(given.parts[0], given.lines, given.accounts)
        return
    found: dict[str, Any] = {}
    for part in given.parts or PARTS:
        print(f"\n{part}", flush=True)
        command = [sys.executable, __file__, part, "--lines", str(given.lines), "--accounts", str(given.accounts), "--in-process"]
        found[part] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603
        _show(found[part])
    if {"grids", "by_hand"} <= found.keys():
        _compare(found["grids"], found["by_hand"])


def _measure(part: str, lines: int, accounts: int) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from bench import measures  # noqa: PLC0415

    rows = measures.MEASURES[part](lines, accounts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "peak_mb": round(peak)}, default=str))


def _show(found: dict[str, Any]) -> None:
    for row in found["rows"]:
        print("  " + "  ".join(f"{name} {value}" for name, value in row.items()))
    print(f"  peak memory {found['peak_mb']:,} MB", flush=True)


def _compare(grids: dict[str, Any], by_hand: dict[str, Any]) -> None:
    """The pipeline as a multiple of the hand-written queries, which compare the same two legs over the same tables."""
    print("\ntimes the hand-written queries")
    yardstick = sum(float(row["CPU s"]) for row in by_hand["rows"])
    layers = {row["layer"]: float(row["CPU s"]) for row in grids["rows"] if "layer" in row}
    compared = sum(layers.get(name, 0.0) for name in _COMPARED_LAYERS)
    memory = grids["peak_mb"] / by_hand["peak_mb"]
    print(
        f"  {' + '.join(_COMPARED_LAYERS)} {compared / yardstick:.1f}  all layers {sum(layers.values()) / yardstick:.1f}", end=""
    )
    print(f"  (CPU; yardstick {yardstick:.2f} s)  peak memory {memory:.1f}")


if __name__ == "__main__":
    main()
