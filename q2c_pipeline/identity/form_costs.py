"""What the legal forms of two names say: the same, another way of writing it, or two companies."""

from __future__ import annotations

from q2c_pipeline.identity.lexicon import Form, lexicon
from q2c_pipeline.identity.names import Name
from q2c_pipeline.identity.partners import Tally


def pay_for_forms(left: Name, right: Name, tally: Tally) -> bool:
    """Legal forms that cannot be one company's; a missing one says little. Tells whether they part kin."""
    cost = lexicon().cost
    if not left.forms and not right.forms:
        return False
    if not left.is_formal or not right.is_formal:
        has_both = left.forms and right.forms
        is_bare = _is_bare(left, right) or _is_bare(right, left)
        tally.cost += cost["form_bare" if is_bare else "form_vague" if has_both else "form_missing"]
        if is_bare:
            tally.reasons.append("one is `& Co.`, the other has a legal form without it")
        return is_bare
    price, reason = min(_form_cost(one, other) for one in left.forms if one.kinds for other in right.forms if other.kinds)
    tally.cost += price
    if reason:
        tally.reasons.append(reason)
    return price >= cost["form_conflict"]


def _is_bare(one: Name, other: Name) -> bool:
    """`Merck & Co.` beside `Merck KGaA`: firms of other tongues write `& Co` into their legal form, or have none."""
    is_foreign = any(form.kinds and not form.countries & _SAY_AND_CO for form in other.forms)
    return [form.name for form in one.forms] == ["& Co"] and is_foreign and " co" not in other.raw.casefold()


_SAY_AND_CO = frozenset({"US", "GB"})


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


def lands_of_forms(name: Name) -> frozenset[str]:
    """The only country of a name's legal form, where it has but one."""
    return frozenset(next(iter(form.countries)) for form in name.forms if len(form.countries) == 1) | (
        frozenset({"GB"}) if any(form.name in ("Ltd", "PLC") for form in name.forms) else frozenset()
    )
