from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from q2c_pipeline.identity.links import claim_links
from q2c_pipeline.identity.resolve import Resolution, resolve
from q2c_pipeline.identity.scoring import Thresholds
from q2c_pipeline.state.judgements import Judgement, Opinion

ROLES = {"sf": "crm", "st": "billing", "ns": "erp"}
COLUMNS = ("account_name", "tax_id", "country_code", "account_number", "claimed_crm_account_id", "claimed_erp_account_id")
MOMENT = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


def account(key: str, name: str, **given: str) -> dict[str, str | None]:
    instance, source_id = key.split(":")
    facts = {"account_name": name, **given}
    return {"instance": instance, "source_id": source_id, "role": ROLES[instance[:2]]} | {one: facts.get(one) for one in COLUMNS}


def who(*accounts: dict[str, str | None], said: tuple[Judgement, ...] = ()) -> Resolution:
    schema = dict.fromkeys(("instance", "source_id", "role", *COLUMNS), pl.String)
    frame = pl.DataFrame(list(accounts), schema=schema)
    return resolve(frame, claim_links(claims(frame)), said, Thresholds())


def claims(accounts: pl.DataFrame) -> pl.DataFrame:
    """What claim.account says of records that name their CRM account."""
    named = accounts.drop_nulls("claimed_crm_account_id")
    key = pl.concat_str("instance", pl.lit(":"), "source_id")
    return named.select(
        other_account_key=key,
        account_key=pl.format("sf:{}", "claimed_crm_account_id"),
        method=pl.lit("external_id"),
        evidence=pl.format("{} names sf:{} by its id", key, "claimed_crm_account_id"),
    )


def judged(left: str, right: str, opinion: Opinion) -> Judgement:
    return Judgement(left, right, opinion, "we asked them", "ada", MOMENT)


def customers(found: Resolution) -> list[set[str]]:
    groups = found.customers.group_by("customer_id").agg("account_key")["account_key"].to_list()
    return sorted((set(group) for group in groups), key=min)


def link(found: Resolution, left: str, right: str) -> dict[str, object]:
    return found.links.row(by_predicate=(pl.col("left_key") == left) & (pl.col("right_key") == right), named=True)


def test_an_id_links_whatever_the_names_say() -> None:
    found = who(account("sf:1", "Blue Fox"), account("ns:7", "Corner Bakery LLC", claimed_crm_account_id="1"))
    assert customers(found) == [{"sf:1", "ns:7"}]
    assert link(found, "ns:7", "sf:1")["method"] == "external_id"
    assert link(found, "ns:7", "sf:1")["explanation"] == "same: ns:7 names sf:1 by its id"


def test_a_number_against_valid_tax_ids_is_left_to_a_person() -> None:
    left = account("sf:1", "Acme", tax_id="DE136695976", country_code="DE", account_number="A-1")
    right = account("ns:7", "Acme", tax_id="DE129273398", country_code="DE", account_number="A-1")
    found = who(left, right)
    assert link(found, "ns:7", "sf:1")["decision"] == "unsure"
    assert len(customers(found)) == 2


def test_a_company_is_found_under_a_name_that_only_a_list_can_know() -> None:
    found = who(account("sf:1", "Meta Platforms Inc"), account("st:c", "Facebook, Inc."), account("ns:7", "Ford Motor"))
    assert customers(found) == [{"ns:7"}, {"sf:1", "st:c"}]


def test_names_link_where_no_key_does() -> None:
    found = who(account("sf:1", "International Business Machines Corp"), account("st:c", "IBM"), account("ns:7", "Ford Motor"))
    assert customers(found) == [{"ns:7"}, {"sf:1", "st:c"}]
    assert link(found, "sf:1", "st:c")["method"] == "name"


def test_a_tax_id_is_masked_in_every_explanation() -> None:
    facts = {"tax_id": "DE136695976", "country_code": "DE"}
    found = who(account("sf:1", "Acme", **facts), account("ns:7", "Zeta", **facts))
    assert link(found, "ns:7", "sf:1")["explanation"] == "same: equal valid tax id …5976"


