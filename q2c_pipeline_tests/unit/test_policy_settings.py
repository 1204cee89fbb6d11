"""The policy: rules for scopes, dated versions, its digest, and what every contradiction is told."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline.settings.candidates import candidate
from q2c_pipeline.settings.policy import Policy
from q2c_pipeline.settings.rules import Bundle, Convention, GraceRule, Materiality, Tolerance
from q2c_pipeline.settings.versions import origins

COMPANY = """
[company]
name = "Example Group"
group_currency = "USD"

[company.entities]
US = { name = "Example Inc", currency = "USD", country = "US" }
DE = { name = "Example GmbH", currency = "EUR", country = "DE" }

[[instances]]
name = "sf_main"
platform = "salesforce"
url = "https://example.my.salesforce.com"

[[instances]]
name = "stripe_main"
platform = "stripe"
url = "http://127.0.0.1:8091"
"""
LEDGER = """
[[instances]]
name = "netsuite_main"
platform = "netsuite"
url = "http://127.0.0.1:8092"
"""
JUNE, JULY = date(2026, 6, 30), date(2026, 7, 1)
SUMMARIES = "summary_journals = 'entity_day'\nsummary_prefix = 'SUM-'\n"
SECOND = '[[policy_versions]]\nversion = "2"\neffective_from = 2026-07-01\n'
THIRD = '[[policy_versions]]\nversion = "3"\neffective_from = 2026-09-01\n'


def policy(tmp_path: Path, text: str = "") -> Settings:
    """The company's settings with that policy."""
    path = tmp_path / "q2c.toml"
    path.write_text(COMPANY + text, encoding="utf-8")
    return load_settings(path, {})


def rule(**keys: str) -> str:
    """One tolerance in TOML."""
    return "[[policy.tolerances]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


def test_rules_reach_sql_with_empty_places_for_what_fits_everything(tmp_path: Path) -> None:
    text = rule(control='"BB04"', currency='"USD"', amount="0.05") + rule(entity='"DE"', percent="0.5")
    text += "[[policy.materiality]]\namount = 500\n[[policy.materiality]]\nentity = 'DE'\npercent = 1\n"
    frames = policy(tmp_path, text).policy_frames(JUNE)
    assert frames["tolerance"].rows() == [
        ("BB04", None, "USD", Decimal("0.05"), None),
        (None, "DE", None, None, Decimal("0.5")),
    ]
    assert frames["materiality"].rows() == [(None, Decimal(500), None), ("DE", None, Decimal(1))]
    usual = policy(tmp_path).policy_frames(JUNE)
    assert usual["tolerance"].is_empty()
    assert usual["materiality"].is_empty()


def test_lines_are_scheduled_as_their_crm_says_else_as_the_one_billing_system_does(tmp_path: Path) -> None:
    assert policy(tmp_path).policy_frames(JUNE)["convention"].rows() == [("sf_main", None, None, None, None)]
    billing = '[policy.conventions.stripe_main]\nproration = "by_second"\n'
    assert policy(tmp_path, billing).policy_frames(JUNE)["convention"].rows() == [("sf_main", "by_second", None, None, None)]
    both = billing + '[policy.conventions.sf_main]\nproration = "thirty_360"\n'
    assert policy(tmp_path, both).policy_frames(JUNE)["convention"].rows() == [("sf_main", "thirty_360", None, None, None)]


def test_a_residual_product_is_listed_without_a_price(tmp_path: Path) -> None:
    text = '[policy.standalone_prices]\nCORE = { USD = 50 }\nSUITE = { USD = "residual" }\n'
    frame = policy(tmp_path, text).policy_frames(JUNE)["standalone_price"]
    assert frame.rows() == [("CORE", "USD", Decimal(50)), ("SUITE", "USD", None)]


BUNDLE = """[policy.standalone_prices]
CORE = { USD = 50 }
SUITE = { USD = 20 }
[policy.bundles.starter]
products = ["CORE", "SUITE"]
price = { USD = 60 }
"""


def test_a_bundle_is_told_to_the_tables_product_by_product(tmp_path: Path) -> None:
    frame = policy(tmp_path, BUNDLE).policy_frames(JUNE)["bundle"]
    assert frame.rows() == [("starter", "CORE", "USD", Decimal(60)), ("starter", "SUITE", "USD", Decimal(60))]


