"""The landing zone: immutable content-hashed Parquet batches, each made valid by its manifest, which is written last."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import polars as pl

from q2c_pipeline.domain.keys import digest
from q2c_pipeline.errors import LandingError
from q2c_pipeline.landing import files
from q2c_pipeline.landing.draft import Draft, FlatRecord
from q2c_pipeline.landing.known import known_ids
from q2c_pipeline.landing.manifest import Check, Manifest, Tombstone, Window

_SAFE_NAME = re.compile(r"^[A-Za-z0-9_.\-]+$")


class Landing:
    """A folder of batches: `<instance>/<object>/<sequence>-<batch id>.parquet` with a `.json` manifest beside each."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def land(
        self,
        records: Draft | Iterable[FlatRecord],
        *,
        instance: str,
        platform: str,
        object_name: str,
        as_of: date,
        window: Window,
        checks: Sequence[Check] = (),
        tombstones: Sequence[Tombstone] = (),
        request_ids: Sequence[str] = (),
        request_count: int = 0,
        columns: Sequence[str] = (),
        notes: dict[str, str] | None = None,
    ) -> Manifest:
        """Write one batch and its manifest; a crash in between leaves a file that no manifest names, which is ignored.

        `columns` are the names of a delivery without records, so that it still shows its contract.
        """
        folder = self._folder(instance, object_name)
        sequence = self._next_sequence(folder)
        partial = folder / f"{sequence:06d}.partial"
        draft = records if isinstance(records, Draft) else self.draft(instance, object_name)
        with closing(draft):
            if not isinstance(records, Draft):
                draft.add(records)
            sha256 = draft.finish(partial, columns)
        # The sequence leads, so that of two versions with one stamp the later delivered one sorts last.
        batch_id = f"{sequence:06d}-{digest(instance, object_name, sequence, sha256)}"
        path = folder / f"{batch_id}.parquet"
        with files.written(folder):
            partial.replace(path)
        manifest = Manifest(
            batch_id=batch_id,
            instance=instance,
            platform=platform,
            object_name=object_name,
            sequence=sequence,
            as_of=as_of,
            window=window,
            file_name=path.name,
            row_count=draft.height,
            columns=tuple(draft.columns),
            fingerprint=digest(*sorted(draft.columns)),
            sha256=sha256,
            checks=tuple(checks),
            tombstones=tuple(tombstones),
            request_ids=tuple(request_ids),
            request_count=request_count,
            notes=notes or {},
        )
        _write_text(path.with_suffix(".json"), manifest.to_json())
        return manifest

    def draft(self, instance: str, object_name: str) -> Draft:
        """The beginning of a batch that is too large to be in memory; there is one at a time for an object."""
        return Draft(self._folder(instance, object_name) / "unfinished")

    def manifests(self, instance: str | None = None, object_name: str | None = None) -> list[Manifest]:
        """All landed batches in the order they were landed, per instance and object."""
        return [_read_manifest(path) for path in self._manifest_paths(instance, object_name)]

    def manifests_beside(self, instance: str, batch_ids: Container[str]) -> list[Manifest]:
        """The instance's batches that are not among `batch_ids`, in the order they were landed; the others are not opened."""
        return [_read_manifest(path) for path in self._manifest_paths(instance) if path.stem not in batch_ids]

    def latest(self, instance: str, object_name: str) -> Manifest | None:
        """The newest batch of an object: its window's end is the object's high-water mark."""
        return next(self._newest_first(instance, object_name), None)

    def read_until(self, instance: str, object_name: str) -> datetime | None:
        """Up to when an object was read whole: the end of its newest delivery that held all that its source counted.

        A delivery that lacked records moves nothing, so what it lacked is asked for again until it comes.
        """
        newest_first = self._newest_first(instance, object_name)
        return next((one.window.until for one in newest_first if all(check.is_ok for check in one.checks)), None)

    def scan(self, manifest: Manifest) -> pl.LazyFrame:
        """The batch as text columns, after proving that the file is the one the manifest names.

        Raises LandingError when the file is gone or its bytes changed.
        """
        path = self._folder(manifest.instance, manifest.object_name) / manifest.file_name
        found = files.sha256(path) if path.exists() else "no file"
        if found != manifest.sha256:
            raise LandingError(
                expected=f"sha256 {manifest.sha256[:16]}",
                found=found[:16],
                where=f"batch {manifest.batch_id} of {manifest.instance}.{manifest.object_name} ({manifest.file_name})",
                next_step="restore the file from backup, or remove the batch and its manifest and extract again",
            )
        return pl.scan_parquet(path)

    def known_ids(self, instance: str, object_name: str, id_column: str) -> set[str]:
        """Ids that were landed and not deleted since: what a full id comparison is held against."""

        def ids_after(known: set[str], path: Path) -> set[str]:
            manifest = _read_manifest(path)
            if manifest.row_count and id_column in manifest.columns:
                known |= set(self.scan(manifest).select(id_column).collect()[id_column].drop_nulls())
            return known - {stone.source_id for stone in manifest.tombstones}

        folder = self._folder(instance, object_name)
        return known_ids(folder, self._manifest_paths(instance, object_name), id_column, ids_after)

    def _manifest_paths(self, instance: str | None = None, object_name: str | None = None) -> list[Path]:
        return sorted(self.root.glob(f"{instance or '*'}/{object_name or '*'}/*.json"))

    def _newest_first(self, instance: str, object_name: str) -> Iterator[Manifest]:
        return map(_read_manifest, reversed(self._manifest_paths(instance, object_name)))

    def _folder(self, instance: str, object_name: str) -> Path:
        for name in (instance, object_name):
            if not _SAFE_NAME.match(name) or ".." in name:
                raise LandingError(
                    expected="letters, digits, `_`, `-` or `.`",
                    found=repr(name),
                    where="name of an instance or object",
                    next_step="rename the instance in q2c.toml",
                )
        return self.root / instance / object_name

    def _next_sequence(self, folder: Path) -> int:
        done = sorted(folder.glob("*.json"))
        return int(done[-1].name.split("-", 1)[0]) + 1 if done else 1


def _read_manifest(path: Path) -> Manifest:
    try:
        return Manifest.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LandingError(
            expected="a batch manifest",
            found=str(error) if isinstance(error, OSError) else f"unreadable JSON ({error})",
            where=str(path),
            next_step="restore the manifest from backup, or remove it with its batch and extract again",
        ) from error


def _write_text(path: Path, text: str) -> None:
    partial = path.with_suffix(".manifest.partial")
    with files.written(path.parent):
        partial.write_text(text, encoding="utf-8")
        files.sync(partial)
        partial.replace(path)
