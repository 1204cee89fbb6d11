"""The Salesforce reader: which objects are landed, each one's changes up to the cut-off, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from q2c_pipeline.errors import ConfigurationError, SourceError
from q2c_pipeline.platforms.extraction import Context, Extract, Finding, Instance, ObjectSpec
from q2c_pipeline.platforms.http import RequestLog, RetryPolicy
from q2c_pipeline.platforms.salesforce.client import OrgClient
from q2c_pipeline.platforms.salesforce.completeness import departures, total_checks
from q2c_pipeline.platforms.salesforce.delivery import read_window
from q2c_pipeline.platforms.salesforce.shape import Shape, missing_says, refuse_missing, shape_of, where_to_configure
from q2c_pipeline.schemas.fieldmap import FieldMap, load_field_map

OBJECTS = (
    ObjectSpec("Account", says="customers"),
    ObjectSpec("Product2", says="products"),
    ObjectSpec("PricebookEntry", says="list prices per price book and currency"),
    ObjectSpec("Opportunity", says="deals"),
    ObjectSpec("OpportunityHistory", says="what deals said before: stage, day and amount"),
    ObjectSpec("OpportunityLineItem", says="products of the deals"),
    ObjectSpec("Order", says="orders and their amendments"),
    ObjectSpec("OrderItem", says="order lines with their billing terms"),
)
_CORPORATE_CURRENCY = "SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true"
_LOW_ALLOWANCE = 1_000


def connect(instance: Instance, policy: RetryPolicy | None = None) -> SalesforceConnector:
    """A reader of one org; nothing is sent before the first question."""
    return SalesforceConnector(instance, policy)


class SalesforceConnector:
    """Reads the objects of one org.

    Conventions of the instance: `bulk_threshold` records from which Bulk API 2.0 is used, `compare_ids_every_days`,
    `currency` of an org that has only one, `login_host` (login or test) for JWT bearer.
    """

    def __init__(self, instance: Instance, policy: RetryPolicy | None) -> None:
        self.fields: FieldMap = load_field_map(Path(__file__).parent / "fields.toml", instance.field_overrides)
        self.log = RequestLog()
        self._instance = instance
        self._client = OrgClient(instance, self.log, policy)
        self._bulk_threshold = _whole_number(instance, "bulk_threshold", 10_000)
        self._compare_every = _whole_number(instance, "compare_ids_every_days", 7)

    def objects(self) -> Sequence[ObjectSpec]:
        """The objects to land, headers before their lines."""
        return OBJECTS

    def extract(self, spec: ObjectSpec, context: Context) -> Extract:
        """Read one object's changes in the window with the org's counts and sums, and who was deleted."""
        refuse_missing(self._shapes.values(), self._instance.name)
        shape, window, draft = self._shapes[spec.name], context.window, context.draft(spec.name)
        if window.since is not None and window.since >= window.until:
            return Extract(draft, notes={"window": "nothing to read: a later day was read before"})
        delivery = read_window(self._client, shape, window, self._bulk_threshold, draft)
        totals = total_checks(self._client, shape, window, draft, self._corporate_currency)
        gone = departures(
            self._client,
            shape,
            window,
            draft,
            context.known_ids(),
            bulk_threshold=self._bulk_threshold,
            compare_all=context.as_of.toordinal() % self._compare_every == 0,
        )
        notes = {"read by": "Bulk API 2.0" if delivery.by_bulk else "REST"}
        if shape.absent:
            notes["read as empty"] = ", ".join(shape.absent)
        return Extract(draft, [delivery.check, *totals, *gone.checks], gone.tombstones, notes)

    def check(self) -> Iterator[Finding]:
        """Log in, look at the day's allowance, and hold every object's fields against fields.toml."""
        try:
            left = self._client.limits()["DailyApiRequests"]["Remaining"]
        except SourceError as error:
            yield Finding("login", is_ok=False, says=str(error), next_step=error.next_step)
            return
        enough = left >= _LOW_ALLOWANCE
        yield Finding("daily API calls", enough, f"{left} left", "" if enough else "wait, or ask for a larger allowance")
        for spec in OBJECTS:
            yield self._finding(spec)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        """Every object as the org shows it today, read once a run before anything is landed."""
        return {spec.name: self._shape(spec) for spec in OBJECTS}

    @cached_property
    def _corporate_currency(self) -> str | None:
        """The currency in which the org sums money, if it has several."""
        if not self._shapes["Order"].has_own_currency:
            return None
        found = list(self._client.rows(_CORPORATE_CURRENCY, deleted=False))
        return found[0]["IsoCode"] if found else None

    def _shape(self, spec: ObjectSpec) -> Shape:
        single = "currency" in self._instance.conventions
        needed: frozenset[str] = frozenset() if single else frozenset({"currency"})
        return shape_of(spec.name, self.fields[spec.name], self._client.describe(spec.name), needed)

    def _finding(self, spec: ObjectSpec) -> Finding:
        try:
            shape = self._shape(spec)
        except SourceError as error:
            return Finding(spec.name, is_ok=False, says=str(error), next_step=error.next_step)
        if shape.missing:
            says = "missing: " + "; ".join(missing_says(shape, logical) for logical in shape.missing)
            return Finding(spec.name, is_ok=False, says=says, next_step=f"write in q2c.toml: {where_to_configure(shape)}")
        news = f"; not known: {', '.join(shape.unknown)}" if shape.unknown else ""
        empty = f"; read as empty: {', '.join(shape.absent)}" if shape.absent else ""
        return Finding(spec.name, is_ok=True, says=f"{len(shape.columns)} fields{empty}{news}")


def _whole_number(instance: Instance, name: str, default: int) -> int:
    text = instance.conventions.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise ConfigurationError(
            expected="a whole number above zero",
            found=repr(text),
            where=f"conventions.{name} of {instance.name}",
            next_step=f"write for example {name} = {default}",
        )
    return int(text)
