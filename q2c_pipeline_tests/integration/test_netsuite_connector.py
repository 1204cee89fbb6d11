"""The NetSuite reader against the look-alike: complete when all is well, complete or honest when it is not."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import q2c_pipeline.platforms.netsuite as package
from q2c_pipeline.errors import ConfigurationError, ContractError, SourceError, SourceUnavailableError
from q2c_pipeline.landing.draft import Draft, FlatRecord
from q2c_pipeline.platforms.extraction import Context, Extract, Instance, ObjectSpec, window_for
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.netsuite import client, reader
from q2c_pipeline.platforms.netsuite.extract import NetSuiteConnector, connect
from q2c_pipeline.platforms.netsuite.mapping import readings
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.netsuite.app import create_app
from q2c_pipeline.sandbox.servers.netsuite.auth import Credentials, key_pair
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.systems import Misbehaviour, Systems
from q2c_pipeline.schemas.fieldmap import load_field_map
from q2c_pipeline.schemas.reading import PROBLEM, read
from q2c_pipeline_tests.sandbox.netsuite_ledger import AS_OF, ledger, post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette


HELD = Credentials()
TOKEN_BASED = {
    "account": HELD.account,
    "consumer_key": HELD.consumer_key,
    "consumer_secret": HELD.consumer_secret,
    "token_id": HELD.token_id,
    "token_secret": HELD.token_secret,
}
QUICK = RetryPolicy(attempts=4, first_pause=0.01, longest_pause=0.05)
LINES = "transactionaccountingline"
NEXT_DAY = AS_OF + timedelta(days=1)


@dataclass
class Bench:
    """A served ledger and its reader, which remembers what it has landed."""

    app: Starlette
    url: str
    connector: NetSuiteConnector
    folder: Path
    drafts: int = 0
    landed: dict[str, set[str]] = field(default_factory=dict)

    def extract(self, name: str, as_of: date = AS_OF, since: datetime | None = None) -> Extract:
        known = self.landed.setdefault(name, set())
        self.drafts += 1
        root = self.folder / str(self.drafts)
        context = Context(
            window_for(as_of, since, timedelta(minutes=10)), as_of, lambda: set(known), lambda one: Draft(root / one)
        )
        extract = self.connector.extract(ObjectSpec(name), context)
        known |= ids(extract)
        known -= {stone.source_id for stone in extract.tombstones}
        return extract

    def again(self, name: str) -> Extract:
        """The next day's extract."""
        return self.extract(name, NEXT_DAY, datetime(NEXT_DAY.year, NEXT_DAY.month, NEXT_DAY.day, tzinfo=UTC))

    @property
    def glitches(self) -> Any:
        return self.app.state.glitches

    @property
    def store(self) -> Any:
        return self.app.state.account.store


def records(extract: Extract) -> list[FlatRecord]:
    return extract.records.scan().collect().to_dicts()


def ids(extract: Extract) -> set[str]:
    return extract.records.texts("id")


def is_complete(extract: Extract) -> bool:
    return all(check.is_ok for check in extract.checks)


