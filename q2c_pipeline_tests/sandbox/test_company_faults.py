from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.sandbox.company import available_faults, build, write_truth
from q2c_pipeline_tests.sandbox.books import differences, documents, ledger_balances, receivables

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.systems import Systems, Truth

AS_OF = date(2026, 3, 31)
MONEY_ON_DOCUMENTS = {"BP01", "BP02", "BP03", "BP04", "BP05", "BP06", "BP10", "BP11", "timing"}
MOVES_BILLING = tuple({name[:4] for name in available_faults() if name.startswith("bb")} - {"bb17"})
CONTROLS = {path.name[:4].upper() for path in (Path(__file__).parents[2] / "sql" / "50_control").glob("*.sql")}


@cache
def world(*faults: str, accounts: int = 25, months: int = 5) -> Systems:
    return build(11, accounts=accounts, months=months, as_of=AS_OF, faults=faults)


@pytest.fixture(scope="module")
def clean() -> Systems:
    return world()


@pytest.fixture(scope="module", params=[(35, 5), (60, 8)], ids=["35x5", "60x8"])
def everything(request: pytest.FixtureRequest) -> Systems:
    accounts, months = request.param
    return world(*available_faults(), accounts=accounts, months=months)


def rows(systems: Systems, leg: str) -> dict[str, Truth]:
    return {row.subject_key: row for row in systems.truth if row.control_id.startswith(leg)}


@pytest.mark.parametrize("name", available_faults())
def test_a_fault_plants_its_own_control_and_changes_records(name: str, clean: Systems) -> None:
    found = world(name)
    control = "timing" if name.startswith("timing") else name[:4].upper()
    assert {row.control_id for row in found.truth} == {control}
    changed = (found.salesforce, found.stripe, found.netsuite) != (clean.salesforce, clean.stripe, clean.netsuite)
    assert changed or found.misbehaviour


@pytest.mark.parametrize("name", [name for name in available_faults() if name.startswith(MOVES_BILLING)])
def test_what_billing_does_wrong_is_posted_right(name: str) -> None:
    found = world(name)
    assert receivables(found) == documents(found)
    assert not any(ledger_balances(found).values())
    assert {(row.subject_key, row.currency): row.amount for row in found.truth} == differences(found)


@pytest.mark.parametrize(
    "name", [n for n in available_faults() if not n.startswith((*MOVES_BILLING, "st02", "sl03_above", "timing"))]
)
def test_other_faults_leave_billing_as_it_was(name: str, clean: Systems) -> None:
    found = world(name)
    for table in ("invoice", "invoice_line", "credit_note", "invoice_payment"):
        assert found.stripe[table] == clean.stripe[table]
    assert differences(found) == {}


def test_all_controls_have_a_fault() -> None:
    assert {row.control_id for row in world(*available_faults(), accounts=35).truth} == CONTROLS | {"timing"}


def test_planting_everything_at_once_keeps_the_truth_of_billing_exact(everything: Systems) -> None:
    planted = [row for row in everything.truth if row.control_id.startswith("BB") or "/" in row.subject_key]
    planted = [row for row in planted if not row.control_id.startswith(("RR", "SL", "BB17", "DQ02"))]
    told = {(row.subject_key, row.currency): row.amount for row in planted if row.currency}
    assert differences(everything) == told


def test_planting_everything_at_once_keeps_the_truth_of_postings_exact(everything: Systems) -> None:
    posted, wanted = receivables(everything), documents(everything)
    by_number = {number: sum((v for (n, _), v in wanted.items() if n == number), Decimal(0)) for number, _ in {*wanted, *posted}}
    gaps = {
        number: by_number[number] - sum((v for (n, _), v in posted.items() if n == number), Decimal(0)) for number in by_number
    }
    told = {row.subject_key: row for row in everything.truth if row.control_id in {*MONEY_ON_DOCUMENTS, "BP06"}}
    for number, gap in gaps.items():
        if gap:
            row = told[number]
            assert row.amount == gap


def test_unbalanced_transactions_are_the_told_ones(everything: Systems) -> None:
    heads = {t["id"]: t["tranid"] for t in everything.netsuite["transaction"].values()}
    off = {
        heads[number]: -amount for (number, kind), amount in ledger_balances(everything).items() if kind == "document" and amount
    }
    assert off == {key: row.amount for key, row in rows(everything, "BP12").items()}


def test_subjects_are_disjoint(everything: Systems) -> None:
    subjects = [row.subject_key for row in everything.truth if not row.control_id.startswith("DQ")]
    assert len(subjects) == len(set(subjects))


def test_the_order_of_names_does_not_matter() -> None:
    names = available_faults()
    assert world(*names, accounts=35) == world(*reversed(names), accounts=35)


def test_large_companies_have_more_of_the_daily_faults() -> None:
    small, large = (world("bp01_not_posted", accounts=accounts) for accounts in (25, 160))
    assert len(large.truth) > len(small.truth)


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="bb99_anything"):
        world("bb99_anything")


def test_a_world_without_subjects_says_so() -> None:
    with pytest.raises(ConfigurationError, match="ask for more accounts"):
        build(1, accounts=2, months=1, as_of=AS_OF, faults=["bb11_step_missed"])


def test_the_truth_is_written_as_a_table(tmp_path: Path) -> None:
    target = tmp_path / "truth.csv"
    write_truth(world("bb06_period_skipped", "md07_item_without_line"), target)
    header, *lines = target.read_text(encoding="utf-8").splitlines()
    assert header == "control_id,subject_key,amount,currency"
    assert [line.split(",")[0] for line in lines] == ["BB06", "MD07"]
    assert lines[1].endswith("@billing,0,")


@pytest.mark.parametrize("name", ["bb06_period_skipped", "bp01_not_posted", "md07_item_without_line"])
def test_a_count_plants_so_many_on_subjects_of_their_own(name: str) -> None:
    subjects = [row.subject_key for row in world(f"{name}*12", accounts=60).truth]
    assert len(subjects) == len(set(subjects)) == 12


@pytest.mark.parametrize("count", ["", "0", "many"])
def test_a_count_is_a_whole_number(count: str) -> None:
    with pytest.raises(ConfigurationError, match="a whole number above zero"):
        world(f"bb06_period_skipped*{count}")
