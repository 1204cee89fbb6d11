"""What ids leave open, settled: orphans find their account, duplicates are told, ids stand unless a person says otherwise."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime

import polars as pl

from q2c_pipeline.identity.scoring import Thresholds
from q2c_pipeline.identity.settling import Settled, settle
from q2c_pipeline.state.judgements import Judgement, Opinion

ROLES = {"sf": "crm", "st": "billing", "ns": "erp"}
FACTS = ("account_name", "tax_id", "country_code", "domain", "address", "account_number")
SCHEMA = dict.fromkeys(("instance", "source_id", "role", *FACTS), pl.String)
CLAIM = dict.fromkeys(("other_account_key", "account_key", "method", "evidence"), pl.String)
SEAT = {"country_code": "DE", "domain": "acme.de", "address": "Hauptstr. 1, 10115 Berlin"}
Row = dict[str, str | None]


def account(key: str, name: str, **given: str) -> Row:
    instance, source_id = key.split(":")
    facts = {"account_name": name, **given}
    return {"instance": instance, "source_id": source_id, "role": ROLES[instance]} | {one: facts.get(one) for one in FACTS}


def settled(rows: list[Row], claims: dict[str, str] | None = None, said: tuple[Judgement, ...] = ()) -> Settled:
    tied = [(other, crm, "external_id", f"{other} names {crm}") for other, crm in (claims or {}).items()]
    return settle(pl.DataFrame(rows, schema=SCHEMA), pl.DataFrame(tied, schema=CLAIM, orient="row"), said, Thresholds())


def judged(left: str, right: str, opinion: Opinion) -> Judgement:
    return Judgement(left, right, opinion, "we asked", "ada", datetime(2026, 3, 31, 8, tzinfo=UTC))


def found(result: Settled) -> list[tuple[str, str | None, str | None, bool]]:
    return result.account.select("other_account_key", "account_key", "method", "is_duplicate").rows()


def test_what_ids_settle_is_not_looked_at() -> None:
    result = settled([account("sf:1", "Acme"), account("ns:7", "Corner Bakery")], {"ns:7": "sf:1"})
    assert [frame.height for frame in (result.account, result.duplicate, result.customer, result.link)] == [0, 0, 0, 0]


def test_splink_is_not_even_loaded_where_ids_settle_everything() -> None:
    code = (
        "import sys; from q2c_pipeline_tests.unit.identity.test_settling import *; "
        "settled([account('sf:1', 'Acme'), account('ns:7', 'Acme')], {'ns:7': 'sf:1'}); sys.exit('splink' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_record_that_lost_its_ids_is_found_by_what_is_written_on_it() -> None:
    result = settled([account("sf:1", "Acme GmbH", **SEAT), account("st:c", "Acme Gesellschaft mbH", **SEAT)])
    assert found(result) == [("st:c", "sf:1", "domain", False)]
    assert "the addresses agree" in result.account["explanation"][0]


def test_a_second_record_of_one_system_is_a_duplicate_and_linked_as_one() -> None:
    rows = [account("sf:1", "Acme GmbH", **SEAT), account("st:b", "Acme GmbH", **SEAT), account("st:a", "ACME GmbH", **SEAT)]
    result = settled(rows, {"st:b": "sf:1"})
    assert found(result) == [("st:a", "sf:1", "domain", True)]
    assert result.duplicate.select("customer_id", "left_key", "right_key").rows() == [("sf:1", "st:b", "st:a")]


def test_a_namesake_of_a_claimed_customer_is_left_to_a_person() -> None:
    rows = [account("sf:1", "Acme GmbH"), account("ns:7", "Acme GmbH"), account("ns:8", "Acme GmbH")]
    result = settled(rows, {"ns:7": "sf:1"})
    assert found(result) == []
    assert ("ns:8", "sf:1") in result.uncertain().select("left_key", "right_key").rows()


def test_a_record_may_lead_to_its_account_through_another_system() -> None:
    rows = [account("sf:1", "Blue Fox"), account("st:c", "Acme GmbH", **SEAT), account("ns:7", "Acme GmbH", **SEAT)]
    result = settled(rows, {"st:c": "sf:1"})
    assert found(result) == [("ns:7", "sf:1", "domain", False)]
    assert result.account["explanation"][0].endswith("(its customer is sf:1)")


def test_a_person_breaks_an_id_and_makes_a_link() -> None:
    rows = [account("sf:1", "Blue Fox"), account("sf:2", "Acme"), account("ns:7", "Corner Bakery")]
    claims = {"ns:7": "sf:1"}
    apart = settled(rows, claims, (judged("ns:7", "sf:1", Opinion.DIFFERENT),))
    assert found(apart) == [("ns:7", None, None, False)]
    moved = settled(rows, claims, (judged("ns:7", "sf:2", Opinion.SAME),))
    assert found(moved) == [("ns:7", "sf:2", "human", False)]
    assert found(settled(rows, claims, (judged("ns:7", "sf:9", Opinion.SAME),))) == []


def test_twins_of_the_crm_are_one_customer_when_seat_and_site_agree() -> None:
    result = settled([account("sf:1", "Acme GmbH", **SEAT), account("sf:2", "ACME GmbH", **SEAT)])
    assert result.duplicate.select("instance", "left_key", "right_key").rows() == [("sf", "sf:1", "sf:2")]
    assert result.customer.rows() == [("sf:1", "sf:1"), ("sf:2", "sf:1")]


def test_the_order_of_rows_changes_nothing_with_splink_at_work() -> None:
    dice = random.Random(1)
    names = ["".join(dice.choices("abdefgiklmnorstu", k=8)) for _ in range(900)]
    rows = [account(f"{system}:{number}", f"{name} Ltd") for number, name in enumerate(names) for system in ROLES]
    one = settled(rows)
    dice.shuffle(rows)
    other = settled(rows)
    assert one.account.height > 1_500
    assert one.account.equals(other.account)
    assert one.link.equals(other.link)
