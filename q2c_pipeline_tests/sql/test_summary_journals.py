"""A ledger that posts one journal for all documents of a company, currency and day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from q2c_pipeline.engine.sqlfiles import load_assertions
from q2c_pipeline.quality.assertions import check_assertion
from q2c_pipeline_tests.sql.world import PARAMS, World, all_files, consistent, found_in

DAY = date(2026, 5, 1)


def summing(*others: tuple[str, int]) -> World:
    """Order 1's invoices, and on 1 May further documents that nobody sold: name and net; all for the ledger to sum up."""
    world = consistent()
    world.summary_convention = ("netsuite_main", "entity_day", "SUM-")
    for name, net in others:
        unsold(world, name, DAY, net)
    return world


def unsold(world: World, name: str, day: date, net: int, **header: Any) -> None:
    """A document of one day that no contract demands."""
    world.bill(name, day, day, net, subscription_source_id=None, subscription_line_source_id=None, **header)


def amounts(world: World, *documents: str) -> dict[str, Decimal]:
    total = {"1100": Decimal(0), "2100": Decimal(0), "4000": Decimal(0)}
    for name in documents:
        header = world.get("invoice", f"in-{name}")
        for account, amount in (
            ("1100", header["total_amount"]),
            ("2100", -header["tax_amount"]),
            ("4000", -header["net_amount"]),
        ):
            total[account] += amount
    return total


def sum_up(world: World, day: date, *documents: str, name: str = "", **shared: Any) -> str:
    """Post one summary of the documents on a day."""
    number = f"SUM-US-USD-{day}{name}"
    usual = {"transaction_kind": "journal", "transaction_number": number, "posting_date": day, "currency": "USD"}
    world.journal(number, shared.pop("amounts", None) or amounts(world, *documents), **(usual | shared))
    return number


def sum_up_rest(world: World, *but: date) -> World:
    """Post a summary for every day that has documents."""
    days: dict[date, list[str]] = {}
    for (_, key), row in world.rows["invoice"].items():
        days.setdefault(row["issued_date"], []).append(key.removeprefix("in-"))
    for day, names in days.items():
        if day not in but:
            sum_up(world, day, *names)
    return world


def test_summaries_of_each_day_agree() -> None:
    world = sum_up_rest(summing())
    assert world.exceptions() == []


def told(world: World) -> list[tuple[str, str, Decimal, str]]:
    """Exceptions with their sentences, on bridges that add up."""
    with world.run() as warehouse:
        found_in(warehouse)
        return warehouse.query(
            "select control_id, subject_key, difference_amount, reason from recon.exception "
            "where leg in ('BP', 'SL', 'RR') order by all"
        ).rows()


def found(world: World) -> list[tuple[str, str, Decimal]]:
    return [(control, subject, amount) for control, subject, amount, _ in told(world)]


def day_of(*nets: int) -> World:
    """1 May has invoice 5 of 1,000.00 net and documents a, b, ... of these nets; nothing is posted on that day yet."""
    world = summing(*zip("abcdefgh", nets, strict=False))
    return sum_up_rest(world, DAY)


def test_one_document_is_missing_and_named() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "b")
    assert found(world) == [("BP01", "INV-a", Decimal("77.0000"))]


def test_two_documents_are_missing_and_named() -> None:
    world = day_of(70, 90, 310)
    sum_up(world, DAY, "5", "b")
    assert found(world) == [("BP01", "INV-a", Decimal("77.0000")), ("BP01", "INV-c", Decimal("341.0000"))]


def test_half_of_a_small_day_is_missing_and_named() -> None:
    world = day_of(70, 90, 310, 1270)
    sum_up(world, DAY, "5", "b")
    assert [subject for _, subject, _ in found(world)] == ["INV-a", "INV-c", "INV-d"]


def test_one_of_two_equal_documents_is_missing_and_neither_is_named() -> None:
    world = day_of(70, 70)
    number = sum_up(world, DAY, "5", "b")
    [(control, subject, amount, reason)] = told(world)
    assert (control, subject, amount) == ("BP04", number, Decimal("77.0000"))
    assert "exactly INV-a missing or INV-b missing would explain it" in reason


def test_a_document_counted_twice_is_named() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "a", "b", "b")
    assert found(world) == [("BP03", "INV-b", Decimal("-99.0000"))]


def test_a_document_in_the_summary_and_by_itself_is_posted_twice() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "a", "b")
    world.post("in-b")
    assert found(world) == [("BP03", "INV-b", Decimal("-99.0000"))]


