"""Every step of a correction in the audit log, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from q2c_pipeline.corrections.record import Correction
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.repairs import to_json
from q2c_pipeline.state import audit


@dataclass(frozen=True)
class Trail:
    """Who acts, when, and under which version of the policy."""

    connection: Connection
    who: str
    at: datetime
    rule_version: str

    def note(self, what: str, one: Correction, before: Correction | None, why: str) -> None:
        """One step of one correction."""
        self.note_all(what, [(one, before)], why)

    def note_all(self, what: str, changed: Sequence[tuple[Correction, Correction | None]], why: str) -> None:
        """The same step of several."""
        entries = [
            audit.Entry(
                self.at, self.who, what, f"correction {one.correction_id}", _facts(before), _facts(one), why, self.rule_version
            )
            for one, before in changed
        ]
        if entries:
            audit.append(self.connection, *entries)

    def note_set(self, what: str, ids: Sequence[str], why: str) -> None:
        """The same step of many tasks in one entry, with a digest of their ids: nothing reaches a system through a task."""
        if ids:
            facts = {"count": len(ids), "digest": digest(*sorted(ids), length=32)}
            entry = audit.Entry(self.at, self.who, what, "corrections", None, facts, why, self.rule_version)
            audit.append(self.connection, entry)


def _facts(one: Correction | None) -> audit.Facts | None:
    """What an auditor needs to see of a correction: what it does to what, and how far it is."""
    if one is None:
        return None
    return {
        "status": one.status.value,
        "note": one.note,
        "exception_id": one.exception_id,
        "action": one.action.value,
        "target": to_json(one.target),
        "payload": to_json(one.payload),
        "external_id": one.external_id,
    }
