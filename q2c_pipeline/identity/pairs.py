"""A file of pairs in, one verdict a pair out: `q2c identity score`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from pathlib import Path

import polars as pl

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.identity.corpus import corpus_of
from q2c_pipeline.identity.scoring import Party, Thresholds
from q2c_pipeline.identity.weighing import FACTS, SIDES, weighed

REQUIRED = ("left_name", "right_name")
_SCHEMA = ("left_name", "right_name", "score", "decision", "explanation")
_DELIMITERS = (",", ";", "\t", "|")


def score_file(path: Path, thresholds: Thresholds) -> pl.DataFrame:
    """Every pair of a CSV file with score, decision and explanation, in the order of the file.

    Raises ConfigurationError when the file cannot be read or lacks a column.
    """
    rows = read_pairs(path)
    corpus = corpus_of(party.name for pair in rows for party in pair)
    columns = [f"{side}_{fact}" for side in SIDES for fact in ("name", *FACTS)]
    pairs = pl.DataFrame(
        [(*astuple(left), *astuple(right)) for left, right in rows], schema=dict.fromkeys(columns, pl.String), orient="row"
    )
    return weighed(pairs, thresholds, corpus).select(*_SCHEMA)


def read_pairs(path: Path) -> list[tuple[Party, Party]]:
    """The pairs of a CSV file; a byte-order mark, other delimiters and missing optional columns are no trouble."""
    text = _text(path)
    header, rows = _table(text, path)
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise ConfigurationError(
            expected=f"the columns {' and '.join(REQUIRED)}",
            found=f"{', '.join(header) or 'an empty file'}: no {' and no '.join(missing)}",
            where=str(path),
            next_step="name the columns in the first line; optional are *_country, *_tax_id, *_domain and *_address",
        )
    return [(_party(row, "left"), _party(row, "right")) for row in rows]


def _party(row: Mapping[str, str], side: str) -> Party:
    return Party(row[f"{side}_name"].strip(), *(row.get(f"{side}_{name}", "").strip() for name in FACTS))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            expected="a CSV file of pairs",
            found=error.strerror or "an error",
            where=str(path),
            next_step="correct the path or its permissions",
        ) from error
    for encoding in ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252", "latin-1"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", errors="replace")


def _table(text: str, path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Header and rows by the delimiter under which the needed columns are found."""
    lines = text.replace("\x00", "")
    lines = lines.lstrip("\r\n \ufeff")
    first = next(iter(lines.splitlines()), "")
    delimiter = max(_DELIMITERS, key=lambda one: (len(set(REQUIRED) & set(_header(first, one))), first.count(one)))
    full = [row for row in _rows(lines, delimiter, path) if row]
    header = [_column(cell) for cell in full[0]] if full else []
    return header, [_row(header, cells) for cells in full[1:]]


def _rows(text: str, delimiter: str, path: Path) -> list[list[str]]:
    """Rows as they stand, those without a name too; quotation marks inside a name are no trouble, one that never ends is."""
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        reason = str(error)
    try:
        if "unexpected end" not in reason:
            return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        reason = str(error)
    raise ConfigurationError(
        expected="quotation marks in pairs",
        found=reason,
        where=str(path),
        next_step="close the quotation, or double marks within it",
    )


def _header(line: str, delimiter: str) -> list[str]:
    return [_column(cell) for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _column(cell: str) -> str:
    return "_".join(cell.strip().casefold().replace("-", " ").split())


def _row(header: Iterable[str], cells: list[str]) -> dict[str, str]:
    names = list(header)
    return dict(zip(names, [*cells, *[""] * len(names)], strict=False))
