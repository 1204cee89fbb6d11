from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from q2c_pipeline.identity.scoring import Decision, Party, Thresholds, judge_pair

DATA = Path(__file__).parents[2] / "data"
FILES = ("company_pairs.csv", "company_pairs_hard.csv", "company_pairs_wide.csv", "company_pairs_world.csv")
FACTS = ("name", "country", "tax_id", "domain", "address")
LIMITS = Thresholds()


def verdict(left: Party, right: Party) -> tuple[str, str]:
    found = judge_pair(left, right, LIMITS)
    return found.decision.value, found.explanation


def labelled(name: str) -> Iterator[tuple[str, bool, Party, Party]]:
    """Half, whether the two are one company, and the two."""
    for row in csv.DictReader((DATA / name).open(encoding="utf-8")):
        left, right = (Party(*(row.get(f"{side}_{fact}", "") for fact in FACTS)) for side in ("left", "right"))
        yield row["half"], row["label"] == "same", left, right


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("half", ["tuned", "held_out"])
def test_labelled_pairs_are_told_apart(half: str, name: str) -> None:
    rows = [(meant, left, right) for of, meant, left, right in labelled(name) if of == half]
    said = [judge_pair(left, right, LIMITS).decision == Decision.SAME for _, left, right in rows]
    meant = [one for one, _, _ in rows]
    right = sum(one and other for one, other in zip(said, meant, strict=True))
    assert 2 * right / (sum(said) + sum(meant)) >= 0.90


def test_scores_do_not_depend_on_the_side() -> None:
    for _, _, left, right in labelled(FILES[1]):
        assert judge_pair(left, right, LIMITS).score == judge_pair(right, left, LIMITS).score, (left, right)


@pytest.mark.parametrize(
    ("left", "right", "meant"),
    [
        ("Zoller AG & Co. KGaA", "Zoller AG und Co KGaA", "same"),
        ("J Zoller plc", "Zoller's", "same"),
        ("C. Zoller plc", "B. Zoller plc", "different"),
        ("Dr. Ing. Zoller AG", "Zoller AG", "same"),
        ("Zoller AG Hamburger Maschinenbau", "Zoller AG", "same"),
        ("Zoller AG Holding 2", "Zoller AG", "different"),
        ("Minas Velhas S.A. - Minaves", "Minaves", "same"),
        ("Zollerbank AG", "Zoller AG", "different"),
        ("Landesbank Zollern Berg", "LBZB", "same"),
        ("Bank of Austria", "Austrian Bank", "different"),
        ("Zoller F.lli SpA", "Zoller Fratelli SpA", "same"),
        ("Seventh Zoller Bancorp", "7th Zoller Bancorp", "same"),
        ("Zoller & Zoller", "Zoller and Zoller Services", "same"),
        ("Zoller Ctrls plc", "Zoller Controls plc", "same"),
        ("Thos. Zoller Ltd", "Thomas Zoller Limited", "same"),
        ("Banca di Zoll d'Italia", "Zoll Bank of Italy", "same"),
        ("Marten and Zoller AB (M&Z)", "Marten & Zoller AB", "same"),
        ("EDZ - Energias de Zollerno", "Energias de Zollerno SA", "same"),
        ("Zollero Corp /DE/", "Zollero Corporation", "same"),
        ("Zollmetro AG", "Zollmetropcs", "different"),
        ("Zolaha", "Zolada", "different"),
        ("Zoller Airways Ltd", "Zoller", "same"),
        ("Zoller Ltd", "Zoller Enterprises", "different"),
        ("Zoller a.s.", "Zoller s.r.o.", "different"),
        ("日本銀行", "Bank of Japan", "same"),
        ("*INACTIVE* Zoller Corp - DO NOT USE", "Zoller Corporation", "same"),
        ("Zoller Corp™, Attn: Accounts Payable", "Zoller Corporation", "same"),
        ("Zoller S.r.l. in liquidazione", "Zoller Srl", "same"),
        ("Zoller New Energy", "Zoller Energy", "different"),
        ("Müller GmbH", "Möller GmbH", "different"),
        ("Zoller Hava Yollari", "Zoller Air Lines", "same"),
    ],
)
def test_how_names_are_written(left: str, right: str, meant: str) -> None:
    said = verdict(Party(left), Party(right))[0]
    assert (said == "same") == (meant == "same")


@pytest.mark.parametrize("name", ["Example Holding GmbH", "Example Spain GmbH", "Example AG"])
def test_a_shared_site_and_seat_do_not_join_companies_of_a_group(name: str) -> None:
    facts = ("DE", "", "example.de", "Hauptstr. 1, 10115 Berlin")
    assert verdict(Party("Example GmbH", *facts), Party(name, *facts))[0] != "same"
    assert verdict(Party("Example GmbH", *facts), Party("Example", *facts))[0] == "same"


def test_an_equal_valid_tax_id_outweighs_any_name() -> None:
    said, why = verdict(Party("Acme GmbH", "DE", "DE136695976"), Party("Zeta Holding AG", "Germany", "136 695 976"))
    assert said == "same"
    assert "equal valid tax id DE …5976" in why
    assert "136695976" not in why


def test_the_same_name_with_other_tax_ids_is_two_companies() -> None:
    assert verdict(Party("Acme", "DE", "DE136695976"), Party("Acme", "FR", "FR 83 404 833 048"))[0] == "different"


def test_a_siret_and_a_vat_number_of_one_french_company_agree() -> None:
    assert verdict(Party("Acme", "FR", "40483304800022"), Party("Akme", "FR", "FR83404833048"))[0] == "same"


def test_a_tax_id_with_a_wrong_checksum_decides_nothing_alone() -> None:
    said, why = verdict(Party("Acme GmbH", "DE", "DE136695975"), Party("Zeta GmbH", "DE", "DE136695975"))
    assert said != "same"
    assert "checksum fails" in why


def test_the_same_name_in_two_countries_is_uncertain() -> None:
    assert verdict(Party("Acme Ltd", "UK"), Party("Acme Ltd", "IRL"))[0] == "unsure"


def test_a_group_shares_its_domain_and_is_still_several_companies() -> None:
    parent, sister = Party("Siemens AG", domain="www.siemens.com"), Party("Siemens Energy AG", domain="info@siemens.com")
    assert verdict(parent, sister)[0] == "unsure"
    assert verdict(Party("Acme Trading", domain="acme.co.uk"), Party("Acme", domain="https://shop.acme.co.uk/"))[0] == "same"


def test_free_mail_is_nobodys_domain() -> None:
    assert verdict(Party("Baker Ltd", domain="a@gmail.com"), Party("Mercer Ltd", domain="b@gmail.com"))[0] == "different"


@pytest.mark.parametrize("text", ["", " ", "???", "株", "GmbH", "the", "\x00", "a" * 5000, "(", "ex", "&", "=1", "I", "Co."])
def test_any_text_has_a_verdict(text: str) -> None:
    for other in (text, "Acme Ltd", ""):
        found = judge_pair(Party(text), Party(other), LIMITS)
        assert 0 <= found.score <= 1
        assert found.explanation
