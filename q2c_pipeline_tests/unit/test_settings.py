"""Settings: what a right file means, and what every wrong one is told."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from q2c_pipeline import platforms
from q2c_pipeline.domain.kinds import Leg
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline.settings.platforms import platforms as known_platforms

DAY = date(2026, 6, 30)
RIGHT = """
[company]
name = "Example Group"
group_currency = "USD"
time_zone = "Europe/Berlin"

[company.entities]
US = { name = "Example Inc", currency = "USD", country = "US" }
DE = { name = "Example GmbH", currency = "EUR", country = "DE" }

[[instances]]
name = "sf_main"
platform = "salesforce"
url = "https://example.my.salesforce.com/"
credentials = { consumer_key = "env:SF_KEY", consumer_secret = "file:secrets.toml#sf_main.secret" }
conventions = { bulk_threshold = 500 }
fields.Account = { tax_id = "VAT__c" }

[[instances]]
name = "stripe_main"
platform = "stripe"
url = "http://127.0.0.1:8091"

[policy.severity]
high_amount = 250.50
"""


def _load(tmp_path: Path, text: str = RIGHT, **environ: str) -> Settings:
    path = tmp_path / "q2c.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ)


def test_defaults_fill_what_is_not_said(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert settings.root == tmp_path
    assert settings.stores.published == tmp_path / "data" / "warehouse" / "analytics.duckdb"
    assert settings.sql_parameters(date(2026, 6, 30)) == {
        "as_of": date(2026, 6, 30),
        "booking_grace_days": 1,
        "invoice_grace_days": 3,
        "posting_grace_days": 2,
        "order_sla_days": 2,
        "invoice_sla_days": 35,
        "posting_sla_days": 5,
        "unapplied_sla_days": 30,
        "group_currency": "USD",
        "proration": "actual_days",
        "severity_high_amount": Decimal("250.50"),
        "severity_critical_amount": Decimal(10_000),
    }


def test_policy_tables_hold_the_company(tmp_path: Path) -> None:
    frames = _load(tmp_path).policy_frames(DAY)
    assert frames["entity"].rows() == [("US", "USD", "US"), ("DE", "EUR", "DE")]
    assert frames["instance"].rows() == [("sf_main", "salesforce", "crm"), ("stripe_main", "stripe", "billing")]
    assert {("JPY", 0), ("KWD", 3), ("USD", 2)} <= set(frames["currency"].rows())


def test_owners_of_fields_are_a_matter_of_policy(tmp_path: Path) -> None:
    usual = _load(tmp_path).policy_frames(DAY)["ownership"].rows()
    assert {("account", "account_name", "crm"), ("account", "tax_id", "erp")} <= set(usual)
    changed = _load(tmp_path, RIGHT + '[policy.ownership.account]\ntax_id = "crm"\n').policy_frames(DAY)["ownership"].rows()
    assert set(changed) - set(usual) == {("account", "tax_id", "crm")}
    with pytest.raises(ConfigurationError, match="did you mean 'tax_id'"):
        _load(tmp_path, RIGHT + '[policy.ownership.account]\ntaxid = "crm"\n')


def test_only_legs_with_both_sides_run(tmp_path: Path) -> None:
    assert _load(tmp_path).legs == (Leg.BOOKED_BILLED,)
    with_erp = RIGHT.replace('"salesforce"', '"netsuite"').replace("conventions = { bulk_threshold = 500 }", "")
    assert _load(tmp_path, with_erp).legs == (Leg.BILLED_POSTED, Leg.SUBLEDGER)


def test_secrets_are_opened_only_for_the_connector(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text('[sf_main]\nsecret = "hidden-1"\n')
    settings = _load(tmp_path, SF_KEY="hidden-2")
    instance = settings.instance("sf_main")
    assert instance.credentials == {"consumer_key": "hidden-2", "consumer_secret": "hidden-1"}
    assert instance.conventions == {"time_zone": "Europe/Berlin", "bulk_threshold": "500"}
    assert instance.field_overrides == {"Account": {"tax_id": "VAT__c"}}
    assert "hidden" not in f"{settings!r}{instance!r}{settings.model_dump()}"


def test_writing_takes_credentials_of_its_own(tmp_path: Path) -> None:
    writing = RIGHT.replace(
        "conventions = { bulk_threshold = 500 }",
        'conventions = { bulk_threshold = 500 }\nwrite_credentials = { consumer_key = "env:SF_WRITE_KEY" }',
    )
    settings = _load(tmp_path, writing, SF_WRITE_KEY="hidden-3")
    assert settings.writing_instance("sf_main").credentials == {"consumer_key": "hidden-3"}
    assert settings.writing_instance("sf_main").conventions["bulk_threshold"] == "500"
    with pytest.raises(
        ConfigurationError, match=r"stripe_main\.write_credentials: expected credentials that may write, found none"
    ):
        settings.writing_instance("stripe_main")
    with pytest.raises(ConfigurationError, match="did you mean 'sf_main'"):
        settings.writing_instance("sf_man")


def test_a_literal_write_secret_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, RIGHT.replace("fields.Account", 'write_credentials = { consumer_key = "hidden-4" }\nfields.Account'))
    assert "instances.sf_main.write_credentials.consumer_key: expected a reference to a secret" in str(caught.value)
    assert "hidden-4" not in str(caught.value)


def test_a_whole_file_may_be_a_secret(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN-----\nabc\n")
    text = RIGHT.replace("file:secrets.toml#sf_main.secret", "file:key.pem")
    assert _load(tmp_path, text, SF_KEY="k").instance("sf_main").credentials["consumer_secret"] == "-----BEGIN-----\nabc\n"


def test_the_business_day_is_the_last_complete_one_in_the_companys_zone(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert settings.business_day(datetime(2026, 6, 30, 22, 30, tzinfo=UTC)) == date(2026, 6, 30)
    assert settings.business_day(datetime(2026, 6, 30, 21, 30, tzinfo=UTC)) == date(2026, 6, 29)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("group_currency", "grup_currency", "did you mean 'group_currency'?"),
        ('"USD"\ntime', '"USX"\ntime', "company.group_currency: expected an ISO 4217 currency code, found 'USX'"),
        ("Europe/Berlin", "Europe/Berln", "did you mean 'Europe/Berlin'?"),
        ('country = "DE"', 'country = "Germany"', "company.entities.DE.country"),
        ('"stripe"', '"strype"', "instances.stripe_main.platform: expected a platform, found 'strype'"),
        ("stripe_main", "sf_main", "'sf_main' 2 times"),
        ("stripe_main", "stripe:main", "lower-case letters"),
        ('"stripe"', '"salesforce"', "expected two systems that can be compared, found crm"),
        ("http://127.0.0.1:8091", "http://billing.example", "clear text"),
        ("http://127.0.0.1:8091", "billing.example", "write scheme and host only"),
        ("high_amount = 250.50", "high_amount = 250000.50", "high_amount not above critical_amount"),
        ("high_amount", "hi_amount", "did you mean 'high_amount'?"),
        ("[policy.severity]", "[policy.grace]\nposting_days = -1\n[policy.severity]", "policy.grace.posting_days"),
        ("[policy.severity]", '[schedule]\nnightly = "daily"\n[policy.severity]', "a cron line of five fields"),
        ("[policy.severity]", '[policy]\nproration = "days"\n[policy.severity]', "policy.proration"),
        ("bulk_threshold", "bulk_treshold", "did you mean 'bulk_threshold'?"),
        ("[company]", "[company", "valid TOML"),
        ("[company.entities]", "[company.entities.XX]", "company.entities.XX"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_cure(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in RIGHT
    with pytest.raises(ConfigurationError, match=r"q2c\.toml") as caught:
        _load(tmp_path, RIGHT.replace(right, wrong))
    assert said in str(caught.value)


def test_every_convention_that_a_connector_reads_can_be_given() -> None:
    for platform, facts in known_platforms().items():
        folder, known = Path(platforms.__file__).parent / platform, facts.conventions
        source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
        read = set(re.findall(r'(?:conventions\.get\(|_whole_number\(\w+, )"(\w+)"', source))
        assert read <= known | {"time_zone"}, platform
        assert known <= read, platform


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, RIGHT.replace("Europe/Berlin", "Mars").replace('"stripe"', '"strype"'))
    assert "company.time_zone" in str(caught.value)
    assert "instances.stripe_main.platform" in str(caught.value)


def test_a_secret_written_into_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, RIGHT.replace("env:SF_KEY", "sk_live_4242"))
    assert "instances.sf_main.credentials.consumer_key: expected a reference to a secret" in str(caught.value)
    assert "4242" not in str(caught.value)


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        (None, "No such file"),
        ("secret hidden-3", "not TOML"),
        ("[sf_main]\nsecrt = 'hidden-3'", "expected a text under 'sf_main.secret', found nothing"),
        ("[sf_main]\nsecret = 3", "something else"),
    ],
)
def test_a_secret_that_cannot_be_opened_names_its_file(tmp_path: Path, secrets: str | None, said: str) -> None:
    if secrets is not None:
        (tmp_path / "secrets.toml").write_text(secrets)
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, SF_KEY="k").instance("sf_main")
    assert said in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_an_unset_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="variable SF_KEY"):
        _load(tmp_path).instance("sf_main")


def test_an_unknown_instance_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="stripe_main"):
        _load(tmp_path).instance("strip_main")


def test_the_file_is_found_by_variable_and_missed_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(RIGHT)
    assert load_settings(None, {"Q2C_CONFIG": str(path)}).path == path
    with pytest.raises(ConfigurationError, match=r"copy q2c\.example\.toml"):
        load_settings(tmp_path / "none.toml", {})


EXAMPLE = Path(__file__).parents[2] / "q2c.example.toml"


def test_the_committed_example_is_right() -> None:
    assert load_settings(EXAMPLE, {}).legs == (Leg.BOOKED_BILLED, Leg.BILLED_POSTED, Leg.REVENUE, Leg.SUBLEDGER)


def test_what_the_example_leaves_commented_out_is_right_too(tmp_path: Path) -> None:
    opened = re.sub(r"(?m)^# (?=\[|[\w-]+ = )", "", EXAMPLE.read_text(encoding="utf-8"))
    settings = _load(tmp_path, opened)
    assert settings.policy_versions
    assert settings.policy.materiality
    assert settings.instances[1].conventions


def test_the_example_shows_every_key() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    missing = [name for name in sorted(_keys(Settings)) if not re.search(rf"\b{name}\b", text)]
    assert missing == []


def _keys(section: type[BaseModel]) -> set[str]:
    """The names of all keys of a section and of the sections in it."""
    inner = {one for field in section.model_fields.values() for one in _sections_in(field.annotation)}
    return set(section.model_fields).union(*(_keys(one) for one in inner))


def _sections_in(annotation: object) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return set().union(*(_sections_in(one) for one in get_args(annotation)))