def test_the_most_specific_rule_says_how_much_grace_there_is(tmp_path: Path) -> None:
    rule = "[[policy.grace_rules]]\n"
    text = rule + 'entity = "DE"\ninvoice_days = 7\nposting_days = 5\n' + rule + 'instance = "stripe_main"\nposting_days = 6\n'
    text += rule + 'instance = "stripe_main"\nentity = "DE"\nposting_days = 1\n'
    frame = policy(tmp_path, text).policy_frames(JUNE)["grace"]

    told = {(instance, entity): days for instance, entity, *days in frame.rows()}
    assert told[None, "DE"] == told["sf_main", "DE"] == [None, 7, 5]
    assert told["stripe_main", "DE"] == [None, 7, 1]
    assert told["stripe_main", "US"] == [None, None, 6]
    assert ("sf_main", "US") not in told
    assert policy(tmp_path, "").policy_frames(JUNE)["grace"].is_empty()


def test_a_ledger_that_posts_summaries_is_told_to_the_tables(tmp_path: Path) -> None:
    assert policy(tmp_path, LEDGER).policy_frames(JUNE)["summary_convention"].rows() == []
    said = policy(tmp_path, LEDGER + "[policy.conventions.netsuite_main]\n" + SUMMARIES)
    assert said.policy_frames(JUNE)["summary_convention"].rows() == [("netsuite_main", "entity_day", "SUM-")]


def test_the_day_that_is_reconciled_decides_which_version_is_in_force(tmp_path: Path) -> None:
    text = "[policy.grace]\nposting_days = 5\n" + SECOND + "grace = { invoice_days = 7 }\n" + THIRD + "proration = 'thirty_360'\n"
    settings = policy(tmp_path, text)
    assert [settings.on(day).policy.version for day in (JUNE, JULY, date(2026, 8, 31), date(2027, 1, 1))] == ["1", "2", "2", "3"]
    assert settings.sql_parameters(JUNE)["invoice_grace_days"] == 3
    july = settings.sql_parameters(JULY)
    assert (july["invoice_grace_days"], july["posting_grace_days"], july["proration"]) == (7, 5, "actual_days")
    last = settings.sql_parameters(date(2026, 9, 1))
    assert (last["invoice_grace_days"], last["proration"]) == (7, "thirty_360")
    assert settings.policy_frames(JULY)["in_force"].rows() == [("2", settings.on(JULY).policy.digest, JULY)]


def test_a_version_replaces_lists_and_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    settings = policy(tmp_path, rule(percent="1") + SECOND + "tolerances = []\n")
    assert len(settings.on(JUNE).policy.tolerances) == 1
    assert settings.on(JULY).policy.tolerances == []


def test_every_value_tells_where_it_was_written() -> None:
    raw = tomllib.loads("[policy.grace]\nposting_days = 5\ninvoice_days = 4\n" + SECOND + "grace.invoice_days = 7\n" + THIRD)
    assert origins(raw, "1") == {"grace.posting_days": "[policy]", "grace.invoice_days": "[policy]"}
    of_second = origins(raw, "2")
    assert of_second["grace.posting_days"] == "[policy]"
    assert of_second["grace.invoice_days"] == "[[policy_versions]] version 2, from 2026-07-01"
    assert "2026-09-01" not in str(of_second)


