"""Care of the state store: its version and health, backups, and the proof of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from q2c_pipeline.domain.people import Permission, require
from q2c_pipeline.exceptions.cases import By
from q2c_pipeline.exceptions.proof import first_forged
from q2c_pipeline.orchestration.state import state_of, state_version
from q2c_pipeline.settings import Settings
from q2c_pipeline.state import audit, backup
from q2c_pipeline.state.audit import BrokenLink, Entry, Head
from q2c_pipeline.state.store import writing
from q2c_pipeline.state.versions import known_versions

_SHOWN = ("number", "at", "who", "what", "subject", "old", "new", "why", "rule_version")


@dataclass(frozen=True)
class Health:
    """What a look at the store found; nothing is proved of a store that is not there yet, or of an older version."""

    version: str | None
    newest_version: str
    proof: Head | BrokenLink | None = None


def check(settings: Settings, noted: Head | None = None) -> Health:
    """Look at the store without changing it, and prove its audit log and the events that it stands for."""
    version, newest = state_version(settings), known_versions()[-1]
    if version != newest:
        return Health(version, newest)
    with state_of(settings) as state:
        proof = audit.verify(state, noted)
        with state.connect() as connection:
            forged = first_forged(connection) if isinstance(proof, Head) else None
            return Health(version, newest, forged or proof)


def upgrade(settings: Settings) -> None:
    """Bring the store to the version of this installation, or make it."""
    with state_of(settings):
        pass  # whatever opens it upgrades it


def back_up(settings: Settings, file: Path, by: By) -> backup.Copied:
    """Write a backup, and say so in the audit log, which the backup already has."""
    require(by.actor, Permission.KEEP_STATE)
    with state_of(settings) as state:
        with writing(state) as connection:
            audit.append(connection, _entry(by, "state.backed_up", file))
        return backup.back_up(state, file)


def restore(settings: Settings, file: Path, by: By) -> backup.Copied:
    """Bring a backup back into an empty store."""
    require(by.actor, Permission.KEEP_STATE)
    with state_of(settings) as state:
        copied = backup.restore(file, state)
        with writing(state) as connection:
            audit.append(connection, _entry(by, "state.restored", file))
        return copied


def audit_entries(settings: Settings, by: By, subject: str | None, newest: int | None) -> pl.DataFrame:
    """Entries of the audit log, oldest first."""
    require(by.actor, Permission.READ_AUDIT)
    with state_of(settings) as state, state.connect() as connection:
        found = audit.entries(connection, subject, newest)
    rows = [(number, *_texts(one)) for number, one in found]
    schema = dict.fromkeys(_SHOWN, pl.String) | {"number": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _texts(one: Entry) -> tuple[str | None, ...]:
    old, new = audit.canonical(one.old), audit.canonical(one.new)
    return f"{one.at:%Y-%m-%d %H:%M:%S}", one.who, one.what, one.subject, old, new, one.why, one.rule_version


def _entry(by: By, what: str, file: Path) -> Entry:
    return Entry(by.at, by.actor.name, what, f"file:{file.name}", None, None, "", by.rule_version)
