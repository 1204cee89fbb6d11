"""Who is who from night to night: what ids lose is found again, namesakes stay apart, and people have the last word."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from q2c_pipeline.orchestration import identifying
from q2c_pipeline.orchestration.night import query_published
from q2c_pipeline.settings import Settings
from q2c_pipeline.state.judgements import Opinion
from q2c_pipeline_tests.scenarios.nights import Company, company, tables_again

MORNING = datetime(2026, 7, 1, 8, tzinfo=UTC)


def exceptions(settings: Settings, leg: str = "MD") -> list[tuple[str, str]]:
    return query_published(
        settings, f"select control_id, subject_key from recon.exception where leg = '{leg}' order by all"
    ).rows()


def links(settings: Settings, key: str) -> list[dict[str, Any]]:
    return query_published(settings, f"from identity.link where left_key = '{key}' or right_key = '{key}'").to_dicts()


def ledger_customers(acme: Company) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The ledger's customers, each with its CRM account."""
    known = (one for one in acme.systems.salesforce["Account"].values() if one["ERP_Customer_Id__c"])
    return [(acme.systems.netsuite["customer"][account["ERP_Customer_Id__c"]], account) for account in known]


def ledger_customer(acme: Company) -> tuple[dict[str, Any], dict[str, Any]]:
    """A ledger customer with its CRM account."""
    return ledger_customers(acme)[0]


def add_to_ledger(acme: Company, like: dict[str, Any], **facts: Any) -> str:
    """Another ledger customer in the same house, of whom no id tells anything."""
    customers = acme.systems.netsuite["customer"]
    number = max(one["id"] for one in customers.values()) + 1
    unknown = {"id": number, "entityid": f"CUST-{number}", "externalid": None, "parent": None, "vatregnumber": None}
    customers[str(number)] = like | unknown | facts
    return f"netsuite_main:{number}"


def test_another_company_of_the_group_is_nobodys_duplicate(tmp_path: Path) -> None:
    acme, keys = company(3), []
    sisters = ("{0} Holding {1}", "{0} Beteiligungs {1}", "{0} Spain {1}")
    for name, (customer, account) in zip(sisters, ledger_customers(acme), strict=False):
        head, _, form = account["Name"].rpartition(" ")
        keys.append(add_to_ledger(acme, customer, companyname=name.format(head, form)))
    settings = acme.night(tmp_path)
    assert exceptions(settings) == []
    assert len(keys) == len(sisters)
    for key in keys:
        assert query_published(settings, f"from link.account where other_account_key = '{key}'").is_empty(), key
        assert {row["decision"] for row in links(settings, key)} <= {"unsure"}


def lose_ids(customer: dict[str, Any], account: dict[str, Any], **facts: Any) -> None:
    """Let neither record know of the other any more."""
    customer.update(externalid=None, entityid=f"CUST-{customer['id']}", **facts)
    account["ERP_Customer_Id__c"] = None


def test_a_namesake_at_another_place_is_listed_and_not_linked(tmp_path: Path) -> None:
    acme = company(3)
    customer, account = ledger_customer(acme)
    elsewhere = {"vatregnumber": None, "url": None, "defaultbillingaddress": None}
    add_to_ledger(acme, customer, companyname=customer["companyname"], **elsewhere)
    lose_ids(customer, account, **elsewhere)
    settings = acme.night(tmp_path)
    assert exceptions(settings) == [("MD01", f"{account['AccountNumber']}@erp")]
    told = identifying.review(settings)["explanation"].to_list()
    assert any("several records score alike" in explanation for explanation in told)


def test_a_persons_word_changes_the_next_night_and_can_be_taken_back(tmp_path: Path) -> None:
    acme = company(3)
    customer, account = ledger_customer(acme)
    lose_ids(customer, account, companyname="Corner Bakery LLC", vatregnumber=None, url=None, defaultbillingaddress=None)
    one, other = f"sf_main:{account['Id']}", f"netsuite_main:{customer['id']}"
    number = account["AccountNumber"]
    settings = acme.night(tmp_path)
    assert exceptions(settings) == [("MD01", f"{number}@erp")]

    identifying.judge(settings, (one, other), Opinion.SAME, "trades under this name", "ada", MORNING)
    settings = acme.night(tmp_path)
    assert exceptions(settings) == [("MD03", f"{number}@erp/account_name"), ("MD07", f"{number}@erp")]
    (link,) = query_published(settings, f"from link.account where other_account_key = '{other}'").to_dicts()
    assert (link["method"], link["account_key"]) == ("human", one)
    assert "ada decided on 2026-07-01: trades under this name" in link["evidence"]
    found = exceptions(settings)
    assert exceptions(tables_again(settings)) == found

    identifying.judge(settings, (one, other), Opinion.WITHDRAWN, "was wrong", "ada", MORNING)
    assert exceptions(tables_again(settings)) == [("MD01", f"{number}@erp")]


def test_a_person_beats_an_id(tmp_path: Path) -> None:
    acme = company(3)
    customer, account = ledger_customer(acme)
    settings = acme.night(tmp_path)
    pair = (f"sf_main:{account['Id']}", f"netsuite_main:{customer['id']}")
    identifying.judge(settings, pair, Opinion.DIFFERENT, "sold in March", "ada", MORNING)
    tables_again(settings)
    assert ("MD01", f"{account['AccountNumber']}@erp") in exceptions(settings)
    assert query_published(settings, f"from link.account where other_account_key = '{pair[1]}'").is_empty()


def test_the_golden_record_takes_each_field_from_its_owner(tmp_path: Path) -> None:
    acme = company(3, "md03_terms_promised_by_sales", "md07_ids_lost_in_ledger")
    settings = acme.night(tmp_path)
    (number,) = (key.partition("@")[0] for control, key in exceptions(settings) if control == "MD03")
    golden = query_published(
        settings,
        f"""select c.field_name, c.field_value, c.source_role, c.differing_records from link.customer as c
            inner join canonical.account as a on c.customer_id = a.instance || ':' || a.source_id
            where a.account_number = '{number}'""",
    )
    owner = {name: (value, role, differing) for name, value, role, differing in golden.iter_rows()}
    assert owner["payment_terms"][1:] == ("erp", 1)
    assert owner["account_name"][1:] == ("crm", 0)
    assert owner["address"][1] == "crm"


def test_what_ids_settle_costs_no_comparison(tmp_path: Path) -> None:
    settings = company(3).night(tmp_path)
    tables = [query_published(settings, f"from {name}") for name in identifying.TABLES]
    assert all(isinstance(table, pl.DataFrame) and table.is_empty() for table in tables)
