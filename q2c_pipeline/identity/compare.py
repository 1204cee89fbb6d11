"""Compares two company names word by word; every step costs some of the evidence that equal names begin with, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from q2c_pipeline.identity.lexicon import Form, lexicon
from q2c_pipeline.identity.names import Name, Word, canonical, read_name

WORST_NAME = -12.0
_EVERYDAY = frozenset({"filler", "group", "wide", "generic", "geo", "number", "letter", "stop"})
_NO_TYPO = frozenset({"number", "letter", "geo"})


@dataclass(frozen=True)
class NameMatch:
    """Evidence that two names are one company's, in bits of log odds, and the sentence parts that say why."""

    bits: float
    reasons: tuple[str, ...]
    is_same_core: bool = False


@dataclass
class _Tally:
    """What has been found so far; words leave the two lists as they find their partner."""

    left: list[Word]
    right: list[Word]
    cost: float = 0.0
    reasons: list[str] = field(default_factory=list)
    agreed: list[Word] = field(default_factory=list)

    def pair(self, lefts: Sequence[Word], rights: Sequence[Word], cost: float, reason: str = "") -> None:
        """These words are partners, at this cost."""
        self.left = _without(self.left, lefts)
        self.right = _without(self.right, rights)
        self.agreed.extend(lefts)
        self.cost += cost
        if reason:
            self.reasons.append(reason)


