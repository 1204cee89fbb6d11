"""What public registers know of a simulated customer: a tax number with its check digits, a street and a site."""

from __future__ import annotations

_STREETS = {
    "US": ("Harbor Street", "Maple Avenue", "Canal Street", "Mission Road", "Union Square"),
    "UK": ("Mill Lane", "Station Road", "Castle Street", "Kings Road", "Abbey Close"),
    "DE": ("Lindenstraße", "Hafenstraße", "Goethestraße", "Bahnhofstraße", "Marktplatz"),
    "JP": ("Chuo-dori", "Sakura-dori", "Meiji-dori", "Aoba-dori", "Midosuji"),
}
_CITIES = {
    "US": (("10013", "New York"), ("94105", "San Francisco"), ("60607", "Chicago")),
    "UK": (("LS1 4AP", "Leeds"), ("EC1A 1BB", "London"), ("M1 2WD", "Manchester")),
    "DE": (("20457", "Hamburg"), ("80331", "München"), ("50667", "Köln")),
    "JP": (("104-0061", "Tokyo"), ("530-0001", "Osaka"), ("460-0008", "Nagoya")),
}


_FORMS = {"Inc.": "Incorporated", "Ltd": "Limited", "GmbH": "Gesellschaft mbH", "KK": "Kabushiki Kaisha"}


def tax_number(entity: str, index: int) -> str:
    """The valid tax number of customer `index`; no two that differ by a slip are both given away."""
    body = str((20_030 + index * 7919) % 90_000_000 + 10_000_000)
    forms = {"US": f"12-{body[1:]}", "UK": f"GB{_with_mod_97(body[1:])}", "DE": f"DE{_with_mod_11_10(body)}"}
    return forms.get(entity) or f"T{_with_mod_9(f'7000{body}')}"


def address(entity: str, index: int) -> tuple[str, str, str]:
    """Street with house number, postal code and city."""
    postal_code, city = _CITIES[entity][index % 3]
    street, house = _STREETS[entity][index // 3 % 5], 2 + index // 15
    return (f"{street} {house}" if entity in ("DE", "JP") else f"{house} {street}"), postal_code, city


def in_full(name: str) -> str:
    """A name as registers write it: the legal form in full, Sable Foods 1 Ltd -> Sable Foods 1 Limited."""
    head, _, form = name.rpartition(" ")
    return f"{head} {_FORMS[form]}"


def site(number: str) -> str:
    """The site of the customer with that number: AC-00012 -> ac-00012.example."""
    return f"{number.lower()}.example"


def _with_mod_97(body: str) -> str:
    """Seven digits and the two that bring their weighted sum to a multiple of 97, as on British VAT numbers."""
    weighted = sum(weight * int(digit) for weight, digit in zip(range(8, 1, -1), body, strict=True))
    return f"{body}{-weighted % 97:02}"


def _with_mod_11_10(body: str) -> str:
    """Eight digits and the check digit of German VAT numbers."""
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = 2 * total % 11
    return f"{body}{(11 - product) % 10}"


def _with_mod_9(body: str) -> str:
    """Twelve digits after the check digit of Japanese corporate numbers."""
    weighted = sum((1 + place % 2) * int(digit) for place, digit in enumerate(reversed(body)))
    return f"{9 - weighted % 9}{body}"
