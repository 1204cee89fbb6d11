"""RR01: deferred revenue is released too early, too late or never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.releases import claim_release, months_later, put_in, take_out, tell

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def rr01_never_released(ground: Ground) -> None:
    """A line is missing in the journal of one month, and nobody noticed."""
    for _ in range(ground.volume):
        release = claim_release(ground)
        take_out(ground, release)
        tell(ground, "RR01", release.journal, release.key, release.amount)


def rr01_month_late(ground: Ground) -> None:
    """A line was left out and made up for in the journal of the next month: over the year nothing is missing."""
    release = claim_release(ground, other=1)
    take_out(ground, release)
    put_in(ground, months_later(ground, release.journal, 1), release.key, release.amount)
    tell(ground, "RR01", release.journal, release.key, release.amount)


def rr01_month_early(ground: Ground) -> None:
    """Revenue of a month was brought forward into the month before."""
    release = claim_release(ground, other=-1)
    take_out(ground, release)
    put_in(ground, months_later(ground, release.journal, -1), release.key, release.amount)
    tell(ground, "RR01", release.journal, release.key, -release.amount)
