"""What must stay true of the repository itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "q2c_pipeline"
MAPPINGS = sorted(PACKAGE.glob("platforms/*/mapping.py"))
_ACROSS = "join join_asof group_by over sort sort_by unique shift map_elements rolling cum_sum rank"
ACROSS_ROWS = set(_ACROSS.split())
OUTSIDE_WORLD = {"open", "read_text", "read_bytes", "getenv", "now", "today", "environ"}


def test_who_may_import_whom() -> None:
    # In a process of its own: the linter switches off the loggers of everything that is loaded.
    linter = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_every_platform_has_the_same_shape() -> None:
    for folder in (p for p in (PACKAGE / "platforms").iterdir() if p.is_dir() and p.name != "__pycache__"):
        assert {"client.py", "extract.py", "mapping.py", "fields.toml"} <= {f.name for f in folder.iterdir()}, folder.name


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda p: p.parent.name)
def test_a_mapping_sees_one_row_and_nothing_else(path: Path) -> None:
    names = {node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)}
    assert names & (ACROSS_ROWS | OUTSIDE_WORLD) == set()


def test_there_are_mappings_to_look_at() -> None:
    assert len(MAPPINGS) >= 3


def test_locks_hold_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_the_clock_is_read_in_one_place_only() -> None:
    """`as_of` is passed; only the composition layer may ask what day it is, to choose a default."""
    clock = re.compile(r"datetime\.now\(|date\.today\(|utcnow\(|time\.time\(")
    readers = {str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py") if clock.search(p.read_text(encoding="utf-8"))}
    allowed = {"orchestration", "cli", "definitions.py"}
    assert {path for path in readers if path.split("/")[0] not in allowed} <= TOKEN_CLOCKS


TOKEN_CLOCKS: set[str] = set()
"""Modules that sign a token with an issue time, which no result depends on."""


def test_modules_and_sql_files_stay_readable() -> None:
    too_long = [
        f"{p.relative_to(ROOT)}: {n}"
        for p in (*PACKAGE.rglob("*.py"), *(ROOT / "sql").rglob("*.sql"))
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > (450 if p.suffix == ".py" else 140)
    ]
    assert too_long == []
