"""Other shapes of company: several instances of a platform, two systems of three, systems with nothing in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from q2c_pipeline.orchestration import demo, lookalikes, night
from q2c_pipeline.sandbox.company import customers, registers
from q2c_pipeline.sandbox.systems import Earlier, Misbehaviour, Systems, Truth, evening_before
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.scenarios.nights import AS_OF, Company, company
from q2c_pipeline_tests.scenarios.site import EVERYTHING

_UNSEEN_FAULTS = ("dq04", "dq05", "md04", "sl03_entered_for_other_customer")
PLANTED = [name for name in EVERYTHING if not name.startswith(_UNSEEN_FAULTS)]
"""Without the faults that only a reconciliation of the evening before, or of all three systems, could know of."""
_OTHER_NAMES = (
    (re.compile(r"\b(AC|ORD|OPP|INV|CN|JE|REL|PMT)-"), r"B\1-"),
    (re.compile(r"\bac-"), "bac-"),
    (re.compile(r"\b(Northwind|Alder|Quarry|Sable|Helix|Bright|Cobalt|Meridian|Fjord|Juniper|Opal)\b"), r"Grand \1stone"),
    (re.compile("Q2000"), "Q3000"),
    (re.compile("1Q2C"), "2Q2C"),
    (re.compile(r"\b(sf|stripe|netsuite)_main\b"), r"\1_two"),
)
"""Business numbers, ids and names of a second company; NetSuite counts its ids from one in every account, so those stay."""
_NAMING = frozenset({"subject_key", "detail", "key", "record"})
_ELSEWHERE = 40_000
"""Customers of the second company are others in the registers, too: so many numbers further on."""


def renamed(value: Any) -> Any:
    """The same facts under the names of the second company."""
    match value:
        case str():
            for pattern, other in _OTHER_NAMES:
                value = pattern.sub(other, value)
            return value
        case dict():
            return {renamed(key): renamed(one) for key, one in value.items()}
        case list() | tuple():
            return type(value)(map(renamed, value))
    if isinstance(value, Truth | Misbehaviour | Earlier):
        return replace(value, **{name: renamed(vars(value)[name]) for name in _NAMING & vars(value).keys()})
    return value


def second(acme: Company) -> Company:
    """The company as another one, with instances and variables of other names."""
    own = acme.systems
    salesforce, stripe, netsuite = (renamed(one) for one in (own.salesforce, own.stripe, own.netsuite))
    facts = (renamed(own.truth), renamed(own.misbehaviour), renamed(own.earlier))
    systems = Systems(own.as_of, salesforce, stripe, netsuite, *facts)
    return Company(systems, {name.replace("_MAIN_", "_TWO_"): value for name, value in acme.credentials.items()})


def blocks(text: str) -> dict[str, str]:
    """The instances of a configuration by name, as text."""
    parts = text.split("[[instances]]")[1:]
    return {re.findall(r'name = "(\w+)"', part)[0]: f"[[instances]]{part}" for part in parts}


def configured(folder: Path, urls: Mapping[str, str], credentials: Mapping[str, str], names: Sequence[str]) -> Settings:
    """A configuration of some instances; those called ..._two are configured as the ..._main are."""
    path = lookalikes.write_config(folder, {**dict.fromkeys(lookalikes.INSTANCES, "http://127.0.0.1:1"), **urls})
    head = path.read_text(encoding="utf-8").split("[[instances]]")[0]
    known = blocks(path.read_text(encoding="utf-8"))
    written = [head]
    for name in names:
        main = name.replace("_two", "_main")
        text = known[main].replace(main, name).replace(main.upper(), name.upper())
        written.append(re.sub(r'url = ".*"', f'url = "{urls[name]}"', text))
    path.write_text("\n".join(written), encoding="utf-8")
    return load_settings(path, credentials)


def reconciled(settings: Settings, as_of: date = AS_OF) -> Settings:
    result = night.run_night(settings, as_of, lambda *_: None)
    assert result.blocked == []
    return settings


def wrong(settings: Settings, truth: Sequence[Truth]) -> list[demo.Comparison]:
    """Where what was found is not what was planted."""
    return [one for one in demo.compare_published(settings, truth) if not one.agrees]


def statuses(settings: Settings) -> dict[str, set[str]]:
    """The states of the controls of each leg."""
    rows = night.query_published(settings, "select leg, status from recon.control_result").iter_rows()
    found: dict[str, set[str]] = {}
    for leg, status in rows:
        found.setdefault(leg, set()).add(status)
    return found


@pytest.fixture(scope="module")
def acme() -> Company:
    return company(12, *PLANTED, accounts=40, months=5)


@pytest.fixture(scope="module")
def urls(acme: Company) -> Iterator[dict[str, str]]:
    with acme.served() as served:
        yield served


@contextmanager
def served_together(one: Company, other: Company) -> Iterator[dict[str, str]]:
    """The addresses of all six systems."""
    renamed_back = {name.replace("_TWO_", "_MAIN_"): value for name, value in other.credentials.items()}
    with one.served() as urls, lookalikes.serving(other.systems, renamed_back) as others:
        yield urls | {name.replace("_main", "_two"): url for name, url in others.items()}


def test_two_companies_with_six_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every fault there is in each, also those that only who saw the evening before can know of."""
    one = company(12, *EVERYTHING, accounts=40, months=5)
    monkeypatch.setattr(customers, "tax_number", lambda entity, index: registers.tax_number(entity, index + _ELSEWHERE))
    other = second(company(13, *EVERYTHING, accounts=40, months=5))
    credentials, earlier = one.credentials | other.credentials, AS_OF - timedelta(days=1)
    with served_together(evening(one), evening(other)) as urls:
        reconciled(configured(tmp_path, urls, credentials, sorted(urls)), earlier)
    with served_together(one, other) as urls:
        settings = reconciled(configured(tmp_path, urls, credentials, sorted(urls)))
    assert list(map(str, wrong(settings, [*one.systems.truth, *other.systems.truth]))) == []