def test_a_document_by_itself_is_not_awaited_in_the_summary() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "a")
    world.post("in-b")
    assert found(world) == []


def test_a_reversal_that_quotes_the_document_takes_back_what_was_counted_twice() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "a", "b", "b")
    back = {account: -amount for account, amount in amounts(world, "b").items()}
    world.journal(
        "JE-1", back, transaction_kind="journal", transaction_number="JE-1", claimed_document_number="INV-b",
        posting_date=DAY, currency="USD",
    )  # fmt: skip
    assert found(world) == []


def test_an_amount_that_no_document_explains_stays_with_the_summary() -> None:
    world = day_of(70, 90)
    wrong = amounts(world, "5", "a", "b") | {"1100": Decimal(1272), "4000": Decimal(-1156)}
    number = sum_up(world, DAY, amounts=wrong)
    [(control, subject, amount, reason)] = told(world)
    assert (control, subject, amount) == ("BP04", number, Decimal("4.0000"))
    assert (
        "demands 1276.00 USD receivable of US in 2026-05, posted 1272.00 USD for the 3 documents of US USD 2026-05-01" in reason
    )


def test_a_document_that_was_summed_up_without_its_tax_is_named() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, amounts=amounts(world, "5", "a", "b") | {"1100": Decimal(1267), "2100": Decimal(-107)})
    assert found(world) == [("BP05", "INV-b", Decimal("9.0000"))]


def test_a_deferral_that_was_summed_up_as_revenue_is_named() -> None:
    world = summing(("a", 70))
    world.bill("l", DAY, date(2026, 6, 30), 300, subscription_source_id=None, subscription_line_source_id=None)
    sum_up_rest(world, DAY)
    sum_up(world, DAY, "5", "a", "l")
    assert found(world) == [("BP08", "INV-l", Decimal("300.0000"))]


def test_tax_that_is_missing_stays_with_the_summary() -> None:
    world = day_of(70, 90)
    wrong = amounts(world, "5", "a", "b") | {"1100": Decimal(1160), "2100": Decimal(0)}
    number = sum_up(world, DAY, amounts=wrong)
    assert found(world) == [("BP05", number, Decimal("116.0000"))]


def test_a_wrong_class_stays_with_the_summary() -> None:
    world = day_of(70, 90)
    wrong = amounts(world, "5", "a", "b") | {"2400": Decimal(-90), "4000": Decimal(-1070)}
    number = sum_up(world, DAY, amounts=wrong)
    assert found(world) == [("BP08", number, Decimal("90.0000"))]


def test_an_unbalanced_summary() -> None:
    world = day_of(70, 90)
    number = sum_up(world, DAY, amounts=amounts(world, "5", "a", "b") | {"1100": Decimal(1283)})
    assert found(world) == [("BP12", number, Decimal("-7.0000"))]


def test_a_summary_posted_twice_is_one_exception() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "a", "b")
    again = sum_up(world, DAY, "5", "a", "b", name="-R")
    [(control, subject, amount, reason)] = told(world)
    assert (control, subject, amount) == ("BP03", again, Decimal("-1276.0000"))
    assert reason.endswith("it repeats SUM-US-USD-2026-05-01 (first of 3 cells)")


def test_a_summary_posted_again_on_another_day() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "a", "b")
    again = sum_up(world, DAY, "5", "a", "b", name="-R", posting_date=date(2026, 5, 4))
    assert found(world) == [("BP03", again, Decimal("-1276.0000"))]


def test_two_summaries_that_add_up_to_the_day_are_right() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", name="-A")
    sum_up(world, DAY, "a", "b", name="-B")
    assert found(world) == []


def test_a_day_without_summary_names_each_document() -> None:
    world = day_of(70)
    assert found(world) == [("BP01", "INV-5", Decimal("1100.0000")), ("BP01", "INV-a", Decimal("77.0000"))]


def test_a_summary_in_the_period_before() -> None:
    world = day_of(70)
    number = sum_up(world, DAY, "5", "a", posting_date=date(2026, 4, 29))
    assert found(world) == [("BP07", number, Decimal("1177.0000"))]


def test_a_summary_in_the_next_period_by_its_period_alone() -> None:
    world = day_of(70)
    number = sum_up(world, DAY, "5", "a", accounting_period_source_id="2026-06")
    assert found(world) == [("BP07", number, Decimal("1177.0000"))]


def test_a_summary_in_another_company() -> None:
    world = day_of(70)
    number = sum_up(world, DAY, "5", "a", subsidiary_source_id="2")
    assert found(world) == [("BP06", number, Decimal("1177.0000"))]


