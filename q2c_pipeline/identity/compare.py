"""Compares two company names word by word; every step costs some of the evidence that equal names begin with, and says why."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz.distance import OSA

from q2c_pipeline.identity.corpus import Corpus
from q2c_pipeline.identity.cutting import cut_off
from q2c_pipeline.identity.form_costs import lands_of_forms, pay_for_forms
from q2c_pipeline.identity.known_names import listed_as_one
from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.names import Name, read_name
from q2c_pipeline.identity.partners import Tally, align
from q2c_pipeline.identity.scripts import has_own_order
from q2c_pipeline.identity.tokens import plain
from q2c_pipeline.identity.words import Word, is_in

WORST_NAME = -12.0
_EVERYDAY = frozenset({"initial", "filler", "group", "wide", "generic", "geo", "number", "letter", "stop"})


@dataclass(frozen=True)
class NameMatch:
    """Evidence that two names are one company's, in bits of log odds, and the sentence parts that say why."""

    bits: float
    reasons: tuple[str, ...]
    is_same_core: bool = False
    is_kin: bool = False
    """What differs is what tells companies of one group apart: a holding, a country, a number, another legal form."""


def compare_names(left: str, right: str, *, lands: frozenset[str] = frozenset(), corpus: Corpus | None = None) -> NameMatch:
    """The best match among the names that either text gives; `lands` are the countries of the two records."""
    if left.strip() and left.strip().casefold() == right.strip().casefold():
        return NameMatch(lexicon().cost["equal"] + 1.0, ("the names are equal",), is_same_core=True)
    first, second = sorted((left, right))  # always compared in one order, so that no score depends on the side
    sides = ("left", "right") if first == left else ("right", "left")
    pairs = [(one, other) for one in read_name(first) for other in read_name(second) if not (one.is_part and other.is_part)]
    if not pairs:
        return NameMatch(0.0, ("a name is empty",))
    cut = cut_off(first, second)
    if cut:
        return NameMatch(lexicon().cost["equal"] - lexicon().cost["cut_off"], (cut,))
    matches = (_compare(one, other, sides, lands, corpus or Corpus()) for one, other in pairs)
    return max(matches, key=lambda match: match.bits)


def _compare(left: Name, right: Name, sides: tuple[str, str], lands: frozenset[str], corpus: Corpus) -> NameMatch:
    cost = lexicon().cost
    tally = align(left, right)
    whole = _by_list(left, right) or _as_one_word(left, right)
    if whole is not None and whole.cost < tally.cost + sum(_base_cost(w, corpus) for w in (*tally.left, *tally.right)):
        tally = whole
    _pay_for_order(left, right, tally)
    is_same_core = not tally.left and not tally.right and tally.cost <= 2 * cost["stem"]
    lands = lands | lands_of_forms(left) | lands_of_forms(right)
    is_kin = _pay_for_lonely_words(left, right, tally, sides, lands, corpus)
    is_kin |= pay_for_forms(left, right, tally)
    if not _agreed_brand(tally, corpus) and tally.agreed:
        tally.cost += cost["only_generic"] if is_same_core else 2 * cost["only_generic"]
    if left.is_alias or right.is_alias:
        tally.cost += cost["former_name"]
        tally.reasons.append(f"by the other name given, {left.raw if left.is_alias else right.raw}")
    if not tally.agreed:
        tally.cost += cost["equal"]
    said = tally.reasons if not is_same_core else ["the names have the same telling words", *tally.reasons]
    return NameMatch(max(WORST_NAME, cost["equal"] - tally.cost), tuple(said), is_same_core, is_kin)


def _by_list(left: Name, right: Name) -> Tally | None:
    """Two names of one company that only a list can know."""
    if not listed_as_one(left, right):
        return None
    return Tally([], [], lexicon().cost["known_alias"], ["both are listed as names of one company"], list(left.words))


def _as_one_word(left: Name, right: Name) -> Tally | None:
    """Both names without any spaces: equal, or one slip apart when they are long."""
    a, b = left.joined, right.joined
    is_counted = left.counted == right.counted and any(letter.isdigit() for letter in left.counted)
    if min(len(left.written), len(right.written)) < 3 and not is_counted:  # noqa: PLR2004
        return None
    cost = lexicon().cost["joined"]
    is_equal = left.written == right.written or plain(left.raw) == plain(right.raw) or is_counted
    distance = 0 if is_equal else OSA.distance(a, b, score_cutoff=1)
    if distance > 0 and _numbers(left) != _numbers(right):
        return None
    if distance == 1 and (len(left.words) == len(right.words) or min(len(a), len(b)) < 9):  # noqa: PLR2004
        return None
    if distance > 1:
        return None
    reason = "the names differ by spaces only" if distance == 0 else "the names differ by spaces and one letter"
    return Tally([], [], cost + 1.5 * distance, [reason], list(left.words))


