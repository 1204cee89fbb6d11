"""Writes docs/tables.md from the descriptions that the code runs on: schemas for canonical tables, headers for SQL files.

`python tools/catalogue.py` writes it, `--check` fails when the committed page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.sqlfiles import SqlFile, load_analyst, load_assertions
from q2c_pipeline.schemas.tables import TABLES, Table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tables.md"
INTRODUCTION = """# Tables

Made from the descriptions that the code runs on; do not edit. Every table carries where its rows come from; amounts are
DECIMAL(20,4) in the row's own currency, quantities, prices and rates DECIMAL(16,8). A posting is debit positive; a credit memo's
amounts are negative.

"""


def page() -> str:
    """The whole catalogue."""
    files = load_sql_files()
    controls = sorted((f for f in files if f.is_control), key=lambda f: f.header["control"])
    made = [f for f in files if not f.is_control and f.schema != "canonical"]
    kept = {f.table: f.columns for f in files if f.schema == "canonical"}
    parts = [INTRODUCTION, "## Controls\n", *_controls(controls), "\n## Canonical tables\n"]
    parts += [_canonical(table, kept.get(name, tuple(table.fields))) for name, table in TABLES.items()]
    parts += ["\n## Tables made by SQL\n", *map(_made, sorted(made, key=lambda f: (f.order, f.name)))]
    parts += ["\n## Ready questions\n", *(f"- `q2c sql {f.table}`: {f.header['says']}\n" for f in load_analyst())]
    parts += ["\n## Truths that are asserted every night\n", *(f"- `{f.table}`: {f.header['says']}\n" for f in load_assertions())]
    return "".join(parts)


def _controls(controls: list[SqlFile]) -> list[str]:
    head = "| id | priority | says | severity | queue | repair |\n| --- | ---: | --- | --- | --- | --- |\n"
    row = "| {control} | {priority} | {says} | {severity} | {queue} | {repair} |\n"
    return [head, *(row.format(**f.header) for f in controls)]


def _canonical(table: Table, kept: Collection[str]) -> str:
    required = {name: "" if name in table.nullable else ", required" for name in table.fields}
    rows = [
        f"| `{name}` | {field.kind.value}{required[name]} | {field.says}{_place(table, name, kept)} |\n"
        for name, field in table.fields.items()
    ]
    head = (
        f"\n### canonical.{table.name}\n\n{table.says}; owned by {table.owner}\n\n| field | type | says |\n| --- | --- | --- |\n"
    )
    return head + "".join(rows)


def _place(table: Table, name: str, kept: Collection[str]) -> str:
    """Where a column is, if it is not copied from all versions to the newest ones."""
    return "" if name in kept or name == "is_deleted" else f" (in `mapped.{table.name}` only)"


def _made(file: SqlFile) -> str:
    grain = file.header.get("grain", "")
    reads = ", ".join(f"`{name}`" for name in sorted(file.upstreams))
    facts = f"- grain: {grain}\n- columns: {', '.join(file.columns)}\n- reads: {reads}\n"
    return f"\n### {file.name}\n\n{file.header['says']}\n\n{facts}"


def main() -> int:
    """Write the page, or compare it."""
    if "--check" not in sys.argv:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
    if not fresh:
        sys.stderr.write("docs/tables.md is stale: run `python tools/catalogue.py`\n")
    return 0 if fresh else 1


if __name__ == "__main__":
    raise SystemExit(main())
