"""Printed figures: extraction per connector, mapping, and all grids and controls beside a hand-written query.

Run with `make bench`; `python bench/run.py grids --lines 200000` runs one part. Figures are of this machine and this moment:
compare the columns of one run with each other, not with those of another day.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

PARTS = ("extraction", "mapping", "grids", "by_hand", "nothing_changed")


def main() -> None:
    """Run each part in a process of its own, so that peak memory is its own, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--lines", type=int, default=1_000_000, help="invoice lines for grids and by_hand")
    parser.add_argument("--accounts", type=int, default=400, help="accounts of the simulated company for extraction")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.in_process:
        _measure(given.parts[0], given.lines, given.accounts)
        return
    for part in given.parts or PARTS:
        print(f"\n{part}", flush=True)
        command = [sys.executable, __file__, part, "--lines", str(given.lines), "--accounts", str(given.accounts), "--in-process"]
        subprocess.run(command, check=True)  # noqa: S603


def _measure(part: str, lines: int, accounts: int) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from bench import measures  # noqa: PLC0415

    rows = measures.MEASURES[part](lines, accounts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for row in rows:
        print("  " + "  ".join(f"{name} {value}" for name, value in row.items()))
    print(f"  peak memory {peak:,.0f} MB")
    print(json.dumps({"part": part, "rows": rows, "peak_mb": round(peak)}, default=str), file=sys.stderr)


if __name__ == "__main__":
    main()
