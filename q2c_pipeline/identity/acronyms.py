"""Short names made of a long one: by first letters, first syllables, or letters from inside its words."""

from __future__ import annotations

from collections.abc import Sequence

from q2c_pipeline.identity.lexicon import lexicon
from q2c_pipeline.identity.names import Name
from q2c_pipeline.identity.tokens import plain
from q2c_pipeline.identity.words import Word, is_in


def run_of_initials(word: Word, name: Name, free: list[Word]) -> list[Word]:
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


def is_of_syllables(letters: str, name: Name) -> bool:
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
