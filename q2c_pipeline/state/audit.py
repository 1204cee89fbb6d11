"""The audit log: who did what to what, when and why, in a chain in which no entry can be changed, removed or moved unnoticed.

An entry's hash covers the entry, its number and the hash before it. The head of the chain is kept beside it, and each run keeps
the head it saw, so that entries missing from the end are noticed too.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.engine import Engine

from q2c_pipeline.state.audit_tables import AUDIT_ENTRY, AUDIT_HEAD
from q2c_pipeline.state.tables import RUN

START = "0" * 64
"""Hash before the first entry."""
Facts = Mapping[str, object]


@dataclass(frozen=True)
class Entry:
    """One action: who did what to which subject, its values before and after, the reason, and the policy version in force."""

    at: datetime
    who: str
    what: str
    subject: str
    old: Facts | None
    new: Facts | None
    why: str
    rule_version: str


@dataclass(frozen=True)
class Head:
    """The newest entry's number and hash."""

    entries: int
    hash: str


@dataclass(frozen=True)
class BrokenLink:
    """The first place where the chain does not hold."""

    entry_number: int
    expected: str
    found: str
    says: str

    def __str__(self) -> str:
        """One sentence for people."""
        return f"entry {self.entry_number}: {self.says}; expected {self.expected}, found {self.found}"


def append(connection: Connection, *entries: Entry) -> Head:
    """Add entries in the caller's transaction and return the new head, whose number is that of the last entry.

    Whoever appends at the same time waits here until the caller's transaction ends; append late in it, and begin it with
    `store.writing`.
    """
    head = _locked_head(connection)
    rows = []
    for entry in entries:
        values = _values(head, entry)
        head = Head(head.entries + 1, _hash(values))
        rows.append(values | {"hash": head.hash})
    if rows:
        connection.execute(insert(AUDIT_ENTRY), rows)
        connection.execute(update(AUDIT_HEAD).values(entries=head.entries, hash=head.hash))
    return head


def head_of(connection: Connection) -> Head:
    """The newest entry's number and hash: note it down elsewhere, and `verify` can hold the log against it."""
    row = connection.execute(select(AUDIT_HEAD)).one()
    return Head(row.entries, row.hash)


def entries(connection: Connection, subject: str | None = None, newest: int | None = None) -> list[tuple[int, Entry]]:
    """Numbers and entries, oldest first; of one subject, or only the newest few."""
    query = select(AUDIT_ENTRY).order_by(AUDIT_ENTRY.c.entry_number.desc()).limit(newest)
    if subject is not None:
        query = query.where(AUDIT_ENTRY.c.subject == subject)
    return [(row.entry_number, _entry(row)) for row in reversed(connection.execute(query).all())]


def verify(engine: Engine, noted: Head | None = None) -> BrokenLink | Head:
    """Walk the whole chain: the first broken link, or the head when all of it holds; `noted` is a head kept somewhere else."""
    with engine.connect() as connection:
        known = _known_heads(connection, noted)
        last = Head(0, START)
        query = select(AUDIT_ENTRY).order_by(AUDIT_ENTRY.c.entry_number).execution_options(yield_per=5_000)
        for row in connection.execute(query):
            broken = _broken(last, row, known)
            if broken is not None:
                return broken
            last = Head(row.entry_number, row.hash)
        return _missing_end(last, known) or last


def _locked_head(connection: Connection) -> Head:
    """The head, held until the transaction ends: an update that changes nothing locks its row, or SQLite's file."""
    connection.execute(update(AUDIT_HEAD).values(entries=AUDIT_HEAD.c.entries))
    return head_of(connection)


def _values(head: Head, entry: Entry) -> dict[str, object]:
    """What is stored of an entry that follows `head`, and hashed."""
    return {
        "entry_number": head.entries + 1,
        "at": entry.at.astimezone(UTC),
        "who": entry.who,
        "what": entry.what,
        "subject": entry.subject,
        "old": canonical(entry.old),
        "new": canonical(entry.new),
        "why": entry.why,
        "rule_version": entry.rule_version,
        "previous_hash": head.hash,
    }


def canonical(facts: Facts | None) -> str | None:
    """Facts as the one text that is stored and hashed: keys in order, dates as text, and decimals too: 12.5000 -> "12.5"."""
    return None if facts is None else json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_text)


def _text(value: object) -> str:
    """Equal decimals are equal texts, however many places a database gives them back with."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if isinstance(value, Decimal) and "." in text else text


def _hash(values: Mapping[str, object]) -> str:
    """Digest of an entry's stored values, the hash before it included."""
    text = json.dumps([_plain(values[name]) for name in _HASHED], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


_HASHED = ("entry_number", "at", "who", "what", "subject", "old", "new", "why", "rule_version", "previous_hash")


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _broken(last: Head, row: Row[tuple[object, ...]], known: Mapping[int, frozenset[str]]) -> BrokenLink | None:
    """What is wrong with this entry after the last one, if anything."""
    values = {str(name): value for name, value in row._mapping.items()}  # noqa: SLF001  (the documented way to a row's names)
    if row.entry_number != last.entries + 1:
        number, says = last.entries + 1, f"entry {last.entries + 1} is gone"
        return BrokenLink(number, last.hash, f"entry {row.entry_number} after {last.entries}", says)
    if row.previous_hash != last.hash:
        return BrokenLink(row.entry_number, last.hash, row.previous_hash, "it does not follow the entry before it")
    expected = _hash(values)
    if row.hash != expected:
        return BrokenLink(row.entry_number, expected, row.hash, "its content was changed after it was written")
    other = known.get(row.entry_number, frozenset()) - {row.hash}
    if other:
        return BrokenLink(row.entry_number, min(other), row.hash, "its hash was another one when it was noted elsewhere")
    return None


def _known_heads(connection: Connection, noted: Head | None) -> Mapping[int, frozenset[str]]:
    """Hashes that were kept outside the chain, by number of entry: by runs, beside the chain, and by the caller."""
    kept = select(RUN.c.audit_entries, RUN.c.audit_hash).where(RUN.c.audit_entries.is_not(None)).distinct()
    heads = [Head(row.audit_entries, row.audit_hash) for row in connection.execute(kept)]
    known: dict[int, frozenset[str]] = defaultdict(frozenset)
    for head in [head_of(connection), *heads, *([noted] if noted else [])]:
        known[head.entries] |= {head.hash}
    return known


def _missing_end(last: Head, known: Mapping[int, frozenset[str]]) -> BrokenLink | None:
    """An entry that was seen once and is not there any more."""
    beyond = max(known)
    if beyond <= last.entries:
        return None
    return BrokenLink(last.entries + 1, min(known[beyond]), "nothing", f"entries {last.entries + 1} to {beyond} are gone")


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(row.at, row.who, row.what, row.subject, _facts(row.old), _facts(row.new), row.why, row.rule_version)


def _facts(text: str | None) -> Facts | None:
    return None if text is None else json.loads(text)
