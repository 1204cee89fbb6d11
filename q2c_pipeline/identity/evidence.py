"""Evidence beside the name: tax ids with their checksums, countries, domains, addresses; each gives bits and a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA
from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from q2c_pipeline.identity.lexicon import lexicon

_LETTER_BEFORE = {"JP": "T"}
"""A letter that invoices print before the number: Japan's qualified issuers write T7000012050002."""
_COUNTRY_OF_PREFIX = {"EL": "GR", "XI": "GB", "UK": "GB"}
_OTHER_NUMBERS = {
    "US": ("ein",),
    "FR": ("siren", "siret"),
    "DE": ("stnr", "handelsregisternummer"),
    "IT": ("codicefiscale",),
    "CH": ("uid",),
    "NO": ("orgnr",),
    "SE": ("orgnr",),
    "IN": ("pan",),
    "AU": ("acn",),
    "GB": ("utr",),
    "PL": ("regon",),
    "ES": ("cif",),
    "BR": ("cnpj",),
}
_NO_DATA = frozenset({"", "na", "none", "null", "unknown", "tbd", "notavailable", "test"})


@dataclass(frozen=True)
class Finding:
    """What one kind of evidence says: bits for (or, negative, against) one company, and why; `is_key` decides alone."""

    bits: float
    reason: str
    is_key: bool = False


def _finding(name: str, reason: str, *, is_key: bool = False) -> Finding:
    return Finding(lexicon().evidence[name], reason, is_key)


@dataclass(frozen=True)
class TaxId:
    """A tax or company number without decoration; `scheme` tells which numbers may be compared."""

    country: str
    scheme: str
    value: str
    is_valid: bool

    @property
    def masked(self) -> str:
        """All but the last four characters hidden."""
        return masked(self.value)


def masked(value: str) -> str:
    """`DE123456789` -> `…6789`; a short number is hidden whole."""
    plain = re.sub(r"[^0-9A-Za-z]", "", value)
    return f"…{plain[-4:]}" if len(plain) > 6 else "…"  # noqa: PLR2004


@lru_cache(maxsize=10_000)
def country_code(text: str) -> str:
    """ISO alpha-2 of a country as people write it: `uk`, `Germany`, `DEU` -> GB, DE, DE; nothing when it is not known."""
    plain = " ".join(re.sub(r"[^\w ]", "", text).split())
    code = _COUNTRY_OF_PREFIX.get(plain.upper(), plain.upper())
    if re.fullmatch(r"[A-Z]{2}", code):
        return code
    land = lexicon().lands.get(tuple(plain.casefold().split()), "")
    return lexicon().iso3.get(code, land if len(land) == 2 else "")  # noqa: PLR2004


@lru_cache(maxsize=400_000)
def read_tax_id(text: str, country: str = "") -> TaxId | None:
    """The number with its checksum tried; a VAT prefix names the country, else the record does."""
    plain = re.sub(r"[^0-9A-Z]", "", text.upper())
    if plain.lower() in _NO_DATA or len(set(plain)) < 3 or len(plain) < 5:  # noqa: PLR2004
        return None
    for code in _countries_of(plain, country_code(country)):
        for scheme, module in _modules(code):
            value = _validated(module, plain.removeprefix(_LETTER_BEFORE.get(code, "")))
            if value is not None:
                return TaxId(code, *_comparable(code, scheme, value), is_valid=True)
    return TaxId(country_code(country), "", plain, is_valid=False)


def _countries_of(plain: str, country: str) -> list[str]:
    prefix = _COUNTRY_OF_PREFIX.get(plain[:2], plain[:2]) if plain[:2].isalpha() else ""
    return [code for code in dict.fromkeys((prefix, country)) if code and _modules(code)]


@cache
def _modules(country: str) -> tuple[tuple[str, object], ...]:
    """Number schemes of a country, the VAT number first."""
    names = ("vat", *_OTHER_NUMBERS.get(country, ()))
    found = ((name, get_cc_module(country.lower(), name)) for name in names)
    return tuple((name, module) for name, module in found if module is not None)


def _validated(module: object, plain: str) -> str | None:
    try:
        value = module.validate(plain)  # type: ignore[attr-defined]
    except (ValidationError, ValueError, IndexError):
        return None
    return re.sub(r"[^0-9A-Z]", "", str(value).upper())