def test_a_document_of_the_last_day_stands_in_the_next_day_s_summary() -> None:
    world = day_of(70)
    unsold(world, "z", date(2026, 4, 30), 55)
    unsold(world, "y", date(2026, 4, 30), 65)
    sum_up(world, date(2026, 4, 30), "z")
    sum_up(world, DAY, "5", "a", "y")
    assert found(world) == [("BP07", "INV-y", Decimal("71.5000"))]


def test_a_summary_of_nothing_known() -> None:
    world = day_of(70)
    sum_up(world, DAY, "5", "a")
    number = sum_up(world, date(2026, 5, 7), amounts={"1100": Decimal(33), "2100": Decimal(-3), "4000": Decimal(-30)})
    [(control, subject, amount, reason)] = told(world)
    assert (control, subject, amount) == ("BP02", number, Decimal("-33.0000"))
    assert "no documents of US in USD on 2026-05-07 wait for it" in reason


def test_a_void_document_in_the_summary() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "a", "b")
    world.change("invoice", "in-b", document_status="void")
    assert found(world) == [("BP11", "INV-b", Decimal("-99.0000"))]


def test_a_credit_memo_nets_and_is_named_when_missing() -> None:
    world = summing(("a", 70))
    unsold(world, "c", DAY, -90, document_kind="credit_memo", document_status="issued")
    world = sum_up_rest(world, DAY)
    sum_up(world, DAY, "5", "a")
    assert found(world) == [("BP10", "INV-c", Decimal("-99.0000"))]


def batched(*batches: tuple[str, tuple[str, ...]]) -> World:
    """1 May's invoice 5 and documents a, b of 2 May stand in these batches, which nobody posted; the rest is posted by day."""
    world = sum_up_rest(summing(("a", 70), ("b", 90)), DAY)
    world.summary_convention = ("netsuite_main", "batch", "SUM-")
    for name in "ab":
        world.change("invoice", f"in-{name}", issued_date=date(2026, 5, 2))
    of_days = {row["issued_date"]: f"B-{row['issued_date']}" for row in world.rows["invoice"].values()}
    for row in world.rows["invoice"].values():
        row["claimed_ledger_batch"] = of_days[row["issued_date"]]
    for batch, names in batches:
        for name in names:
            world.change("invoice", f"in-{name}", claimed_ledger_batch=batch)
    for row in world.rows["posting"].values():
        row["claimed_document_number"] = of_days[row["posting_date"]]
    return world


def test_a_batch_is_posted_on_whatever_day() -> None:
    world = batched(("B-1", ("5", "a")), ("B-2", ("b",)))
    sum_up(world, date(2026, 5, 3), "5", "a", claimed_document_number="B-1")
    sum_up(world, date(2026, 5, 3), "b", name="-2", claimed_document_number="B-2")
    assert found(world) == []
    with world.run("link.summary_document") as warehouse:
        rows = warehouse.query(
            "select document_number, method, group_key from link.summary_document order by 1 desc limit 2"
        ).rows()
    assert rows == [("INV-b", "batch", "US USD B-2"), ("INV-a", "batch", "US USD B-1")]


def test_a_document_that_its_batch_lacks_is_named() -> None:
    world = batched(("B-1", ("5", "a")), ("B-2", ("b",)))
    sum_up(world, date(2026, 5, 3), "5", claimed_document_number="B-1")
    sum_up(world, date(2026, 5, 3), "b", name="-2", claimed_document_number="B-2")
    [(control, subject, _, reason)] = told(world)
    assert (control, subject) == ("BP01", "INV-a")
    assert "SUM-US-USD-2026-05-03 posts the rest of the 2 documents of US USD B-1 to the cent" in reason


def test_a_batch_posted_twice_names_the_second_journal() -> None:
    world = batched(("B-1", ("5", "a", "b")))
    sum_up(world, date(2026, 5, 3), "5", "a", "b", claimed_document_number="B-1")
    again = sum_up(world, date(2026, 5, 4), "5", "a", "b", claimed_document_number="B-1")
    assert found(world) == [("BP03", again, Decimal("-1276.0000"))]


def broken() -> World:
    """A day whose summary lacks a, holds b twice and is posted again, and a day in the wrong period."""
    world = summing(("a", 70), ("b", 90))
    unsold(world, "z", date(2026, 7, 30), 55)
    sum_up_rest(world, DAY, date(2026, 7, 30))
    sum_up(world, DAY, "5", "b", "b")
    sum_up(world, DAY, "5", "b", "b", name="-R")
    sum_up(world, date(2026, 7, 30), "z", accounting_period_source_id="2026-08")
    return world