@contextmanager
def bench(
    systems: Systems,
    *,
    credentials: dict[str, str] | None = None,
    public_key: str = "",
    conventions: dict[str, str] | None = None,
    fields: dict[str, dict[str, str]] | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Iterator[Bench]:
    app = create_app(systems, credentials=Credentials(public_key_pem=public_key), concurrency=4, clock=clock)
    with serve(app) as running:
        instance = Instance(
            "netsuite_main",
            "netsuite",
            running.url,
            credentials or TOKEN_BASED,
            conventions or {},
            field_overrides=fields or {},
        )
        connector = connect(instance, QUICK)
        try:
            with TemporaryDirectory() as folder:
                yield Bench(app, running.url, connector, Path(folder))
        finally:
            connector.close()


def long_ledger(journals: int = 600) -> Systems:
    """The tiny ledger and many small journals in January, so that every read takes several pages."""
    systems = ledger()
    for number in range(journals):
        cents = Decimal(number + 1) / 100
        post(systems.netsuite, 1000 + number, "Journal", date(2026, 1, 20), [(4, str(cents), {}), (5, str(-cents), {})])
    return systems


def noon(day: date) -> Callable[[], datetime]:
    moments = iter(range(3600))
    return lambda: datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(seconds=next(moments))


def test_every_object_arrives_whole() -> None:
    with bench(long_ledger()) as served:
        extracts = {spec.name: served.extract(spec.name) for spec in served.connector.objects()}
        counts = {name: extract.records.height for name, extract in extracts.items()}
        assert counts == {
            "subsidiary": 2,
            "account": 5,
            "customer": 1,
            "item": 2,
            "accountingperiod": 6,
            "currencyrate": 5,
            "transaction": 603,
            LINES: 1208,
        }
        assert all(is_complete(extract) and not extract.tombstones for extract in extracts.values())
        assert [check.name for check in extracts[LINES].checks] == [
            "rows",
            "sum of amount",
            "sum of transactionline.foreignamount",
        ]
        assert served.connector.log.statuses.keys() == {"200"}


def test_a_line_carries_its_head_and_the_exact_text_of_its_amount() -> None:
    with bench(ledger()) as served:
        record = next(r for r in records(served.extract(LINES)) if r["id"] == "102/2/1")
    assert record["amount"] == "-85"
    assert record["transactionline.foreignamount"] == "-100"
    assert record["currency.symbol"] == "EUR"
    assert record["transaction.custbody_source_document"] == "INV-UK-000001"
    assert record["transaction.lastmodifieddate"] == "2026-01-12 09:00:00"
    assert record["transactionline.memo"] is None


def test_all_books_are_read_on_demand() -> None:
    with bench(ledger(), conventions={"accounting_books": "all"}) as served:
        assert served.extract(LINES).records.height == 16


@pytest.mark.parametrize(
    "glitch",
    [
        Glitch("status", "*/suiteql", times=3, skip=2, detail={"code": 429, "body": {"title": "Too Many Requests"}}),
        Glitch("status", "*/suiteql", times=1, skip=1, detail={"code": 429, "headers": {"Retry-After": "1"}}),
        Glitch("status", "*/suiteql", times=2, skip=3, detail={"code": 503, "body": "<html>maintenance</html>"}),
        Glitch("reset", "*/suiteql", times=2, skip=4),
        Glitch("reset_after", "*/suiteql", times=1, skip=5),
        Glitch("slow", "*/suiteql", times=1, skip=2, detail={"seconds": 0.2}),
    ],
    ids=lambda glitch: f"{glitch.kind}{glitch.detail.get('code', '')}",
)
def test_a_rough_night_changes_nothing(glitch: Glitch) -> None:
    with bench(long_ledger()) as served:
        calm = records(served.extract(LINES))
        served.glitches.add(glitch)
        rough = served.extract(LINES)
        assert not served.glitches.plan
        assert records(rough) == calm
        assert is_complete(rough)


def test_a_source_that_stays_away_is_reported_as_such() -> None:
    with bench(ledger()) as served:
        served.glitches.add(Glitch("status", "*/suiteql", times=50, detail={"code": 503}))
        with pytest.raises(SourceUnavailableError, match="within 4 attempts"):
            served.extract("account")


def machine_to_machine(private_key: str) -> dict[str, str]:
    return {"client_id": HELD.client_id, "certificate_id": HELD.certificate_id, "private_key": private_key}


def test_a_forgotten_token_is_bought_anew() -> None:
    private, public = key_pair()
    with bench(long_ledger(), credentials=machine_to_machine(private), public_key=public) as served:
        calm = records(served.extract(LINES))
        served.glitches.add(Glitch("expire_token", "*/suiteql", times=1, skip=3))
        assert records(served.extract(LINES)) == calm
        bought = [path for _, path in served.glitches.requests if path.endswith("/token")]
        assert 2 <= len(bought) <= 1 + client.CONCURRENCY


def test_wrong_or_missing_credentials_are_refused_in_words() -> None:
    with bench(ledger(), credentials={**TOKEN_BASED, "token_secret": "no"}) as served:
        finding = next(iter(served.connector.check()))
        assert not finding.is_ok
        assert "401" in finding.says
    strange, public = key_pair()[0], key_pair()[1]
    with (
        bench(ledger(), credentials=machine_to_machine(strange), public_key=public) as served,
        pytest.raises(SourceError, match="certificate"),
    ):
        served.extract("account")


@pytest.mark.parametrize(
    ("credentials", "conventions", "words"),
    [
        ({}, {}, "consumer_key"),
        (TOKEN_BASED, {"time_zone": "Mars"}, "IANA time zone"),
        (TOKEN_BASED, {"compare_ids_every_days": "0"}, "whole number"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(
    credentials: dict[str, str], conventions: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        connect(Instance("n", "netsuite", "https://x", credentials, conventions))


def by_transaction(records: list[FlatRecord]) -> dict[str, set[tuple[str | None, str | None]]]:
    """Each transaction with the versions of its lines: stamp and account."""
    found: dict[str, set[tuple[str | None, str | None]]] = {}
    for record in records:
        versions = found.setdefault(record["transaction"] or "", set())
        versions.add((record["transaction.lastmodifieddate"], record["account"]))
    return found


def test_a_transaction_edited_while_reading_is_not_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit moves all its lines to another account; the extract has either all old or all new lines, once."""
    monkeypatch.setattr(reader, "PAGE_ROWS", 1)
    monkeypatch.setattr(client, "PAGE_ROWS", 1)
    with bench(ledger()) as served:
        edits = iter(["101"])

        def edit() -> None:
            for number in edits:
                for key, line in served.store.lines(LINES, number).items():
                    served.store.put(LINES, key, {**line, "account": 1})
                served.store.touch("transaction", number)

        calls = iter(range(100))
        served.app.state.account.between_pages = lambda: edit() if next(calls) == 1 else None
        extract = served.extract(LINES)
        assert is_complete(extract)
        assert len(ids(extract)) == extract.records.height == 8
        assert by_transaction(records(extract))["101"] == {("2026-01-31 22:00:00", "1")}


def test_a_transaction_edited_past_the_cut_off_is_left_for_the_next_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PAGE_ROWS", 1)
    monkeypatch.setattr(client, "PAGE_ROWS", 1)
    with bench(ledger(), clock=noon(NEXT_DAY)) as served:
        calls = iter(range(100))
        served.app.state.account.between_pages = lambda: served.store.touch("transaction", "101") if next(calls) == 1 else None
        tonight = served.extract(LINES)
        assert is_complete(tonight)
        assert set(by_transaction(records(tonight))) == {"102", "103"}
        assert set(by_transaction(records(served.again(LINES)))) == {"101"}


def test_only_changes_are_read_again_with_all_their_lines() -> None:
    with bench(long_ledger(), clock=noon(NEXT_DAY)) as served:
        served.extract(LINES)
        served.store.touch("transaction", "101", memo="typo")
        changed = served.again(LINES)
        assert ids(changed) == {"101/0/1", "101/1/1", "101/2/1"}
        assert is_complete(changed)
        assert not changed.tombstones


def test_lines_that_a_change_took_away_leave_tombstones() -> None:
    """A voided invoice keeps its head and loses its lines."""
    with bench(ledger(), clock=noon(NEXT_DAY)) as served:
        served.extract("transaction")
        served.extract(LINES)
        for table in ("transactionline", LINES):
            for key in served.store.lines(table, "101"):
                served.store.remove(table, key)
        served.store.touch("transaction", "101", posting=False, voided=True)
        gone = served.again(LINES)
        assert [stone.source_id for stone in gone.tombstones] == ["101/0/1", "101/1/1", "101/2/1"]
        assert {stone.deleted_at for stone in gone.tombstones} == {datetime(2026, 2, 1, 12, tzinfo=UTC)}
        assert not served.again(LINES).tombstones


def test_a_deleted_transaction_leaves_tombstones_for_head_and_lines() -> None:
    with bench(ledger(), clock=noon(NEXT_DAY)) as served:
        for name in ("transaction", LINES):
            served.extract(name)
        for table in ("transactionline", LINES):
            for key in served.store.lines(table, "103"):
                served.store.remove(table, key)
        served.store.remove("transaction", "103")
        deleted = {"type": "journalentry", "recordid": 103, "name": "REL", "deleteddate": datetime(2026, 2, 1, 7, tzinfo=UTC)}
        served.store.put("deletedrecord", "103", deleted)
        # Customer 11 has the id of no transaction, but ids of different record types do overlap: types must be kept apart.
        served.store.put("deletedrecord", "c", {**deleted, "type": "customer", "recordid": 101})
        assert [stone.source_id for stone in served.again("transaction").tombstones] == ["103"]
        lines = served.again(LINES)
        assert [stone.source_id for stone in lines.tombstones] == ["103/0/1", "103/1/1"]
        assert lines.tombstones[0].deleted_at == datetime(2026, 2, 1, 7, tzinfo=UTC)


def test_a_silent_removal_is_noticed_by_comparing_ids() -> None:
    with bench(ledger(), conventions={"compare_ids_every_days": "1000000"}) as served:
        served.extract("item")
        served.store.remove("item", "42")
        noticed = served.again("item")
        assert [stone.source_id for stone in noticed.tombstones] == ["42"]
        assert is_complete(noticed)


def test_an_omitted_row_is_an_incomplete_delivery_and_no_removal() -> None:
    systems = ledger()
    with bench(systems) as served:
        served.extract("item")
        systems.misbehaviour.append(Misbehaviour("netsuite", "omit_record", "item", {"id": "41"}))
    with bench(systems) as silent:
        first = silent.extract("item")
        assert [(check.name, check.expected, check.found) for check in first.checks] == [("rows", "2", "1")]
        silent.landed["item"] = {"41", "42"}
        later = silent.again("item")
        assert not later.tombstones
        assert [(check.name, check.is_ok) for check in later.checks][-1] == ("all ids", False)


def test_an_optional_column_may_be_absent_and_a_needed_one_may_not() -> None:
    without_terms = Misbehaviour("netsuite", "missing_column", "customer", {"field": "terms"})
    with bench(ledger(without_terms)) as served:
        extract = served.extract("customer")
        assert extract.notes == {"read as empty": "payment_terms"}
        assert "terms" not in records(extract)[0]
    without_name = Misbehaviour("netsuite", "missing_column", "item", {"field": "itemid"})
    with bench(ledger(without_name)) as served:
        with pytest.raises(ContractError, match=r"code \(itemid\)"):
            served.extract("account")
        findings = {finding.subject: finding for finding in served.connector.check()}
        assert not findings["item"].is_ok
        assert findings["account"].is_ok


def test_a_companys_own_column_is_configuration() -> None:
    systems = ledger()
    for record in systems.netsuite["transaction"].values():
        record["custbody_invoice_no"] = record.pop("custbody_source_document")
    own = {LINES: {"document_number": "transaction.custbody_invoice_no"}}
    with bench(systems, fields=own) as served:
        found = {record["transaction.custbody_invoice_no"] for record in records(served.extract(LINES))}
    assert found == {None, "INV-US-000001", "INV-UK-000001"}
    with bench(systems, fields={LINES: {"memo": "x; DROP"}}) as served, pytest.raises(ConfigurationError, match="SuiteQL column"):
        served.extract(LINES)


def test_spans_split_until_they_are_small_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SPAN_ROWS", 100)
    with bench(long_ledger()) as served:
        extract = served.extract("transaction")
        assert is_complete(extract)
        assert len(ids(extract)) == extract.records.height == 603


def test_a_row_without_a_stamp_is_never_overlooked() -> None:
    systems = ledger()
    systems.netsuite["item"]["42"]["lastmodifieddate"] = None
    with bench(systems) as served:
        assert ids(served.extract("item")) == {"41", "42"}
        assert ids(served.again("item")) == {"42"}


def test_types_outside_order_to_cash_are_named_but_not_read() -> None:
    systems = ledger()
    post(systems.netsuite, 900, "VendBill", date(2026, 1, 15), [(1, "5", {}), (2, "-5", {})])
    with bench(systems) as served:
        assert "900" not in ids(served.extract("transaction"))
        assert list(served.connector.check())[-1].says == "VendBill (1)"


def test_the_check_names_the_companies_it_can_see() -> None:
    systems = ledger()
    with bench(systems) as served:
        findings = {finding.subject: finding for finding in served.connector.check()}
        assert all(finding.is_ok for finding in findings.values())
        assert findings["subsidiaries visible to the role"].says == "US, UK"
    systems.netsuite["subsidiary"]["2"]["externalid"] = None
    with bench(systems) as served:
        findings = {finding.subject: finding for finding in served.connector.check()}
        assert findings["subsidiaries visible to the role"].says == "US, id 2"
        assert "code =" in findings["subsidiaries visible to the role"].next_step


def test_the_acting_company_becomes_canonical_without_a_rest() -> None:
    systems = build(7, accounts=20, months=5, as_of=AS_OF)
    tables = systems.netsuite
    with bench(systems) as served:
        batches = {spec.name: served.extract(spec.name) for spec in served.connector.objects()}
        assert all(is_complete(extract) for extract in batches.values())
        mapped = {name: mapped_rows(name, extract) for name, extract in batches.items() if name != "transaction"}
    assert all(frame[PROBLEM].null_count() == frame.height for frame in mapped.values())
    postings = mapped[LINES]
    primary = [line for line in tables[LINES].values() if line["accountingbook"] == 1]
    assert postings.height == len(primary)
    assert postings["functional_amount"].sum() == sum(line["amount"] for line in primary) == 0
    debits = sum(line["foreignamount"] for line in tables["transactionline"].values() if line["foreignamount"] > 0)
    assert postings.filter(pl.col("transaction_amount") > 0)["transaction_amount"].sum() == debits
    named = {record["custbody_source_document"] for record in tables["transaction"].values() if record["posting"]}
    assert set(postings["claimed_document_number"]) == named


def mapped_rows(name: str, extract: Extract) -> pl.DataFrame:
    """The rows of one extract as the loader would map them."""
    vendor = load_field_map(Path(package.__path__[0]) / "fields.toml")[name].vendor
    frame = pl.DataFrame(
        [{logical: record.get(column) for logical, column in vendor.items()} for record in records(extract)],
        schema=dict.fromkeys(vendor, pl.String),
        orient="row",
    ).with_columns(
        instance=pl.lit("netsuite_main"),
        batch_id=pl.lit("b1"),
        as_of=pl.lit(AS_OF),
        row_number=pl.int_range(pl.len()),
        is_tombstone=pl.lit(value=False),
        tombstone_id=pl.lit(None, dtype=pl.String),
        tombstone_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
    )
    reading = next(one for one in readings({}, {"2100": "tax"}) if one.source == name)
    return read(reading, frame.lazy()).collect()
