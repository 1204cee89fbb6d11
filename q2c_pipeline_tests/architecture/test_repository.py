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
PLATFORMS = sorted(path.parent for path in PACKAGE.glob("platforms/*/__init__.py"))
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
    shape = {"client.py", "extract.py", "mapping.py", "push.py", "fields.toml", "writes.toml", "platform.toml"}
    for folder in PLATFORMS:
        assert shape <= {f.name for f in folder.iterdir()}, folder.name


def test_platforms_never_import_each_other_and_nothing_names_them() -> None:
    names = "|".join(folder.name for folder in PLATFORMS)
    imported = re.compile(rf"q2c_pipeline\.platforms\.({names})\b")
    named = re.compile(rf"\b({names})\b", re.IGNORECASE)
    outside = [path for part in ("settings", "engine", "domain", "schemas", "reports") for path in (PACKAGE / part).rglob("*.py")]
    for folder in PLATFORMS:
        seen = {name for path in folder.rglob("*.py") for name in imported.findall(path.read_text(encoding="utf-8"))}
        assert seen <= {folder.name}
    code = {path.name: _texts_of(path) for path in outside}
    assert {name for name, text in code.items() if named.search(text)} == set()


def _texts_of(path: Path) -> str:
    """The texts that the code works with, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return " ".join(str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in spoken)


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
