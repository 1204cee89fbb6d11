"""Printed figures: extraction per connector, mapping, and all grids and controls beside other ways to compare the same records.

Run with `make bench LINES=1000000`; `python bench/run.py grids --lines 200000` runs one part. Figures are of this machine and
this moment: compare those of one run with each other, not with another day's. CPU seconds suffer less from a busy machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LARGE = ("written", "filled", "hand_written", "pandas_merge", "datacompy", "grids", "nights")
COMPANY = ("extraction", "mapping", "nothing_changed")


def main() -> None:
    """Run each part in a process of its own, so that peak memory is its own, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*COMPANY, *LARGE, "large", []], default=[])
    parser.add_argument("--lines", type=int, default=1_000_000, help="invoice lines of the made-up company")
    parser.add_argument("--accounts", type=int, default=400, help="accounts of the company that is served over HTTP")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        _measure(given.parts[0], given.work, given.lines, given.accounts)
        return
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in _chosen(given.parts):
            print(f"\n{part}", flush=True)
            sizes = ["--lines", str(given.lines), "--accounts", str(given.accounts), "--work", folder]
            output = subprocess.run([sys.executable, __file__, part, *sizes], check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
            found[part] = json.loads(output.stdout)
            _show(found[part])
    _compare(found)


def _chosen(parts: list[str]) -> list[str]:
    """What was asked for; anything measured on the large company needs it filled first."""
    asked = [*COMPANY, *LARGE] if not parts else [part for one in parts for part in (LARGE if one == "large" else [one])]
    needed = [part for part in ("written", "filled") if set(asked) & set(LARGE) and part not in asked]
    return needed + asked


def _measure(part: str, folder: Path, lines: int, accounts: int) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from bench import measures  # noqa: PLC0415

    rows = measures.LARGE[part](folder, lines) if part in measures.LARGE else measures.COMPANY[part](lines, accounts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "peak_mb": round(peak)}, default=str))


def _show(found: dict[str, Any]) -> None:
    for row in found["rows"]:
        print("  " + "  ".join(f"{name} {value}" for name, value in row.items()))
    print(f"  peak memory {found['peak_mb']:,} MB", flush=True)


def _compare(found: dict[str, Any]) -> None:
    """Each way as a multiple of the hand-written queries; ours does all legs, all causes and the bridge, they two legs alone."""
    totals = {name: sum(float(row["CPU s"]) for row in found[name]["rows"] if "leg" in row) for name in LARGE if name in found}
    if "grids" in found:
        totals["grids"] = float(next(row["CPU s"] for row in found["grids"]["rows"] if row.get("layer") == "links to bridge"))
    yardstick = totals.get("hand_written", 0.0)
    if not yardstick:
        return
    print(f"\ntimes the hand-written queries ({yardstick:.2f} CPU s, {found['hand_written']['peak_mb']:,} MB)")
    for name, seconds in totals.items():
        if seconds:
            memory = found[name]["peak_mb"] / found["hand_written"]["peak_mb"]
            print(f"  {name}: CPU {seconds / yardstick:.1f}, peak memory {memory:.1f}")


if __name__ == "__main__":
    main()
