"""What a file may ask of the revenue standard: how a price is allocated, and what a modification does to what is earned."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from q2c_pipeline.orchestration.given.lines import Case, spelled
from q2c_pipeline.orchestration.given.values import Currency, Exact, Strict, refusal

Count = Annotated[int, Field(ge=1, le=40_000)]
"""Periods of a term; each is a month of the tables, which end with the year 9999."""


class Obligation(Strict):
    """A performance obligation with its stand-alone selling price, or without one that can be observed: the residual one."""

    id: str | int
    ssp: Exact | None = None


class SoldTogether(Strict):
    """Obligations that are sold together at a price of their own."""

    obligations: list[str | int] = Field(min_length=2)
    price: Exact


class AllocationCase(Case):
    """How much of the transaction price does each obligation have?

    What is off the stand-alone prices belongs to the obligations of `bundle` alone if it is what is off theirs when they are sold
    together: A 40, B 55 and C 45 for 100, B and C together for 60: A has 40.00, B 33.00, C 27.00.
    """

    kind: Literal["allocation"]
    currency: Currency
    transaction_price: Exact
    obligations: list[Obligation] = Field(min_length=2)
    bundle: SoldTogether | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        names = [str(one.id) for one in self.obligations]
        if len(set(names)) < len(names):
            raise refusal("every obligation once", ", ".join(names), "obligations")
        listed = [one.ssp for one in self.obligations if one.ssp is not None]
        if len(self.obligations) - len(listed) > 1:
            raise refusal("a stand-alone price for all obligations but one", f"{len(listed)} of {len(names)}", "obligations")
        if min(listed) <= 0:
            raise refusal("stand-alone prices above 0", str(min(listed)), "obligations")
        off = self._check_bundle()
        if len(listed) < len(names) and sum(listed) - off >= self.transaction_price:
            expected = f"a transaction price above the {sum(listed) - off} of the others"
            raise refusal(expected, str(self.transaction_price), "transaction_price")
        return self

    def _check_bundle(self) -> Fraction:
        """What the bundle is below its stand-alone prices."""
        if self.bundle is None:
            return Fraction(0)
        listed = {str(one.id): one.ssp for one in self.obligations}
        prices = [listed.get(str(name)) for name in self.bundle.obligations]
        known = [price for price in prices if price is not None]
        if len(known) < len(prices) or len(set(map(str, self.bundle.obligations))) < len(prices):
            raise refusal(
                "obligations with stand-alone prices, each once", ", ".join(map(str, self.bundle.obligations)), "bundle"
            )
        if not 0 < self.bundle.price < sum(known):
            raise refusal(f"a price above 0 and below the {sum(known)} of its obligations", str(self.bundle.price), "bundle")
        return sum(known) - self.bundle.price


class ModificationCase(Case):
    """What does each period earn after a modification?

    Prospective: what remains and what is added, over the periods that remain. By catch-up: `consideration` over `periods`, of
    which `elapsed_periods` are over; with what is added it is earned as if it had always been so.
    """

    kind: Literal["modification"]
    currency: Currency
    method: Annotated[Literal["prospective", "cumulative_catch_up"], BeforeValidator(spelled)]
    added_consideration: Exact = Fraction(0)
    remaining_periods: Count
    remaining_consideration: Exact | None = None
    consideration: Exact | None = None
    periods: Count | None = None
    elapsed_periods: Count | None = None

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """The expected answer may stand beside the question."""
        return (
            {key: value for key, value in given.items() if not key.startswith("expected")} if isinstance(given, dict) else given
        )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        is_whole = None not in (self.consideration, self.periods, self.elapsed_periods)
        if self.method == "prospective" and self.remaining_consideration is None and not is_whole:
            raise refusal("the remaining consideration", None, "remaining_consideration")
        if self.method == "cumulative_catch_up" and not is_whole:
            raise refusal("consideration, periods and elapsed_periods", None, "consideration")
        if self.periods is not None and self.elapsed_periods is not None and self.elapsed_periods >= self.periods:
            raise refusal(f"fewer than the {self.periods} periods", self.elapsed_periods, "elapsed_periods")
        if is_whole and self.whole[2] + self.remaining_periods < self.whole[1]:
            raise refusal("no end before the one agreed first", self.remaining_periods, "remaining_periods")
        return self

    @property
    def whole(self) -> tuple[Fraction, int, int]:
        """Consideration, periods and how many of them are over; of what remains alone: twice as much, one of two periods over."""
        if self.consideration is None or self.periods is None or self.elapsed_periods is None:
            return 2 * (self.remaining_consideration or Fraction(0)), 2, 1
        return self.consideration, self.periods, self.elapsed_periods
