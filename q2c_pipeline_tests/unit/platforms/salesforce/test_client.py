"""The reader's edges that need no server: credentials, addresses, escaping, Bulk text and field drift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from q2c_pipeline.errors import ConfigurationError, SourceError
from q2c_pipeline.landing.manifest import Window
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RequestLog
from q2c_pipeline.platforms.salesforce import client, soql
from q2c_pipeline.platforms.salesforce.client import OrgClient, csv_rows
from q2c_pipeline.platforms.salesforce.extract import connect
from q2c_pipeline.platforms.salesforce.shape import refuse_missing, shape_of
from q2c_pipeline.platforms.salesforce.transport import loopback_target
from q2c_pipeline.schemas.fieldmap import ObjectFields, load_field_map

SECRETS = {"consumer_key": "key", "consumer_secret": "hush"}
FIELDS = load_field_map(Path(client.__file__).parent / "fields.toml")


def instance(
    url: str = "https://acme.my.salesforce.com",
    credentials: Mapping[str, str] = SECRETS,
    conventions: Mapping[str, str] | None = None,
) -> Instance:
    return Instance("sf_main", "salesforce", url, credentials, conventions or {})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8123", "http://localhost:8123"])
def test_clear_text_is_for_this_machine_only(url: str) -> None:
    assert loopback_target(url) == url.removeprefix("http://")
    assert loopback_target("https://acme.my.salesforce.com") is None


@pytest.mark.parametrize("url", ["http://acme.my.salesforce.com", "http://127.0.0.1.example.com", "ftp://127.0.0.1"])
def test_clear_text_to_another_machine_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        loopback_target(url)


def test_an_address_that_is_no_my_domain_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="My Domain"):
        OrgClient(instance("https://crm.example.com"), RequestLog())


def test_incomplete_credentials_name_what_is_there_but_no_secret() -> None:
    with pytest.raises(ConfigurationError, match="found consumer_secret") as refusal:
        OrgClient(instance(credentials={"consumer_secret": "hush"}), RequestLog())
    assert "hush" not in str(refusal.value)


def test_a_threshold_must_be_a_number() -> None:
    with pytest.raises(ConfigurationError, match=r"conventions\.bulk_threshold of sf_main"):
        connect(instance(conventions={"bulk_threshold": "many"}))


def test_windows_are_written_in_utc() -> None:
    berlin = timezone(timedelta(hours=2))
    window = Window(datetime(2026, 4, 1, 1, 30, tzinfo=berlin), datetime(2026, 4, 2, tzinfo=UTC))
    expected = "SystemModstamp >= 2026-03-31T23:30:00+00:00 AND SystemModstamp < 2026-04-02T00:00:00+00:00"
    assert soql.within(window) == expected
    assert soql.within(Window(None, window.until)) == "SystemModstamp < 2026-04-02T00:00:00+00:00"


def test_values_cannot_leave_their_quotes() -> None:
    assert soql.total("Order", "TotalAmount", "x", "E' OR Id != '").endswith(r"CurrencyIsoCode = 'E\' OR Id != \''")


def test_bulk_text_becomes_the_same_record_as_rest() -> None:
    page = '"Id","Amount","Name","IsWon"\n"1","1.2345678E7","1.0E7 ""quoted""\nnext line",""\n"2","-10.50","","false"\n'
    assert list(csv_rows(page, {"Amount": "currency", "Name": "string"})) == [
        {"Id": "1", "Amount": "12345678", "Name": '1.0E7 "quoted"\nnext line', "IsWon": None},
        {"Id": "2", "Amount": "-10.50", "Name": None, "IsWon": "false"},
    ]


def test_carriage_returns_inside_a_cell_survive() -> None:
    assert next(csv_rows('"Id","Name"\n"1","a\r\nb"\n', {}))["Name"] == "a\r\nb"


FEW = ObjectFields({"id": "Id", "tax_id": "Tax_Id__c", "currency": "CurrencyIsoCode"}, ("Old_*",), frozenset({"currency"}))
TYPES = {"Id": "id", "VAT_Id__c": "string", "Old_Code__c": "string", "Map__c": "location", "OwnerId": "reference"}


def test_a_missing_field_is_named_with_the_place_to_configure_it() -> None:
    shape = shape_of("Account", FEW, TYPES, frozenset())
    with pytest.raises(SourceError) as refusal:
        refuse_missing([shape], "sf_main")
    text = str(refusal.value)
    assert "Account.Tax_Id__c (for tax_id; the org has VAT_Id__c)" in text
    assert "under sf_main in q2c.toml: [instances.fields.Account] tax_id = " in text


def test_new_custom_fields_are_selected_and_the_rest_is_left_alone() -> None:
    shape = shape_of("Account", FEW, TYPES, frozenset())
    assert (shape.unknown, shape.absent, shape.missing) == (("VAT_Id__c",), ("currency",), ("tax_id",))
    assert shape.columns == ["Id", "VAT_Id__c"]


def test_currency_is_optional_only_where_the_instance_says_which() -> None:
    assert shape_of("Account", FEW, TYPES, frozenset({"currency"})).missing == ("tax_id", "currency")


def test_the_field_map_covers_what_every_record_needs() -> None:
    for fields in FIELDS.values():
        assert {"id", "is_deleted", "modified_at"} <= fields.vendor.keys()
