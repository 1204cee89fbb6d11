"""Rules of the policy that hold for a scope: what is tolerated, and what is material; the most specific scope decides."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from q2c_pipeline.settings.agreements import Days
from q2c_pipeline.settings.problems import wrong
from q2c_pipeline.settings.values import Amount, Currency, Section

Percent = Annotated[Decimal, Field(gt=0, le=100, max_digits=8, decimal_places=4)]


class _Limits(Section):
    """How much, as an amount and as a share; at least one of the two."""

    amount: Amount | None = None
    percent: Percent | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.amount is None and self.percent is None:
            raise wrong("an amount, a percent, or both", "neither", "add amount = 0.05 or percent = 0.5")
        return self


class Tolerance(_Limits):
    """A break up to every given limit stays in the bridge and becomes no exception; what is left out fits everything.

    Of the rules that fit a break, one that names its control goes before one that does not, then its entity, then its currency.
    """

    control: str | None = None
    entity: str | None = None
    currency: Currency | None = None

    @model_validator(mode="after")
    def _amount_has_a_currency(self) -> Self:
        if self.amount is not None and self.currency is None:
            raise wrong("a currency beside the amount", "none", 'add currency = "EUR", or use percent: 5 JPY are not 5 EUR')
        return self

    @property
    def scope(self) -> tuple[str | None, ...]:
        """What it is for; two rules of one scope would contradict each other."""
        return self.control, self.entity, self.currency


class GraceRule(Section):
    """Other days of grace for an entity, an instance, or both; what it leaves out is as for all.

    For each of the three, the rule that names instance and entity goes before one that names the instance, then the entity.
    """

    instance: str | None = None
    entity: str | None = None
    booking_days: Days | None = None
    invoice_days: Days | None = None
    posting_days: Days | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.scope == (None, None):
            raise wrong("an entity, an instance, or both", "neither", "days for all stand under [policy.grace]")
        if self.booking_days is None and self.invoice_days is None and self.posting_days is None:
            raise wrong("booking_days, invoice_days or posting_days", "none of them", "add for example posting_days = 5")
        return self

    @property
    def scope(self) -> tuple[str | None, ...]:
        """What it is for; two rules of one scope would contradict each other."""
        return self.instance, self.entity

    def fits(self, instance: str | None, entity: str) -> bool:
        """Tell whether it holds there; what comes from no single instance is under rules for entities only."""
        return self.instance in (None, instance) and self.entity in (None, entity)


class Materiality(_Limits):
    """An exception below every given limit does not block a close; it is shown all the same. The amount is in group currency.

    The percent is of what the entity should show in that comparison, currency and period.
    """

    entity: str | None = None

    @property
    def scope(self) -> tuple[str | None, ...]:
        """What it is for: one entity, or every entity that has no rule of its own."""
        return (self.entity,)


class Bundle(Section):
    """Products that are sold together at a price of their own: what is off an order's stand-alone prices may be theirs alone."""

    products: Annotated[list[str], Field(min_length=2)]
    price: Annotated[dict[Currency, Amount], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_each_product_once(self) -> Self:
        if len(set(self.products)) < len(self.products):
            raise wrong("every product once", ", ".join(self.products), "name two products at least, each once")
        return self


class Schedule(Section):
    """How a system counts and rounds where it departs from the policy; a billing system's holds for the lines that it bills."""

    proration: Literal["actual_days", "thirty_360", "by_second", "none"] | None = None
    rounding: Literal["half_up", "half_even"] | None = None
    recognition: Literal["daily_straight_line", "even_by_month", "by_second"] | None = None
    modification: Literal["prospective", "cumulative_catch_up"] | None = None


class Convention(Schedule):
    """How an instance works where it departs from the usual: how it schedules, and how a ledger posts documents.

    `summary_journals` says that one journal posts all documents of a company, currency and day (entity_day), or
    of a company, currency and batch (batch); journals whose number begins with `summary_prefix` are these.
    """

    summary_journals: Literal["entity_day", "batch"] | None = None
    summary_prefix: Annotated[str, Field(min_length=1, max_length=32)] | None = None

    @model_validator(mode="after")
    def _knows_its_summaries(self) -> Self:
        if (self.summary_journals is None) != (self.summary_prefix is None):
            found = "one of them" if self.summary_journals else "summary_prefix alone"
            raise wrong("summary_journals and summary_prefix together", found, 'add for example summary_prefix = "SUM-"')
        return self
