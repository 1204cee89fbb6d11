"""Every control explains itself: one company with every fault there is, and each exception tells both values and its records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import load
from q2c_pipeline.reports.explain import explain
from q2c_pipeline.reports.formats import amount_text
from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline_tests.scenarios.worlds import reconciled

CONTROLS = sorted(file.header["control"] for file in load() if file.is_control)
DAY, AMOUNT = r"20\d\d-\d\d-\d\d", r"-?\d+\.\d{2,4} [A-Z]{3}"
NAMED = r"(subscription line |customer )\w+:\S+ names (contract line|account) \w+"
PAIRS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "BB17": (
        (rf"no invoice after {DAY}", rf"invoice of {DAY}"),
        (r"a tax class of product \S+", r"\S+ has none, yet \S+ bills it"),
    ),
    "RR04": ((rf"\S+ {AMOUNT}", rf"allocated are: \S+ ({AMOUNT}|none)"),),
    "MD04": ((r"\w+ .+, as before", r".+ in \w+"),),
    "DQ04": ((r"a record \w+, or the word", r"neither in \w+"),),
    "DQ05": ((rf"{AMOUNT} on account \w+", rf"{AMOUNT} on account \w+"),),
    "RR03": ((rf"{AMOUNT} of \S+ are deferred for \S+", rf"{AMOUNT} are, the ledger names \S+"),),
    "BP09": (
        (rf"exchange difference is {AMOUNT} (between|at) the rate [\d.]+", rf"(posted as|revalued by) {AMOUNT}"),
        (rf"is worth {AMOUNT} at the rate [\d.]+", rf"posted as {AMOUNT} at the rate [\d.]+"),
    ),
    "BP12": ((r"add up to 0\.00 [A-Z]{3}", rf"add up to {AMOUNT}"),),
    "BP13": ((r"^0\.00 [A-Z]{3} by hand on \w+", rf"journal \S+ posts {AMOUNT}"),),
    "BP14": ((rf"entered in .+ after its close on {DAY}", rf"of {AMOUNT} was entered there on {DAY}"),),
    "DQ01": ((r"of \S+, as the source says", r"of \S+ in what has landed"),),
    "DQ02": ((r"a value that can be read in \w+", r"\w+ says ('.+'|nothing)"),),
    "DQ03": ((r"only fields and values of \w+\.\w+", r"(unknown value|new field|missing field) \S+"),),
    "DQ11": ((rf"{AMOUNT} on {DAY}", rf"{AMOUNT} on {DAY}|not won"),),
    "DQ12": ((r"a rate for each of \d+ days", rf"none after the one of {DAY}"),),
    "DQ13": ((r"one primary book", r"\d+ primary books: \d+, \d+"),),
    "DQ14": ((r"a class for every account with postings", r"none for account \w+"),),
    "DQ06": (
        (r"a quantity above 0", r"quantity is -[\d.]+"),
        (rf"an end on or after its start on {DAY}", rf"ends on {DAY}"),
        (r"a quantity other than 0", r"quantity is zero"),
        (r"a discount of 0 to 100 %", r"discount is -?[\d.]+ %"),
    ),
    "DQ07": ((rf"step \d+ starts on {DAY}", rf"it starts on {DAY}"),),
    "DQ08": ((r"(order|line) \w+, which \S+ amends, is", r"no delivery has brought (order|line) \w+"),),
    "DQ09": ((r"tier \d+ starts at|the last tier has no end", r"tier \d+ starts at|the last tier ends at [\d.]+"),),
    "DQ10": ((rf"ends on or after {DAY}|starts after {DAY}", rf"(ends|starts) on {DAY}"),),
    "LA01": ((rf"by {DAY}, \d+ days after", rf"on {DAY}"),),
    "MD01": ((r"a customer of account \S+ in (billing|erp)", r"no customer of (billing|erp) is linked to \w+"),),
    "MD02": ((r"one record of the customer in \w+", r"\d+ records: \w+, \w+"),),
    "MD03": ((r".+, as \w+ says for (crm|billing|erp)", r".+ in \w+"),),
    "MD05": (
        (
            r"a product \S+ in \w+|an active product \S+|revenue of \S+|a code of product",
            r"has the code|is inactive|sold as|no code",
        ),
    ),
    "MD06": ((rf"{AMOUNT}, as \w+ says for \w+", rf"{AMOUNT} in \w+"),),
    "MD07": ((NAMED, r"it names (no account|no contract line|account \w+|contract line \w+)"),),
    "SL02": ((rf"one transaction for \w+ \S+ that posts {AMOUNT}", rf"none posts anything|\d+ transactions that post {AMOUNT}"),),
    "SL03": (
        (r"payment \S+ settles invoices of .+", r"it settles \S+ of .+"),
        (rf"at most {AMOUNT} applied to \S+", rf"{AMOUNT} applied"),
    ),
    "SL05": ((rf"{AMOUNT} are applied by {DAY}", rf"they settle nothing on {DAY}"),),
    "ST01": ((r"names (no subscription|\w+) with status \w+", r"names (no subscription|\w+) with status \w+"),),
    "ST02": ((AMOUNT, AMOUNT),),
}
"""What the two sides of a control without cells look like: with values, never the rule repeated."""
EXCEPTIONS = "select exception_id, evidence, currency from recon.exception where control_id = $control order by exception_id"
CELLS = "select left_amount, right_amount, currency from mart.exception_cell where exception_id = $id"
FACTS = "select expected_text, found_text from mart.exception_fact where exception_id = $id"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("explained")
    with (
        reconciled(folder, 1, available_faults()) as world,
        open_published(world.settings.stores.published) as warehouse,
    ):
        yield warehouse


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_explains_itself_with_both_values_and_its_records(published: Warehouse, control: str) -> None:
    found = published.query(EXCEPTIONS, {"control": control}).rows(named=True)
    assert found, "no fault of this control is planted"
    for one in found:
        said = {section.title: " ".join(section.sentences) for section in explain(published, one["exception_id"])}
        cells = published.query(CELLS, {"id": one["exception_id"]}).rows(named=True)
        facts = published.query(FACTS, {"id": one["exception_id"]}).rows(named=True)
        assert cells or facts, "neither a cell nor a pair of values"
        for cell in cells[:1]:
            assert amount_text(cell["left_amount"], cell["currency"]) in said["Expected"]
            assert amount_text(cell["right_amount"], cell["currency"]) in said["Found"]
        for fact in facts:
            told_both(control, fact, said)
        ids = re.findall(r'"source_id":"([^"]+)"', one["evidence"])
        assert ids
        assert ids[0] in said["Proof"]
        assert "version 1 of the policy" in said["Rule"]
        assert said["At risk"]
        assert said["Repair"]


def told_both(control: str, fact: Mapping[str, Any], said: Mapping[str, str]) -> None:
    """Both sides of a pair are told, have the control's look, and differ."""
    expected, found = fact["expected_text"], fact["found_text"]
    assert expected[1:].rstrip(".") in said["Expected"]
    assert found[1:].rstrip(".") in said["Found"]
    assert expected != found
    looks = PAIRS.get(control)
    assert looks, f"say in PAIRS how these two look: {expected} | {found}"
    assert any(re.search(left, expected) and re.search(right, found) for left, right in looks), f"{expected} | {found}"