def _numbers(name: Name) -> list[str]:
    return sorted(word.key for word in name.words if word.kind in ("number", "letter"))


def _pay_for_order(left: Name, right: Name, tally: Tally) -> None:
    if has_own_order(left.raw) != has_own_order(right.raw):
        return
    shared = [word.key for word in left.words if any(word.key == one.key for one in right.words)]
    there = [word.key for word in right.words if word.key in shared]
    if len(set(shared)) > 1 and shared != there and sorted(shared) == sorted(there):
        has_proper = any(word.kind == "unknown" for word in tally.agreed)
        tally.cost += lexicon().cost["order" if has_proper or left.spelled == right.spelled else "order_everyday"]
        tally.reasons.append("the words stand in another order")


def _pay_for_lonely_words(
    left: Name, right: Name, tally: Tally, sides: tuple[str, str], lands: frozenset[str], corpus: Corpus
) -> bool:
    """Words that only one name has; they weigh most where both names have some. Tells whether they part kin."""
    if not tally.left and not tally.right:
        return False
    cost, is_swap = lexicon().cost, bool(tally.left and tally.right)
    factor = cost["swap"] if is_swap else _fullness(left, right, tally) * _length_relief(tally)
    is_spelled_out = all(is_in(word, tally.spelled_out) for word in (*tally.left, *tally.right))
    if is_spelled_out:
        factor *= cost["beside_acronym"]
    for words, side in zip((tally.left, tally.right), sides, strict=True):
        for place, word in enumerate(words):
            is_consistent = word.kind == "geo" and not is_swap and word.land in lands
            base = cost["unknown"] if word.kind == "initial" and is_swap else _base_cost(word, corpus)
            is_one_more = word.kind in _LIGHT and any(one.kind in _LIGHT for one in words[:place])
            weight = 1.0 if word.kind == "geo" and not is_spelled_out else factor * (cost["one_more"] if is_one_more else 1.0)
            price = cost["geo_consistent"] if is_consistent else base * weight
            tally.cost += price
            if price:
                tally.reasons.append(f"only the {side} name has {word.text} ({_WHY[word.kind]})")
    return any(_parts_kin(word, lands, is_swap=is_swap) for word in (*tally.left, *tally.right))


_LIGHT = frozenset({"wide", "group", "holding", "filler"})
_KIN = frozenset({"holding", "number", "letter"})
_KIN_WHEN_BOTH = frozenset({"sector", "sharp", "geo"})


def _parts_kin(word: Word, lands: frozenset[str], *, is_swap: bool) -> bool:
    """`Example Holding` beside `Example`, `Example Spain` beside `Example`, `Example Foods` beside `Example Steel`."""
    if word.kind == "geo" and word.land not in lands:
        return True
    return word.kind in _KIN or (is_swap and word.kind in _KIN_WHEN_BOTH)


_WHY = {
    "stop": "a little word",
    "filler": "a word of little weight",
    "group": "a word of little weight",
    "wide": "a common word",
    "generic": "a common word",
    "holding": "often another company",
    "geo": "a place, often a subsidiary",
    "sector": "another line of business",
    "carrier": "often left out",
    "sharp": "a word that tells companies apart",
    "unknown": "part of the name proper",
    "initial": "a first name's letter",
    "given": "a first name",
    "number": "a number",
    "letter": "a single letter",
}


def _fullness(left: Name, right: Name, tally: Tally) -> float:
    """A short form may leave words out; two full legal names may not."""
    shorter = right if tally.left else left
    cost = lexicon().cost
    if left.is_formal and right.is_formal:
        return cost["formal"]
    return cost["half_formal"] if shorter.is_formal else cost["informal"]


def _length_relief(tally: Tally) -> float:
    telling = sum(word.kind not in ("stop", "filler", "number", "letter") for word in tally.agreed)
    cost = lexicon().cost
    return 1.0 if telling < 3 else cost["long_name"] if telling == 3 else cost["long_name_more"]  # noqa: PLR2004


def _base_cost(word: Word, corpus: Corpus) -> float:
    kind = "generic" if word.kind == "unknown" and corpus.is_common(word) else word.kind
    return lexicon().cost[kind]


def _agreed_brand(tally: Tally, corpus: Corpus) -> bool:
    return any(word.kind not in _EVERYDAY and not corpus.is_common(word) for word in tally.agreed)