def evening(of: Company) -> Company:
    """The company as it was on the evening before."""
    return Company(evening_before(of.systems), of.credentials)


_UNSEEN_CONTROLS = {
    "crm": ("BB", "ST01", "MD01", "MD03", "MD05", "MD06", "MD07", "RR", "SL04", "DQ06", "DQ07", "DQ08", "DQ09"),
    "erp": ("BP", "RR", "SL", "DQ11"),
}
_UNSEEN_SUBJECTS = {"crm": ("sf_main", "OPP-"), "erp": ("netsuite_main", "@erp", "@crm/tax_id", "@crm/payment_terms")}


def concerns(one: Truth, absent: str) -> bool:
    """Whether a planted difference can be seen without a system; without a ledger no invoice is posted late or billed on hold."""
    by_ledger = absent == "erp" and one.control_id in ("LA01", "BB17") and one.subject_key.startswith("INV")
    if one.control_id == "BB17" and one.subject_key.endswith("@billing"):
        return True  # billing itself knows that a product has no tax class
    unseen = one.control_id.startswith(_UNSEEN_CONTROLS[absent]) or by_ledger
    return not unseen and not any(word in one.subject_key for word in _UNSEEN_SUBJECTS[absent])


@pytest.mark.parametrize(
    ("absent", "names", "leg"),
    [
        ("erp", ("sf_main", "stripe_main"), "BP"),
        pytest.param("crm", ("stripe_main", "netsuite_main"), "BB", marks=pytest.mark.long),
    ],
    ids=["without ledger", "without CRM"],
)
def test_two_systems_of_three(
    tmp_path: Path, acme: Company, urls: dict[str, str], absent: str, names: tuple[str, ...], leg: str
) -> None:
    settings = reconciled(configured(tmp_path, urls, acme.credentials, names))
    assert statuses(settings)[leg] == ({"not_run"} if absent == "erp" else {"not_run", "exceptions"})
    seen = [one for one in acme.systems.truth if concerns(one, absent)]
    found = [one for one in wrong(settings, seen) if one.control_id != demo.TIMING]
    assert found == []
    assert night.query_published(settings, "select distinct leg from recon.bridge order by leg")["leg"].to_list() == (
        ["BB"] if absent == "erp" else ["BP", "SL"]
    )


EMPTY = (
    "Opportunity",
    "OpportunityLineItem",
    "credit_note",
    "credit_note_line",
    "charge",
    "refund",
    "invoice_payment",
    "currencyrate",
)


@pytest.mark.long
def test_objects_without_records(tmp_path: Path) -> None:
    small = company(14)
    for tables in (small.systems.salesforce, small.systems.stripe, small.systems.netsuite):
        for name in tables.keys() & EMPTY:
            tables[name].clear()
    settings = small.night(tmp_path)
    assert statuses(settings)["DQ"] == {"ok"}


def test_systems_without_any_record(tmp_path: Path) -> None:
    small = company(14)
    for tables in (small.systems.salesforce, small.systems.stripe, small.systems.netsuite):
        for rows in tables.values():
            rows.clear()
    settings = small.night(tmp_path)
    assert statuses(settings) == {leg: {"ok"} for leg in ("BB", "BP", "DQ", "LA", "MD", "RR", "SL", "ST")}
    assert night.query_published(settings, "from recon.exception").is_empty()
