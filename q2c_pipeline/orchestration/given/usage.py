"""What a file may ask of a usage line: its price model, and what was used when."""

from __future__ import annotations

import calendar
import re
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from q2c_pipeline.domain.kinds import UsageModel
from q2c_pipeline.orchestration.given.lines import Case, Proration, Rounding, check_discount, check_term, spelled
from q2c_pipeline.orchestration.given.values import Currency, Day, Exact, Strict, refusal

_FROM, _UP_TO = ("from_quantity", "from"), ("up_to_quantity", "up_to")
_TIERED = (UsageModel.GRADUATED, UsageModel.VOLUME)


class Tier(Strict):
    """A price for the units from one quantity to another, or for each package of them; the last may go on for ever."""

    from_quantity: Exact = Field(validation_alias=AliasChoices(*_FROM))
    up_to_quantity: Exact | None = Field(None, validation_alias=AliasChoices(*_UP_TO))
    unit_price: Exact
    flat_amount: Exact = Fraction(0)
    package_size: Exact | None = None


class Use(Strict):
    """A quantity used in a month (`"period": "2026-05"`), on a day, or between two days."""

    start: Day
    end: Day
    quantity: Exact

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(given.get("period"))):
            year, month = map(int, given["period"].split("-"))
            days = {"start": f"{year:04}-{month:02}-01", "end": f"{year:04}-{month:02}-{calendar.monthrange(year, month)[1]}"}
            return {name: value for name, value in given.items() if name != "period"} | days
        return ({"end": given["start"]} if "start" in given else {}) | given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        check_term(self.start, self.end)
        return self


class UsedLine(Strict):
    """A contract line that bills what is used, month by month."""

    charge_type: Literal["usage"]
    currency: Currency
    start: Day
    end: Day
    usage: list[Use]
    unit_price: Exact = Fraction(0)
    usage_model: Annotated[UsageModel, BeforeValidator(spelled)] | None = None
    tiers: list[Tier] = Field(default_factory=list)
    included_quantity: Exact | None = None
    package_size: Exact | None = None
    minimum_commitment: Exact | None = None
    discount: Exact = Fraction(0)

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """Tiers that name only their ends begin where the one before ends."""
        tiers = given.get("tiers") if isinstance(given, dict) else None
        if not isinstance(tiers, list) or not all(isinstance(tier, dict) for tier in tiers):
            return given
        ends = ["0", *(next((tier[name] for name in _UP_TO if name in tier), None) for tier in tiers)]
        named = [tier if set(_FROM) & set(tier) else {"from": end} | tier for tier, end in zip(tiers, ends, strict=False)]
        return given | {"tiers": named}

    @model_validator(mode="after")
    def _agree(self) -> Self:
        check_term(self.start, self.end)
        check_discount(self.discount)
        self._check_model()
        for use in self.usage:
            if use.start < self.start or use.end > self.end:
                raise refusal(f"days from {self.start} to {self.end}", f"{use.start} to {use.end}", "usage")
        return self

    def _check_model(self) -> None:
        is_tiered = self.usage_model in _TIERED or (self.usage_model is None and bool(self.tiers))
        if is_tiered != bool(self.tiers):
            raise refusal("tiers" if is_tiered else "no tiers, the price model being another", len(self.tiers), "tiers")
        if not is_tiered and "unit_price" not in self.model_fields_set:
            raise refusal("a unit price, there being no tiers", None, "unit_price")
        if (self.usage_model is UsageModel.PACKAGE) != (self.package_size is not None):
            raise refusal("a package_size with the model 'package', and only with it", self.package_size, "package_size")
        if self.package_size is not None and self.package_size <= 0:
            raise refusal("a size above 0", self.package_size, "package_size")
        self._check_tiers()

    def _check_tiers(self) -> None:
        so_far: Fraction | None = Fraction(0)
        for tier in self.tiers:
            if tier.package_size is not None and tier.package_size <= 0:
                raise refusal("a package_size above 0", tier.package_size, "tiers")
            if tier.from_quantity != so_far:
                raise refusal(f"a tier that begins where the one before ends ({so_far})", str(tier.from_quantity), "tiers")
            so_far = tier.up_to_quantity
            if so_far is not None and so_far <= tier.from_quantity:
                raise refusal(f"an end above {tier.from_quantity}", str(so_far), "tiers")


class UsagePolicy(Strict):
    """Conventions by which use is billed and earned; months of use are never prorated."""

    rounding: Rounding = "half_up"
    proration: Proration | None = None
    recognition: Literal["usage_in_period"] = "usage_in_period"


class UsageCase(Case):
    """What would this use bill, and when is it earned?"""

    line: UsedLine
    policy: UsagePolicy