def test_every_truth_about_tables_holds_where_summaries_are_wrong() -> None:
    with broken().run(*(file.name for file in all_files())) as warehouse:
        told = [check_assertion(warehouse, file, PARAMS, "x.y") for file in load_assertions()]
        assert [one for one in told if not one.is_ok] == []
        assert warehouse.query("select 1 from recon.exception where leg = 'BP'").height > 1


def test_a_document_leads_to_its_summary_and_the_summary_to_its_part() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "a", "b", "b")
    with world.run("mart.trace_edge", "mart.exception_record") as warehouse:
        edges = warehouse.query(
            "select parent_key, method from mart.trace_edge where parent_key = 'invoice:stripe_main:in-b'"
        ).rows()
        parts = warehouse.query(
            "select amount from mart.exception_record where description = 'receivable of US in 2026-05, in the summary'"
        ).rows()
    assert edges == [("invoice:stripe_main:in-b", "entity_day")]
    assert parts == [(Decimal("198.0000"),)]


def test_a_summary_that_stands_elsewhere_is_corrected_by_hand() -> None:
    world = day_of(70)
    sum_up(world, DAY, "5", "a", accounting_period_source_id="2026-06")
    with world.run("repair.obstacle", "repair.document_journal") as warehouse:
        assert warehouse.query("select obstacle from repair.obstacle").rows() == [
            ("it is one journal for 2 documents: correct that journal itself",)
        ]
        assert warehouse.query("select 1 from repair.document_journal where control_id = 'BP07'").is_empty()


def test_what_is_missing_in_a_summary_is_drafted_by_itself() -> None:
    world = day_of(70, 90)
    sum_up(world, DAY, "5", "b")
    with world.run("repair.document_journal") as warehouse:
        drafted = warehouse.query(
            "select document_number, debit_amount - credit_amount from repair.document_journal "
            "where control_id = 'BP01' order by 2"
        ).rows()
    assert drafted == [("INV-a", Decimal(-70)), ("INV-a", Decimal(-7)), ("INV-a", Decimal(77))]


def test_open_items_deferrals_and_roll_forwards_agree_with_summaries() -> None:
    world = summing(("a", 70))
    world.bill("l", DAY, date(2026, 6, 30), 300, subscription_source_id=None, subscription_line_source_id=None)
    sum_up_rest(world, DAY)
    sum_up(world, DAY, amounts=amounts(world, "5", "a", "l") | {"2400": Decimal(-300), "4000": Decimal(-1070)})
    with world.run("recon.receivable_rollforward", "recon.deferred_rollforward", "grid.subledger_ledger") as warehouse:
        rows = warehouse.query(
            "select billed_amount, posted_billed_amount, posted_other_amount, difference_amount "
            "from recon.receivable_rollforward where period = date '2026-05-01'"
        ).rows()
        assert rows == [(Decimal(1507), Decimal(1507), Decimal(0), Decimal(0))]
        may = "select billed_amount, other_amount from recon.deferred_rollforward where period = date '2026-05-01'"
        assert warehouse.query(may).rows() == [(Decimal(300), Decimal(0))]
        assert warehouse.query("select distinct part, difference_amount from grid.subledger_ledger").rows() == [
            ("document", Decimal(0))
        ]


def test_a_summary_that_comes_late_in_its_month_is_slow() -> None:
    world = day_of(70)
    sum_up(world, DAY, "5", "a", posting_date=date(2026, 5, 12))
    with world.run() as warehouse:
        slow = "select subject_key, reason from recon.exception where control_id = 'LA01' order by 1"
        assert warehouse.query(slow).rows() == [
            (f"INV-{name}", "issued on 2026-05-01, posted on 2026-05-12: 11 days where 5 are agreed") for name in "5a"
        ]
    assert found(world) == []


def test_what_is_in_flight_is_timing() -> None:
    world = summing()
    unsold(world, "late", date(2026, 10, 30), 70)
    world = sum_up_rest(world, date(2026, 10, 30))
    assert found(world) == []
    with world.run() as warehouse:
        assert warehouse.query("select distinct subject_key from recon.timing where leg = 'BP'").rows() == [("INV-late",)]


def test_without_the_convention_a_summary_is_a_journal_by_hand() -> None:
    world = sum_up_rest(summing())
    world.summary_convention = None
    assert {control for control, *_ in found(world)} == {"BP01", "BP13"}


