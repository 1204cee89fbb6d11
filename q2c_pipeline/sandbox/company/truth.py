"""The planted differences as a file beside the data."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from q2c_pipeline.sandbox.systems import Systems

COLUMNS = ("control_id", "subject_key", "amount", "currency")


def write_truth(systems: Systems, path: Path) -> None:
    """Write what was planted as CSV: control, subject key, signed amount, currency (empty without money)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in sorted(systems.truth, key=lambda row: (row.control_id, row.subject_key)):
            writer.writerow((row.control_id, row.subject_key, f"{row.amount:f}", row.currency or ""))