@dataclass(frozen=True)
class Corpus:
    """How common each word is in the list of names at hand; empty for a few names."""

    names: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    def is_common(self, word: Word) -> bool:
        """Is the word one of the everyday words of this very list (one name in a hundred, and twenty at least)?"""
        return self.counts.get(word.key, 0) >= max(20, self.names // 100)


def corpus_of(names: Iterable[str]) -> Corpus:
    """Count the words of distinct names."""
    counts: dict[str, int] = {}
    distinct = set(names)
    for text in distinct:
        for key in {word.key for name in read_name(text) for word in name.words}:
            counts[key] = counts.get(key, 0) + 1
    return Corpus(len(distinct), counts)


def compare_names(left: str, right: str, *, lands: frozenset[str] = frozenset(), corpus: Corpus | None = None) -> NameMatch:
    """The best match among the names that either text gives; `lands` are the countries of the two records."""
    if left.strip() and left.strip().casefold() == right.strip().casefold():
        return NameMatch(lexicon().cost["equal"] + 1.0, ("the names are equal",), is_same_core=True)
    pairs = [(one, other) for one in read_name(left) for other in read_name(right)]
    if not pairs:
        return NameMatch(0.0, ("a name is empty",))
    return max((_compare(one, other, lands, corpus or Corpus()) for one, other in pairs), key=lambda match: match.bits)


def _compare(left: Name, right: Name, lands: frozenset[str], corpus: Corpus) -> NameMatch:
    cost = lexicon().cost
    tally = _align(left, right)
    whole = _as_one_word(left, right)
    if whole is not None and whole.cost < tally.cost + sum(_base_cost(w, corpus) for w in (*tally.left, *tally.right)):
        tally = whole
    _pay_for_order(left, right, tally)
    is_same_core = not tally.left and not tally.right and tally.cost <= 2 * cost["stem"]
    _pay_for_lonely_words(left, right, tally, lands | _lands_of(left) | _lands_of(right), corpus)
    _pay_for_forms(left, right, tally)
    if not _agreed_brand(tally, corpus) and tally.agreed:
        tally.cost += cost["only_generic"] if is_same_core else 2 * cost["only_generic"]
    if left.is_alias or right.is_alias:
        tally.cost += cost["former_name"]
        tally.reasons.append(f"by the other name given, {left.raw if left.is_alias else right.raw}")
    if not tally.agreed:
        tally.cost += cost["equal"]
    said = tally.reasons if not is_same_core else ["the names have the same telling words", *tally.reasons]
    return NameMatch(max(WORST_NAME, cost["equal"] - tally.cost), tuple(said), is_same_core)


# --- partners -----------------------------------------------------------------------------------------------------------


def _align(left: Name, right: Name) -> _Tally:
    """Find partners from the surest kind to the weakest."""
    tally = _Tally(list(left.words), list(right.words))
    _pair_equal(tally)
    for step in (_pair_joined, _pair_initials, _pair_known):
        step(tally, left, right)
    for rule in (_abbreviation, _typo, _beginning):
        _pair_cheapest(tally, rule)
    return tally


def _pair_equal(tally: _Tally) -> None:
    stem = lexicon().cost["stem"]
    for word in list(tally.left):
        partner = next((one for one in tally.right if one.text == word.text), None)
        if partner is not None:
            tally.pair([word], [partner], 0.0)
    for word in list(tally.left):
        partner = next((one for one in tally.right if one.spellings & word.spellings), None)
        if partner is not None:
            reason = f"{word.text} and {partner.text} are one word" if word.key != partner.key or word.kind == "number" else ""
            tally.pair([word], [partner], stem, reason or f"{word.text} = {partner.text}")


def _pair_joined(tally: _Tally, left: Name, right: Name) -> None:
    """`Good Will` and `Goodwill`; `SiemensAG` and `Siemens AG`."""
    for word in list(tally.left):
        run = _run_spelling(word, right, tally.right)
        if run:
            tally.pair([word], run, lexicon().cost["joined"], f"{word.text} is written apart")
    for word in list(tally.right):
        run = _run_spelling(word, left, tally.left)
        if run:
            tally.pair(run, [word], lexicon().cost["joined"], f"{word.text} is written apart")
    for name, words, is_left in ((left, tally.left, True), (right, tally.right, False)):
        _pair_attached_form(tally, name, words, is_left=is_left)


def _pair_attached_form(tally: _Tally, name: Name, words: list[Word], *, is_left: bool) -> None:
    """A legal form written without a space: `siemensag` is `siemens`."""
    if name.is_formal:
        return
    for word in list(words):
        for partner in tally.right if is_left else tally.left:
            if word.text.startswith(partner.text) and (word.text[len(partner.text) :],) in lexicon().forms:
                pair = ([word], [partner]) if is_left else ([partner], [word])
                tally.pair(*pair, lexicon().cost["joined"], f"{word.text} is {partner.text} with its legal form")
                return


def _run_spelling(word: Word, name: Name, free: list[Word]) -> list[Word]:
    """Two to four neighbours in `name`, all free, that make `word` when written together."""
    for length in (2, 3, 4):
        for start in range(len(name.words) - length + 1):
            run = list(name.words[start : start + length])
            if all(_is_in(one, free) for one in run) and "".join(one.text for one in run) in word.spellings:
                return run
    return []


def _pair_initials(tally: _Tally, left: Name, right: Name) -> None:
    """`IBM` and `International Business Machines`; `FedEx` and `Federal Express`."""
    for word in list(tally.left):
        _pair_one_initial(tally, word, right, is_left=True)
    for word in list(tally.right):
        _pair_one_initial(tally, word, left, is_left=False)


def _pair_one_initial(tally: _Tally, word: Word, name: Name, *, is_left: bool) -> None:
    cost, free = lexicon().cost, tally.right if is_left else tally.left
    run = _run_of_initials(word, name, free)
    if not run:
        return
    is_short = len(word.text) == 2 and "and" not in name.raw.casefold() and "&" not in name.raw  # noqa: PLR2004
    price = cost["acronym_short" if is_short else "acronym_long"]
    told = " ".join(one.text for one in run)
    tally.pair(*(([word], run) if is_left else (run, [word])), price, f"{word.text} stands for {told}")


def _run_of_initials(word: Word, name: Name, free: list[Word]) -> list[Word]:
    """Free neighbours whose first letters, or whose first syllables, spell `word`."""
    letters = word.text
    if not letters.isalpha() or len(letters) < 2 or word.kind not in ("unknown", "geo"):  # noqa: PLR2004
        return []
    if letters in name.initials and all(_is_in(one, free) for one in name.words):
        return list(name.words)
    for start in range(len(name.words)):
        for end in range(len(name.words), start, -1):
            run = list(name.words[start:end])
            if not all(_is_in(one, free) for one in run):
                continue
            if "".join(one.initials for one in run) == letters and (end - start > 1 or len(letters) > 2):  # noqa: PLR2004
                return run
            if end - start > 1 and _made_of_beginnings(letters, [one.text for one in run]):
                return run
    return []


def _made_of_beginnings(letters: str, texts: Sequence[str]) -> bool:
    """`fedex` from `federal express`: two letters at least of each word."""
    if not texts:
        return not letters
    return any(
        letters.startswith(texts[0][:size]) and _made_of_beginnings(letters[size:], texts[1:])
        for size in range(2, min(len(texts[0]), len(letters)) + 1)
    )


def _pair_known(tally: _Tally, left: Name, right: Name) -> None:
    """Short names that only a list can know."""
    known = lexicon().known
    for word in list(tally.left):
        if word.text in known:
            _pair_known_word(tally, word, known[word.text], right, is_left=True)
    for word in list(tally.right):
        if word.text in known:
            _pair_known_word(tally, word, known[word.text], left, is_left=False)


def _pair_known_word(tally: _Tally, word: Word, meaning: str, name: Name, *, is_left: bool) -> None:
    wanted = {canonical(part) for part in meaning.split()} | set(meaning.split())
    free = tally.right if is_left else tally.left
    run = [one for one in name.words if one.spellings & wanted and _is_in(one, free)]
    if run and len({part for part in meaning.split() if any({part, canonical(part)} & one.spellings for one in run)}) == len(
        meaning.split()
    ):
        pair = ([word], run) if is_left else (run, [word])
        tally.pair(*pair, lexicon().cost["known_alias"], f"{word.text} is a usual short name of {meaning}")


# --- single words that nearly agree ---------------------------------------------------------------------------------------


def _pair_cheapest(tally: _Tally, rule: Callable[[Word, Word], tuple[float, str] | None]) -> None:
    """Pair words by one rule, the cheapest pairs first."""
    found = [
        (result[0], i, j, result[1])
        for i, one in enumerate(tally.left)
        for j, other in enumerate(tally.right)
        if (result := rule(one, other)) is not None
    ]
    lefts, rights = list(tally.left), list(tally.right)
    for price, i, j, reason in sorted(found):
        if _is_in(lefts[i], tally.left) and _is_in(rights[j], tally.right):
            tally.pair([lefts[i]], [rights[j]], price, reason)


def _abbreviation(one: Word, other: Word) -> tuple[float, str] | None:
    """`manuf` or `mfctrg` and `manufacturing`: the beginning or the bones of an everyday word."""
    short, long = sorted((one, other), key=lambda word: len(word.text))
    is_everyday = long.kind not in ("unknown", *_NO_TYPO)
    if not is_everyday or short.kind in _NO_TYPO or short.text[0] != long.text[0] or len(short.text) < 3:  # noqa: PLR2004
        return None
    if short.kind != "unknown":
        return None
    if long.text.startswith(short.text) or (len(short.text) * 2 <= len(long.text) + 2 and _is_skeleton(short.text, long.text)):
        return lexicon().cost["abbreviated"], f"{short.text} is short for {long.text}"
    return None


def _is_skeleton(short: str, long: str) -> bool:
    """The letters of `short` in order within `long`, the vowels left out at least in part."""
    letters = iter(long)
    return all(letter in letters for letter in short) and sum(letter in "aeiou" for letter in short) <= 1


def _beginning(one: Word, other: Word) -> tuple[float, str] | None:
    """`Mitsub` and `Mitsubishi`: the beginning of an unknown word, three letters at least."""
    short, long = sorted((one, other), key=lambda word: len(word.text))
    if {short.kind, long.kind} <= {"unknown"} and len(short.text) >= 3 and long.text.startswith(short.text):  # noqa: PLR2004
        if len(long.text) - len(short.text) < 2:  # noqa: PLR2004
            return None
        price = lexicon().cost["prefix"] * (1.0 if len(short.text) >= 5 else 1.8)  # noqa: PLR2004
        return price, f"{short.text} begins {long.text}"
    return None


def _typo(one: Word, other: Word) -> tuple[float, str] | None:
    """A slip of the keyboard or the ear; long words bear more of them than short ones."""
    if {one.kind, other.kind} & _NO_TYPO or (one.kind != "unknown" and other.kind != "unknown"):
        return None
    distance, a, b = min(((OSA.distance(a, b), a, b) for a in _texts(one) for b in _texts(other)), key=lambda found: found[0])
    price = _typo_cost(a, b, distance)
    return None if price is None else (price, f"{one.text} and {other.text} differ by {distance} letter{'s' * (distance > 1)}")


def _texts(word: Word) -> list[str]:
    return sorted(spelling for spelling in word.spellings if spelling.isalnum())


_TYPO_COST = {
    (4, 1): 6.6,
    (5, 1): 4.5,
    (6, 1): 2.5,
    (7, 1): 2.0,
    (8, 1): 1.5,
    (9, 1): 1.2,
    (7, 2): 6.0,
    (8, 2): 4.6,
    (9, 2): 3.5,
    (10, 2): 3.0,
    (10, 3): 5.5,
    (12, 3): 4.5,
}


def _typo_cost(a: str, b: str, distance: int) -> float | None:
    """Bits for `distance` slips in words of this length; None when they are simply two words."""
    length = min(len(a), len(b))
    fits = [size for size, slips in _TYPO_COST if slips == distance and size <= length]
    if not fits:
        return 2.5 if _sound(a) == _sound(b) and length > 2 else None  # noqa: PLR2004
    price = _TYPO_COST[max(fits), distance]
    if _sound(a) == _sound(b):
        return min(price, 1.5)
    if sorted(a) == sorted(b):
        return min(price, 3.0)
    return price + (1.5 if a[0] != b[0] else 0.0)


_SOUNDS = (
    ("ph", "f"),
    ("ck", "k"),
    ("ks", "x"),
    ("qu", "k"),
    ("sch", "sh"),
    ("tz", "z"),
    ("ts", "z"),
    ("kh", "h"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ie", "i"),
    ("ei", "i"),
    ("ae", "e"),
    ("oe", "o"),
    ("ue", "u"),
    ("th", "t"),
    ("gh", "g"),
    ("c", "k"),
    ("y", "i"),
    ("z", "s"),
    ("w", "v"),
    ("q", "k"),
    ("j", "i"),
)


def _sound(text: str) -> str:
    """Letters that are often heard alike made alike, doubled ones made single."""
    for written, heard in _SOUNDS:
        text = text.replace(written, heard)
    return "".join(letter for number, letter in enumerate(text) if number == 0 or letter != text[number - 1])


# --- the whole name -------------------------------------------------------------------------------------------------------


def _as_one_word(left: Name, right: Name) -> _Tally | None:
    """Both names without any spaces: equal, or one slip apart when they are long."""
    a, b = left.joined, right.joined
    if min(len(left.written), len(right.written)) < 3:  # noqa: PLR2004
        return None
    cost = lexicon().cost["joined"]
    distance = 0 if left.written == right.written else OSA.distance(a, b, score_cutoff=1)
    if distance > 0 and _numbers(left) != _numbers(right):
        return None
    if distance == 1 and (len(left.words) == len(right.words) or min(len(a), len(b)) < 9):  # noqa: PLR2004
        return None
    if distance > 1:
        return None
    reason = "the names differ by spaces only" if distance == 0 else "the names differ by spaces and one letter"
    return _Tally([], [], cost + 1.5 * distance, [reason], list(left.words))


def _numbers(name: Name) -> list[str]:
    return sorted(word.key for word in name.words if word.kind in ("number", "letter"))


def _pay_for_order(left: Name, right: Name, tally: _Tally) -> None:
    shared = [word.key for word in left.words if any(word.key == one.key for one in right.words)]
    there = [word.key for word in right.words if word.key in shared]
    if len(set(shared)) > 1 and shared != there and sorted(shared) == sorted(there):
        tally.cost += lexicon().cost["order"]
        tally.reasons.append("the words stand in another order")


def _pay_for_lonely_words(left: Name, right: Name, tally: _Tally, lands: frozenset[str], corpus: Corpus) -> None:
    """Words that only one name has; they weigh most where both names have some."""
    if not tally.left and not tally.right:
        return
    cost, is_swap = lexicon().cost, bool(tally.left and tally.right)
    factor = cost["swap"] if is_swap else _fullness(left, right, tally) * _length_relief(tally)
    for words, side in ((tally.left, "left"), (tally.right, "right")):
        for word in words:
            is_consistent = word.kind == "geo" and not is_swap and word.land in lands
            price = (
                cost["geo_consistent"] if is_consistent else _base_cost(word, corpus) * (1.0 if word.kind == "geo" else factor)
            )
            tally.cost += price
            if price:
                tally.reasons.append(f"only the {side} name has {word.text} ({_WHY[word.kind]})")


_WHY = {
    "stop": "a little word",
    "filler": "a word of little weight",
    "group": "a word of little weight",
    "wide": "a common word",
    "generic": "a common word",
    "holding": "often another company",
    "geo": "a place, often a subsidiary",
    "sector": "another line of business",
    "sharp": "a word that tells companies apart",
    "unknown": "part of the name proper",
    "number": "a number",
    "letter": "a single letter",
}


def _fullness(left: Name, right: Name, tally: _Tally) -> float:
    """A short form may leave words out; two full legal names may not."""
    shorter = right if tally.left else left
    cost = lexicon().cost
    if left.is_formal and right.is_formal:
        return cost["formal"]
    return 1.0 if shorter.is_formal else cost["informal"]


def _length_relief(tally: _Tally) -> float:
    telling = sum(word.kind not in ("stop", "filler", "number", "letter") for word in tally.agreed)
    cost = lexicon().cost
    return 1.0 if telling < 3 else cost["long_name"] if telling == 3 else cost["long_name_more"]  # noqa: PLR2004


def _base_cost(word: Word, corpus: Corpus) -> float:
    kind = "generic" if word.kind == "unknown" and corpus.is_common(word) else word.kind
    return lexicon().cost[kind]


def _agreed_brand(tally: _Tally, corpus: Corpus) -> bool:
    return any(word.kind not in _EVERYDAY and not corpus.is_common(word) for word in tally.agreed)


def _pay_for_forms(left: Name, right: Name, tally: _Tally) -> None:
    """Legal forms that cannot be one company's; a missing one says little."""
    cost = lexicon().cost
    if not left.forms and not right.forms:
        return
    if not left.is_formal or not right.is_formal:
        has_both = left.forms and right.forms
        tally.cost += cost["form_vague"] if has_both else cost["form_missing"]
        return
    price, reason = min(_form_cost(one, other) for one in left.forms if one.kinds for other in right.forms if other.kinds)
    tally.cost += price
    if reason:
        tally.reasons.append(reason)


def _form_cost(one: Form, other: Form) -> tuple[float, str]:
    cost = lexicon().cost
    if one.name == other.name:
        return 0.0, f"both are {one.name}"
    meet = one.countries & other.countries
    if one.kinds & other.kinds and meet:
        return cost["form_variant"], f"{one.name} and {other.name} may be one form"
    if meet:
        return cost["form_conflict"], f"the legal forms {one.name} and {other.name} are not one company's"
    return cost["form_foreign"], f"the legal forms {one.name} and {other.name} belong to different countries"


def _lands_of(name: Name) -> frozenset[str]:
    """The only country of a name's legal form, where it has but one."""
    return frozenset(next(iter(form.countries)) for form in name.forms if len(form.countries) == 1) | (
        frozenset({"GB"}) if any(form.name in ("Ltd", "PLC") for form in name.forms) else frozenset()
    )


def _is_in(word: Word, words: Sequence[Word]) -> bool:
    return any(word is one for one in words)


def _without(words: list[Word], gone: Sequence[Word]) -> list[Word]:
    return [word for word in words if not _is_in(word, gone)]
