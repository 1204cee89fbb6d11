from __future__ import annotations

import pytest

from q2c_pipeline.identity.cutting import cut_off
from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.names import read_name
from q2c_pipeline.identity.scoring import Decision, Party, Thresholds, judge_pair
from q2c_pipeline.identity.scripts import consonants, meaning
from q2c_pipeline.identity.tidying import tidied


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MÃ¼ller &amp; SÃ¶hne GmbH", "Müller & Söhne GmbH"),
        ("Stra?enbau \ufffdWeber GmbH", "Straenbau \ufffdWeber GmbH"),
        ("Zoller Ltd (US01)", "Zoller Ltd"),
        ("Zoller (2001) Ltd", "Zoller (2001) Ltd"),
        ("Zoller Ltd [CUST-00981]", "Zoller Ltd"),
        ("Zoller Ltd #44871", "Zoller Ltd"),
        ("Zoller Ltd - 100234", "Zoller Ltd"),
        ("Store 114 - Zoller", "Store 114 - Zoller"),
        ("10004521 Zoller Ltd", "Zoller Ltd"),
        ("ZZ_Zoller Ltd_OLD", "Zoller Ltd"),
        ("Zoller Ltd DUNS 123456789", "Zoller Ltd"),
        ("Zoller LLC (see 20411)", "Zoller LLC"),
        ("Zoller Ltd - USD", "Zoller Ltd"),
        ("Zoller Ltd (EUR)", "Zoller Ltd"),
        ("Zoller AB - SWEDEN HQ", "Zoller AB"),
        ("Zoller s.r.o. v likvidaci", "Zoller s.r.o."),
        ("ZOLLER INC CAP STK CL C", "ZOLLER INC"),
        ("ZOLLER AG NA O.N.", "ZOLLER AG"),
        ("ZOLLER AG-SPON ADR", "ZOLLER AG"),
        ("Zoller & Company/MN", "Zoller & Company"),
        ("Zoller SA/NV", "Zoller SA/NV"),
        ("SC Zoller Lemn SRL", "Zoller Lemn SRL"),
        ("SC Zoller & Son", "SC Zoller & Son"),
        ("100234", "100234"),
        ("Zoller LLC - duplicate of 10032", "Zoller LLC"),
        ("Zoller LLC - replaced by Zoller Inc", "Zoller LLC"),
    ],
)
def test_what_is_no_part_of_a_name(text: str, name: str) -> None:
    assert " ".join(tidied(text).split()) == name


@pytest.mark.parametrize(
    ("left", "right", "is_cut"),
    [
        ("ZOLLERNSCHE CONSULTANCY SERVI", "Zollernsche Consultancy Services Limited", True),
        ("ZUERCHER MASCHINEN UND ANLAG", "The Zürcher Maschinen & Anlagenbau AG", True),
        ("Zollernsche Consultancy Services", "Zollernsche Consultancy Services India", False),
        ("Zollernsche Capital Partners VI", "Zollernsche Capital Partners VII", False),
        ("Zoller Const", "Zoller Construction", False),
    ],
)
def test_names_that_a_field_was_too_short_for(left: str, right: str, *, is_cut: bool) -> None:
    assert bool(cut_off(left, right)) is is_cut
    assert bool(cut_off(right, left)) is is_cut


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [
        ("شركة زوللر للصناعات", "Zoller Industries", True),
        ("مجموعة ماجد الزلير", "Majid Al Zoleir Group", True),
        ("شركة زوللر", "Zaman Company", False),
        ('מכתשים תעשיות בע"מ', "Makhteshim Industries Ltd", True),
        ("אלביט מערכות", "Orbit Systems", False),
        ("ธนาคารโซลเลอร์", "Zoller Bank", True),
        ("株式会社オムロン製造", "Omron Manufacturing Co., Ltd.", True),
        ("ПАО «Золлернефть»", "Zollerneft PJSC", True),
        ("オムロン", "Amber", False),
        ("قطر الوطني زوللر", "Zoller Qatar National", True),
        ("บริษัท ปตซ. จำกัด (มหาชน)", "PTS Public Company Limited", True),
        ('ПАО "Цоффайзенбанк"', "Zoffeisenbank PAO", True),
        ("조러솔루션", "Joreo Solutions", True),
    ],
)
def test_names_in_other_scripts(left: str, right: str, *, is_same: bool) -> None:
    found = judge_pair(Party(left), Party(right), Thresholds())
    assert (found.decision is Decision.SAME) is is_same, found.explanation