def test_a_summary_that_fits_two_days_is_taken_for_neither() -> None:
    world = summing()
    days = [date(2026, 5, 4), date(2026, 5, 6)]
    for name, day in zip("ab", days, strict=True):
        unsold(world, name, day, 70)
    sum_up_rest(world, *days)
    number = sum_up(world, date(2026, 5, 8), "a")
    reasons = {(control, subject): reason for control, subject, _, reason in told(world)}
    assert set(reasons) == {("BP01", "INV-a"), ("BP01", "INV-b"), ("BP02", number)}
    assert "it may stand for or repeat US USD 2026-05-04, US USD 2026-05-06" in reasons["BP02", number]


def test_amounts_that_come_again_a_month_later_fit_the_near_day() -> None:
    world = summing()
    days = [date(2026, 4, 29), date(2026, 5, 29)]
    for name, day in zip("ab", days, strict=True):
        unsold(world, name, day, 70)
    sum_up_rest(world, *days)
    number = sum_up(world, date(2026, 5, 3), "a")
    assert found(world) == [("BP01", "INV-b", Decimal("77.0000")), ("BP07", number, Decimal("77.0000"))]


def tables_of(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every made table but those of summaries, its rows in one order."""
    names = [file.name for file in all_files() if "summar" not in file.table and not file.name.startswith("control.")]
    with world.run(*names) as warehouse:
        return {name: sorted(warehouse.query(f"from {name}").rows(), key=str) for name in names}


def test_a_ledger_that_posts_no_summary_has_the_same_tables_with_and_without_the_convention() -> None:
    usual, told_so = consistent().post_all(), consistent().post_all()
    for world in (usual, told_so):
        world.reprice("3", 950)
        world.journal(
            "tr-hand", {"1100": Decimal(5), "4000": Decimal(-5)}, transaction_kind="journal", transaction_number="JE-1",
            posting_date=DAY, currency="USD",
        )  # fmt: skip
    told_so.summary_convention = ("netsuite_main", "entity_day", "SUM-")
    assert tables_of(usual) == tables_of(told_so)


def test_without_the_convention_the_tables_of_summaries_are_empty() -> None:
    with consistent().post_all().run("grid.billed_posted_summary", "grid.summary_remark", "mart.exception_summary") as warehouse:
        made = [file.name for file in all_files() if file.table.startswith("summary_")]
        assert {name: warehouse.count(name) for name in made} == dict.fromkeys(made, 0)


def in_euro(receivable: str, *, day: date = DAY, **shared: Any) -> World:
    """The documents of 1 May in euro at 1.10, the summary's receivable standing in the books as `receivable` USD."""
    world = summing(("a", 50), ("b", 150))
    for table in ("invoice", "invoice_line"):
        for key in ("in-a", "in-b") if table == "invoice" else ("il-a", "il-b"):
            world.change(table, key, currency="EUR")
    rates = {"currency": "EUR", "quote_currency": "USD", "rate_type": "spot"}
    world.add("fx_rate", "erp", "r1", effective_date=DAY, exchange_rate=Decimal("1.1"), **rates)
    sum_up_rest(world, DAY)
    sum_up(world, DAY, "5")
    number = sum_up(world, day, "a", "b", name="-EUR", currency="EUR", **shared)
    for line, amount in ((1, receivable), (2, "-22"), (3, "-220")):
        for book in (1, 2):
            world.change("posting", f"{number}-{line}-{book}", functional_amount=Decimal(amount), exchange_rate=Decimal("1.05"))
    return world


def rates_off(world: World) -> list[tuple[str, str, Decimal, str]]:
    with world.run() as warehouse:
        return warehouse.query(
            "select control_id, subject_key, difference_amount, currency from recon.exception where control_id = 'BP09'"
        ).rows()


def test_a_summary_at_another_rate_is_worth_what_the_books_miss() -> None:
    assert rates_off(in_euro("231")) == [("BP09", "SUM-US-USD-2026-05-01-EUR", Decimal("11.0000"), "USD")]


def test_a_summary_at_the_rate_of_its_day_is_right_to_a_cent_a_line() -> None:
    assert rates_off(in_euro("242")) == rates_off(in_euro("242.03")) == []
    assert rates_off(in_euro("242.04")) != []


def test_the_rate_of_a_summary_with_another_amount_is_not_judged() -> None:
    other = {"1100": Decimal(210), "2100": Decimal(-20), "4000": Decimal(-190)}

    assert rates_off(in_euro("1", amounts=other)) == []
