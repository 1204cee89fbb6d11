"""The NetSuite reader: which objects are landed, each one's changes up to the cut-off with the source's own totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from q2c_pipeline.errors import ConfigurationError, Q2CError
from q2c_pipeline.landing.draft import Draft
from q2c_pipeline.landing.manifest import Check, Window
from q2c_pipeline.platforms.extraction import Context, Extract, Finding, Instance, ObjectSpec, total_check
from q2c_pipeline.platforms.http import RequestLog, RetryPolicy
from q2c_pipeline.platforms.netsuite.client import SuiteClient
from q2c_pipeline.platforms.netsuite.columns import Columns, readable_columns
from q2c_pipeline.platforms.netsuite.departures import Looker, moment
from q2c_pipeline.platforms.netsuite.objects import HEADERS, sources
from q2c_pipeline.platforms.netsuite.queries import Source, totals_query, within
from q2c_pipeline.platforms.netsuite.reader import Reader
from q2c_pipeline.schemas.fieldmap import FieldMap, load_field_map

_SAYS = {
    "subsidiary": "companies that keep books",
    "account": "chart of accounts",
    "customer": "customers",
    "item": "products",
    "accountingperiod": "calendar of the ledger",
    "currencyrate": "exchange rates of every day",
    "transaction": "heads of ledger transactions",
    "transactionaccountingline": "posted lines with their heads",
}


def connect(instance: Instance, policy: RetryPolicy | None = None) -> NetSuiteConnector:
    """A reader of one account; nothing is sent before the first question."""
    return NetSuiteConnector(instance, policy)


class NetSuiteConnector:
    """Reads the objects of one account.

    Conventions of the instance: `time_zone` of the account, `transaction_types`, `accounting_books`,
    `compare_ids_every_days`.
    """

    def __init__(self, instance: Instance, policy: RetryPolicy | None) -> None:
        self.fields: FieldMap = load_field_map(Path(__file__).parent / "fields.toml", instance.field_overrides)
        self.log = RequestLog()
        self._client = SuiteClient(instance, self.log, policy)
        self._sources = sources(instance.conventions)
        self._zone = _time_zone(instance)
        self._compare_every = _whole_number(instance, "compare_ids_every_days", 7)
        self._headers_of: dict[Window, dict[str, datetime]] = {}

    def objects(self) -> Sequence[ObjectSpec]:
        """The objects to land, headers before their lines."""
        return tuple(ObjectSpec(name, says=_SAYS[name]) for name in self._sources)

    def extract(self, spec: ObjectSpec, context: Context) -> Extract:
        """Read one object's changes in the window with the account's counts and sums, and who was deleted."""
        source, window, draft = self._sources[spec.name], context.window, context.draft(spec.name)
        if window.since is not None and window.since >= window.until:
            return Extract(draft, notes={"window": "nothing to read: a later day was read before"})
        columns = self._columns[spec.name]
        condition = within(source, window, self._zone)
        Reader(self._client, source, columns.sql).read_settled(condition, draft)
        known = context.known_ids()
        departed = Looker(self._client, source, window, self._zone).departed(
            known,
            draft.texts("id") if known else set(),
            self._changed_headers(source, draft, window) if known else {},
            compare=context.as_of.toordinal() % self._compare_every == 0,
        )
        notes = {"read as empty": ", ".join(columns.absent)} if columns.absent else {}
        return Extract(draft, [*self._totals(source, condition, draft), *departed.checks], departed.tombstones, notes)

    def check(self) -> Iterator[Finding]:
        """Log in, try every column of every object, and look for what is configured too narrowly."""
        try:
            self._client.page("SELECT COUNT(*) AS n FROM subsidiary")
        except Q2CError as error:
            yield Finding("login", is_ok=False, says=str(error), next_step=error.next_step)
            return
        yield Finding("login", is_ok=True, says="SuiteQL answers")
        for name in self._sources:
            yield self._finding(name)
        yield self._visible_entities()
        yield self._unread_types()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @cached_property
    def _columns(self) -> dict[str, Columns]:
        """The readable columns of every object, tried once a run before anything is landed."""
        return {name: self._readable(name) for name in self._sources}

    def _readable(self, name: str) -> Columns:
        return readable_columns(self._client, self._sources[name], self.fields[name])

    def _totals(self, source: Source, condition: str, draft: Draft) -> list[Check]:
        """The account's own count and sums of the window beside those of what was read."""
        vendor, sql = self.fields[source.name].vendor, self._columns[source.name].sql
        totals = self._client.one(totals_query(source, [sql[vendor[name]] for name in source.sums], condition))
        sums = [
            total_check(f"sum of {vendor[name]}", totals.get(f"s{number}", "0"), draft.column(vendor[name]))
            for number, name in enumerate(source.sums)
        ]
        return [Check("rows", totals["n"], str(draft.height)), *sums]

    def _changed_headers(self, source: Source, draft: Draft, window: Window) -> dict[str, datetime]:
        """Transactions changed in the window with their stamps: a known line of theirs that was not read again is gone."""
        stamp = self.fields[HEADERS].vendor["modified_at"]
        if source.name == HEADERS:
            self._headers_of[window] = self._moments(draft.values("id", stamp))
        if not source.header:
            return {}
        if window not in self._headers_of:
            header = self._sources[HEADERS]
            reader = Reader(self._client, header, {k: self._columns[HEADERS].sql[k] for k in ("id", stamp)})
            found = reader.read(within(header, window, self._zone))
            self._headers_of[window] = self._moments((record["id"], record[stamp]) for record in found)
        return self._headers_of[window]

    def _moments(self, stamps: Iterable[tuple[str | None, ...]]) -> dict[str, datetime]:
        return {one or "": moment(stamp, self._zone) for one, stamp in stamps if stamp}

    def _finding(self, name: str) -> Finding:
        try:
            columns = self._readable(name)
        except Q2CError as error:
            return Finding(name, is_ok=False, says=str(error), next_step=error.next_step)
        empty = f"; read as empty: {', '.join(columns.absent)}" if columns.absent else ""
        return Finding(name, is_ok=True, says=f"{len(columns.sql)} columns{empty}")

    def _visible_entities(self) -> Finding:
        """The companies that the role may see: rows of others are hidden without a word, from counts too."""
        columns = self._readable("subsidiary").sql
        code = columns.get(self.fields["subsidiary"].vendor["code"], "NULL")
        rows = self._client.page(f"SELECT subsidiary.id, {code} AS code FROM subsidiary ORDER BY subsidiary.id")  # noqa: S608
        nameless = [row["id"] for row in rows if "code" not in row]
        says = ", ".join(row.get("code", f"id {row['id']}") for row in rows) or "none"
        hint = "name the column that holds your company codes: [instances.fields.subsidiary] code = '...'" if nameless else ""
        return Finding("subsidiaries visible to the role", bool(rows) and not nameless, says, hint)

    def _unread_types(self) -> Finding:
        """Kinds of transactions that exist but are not read."""
        read = self._sources[HEADERS].only
        rows = self._client.page(f"SELECT type, COUNT(*) AS n FROM transaction WHERE NOT ({read}) GROUP BY type")  # noqa: S608
        says = ", ".join(f"{row['type']} ({row['n']})" for row in rows) or "none"
        return Finding("transaction types not read", is_ok=True, says=says)


def _time_zone(instance: Instance) -> ZoneInfo:
    name = instance.conventions.get("time_zone", "UTC")
    if name not in available_timezones():
        raise _wrong_convention(instance, "time_zone", "an IANA time zone", "America/Los_Angeles")
    return ZoneInfo(name)


def _whole_number(instance: Instance, name: str, default: int) -> int:
    text = instance.conventions.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise _wrong_convention(instance, name, "a whole number above zero", str(default))
    return int(text)


def _wrong_convention(instance: Instance, name: str, expected: str, example: str) -> ConfigurationError:
    return ConfigurationError(
        expected=expected,
        found=f"'{instance.conventions[name]}'",
        where=f"conventions.{name} of {instance.name}",
        next_step=f"write for example {name} = '{example}'",
    )
