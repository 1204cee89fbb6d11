"""A batch in the making: records go to disk as they come, so that a large object needs no more memory than a small one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import parquet

from q2c_pipeline.landing import files

FlatRecord = dict[str, str | None]
"""One vendor record: dotted field name -> exact text."""
CHUNK_ROWS = 20_000
"""Records that are in memory at once; also the row group of the file."""
_ROW = "number of the row"


class Draft:
    """Rows of one object in files of a folder of their own; nothing of it is landed before `finish` has put it in its place.

    A chunk with fields that none had before begins another file; `finish` makes one of them all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: parquet.ParquetWriter | None = None
        self._waiting: list[FlatRecord] = []
        self._parts: list[Path] = []
        self._made = self._written_rows = 0
        self.columns: list[str] = []

    @property
    def height(self) -> int:
        """Rows so far."""
        return self._written_rows + len(self._waiting)

    def add(self, records: Iterable[FlatRecord]) -> None:
        """Take records in; of the longest list of them only a chunk is in memory at a time."""
        for record in records:
            self._waiting.append(record)
            if len(self._waiting) >= CHUNK_ROWS:
                self._flush()

    def add_frame(self, frame: pl.DataFrame) -> None:
        """Take in rows that are text columns already."""
        self._flush()
        news = [name for name in frame.columns if name not in self.columns]
        absent = [pl.lit(None, dtype=pl.String).alias(name) for name in self.columns if name not in frame.columns]
        with files.written(self._folder.parent):
            writer = self._writer_of([*self.columns, *news])
            table = frame.with_columns(absent).select(self.columns).to_arrow(compat_level=pl.CompatLevel.oldest())
            writer.write_table(table, row_group_size=CHUNK_ROWS)
        self._written_rows += frame.height

    def drop(self, condition: pl.Expr) -> None:
        """Take rows that came so far out again."""
        kept = self.scan().with_row_index(_ROW).filter(~condition).drop(_ROW)
        path = self._next_part()
        with files.written(self._folder.parent):
            kept.sink_parquet(path, compression="zstd", statistics=False)
        self._remove_parts()
        self._parts = [path]
        self._written_rows = pl.scan_parquet(path).select(pl.len()).collect().item()

    def keep_last(self, column: str) -> None:
        """Of rows with the same text in a column keep the one that came last."""
        if not self.height or self.scan().select(pl.col(column).hash().n_unique()).collect().item() == self.height:
            return
        rows = self.scan().with_row_index(_ROW).select(_ROW, column)
        last = rows.group_by(column).agg(pl.len().alias("rows"), pl.col(_ROW).max()).filter(pl.col("rows") > 1).collect()
        if not last.is_empty():
            self.drop(pl.col(column).is_in(last[column].implode()) & ~pl.col(_ROW).is_in(last[_ROW].implode()))

    def restart(self) -> None:
        """Forget all that came so far."""
        self._waiting = []
        self._close()
        self._remove_parts()
        self.columns, self._written_rows = [], 0

    def scan(self) -> pl.LazyFrame:
        """All rows so far."""
        self._flush()
        self._close()
        if not self._parts:
            return pl.LazyFrame(schema=dict.fromkeys(self.columns, pl.String()))
        return pl.concat([pl.scan_parquet(path) for path in self._parts], how="diagonal")

    def values(self, *columns: str, where: pl.Expr | None = None) -> Iterator[tuple[str | None, ...]]:
        """Some fields of all rows, or of those that `where` describes, a chunk in memory at a time."""
        for start in range(0, self.height, CHUNK_ROWS):
            part = self.scan().slice(start, CHUNK_ROWS)
            yield from (part if where is None else part.filter(where)).select(columns).collect().iter_rows()

    def column(self, name: str, where: pl.Expr | None = None) -> Iterator[str | None]:
        """The same of one field."""
        return (value for (value,) in self.values(name, where=where))

    def texts(self, column: str) -> set[str]:
        """The different texts of a field."""
        rows = self.scan()
        if column not in self.columns:
            return set()
        return set(rows.select(column).collect()[column].drop_nulls())

    def finish(self, path: Path, columns: Sequence[str] = ()) -> str:
        """Put all rows into one file and return its sha256; `columns` are those of a draft without rows."""
        self._flush()
        self._close()
        with files.written(self._folder.parent):
            if not self._written_rows:
                self._write_empty([*self.columns, *columns])
            if len(self._parts) > 1:
                self._merge()
            path.parent.mkdir(parents=True, exist_ok=True)
            files.sync(self._parts[0])
            sha256 = files.sha256(self._parts[0])
            self._parts[0].replace(path)
        return sha256

    def close(self) -> None:
        """Leave nothing behind that was not landed."""
        with suppress(OSError, pa.ArrowException):
            self._close()
        self._waiting, self._parts = [], []
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write_empty(self, columns: Sequence[str]) -> None:
        self.columns, self._parts = list(dict.fromkeys(columns)), [self._next_part()]
        pl.DataFrame(schema=dict.fromkeys(self.columns, pl.String())).write_parquet(self._parts[0])

    def _merge(self) -> None:
        whole = self._next_part()
        self.scan().select(self.columns).sink_parquet(whole, compression="zstd", statistics=False)
        self._remove_parts()
        self._parts = [whole]

    def _flush(self) -> None:
        rows, self._waiting = self._waiting, []
        if rows:
            shapes = dict.fromkeys(map(tuple, rows))  # few: most records of an object have the same fields
            self.add_frame(_text_frame(rows, list(dict.fromkeys(chain(self.columns, *shapes)))))

    def _writer_of(self, columns: list[str]) -> parquet.ParquetWriter:
        """The writer of a file with these columns: the one that is open, or a new one."""
        if self._writer is None or columns != self.columns:
            self._close()
            self.columns = columns
            self._parts.append(self._next_part())
            schema = pa.schema([(name, pa.large_string()) for name in columns])
            self._writer = parquet.ParquetWriter(self._parts[-1], schema, compression="zstd", write_statistics=False)
        return self._writer

    def _close(self) -> None:
        """Finish the open file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with files.written(self._folder.parent):
                writer.close()

    def _next_part(self) -> Path:
        if not self._made:  # of a run that was killed
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._made += 1
        return self._folder / f"{self._made:06d}.part"

    def _remove_parts(self) -> None:
        for path in self._parts:
            path.unlink(missing_ok=True)
        self._parts = []


def _text_frame(rows: list[FlatRecord], columns: list[str]) -> pl.DataFrame:
    schema = dict.fromkeys(columns, pl.String())
    try:
        return pl.DataFrame(rows, schema=schema)
    except UnicodeEncodeError:  # JSON may spell halves of characters, which no text holds
        return pl.DataFrame([{name: _spelled(value) for name, value in row.items()} for row in rows], schema=schema)


def _spelled(text: str | None) -> str | None:
    r"""Half a character as it was spelled: \ud83d stays six letters."""
    return text if text is None else text.encode("utf-8", "backslashreplace").decode("utf-8")