def test_two_candidates_that_score_alike_are_left_to_a_person() -> None:
    found = who(account("sf:1", "Acme Ltd"), account("ns:7", "Acme Ltd"), account("ns:8", "Acme Ltd"))
    assert customers(found) == [{"ns:7"}, {"ns:8"}, {"sf:1"}]
    assert "several records score alike: ns:7, ns:8" in str(link(found, "ns:7", "sf:1")["explanation"])
    assert found.duplicates.is_empty()


def test_records_of_one_system_are_one_customer_only_as_reported_duplicates() -> None:
    facts = {"tax_id": "DE136695976", "country_code": "DE"}
    found = who(account("sf:1", "Acme", **facts), account("st:a", "Acme", **facts), account("st:b", "Akme", **facts))
    assert customers(found) == [{"sf:1", "st:a", "st:b"}]
    assert found.duplicates.select("instance", "left_key", "right_key", "method").rows() == [("st", "st:a", "st:b", "tax_id")]
    assert found.customers.filter("is_duplicate")["account_key"].to_list() == ["st:a", "st:b"]


def test_two_records_that_name_one_account_are_duplicates() -> None:
    named = {"claimed_crm_account_id": "1"}
    found = who(account("sf:1", "Acme"), account("st:a", "Acme EU", **named), account("st:b", "Acme US", **named))
    assert customers(found) == [{"sf:1", "st:a", "st:b"}]
    assert found.duplicates["explanation"].to_list() == ["same: both are linked to one record of another system"]


def test_a_person_beats_every_rule_and_can_take_it_back() -> None:
    accounts = (account("sf:1", "Acme Ltd"), account("ns:7", "Acme Ltd", claimed_crm_account_id="1"))
    different, withdrawn = judged("sf:1", "ns:7", Opinion.DIFFERENT), judged("sf:1", "ns:7", Opinion.WITHDRAWN)
    assert len(customers(who(*accounts, said=(different,)))) == 2
    assert len(customers(who(*accounts, said=(different, withdrawn)))) == 1
    assert "ada decided on 2026-03-31: we asked them" in str(
        link(who(*accounts, said=(different,)), "ns:7", "sf:1")["explanation"]
    )


def test_a_person_keeps_records_apart_that_a_third_one_would_join() -> None:
    facts = {"tax_id": "DE136695976", "country_code": "DE"}
    accounts = (account("sf:1", "Acme", **facts), account("ns:7", "Acme", **facts), account("st:c", "Acme", **facts))
    found = who(*accounts, said=(judged("ns:7", "sf:1", Opinion.DIFFERENT),))
    assert not any({"sf:1", "ns:7"} <= group for group in customers(found))
    assert "a person decided" in " ".join(found.uncertain()["explanation"])


def test_a_person_may_join_what_nothing_joins() -> None:
    found = who(account("sf:1", "Alphabet"), account("ns:7", "Google"), said=(judged("sf:1", "ns:7", Opinion.SAME),))
    assert customers(found) == [{"sf:1", "ns:7"}]


def test_the_order_of_rows_changes_nothing() -> None:
    accounts = [
        account(f"{one}:{n}", f"Acme {word} Ltd") for one in ROLES for n, word in enumerate(("Foods", "Steel", "Stel", "Media"))
    ]
    assert who(*accounts).links.equals(who(*reversed(accounts)).links)
    assert who(*accounts).customers.equals(who(*reversed(accounts)).customers)


def test_a_customer_keeps_its_id_when_other_systems_come_and_go() -> None:
    crm, erp = account("sf:1", "Acme Ltd"), account("ns:7", "Acme Ltd")
    alone, both = who(crm).customers, who(crm, erp).customers
    assert set(both["customer_id"]) == set(alone["customer_id"])


def test_no_records_and_nameless_records_are_no_trouble() -> None:
    assert who().links.is_empty()
    assert who(account("sf:1", "???"), account("ns:7", "")).links.is_empty()
