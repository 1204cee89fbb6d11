"""Writing files of the landing zone: what they hash to, when the disk has them, and what a failure to write says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa

from q2c_pipeline.errors import LandingError


def sha256(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Wait until the disk has the file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def written(where: Path) -> Iterator[None]:
    """Let a failure to write say what to do."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise LandingError(
            expected="room and permission to write",
            found=str(error),
            where=str(where),
            next_step="free disk space or correct the permissions, then run again: the batch was not landed and is read again",
        ) from error
