"""Finds for each word of one name its partner in the other, from the surest kind of likeness to the weakest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from q2c_pipeline.identity.acronyms import is_of_syllables, run_of_initials
from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.names import Name
from q2c_pipeline.identity.spelling import abbreviation, beginning, bones, heard_alike, typo
from q2c_pipeline.identity.words import Word, canonical, is_in


@dataclass
class Tally:
    """What has been found so far; words leave the two lists as they find their partner."""

    left: list[Word]
    right: list[Word]
    cost: float = 0.0
    reasons: list[str] = field(default_factory=list)
    agreed: list[Word] = field(default_factory=list)
    spelled_out: tuple[Word, ...] = ()
    """The words of the name that begins with what three initials or more of the other stand for."""

    def pair(self, lefts: Sequence[Word], rights: Sequence[Word], cost: float, reason: str = "") -> None:
        """These words are partners, at this cost."""
        self.left = _without(self.left, lefts)
        self.right = _without(self.right, rights)
        self.agreed.extend(lefts)
        self.cost += cost
        if reason:
            self.reasons.append(reason)


def align(left: Name, right: Name) -> Tally:
    """Find partners from the surest kind to the weakest."""
    tally = Tally(list(left.words), list(right.words))
    _pair_equal(tally)
    for step in (_pair_joined, _pair_known, _pair_initials):
        step(tally, left, right)
    for rule in (abbreviation, heard_alike, bones, typo):
        _pair_cheapest(tally, rule)
    is_all = len(left.words) == len(right.words) == 1
    _pair_cheapest(tally, beginning, least=lexicon().cost["prefix_alone"] if is_all else 0.0)
    return tally


def _pair_equal(tally: Tally) -> None:
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


def _pair_joined(tally: Tally, left: Name, right: Name) -> None:
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


def _pair_attached_form(tally: Tally, name: Name, words: list[Word], *, is_left: bool) -> None:
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
            if all(is_in(one, free) for one in run) and "".join(one.text for one in run) in word.spellings:
                return run
    return []


def _pair_initials(tally: Tally, left: Name, right: Name) -> None:
    """`IBM` and `International Business Machines`; `FedEx` and `Federal Express`."""
    for word in list(tally.left):
        _pair_one_initial(tally, word, right, is_left=True)
    for word in list(tally.right):
        _pair_one_initial(tally, word, left, is_left=False)


def _pair_one_initial(tally: Tally, word: Word, name: Name, *, is_left: bool) -> None:
    cost, free = lexicon().cost, tally.right if is_left else tally.left
    run = run_of_initials(word, name, free)
    price = cost["acronym_long"]
    if not run and is_of_syllables(word.text, name) and all(is_in(one, free) for one in name.words):
        run, price = list(name.words), cost["acronym_syllables"]
    if not run:
        return
    if len(word.text) == 2 and "and" not in name.raw.casefold() and "&" not in name.raw:  # noqa: PLR2004
        price = cost["acronym_short"]
    if len(word.text) > 2 and len(run) > 1 and run[0] is name.words[0]:  # noqa: PLR2004
        tally.spelled_out = name.words
    told = " ".join(one.text for one in run)
    tally.pair(*(([word], run) if is_left else (run, [word])), price, f"{word.text} stands for {told}")


def _pair_known(tally: Tally, left: Name, right: Name) -> None:
    """Short names that only a list can know."""
    known = lexicon().known
    for word in list(tally.left):
        if word.text in known:
            _pair_known_word(tally, word, known[word.text], right, is_left=True)
    for word in list(tally.right):
        if word.text in known:
            _pair_known_word(tally, word, known[word.text], left, is_left=False)


def _pair_known_word(tally: Tally, word: Word, meaning: str, name: Name, *, is_left: bool) -> None:
    wanted = {canonical(part) for part in meaning.split()} | set(meaning.split())
    free = tally.right if is_left else tally.left
    run = [one for one in name.words if one.spellings & wanted and is_in(one, free)]
    if run and len({part for part in meaning.split() if any({part, canonical(part)} & one.spellings for one in run)}) == len(
        meaning.split()
    ):
        pair = ([word], run) if is_left else (run, [word])
        tally.pair(*pair, lexicon().cost["known_alias"], f"{word.text} is a usual short name of {meaning}")


def _pair_cheapest(tally: Tally, rule: Callable[[Word, Word], tuple[float, str] | None], *, least: float = 0.0) -> None:
    """Pair words by one rule, the cheapest pairs first; none costs less than `least`."""
    found = [
        (result[0], i, j, result[1])
        for i, one in enumerate(tally.left)
        for j, other in enumerate(tally.right)
        if (result := rule(one, other)) is not None
    ]
    lefts, rights = list(tally.left), list(tally.right)
    is_beside = any(word.kind == "unknown" and len(word.text) > 3 for word in tally.agreed)  # noqa: PLR2004
    factor = lexicon().cost["beside_agreed"] if is_beside and rule is not abbreviation else 1.0
    for price, i, j, reason in sorted(found):
        if is_in(lefts[i], tally.left) and is_in(rights[j], tally.right):
            tally.pair([lefts[i]], [rights[j]], max(price * factor, least), reason)


def _without(words: list[Word], gone: Sequence[Word]) -> list[Word]:
    """Each once: `Johnson & Johnson` has one word twice."""
    left = list(words)
    for one in gone:
        left.pop(next(place for place, word in enumerate(left) if word is one))
    return left
