"""Acting out the company's history, one day after the other."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.billing import bill_day
from q2c_pipeline.sandbox.company.customers import Customer, open_account
from q2c_pipeline.sandbox.company.dates import DAY, add_months, days_between, month_end
from q2c_pipeline.sandbox.company.finish import finish
from q2c_pipeline.sandbox.company.foundation import lay_foundation
from q2c_pipeline.sandbox.company.profiles import ONLY_STORIES, SECOND_STORIES, STORIES, small_modules
from q2c_pipeline.sandbox.company.releasing import release_month
from q2c_pipeline.sandbox.company.voiding import plan_voids
from q2c_pipeline.sandbox.company.world import World

if TYPE_CHECKING:
    from datetime import date

PHASES = ("sell", "apply", "settle", "close")


def live_through(seed: int, accounts: int, months: int, as_of: date) -> World:
    """The company after `months` months of business that end with `as_of`."""
    world = World(Random(seed), add_months(as_of + DAY, -months), as_of)
    lay_foundation(world)
    customers = [open_account(world, index, world.start - timedelta(days=40)) for index in range(accounts)]
    for index, customer in enumerate(customers):
        _tell_stories(world, index, customer)
    for day in days_between(world.start, as_of):
        _live_day(world, day)
    finish(world)
    return world


def _tell_stories(world: World, index: int, customer: Customer) -> None:
    story = STORIES[index % len(STORIES)]
    story(world, customer)
    if story in ONLY_STORIES:
        return
    small_modules(world, customer)
    if index % 3 == 0:
        SECOND_STORIES[index // 3 % len(SECOND_STORIES)](world, customer)


def _live_day(world: World, day: date) -> None:
    for phase in PHASES:
        if phase == "settle":
            bill_day(world, day)
            plan_voids(world, day)
        for planned, act, arguments in world.agenda[day]:
            if planned == phase:
                act(world, day, *arguments)
    world.agenda.pop(day)
    if day == month_end(day):
        release_month(world, day)