def test_the_digest_follows_what_is_said_and_not_how(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        return policy(tmp_path, text).policy.digest

    assert digest("") == digest('[policy]\nversion = "9"\nproration = "actual_days"\n')
    assert digest("[policy.severity]\nhigh_amount = 1000.00\n") == digest("")
    assert digest("[policy.severity]\nhigh_amount = 1000.01\n") != digest("")
    assert digest(rule(percent="0.50")) == digest(rule(percent="0.5")) != digest("")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rule(control='"DQ077"', percent="1"), "policy.tolerances: expected a control id, found 'DQ077'; did you mean 'DQ07'?"),
        (rule(entity='"D"', percent="1"), "expected an entity, found 'D'; did you mean 'DE'?"),
        (rule(currency='"USX"', amount="1"), "policy.tolerances.number 1.currency"),
        (rule(control='"BB04"', amount="1"), "expected a currency beside the amount, found none"),
        (rule(control='"BB04"'), "policy.tolerances.number 1: expected an amount, a percent, or both"),
        (rule(percent="0"), "policy.tolerances.number 1.percent"),
        (rule(percnt="1"), "did you mean 'percent'?"),
        (rule(percent="1") + rule(percent="2"), "expected one rule for each scope, found 2 for everything"),
        (
            rule(control='"BB04"', entity='"DE"', percent="1") + rule(control='"BB04"', entity='"DE"', percent="2"),
            "found 2 for BB04 DE",
        ),
        ("[policy.tolerances]\nBB04 = { USD = 1 }\n", "write each entry as a block of its own: [[policy.tolerances]]"),
        ("[[policy.materiality]]\nentity = 'FR'\namount = 1\n", "policy.materiality: expected an entity, found 'FR'"),
        ("[[policy.materiality]]\namount = 1\n[[policy.materiality]]\npercent = 1\n", "policy.materiality: expected one rule"),
        ("[policy.conventions.strip_main]\nproration = 'by_second'\n", "did you mean 'stripe_main'?"),
        ("[policy.conventions.stripe_main]\nproraton = 'by_second'\n", "did you mean 'proration'?"),
        ("[policy.conventions.stripe_main]\n" + SUMMARIES, "expected summary_journals of a ledger, found 'stripe_main'"),
        ("[policy.conventions.stripe_main]\nsummary_prefix = 'SUM-'\n", "expected summary_journals and summary_prefix together"),
        ("[policy]\neffective_from = 2026-01-01\n", "expected a first version without a date"),
        ("[[policy_versions]]\nversion = '2'\n", "policy_versions.2: expected the key 'effective_from'"),
        ("[[policy_versions]]\neffective_from = 2026-07-01\n", "expected every version once, found '1' 2 times"),
        (SECOND + SECOND.replace('"2"', '"3"'), "policy_versions.3: expected a day after 2026-07-01, when version 2 begins"),
        (THIRD + SECOND, "policy_versions.2: expected a day after 2026-09-01"),
        (
            BUNDLE.replace('"SUITE"]', '"SUIT"]'),
            "policy.bundles.starter: expected a product with a stand-alone price, found 'SUIT'",
        ),
        (BUNDLE.replace('"SUITE"]', '"CORE"]'), "expected every product once"),
        ("[[policy.grace_rules]]\nposting_days = 1\n", "expected an entity, an instance, or both"),
        ("[[policy.grace_rules]]\nentity = 'DE'\n", "expected booking_days, invoice_days or posting_days"),
        ("[[policy.grace_rules]]\nentity = 'FR'\nposting_days = 1\n", "policy.grace_rules: expected an entity, found 'FR'"),
        ("[[policy.grace_rules]]\ninstance = 'stripe_man'\nposting_days = 1\n", "did you mean 'stripe_main'?"),
        ("[[policy.grace_rules]]\nentity = 'DE'\nposting_days = 1\n" * 2, "policy.grace_rules: expected one rule for each scope"),
        (SECOND + "grace = { posting_dys = 1 }\n", "policy_versions.2.grace.posting_dys: expected a known key"),
        (SECOND + "severity = { high_amount = 99999 }\n", "policy_versions.2.severity: expected high_amount not above"),
        (SECOND + "[policy_version]\n", "did you mean 'policy_versions'?"),
        (
            "[policy.writable]\ncrm = { contract = ['claimed_billing_statu'] }\n",
            "policy.writable.crm: expected a field that a connector can write, found 'contract.claimed_billing_statu'",
        ),
        ("[[policy.approvals.rules]]\napprovers = 'one'\ncontrols = ['ST91']\n", "policy.approvals.rules: expected a control id"),
        ("[[policy.approvals.rules]]\napprovers = 'one'\nentities = ['FR']\n", "policy.approvals.rules: expected an entity"),
        ("[[policy.approvals.rules]]\napprovers = 'nobody'\n", "policy.approvals.rules"),
    ],
)
def test_a_contradiction_is_named_with_its_place_and_cure(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        policy(tmp_path, text)
    assert said in str(caught.value).replace(". Next: ", "; ")


def test_what_a_version_takes_over_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        policy(tmp_path, "[policy.grace]\nposting_days = -1\n" + SECOND)
    assert "policy_versions" not in str(caught.value)
    with pytest.raises(ConfigurationError) as twice:
        policy(tmp_path, rule(control='"XX"', percent="1") + SECOND)
    assert "policy_versions" not in str(twice.value)


PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.+?)```", PAGE, re.DOTALL))
def test_what_the_page_shows_can_be_written_so(tmp_path: Path, block: str) -> None:
    if block.startswith("# change.toml"):
        (tmp_path / "change.toml").write_text(block)
        assert candidate(policy(tmp_path), tmp_path / "change.toml", JUNE).grace.posting_days == 5
    else:
        japan = '[company.entities.JP]\nname = "Example KK"\ncurrency = "JPY"\ncountry = "JP"\n'
        settings = policy(tmp_path, japan + LEDGER + block)
        said = settings.policy
        rules = said.tolerances or said.materiality or said.grace_rules
        assert settings.policy_versions or rules or said.alerts.channels or said.conventions


def test_the_page_names_every_key_of_rules() -> None:
    names = set(Policy.model_fields) | set(Tolerance.model_fields) | set(Materiality.model_fields) | set(Convention.model_fields)
    names |= set(GraceRule.model_fields) | set(Bundle.model_fields)
    assert {name for name in names if not re.search(rf"`[\w.<>, `]*{name}", PAGE)} == set()