_COMMON_PART = {
    ("FR", "vat"): ("siren", slice(-9, None)),
    ("FR", "siret"): ("siren", slice(9)),
    ("IN", "vat"): ("pan", slice(2, 12)),
    ("NO", "vat"): ("orgnr", slice(9)),
    ("SE", "vat"): ("orgnr", slice(-12, -2)),
    ("CH", "vat"): ("uid", slice(12)),
    ("ES", "cif"): ("vat", slice(None)),
    ("IT", "codicefiscale"): ("vat", slice(None)),
}


def _comparable(country: str, scheme: str, value: str) -> tuple[str, str]:
    """Numbers that contain one another are brought to their common part: FR 83404833048 and 404 833 048 00022 -> 404833048."""
    name, part = _COMMON_PART.get((country, scheme), (scheme, slice(None)))
    return name, value[part]


def compare_tax_ids(left: TaxId | None, right: TaxId | None) -> Finding | None:
    """Equal valid numbers decide for one company, different ones against; numbers of other schemes say nothing."""
    if left is None or right is None:
        return None
    if left.is_valid and right.is_valid:
        return _compare_valid(left, right)
    if left.value == right.value:
        return _finding("tax_equal_invalid", f"equal tax ids {left.masked}, though the checksum fails")
    if OSA.distance(left.value, right.value) <= 1:
        return _finding("tax_near", f"tax ids {left.masked} and {right.masked} differ by one character and a checksum fails")
    return _finding("tax_other_invalid", f"other tax ids {left.masked} and {right.masked}, one with a failing checksum")


def _compare_valid(left: TaxId, right: TaxId) -> Finding | None:
    if (left.country, left.scheme, left.value) == (right.country, right.scheme, right.value):
        return _finding("tax_equal", f"equal valid tax id {left.country} {left.masked}", is_key=True)
    if left.country != right.country:
        return _finding(
            "tax_differs", f"tax ids of {left.country} and {right.country}, {left.masked} and {right.masked}", is_key=True
        )
    if left.scheme == right.scheme:
        return _finding("tax_differs", f"different valid tax ids {left.masked} and {right.masked}", is_key=True)
    return None


def compare_countries(left: str, right: str) -> Finding | None:
    """The same name in two countries is more often two companies than one."""
    one, other = country_code(left), country_code(right)
    if not one or not other:
        return None
    if one == other:
        return _finding("country_equal", f"both in {one}")
    return _finding("country_differs", f"one in {one}, the other in {other}")


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=400_000)
def read_domain(text: str) -> str:
    """The domain that somebody registered: `https://www.shop.acme.co.uk/x` -> `acme.co.uk`; nothing for free mail."""
    host = re.sub(r"^[a-z]+://", "", text.strip().casefold()).split("/")[0].split("@")[-1].split(":")[0].strip(".")
    domain = _suffixes().privatesuffix(host) if "." in host else None
    return "" if domain is None or domain in lexicon().free_mail else str(domain)


def compare_domains(left: str, right: str) -> Finding | None:
    """One registered domain belongs to one company or its group; two domains say little."""
    one, other = read_domain(left), read_domain(right)
    if not one or not other:
        return None
    if one == other:
        return _finding("domain_equal", f"equal domain {one}", is_key=True)
    if one.split(".")[0] == other.split(".")[0]:
        return _finding("domain_same_name", f"domains {one} and {other} differ by their ending")
    return _finding("domain_differs", f"other domains, {one} and {other}")


def compare_addresses(left: str, right: str) -> Finding | None:
    """Addresses help when they agree; companies have several, so that a difference says little."""
    one, other = _address(left), _address(right)
    if len(one) < 8 or len(other) < 8:  # noqa: PLR2004
        return None
    likeness = fuzz.token_sort_ratio(one, other)
    numbers = set(re.findall(r"\d+", one)), set(re.findall(r"\d+", other))
    is_part = fuzz.token_set_ratio(one, other) >= 95 and numbers[0] & numbers[1]  # noqa: PLR2004
    if is_part or (numbers[0] == numbers[1] and likeness >= 85):  # noqa: PLR2004
        return _finding("address_equal", "the addresses agree")
    if likeness < 55 and not numbers[0] & numbers[1]:  # noqa: PLR2004
        return _finding("address_differs", "the addresses differ")
    return None


_STREETS = (
    ("strasse", "str"),
    ("straße", "str"),
    ("street", "st"),
    ("avenue", "ave"),
    ("road", "rd"),
    ("boulevard", "blvd"),
    ("suite", "ste"),
    ("floor", "fl"),
)


@lru_cache(maxsize=400_000)
def _address(text: str) -> str:
    plain = text.casefold()
    for written, short in _STREETS:
        plain = plain.replace(written, short)
    return " ".join(re.findall(r"\w+", plain))