def test_arabic_words_are_known_with_and_without_their_article_and_spelling() -> None:
    assert meaning("القابضة") == meaning("قابضه") == "holding"
    assert meaning("زوللر") is None
    assert consonants("المراعي") == consonants("maraey") == "mr"


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [
        ("Zoller & Co.", "Zoller KGaA", False),
        ("Zoller & Co.", "Zoller & Co. KG", True),
        ("Zoller & Co.", "Zoller Inc", True),
        ("Carl Zoller AG", "Zoller", True),
        ("Carl & Zoller AG", "Zoller", False),
        ("A.Q. Zoller AG", "Zoller", True),
        ("Banco Zoller, S.A.", "Zoller", True),
        ("Zoller Bank, S.A.", "Zoller", False),
        ("ZEPCO", "Zambia Electric Power Corporation", True),
        ("ZODELCO", "Zorporación Nacional del Cobre", False),
        ("CODELCA", "Corporación Del Cacao", True),
        ("ZIG", "ZIA Group", False),
        ("ZNZ", "Zoller and New Zealand Banking Group Limited", True),
        ("ZNZB Properties", "Zoller and New Zealand Bank", False),
        ("ZOL dd", "ZOL - Industrija nafte, d.d.", True),
        ("Zollenje d.o.o.", "Zollenje, gospodinjski aparati, d.o.o.", True),
        ("ZOL - Industrija nafte, d.d.", "ZOL - Industrija vina, d.d.", False),
        ("Empresa Zollera de Aeronáutica S.A. (Zollaer)", "Zollaer S.A.", True),
        ("Zolla Co Inc", "ZollaCo, Inc.", True),
        ("Zowes Inc", "Zoews Inc", False),
        ("Zoller S.r.l.", "Zoller B.V.", False),
        ("Zoller ASA, tidligere Zennstat ASA", "Zennstat ASA", True),
        ("Zoller SpA (già Finzoller)", "Finzoller", True),
        ("Công ty TNHH Zoller", "Zoller Co., Ltd.", True),
        ("Zoller Q.P.S.C.", "Zoller", True),
        ("Zollera Robotics", "Zoller Robotics", False),
        ("Zollera Robotics", "Zolera Robotics", True),
        ("V.d. Zoller BV", "Van den Zoller BV", True),
        ("Zoller Hnos. y Cía. S.L.", "Zoller Hermanos y Compañía SL", True),
        ("Zoller & Zn. B.V.", "Zoller en Zonen BV", True),
        ("Zoller a.m.b.a.", "Zoller", True),
        ("Three Z Company", "3Z Company", True),
        ("Three Z Company", "4Z Company", False),
    ],
)
def test_short_names_and_forms(left: str, right: str, *, is_same: bool) -> None:
    found = judge_pair(Party(left), Party(right), Thresholds())
    assert (found.decision is Decision.SAME) is is_same, found.explanation


def test_a_firm_with_co_and_one_with_a_form_of_another_tongue_are_told_apart() -> None:
    found = judge_pair(Party("Zoller & Co."), Party("Zoller KGaA"), Thresholds())
    assert found.decision is Decision.DIFFERENT
    assert "`& Co.`" in found.explanation


def test_the_reason_names_the_spelling_of_a_word_in_another_script() -> None:
    found = judge_pair(Party("شركة المراعي"), Party("Almarai Company"), Thresholds())
    assert "almarai is a spelling of the word in the other script" in found.explanation


def test_names_that_only_a_list_can_know() -> None:
    said = judge_pair(Party("Facebook, Inc."), Party("Meta Platforms Inc"), Thresholds())
    assert said.decision is Decision.SAME
    assert "listed as names of one company" in said.explanation
    assert judge_pair(Party("Facebook, Inc."), Party("Meta Platforms Ireland Ltd"), Thresholds()).decision is Decision.DIFFERENT


def test_no_name_is_listed_for_two_companies() -> None:
    owners: dict[str, set[int]] = {}
    for number, names in enumerate(lexicon().other_names):
        for text in names:
            owners.setdefault(read_name(text)[0].key, set()).add(number)
    assert {key: numbers for key, numbers in owners.items() if len(numbers) > 1} == {}
