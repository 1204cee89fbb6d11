"""Finds for each word of one name its partner in the other, from the surest kind of likeness to the weakest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.names import Name
from q2c_pipeline.identity.spelling import abbreviation, beginning, bones, heard_alike, typo
from q2c_pipeline.identity.tokens import plain
from q2c_pipeline.identity.words import Word, canonical


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
    run = _run_of_initials(word, name, free)
    price = cost["acronym_long"]
    if not run and _is_of_syllables(word.text, name) and all(is_in(one, free) for one in name.words):
        run, price = list(name.words), cost["acronym_syllables"]
    if not run:
        return
    if len(word.text) == 2 and "and" not in name.raw.casefold() and "&" not in name.raw:  # noqa: PLR2004
        price = cost["acronym_short"]
    if len(word.text) > 2 and len(run) > 1 and run[0] is name.words[0]:  # noqa: PLR2004
        tally.spelled_out = name.words
    told = " ".join(one.text for one in run)
    tally.pair(*(([word], run) if is_left else (run, [word])), price, f"{word.text} stands for {told}")


def _run_of_initials(word: Word, name: Name, free: list[Word]) -> list[Word]:
    """Free neighbours whose first letters, or whose first syllables, spell `word`."""
    letters = word.text
    if not letters.isalpha() or len(letters) < 2 or word.kind not in ("unknown", "geo"):  # noqa: PLR2004
        return []
    is_several = len(name.words) > 1 or any(len(one.initials) > 1 for one in name.words)
    if is_several and letters in name.initials and all(is_in(one, free) for one in name.words):
        return list(name.words)
    for start in range(len(name.words)):
        for end in range(len(name.words), start, -1):
            run = list(name.words[start:end])
            if not all(is_in(one, free) for one in run):
                continue
            if "".join(one.initials for one in run) == letters and (end - start > 1 or len(letters) > 2):  # noqa: PLR2004
                return run
            texts = [one.text for one in run]
            if end - start > 1 and (_made_of_beginnings(letters, texts) or _spelled_along(letters, texts)):
                return run
    return []


def _is_of_syllables(letters: str, name: Name) -> bool:
    """`codelco` from `Corporacion Nacional del Cobre`, `bmo` from `Bank of Montreal`: first letters of each word in turn."""
    texts = [plain(piece) for piece in name.raw.replace("-", " ").split()]
    is_likely = len(name.words) > 1 and 3 <= len(letters) <= 8 and letters.isalpha()  # noqa: PLR2004
    return is_likely and _from_syllables(letters, [text for text in texts if text])


def _from_syllables(letters: str, texts: Sequence[str]) -> bool:
    """Every word but little ones and forms gives one to three letters, and the last ones may give none."""
    if not letters:
        return all(text in _LITTLE or (text,) in lexicon().forms for text in texts)
    if not texts:
        return False
    is_little = texts[0] in _LITTLE
    sizes = range(0 if is_little else 1, (3 if is_little or len(texts[0]) > 4 else 1) + 1)  # noqa: PLR2004
    return any(letters.startswith(texts[0][:size]) and _from_syllables(letters[size:], texts[1:]) for size in sizes)


_LITTLE = frozenset({"of", "and", "the", "de", "del", "do", "da", "di", "du", "la", "for", "und", "e", "y", "et"})


def _made_of_beginnings(letters: str, texts: Sequence[str]) -> bool:
    """`fedex` from `federal express`, `metlife` from `metropolitan life`: two letters of each word at least."""
    if not texts:
        return not letters
    return any(
        letters.startswith(texts[0][:size]) and _made_of_beginnings(letters[size:], texts[1:])
        for size in range(2, min(len(texts[0]) - (len(texts) > 1), len(letters)) + 1)
    )


def _spelled_along(letters: str, texts: Sequence[str]) -> bool:
    """`lbbw` from `landesbank baden wuerttemberg`: every first letter, and one letter more from inside a long word."""
    if len(letters) != len(texts) + 1 or len(letters) not in (3, 4, 5):
        return False
    for place, text in enumerate(texts):
        within = letters[place] == text[0] and len(text) > 7 and letters[place + 1] in text[3:]  # noqa: PLR2004
        if within and letters[:place] + letters[place] + letters[place + 2 :] == "".join(one[0] for one in texts):
            return True
    return False


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


def is_in(word: Word, words: Sequence[Word]) -> bool:
    """Is it this very word, and not another of the same spelling?"""
    return any(word is one for one in words)


def _without(words: list[Word], gone: Sequence[Word]) -> list[Word]:
    """Each once: `Johnson & Johnson` has one word twice."""
    left = list(words)
    for one in gone:
        left.pop(next(place for place, word in enumerate(left) if word is one))
    return left
