"""Ids landed so far, kept as one file beside the batches: a night reads that file and the batches that came since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from q2c_pipeline.domain.keys import digest

_EVERY = 8
"""Batches after which the file is written anew."""
_COLUMN = "source_id"
_FAILURES = (OSError, pl.exceptions.PolarsError)
"""Of a file that could not be written or read: the batches themselves are asked instead."""


def known_ids(
    folder: Path, manifests: Sequence[Path], id_column: str, ids_after: Callable[[set[str], Path], set[str]]
) -> set[str]:
    """Fold `ids_after` over an object's manifests in order, starting from the newest file that was made of their beginning.

    The file is a mere memory: its name is a digest of the batches that it was made of, and any other file is passed over.
    """
    names = [path.stem for path in manifests]
    known, count = _remembered(folder, names, id_column)
    for path in manifests[count:]:
        known = ids_after(known, path)
    if len(manifests) - count >= _EVERY:
        _remember(folder, names, id_column, known)
    return known


def _remembered(folder: Path, names: Sequence[str], id_column: str) -> tuple[set[str], int]:
    for path in sorted(folder.glob("known-*.ids"), reverse=True):
        count = int(path.stem.split("-")[1])
        if path.name == _file_name(names[:count], id_column):
            with suppress(*_FAILURES):
                return set(pl.read_parquet(path)[_COLUMN]), count
    return set(), 0


def _remember(folder: Path, names: Sequence[str], id_column: str, known: set[str]) -> None:
    earlier, partial = list(folder.glob("known-*.ids")), folder / "known.partial"
    with suppress(*_FAILURES):
        pl.DataFrame({_COLUMN: sorted(known)}, schema={_COLUMN: pl.String()}).write_parquet(partial, statistics=False)
        partial.replace(folder / _file_name(names, id_column))
        for path in earlier:
            path.unlink(missing_ok=True)


def _file_name(names: Sequence[str], id_column: str) -> str:
    return f"known-{len(names):06d}-{digest(id_column, *names)}.ids"
