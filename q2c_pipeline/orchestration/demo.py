"""What the demonstration found, held against what was planted; and what came of repairing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from q2c_pipeline.domain.people import Actor
from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.orchestration import deciding
from q2c_pipeline.orchestration.pushing import Pushing
from q2c_pipeline.orchestration.showing import Reader
from q2c_pipeline.sandbox.systems import Truth
from q2c_pipeline.settings import Settings

TIMING = "timing"
_FOUND = f"""
    select control_id, subject_key, currency, sum(difference_amount) as difference_amount
    from recon.exception group by control_id, subject_key, currency
    union all
    select '{TIMING}', subject_key, currency, sum(difference_amount)
    from recon.timing where measure in ('net', 'receivable') group by subject_key, currency
    order by 1, 2, 3"""  # noqa: S608  (a constant word)


@dataclass(frozen=True)
class Comparison:
    """One thing that was planted or found: the amounts of both, where a side has it."""

    control_id: str
    subject_key: str
    currency: str | None
    planted: Decimal | None
    found: Decimal | None

    @property
    def agrees(self) -> bool:
        """Whether what was planted was found, with its amount to the cent."""
        return self.planted == self.found


def compare_published(settings: Settings, truth: Sequence[Truth]) -> list[Comparison]:
    """`compare` on the published file."""
    with open_published(settings.stores.published) as published:
        return compare(truth, published)


def compare(truth: Sequence[Truth], published: Reader) -> list[Comparison]:
    """Every planted or found difference once, by control and subject; a control without money has amount 0 on both sides."""
    planted: dict[tuple[str, str, str | None], Decimal] = {}
    for one in truth:
        key = (one.control_id, one.subject_key, one.currency)
        planted[key] = planted.get(key, Decimal(0)) + one.amount
    found = {(row[0], row[1], row[2]): row[3] or Decimal(0) for row in published.query(_FOUND).iter_rows()}
    keys = sorted(planted.keys() | found.keys(), key=lambda key: tuple(map(str, key)))
    return [Comparison(key[0], key[1], key[2], planted.get(key), found.get(key)) for key in keys]


def repair(settings: Settings, actor: Actor, clock: Callable[[], datetime]) -> tuple[int, Counter[str]]:
    """Approve everything that is proposed and push it: how many corrections were approved, and how many ended in which status."""
    everything = deciding.Filters()
    shown = deciding.shown(settings, (), everything, clock())
    ready = deciding.approve(settings, actor, (), everything, shown.digest, "demonstration", clock())
    pushed = Pushing(settings, actor, clock).push()
    return len(ready), Counter(status.value for one in pushed for status, _ in one.statuses.values())


def fates(settings: Settings, at: datetime) -> Counter[str]:
    """How many corrections are in which status."""
    return Counter(str(status) for status in deciding.listed(settings, deciding.Filters(), at)["status"])


def open_exceptions(settings: Settings) -> int:
    """Exceptions of the published night."""
    with open_published(settings.stores.published) as published:
        return int(published.query("select count(*) from recon.exception").item())
