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
from q2c_pipeline.sandbox.company.profiles import (
    LAST_DAYS_STORIES,
    ONLY_STORIES,
    SECOND_STORIES,
    STORIES,
    introductory_offer,
    one_module,
    small_modules,
)
from q2c_pipeline.sandbox.company.releasing import release_month
from q2c_pipeline.sandbox.company.voiding import plan_voids
from q2c_pipeline.sandbox.company.world import World

if TYPE_CHECKING:
    from datetime import date

RECENT_MONTHS = 10
MONTHS_BETWEEN_WAVES = 14
PHASES = ("sell", "apply", "settle", "close")


def live_through(seed: int, accounts: int, months: int, as_of: date) -> World:
    """The company after `months` months of business that end with `as_of`."""
    world = World(Random(seed), add_months(as_of + DAY, -months), as_of)
    lay_foundation(world)
    customers = [open_account(world, index, world.start - timedelta(days=40)) for index in range(accounts)]
    for opening in _openings(world):
        world.opening = opening
        for index, customer in enumerate(customers):
            _tell_stories(world, index, customer)
    for day in days_between(world.start, as_of):
        _live_day(world, day)
    finish(world)
    return world


def _openings(world: World) -> list[date]:
    """The days from which customers buy: once within the last months, so that terms still run, and again for each earlier wave.

    Waves are as far apart as the longest term and the latest start in it, so that no customer meters the same use twice.
    """
    openings = [max(world.start, add_months(world.as_of + DAY, -RECENT_MONTHS))]
    while (earlier := add_months(openings[-1], -MONTHS_BETWEEN_WAVES)) >= world.start:
        openings.append(earlier)
    return openings


def _tell_stories(world: World, index: int, customer: Customer) -> None:
    story = STORIES[index % len(STORIES)]
    if story in LAST_DAYS_STORIES and add_months(world.opening, MONTHS_BETWEEN_WAVES) <= world.as_of:
        return
    story(world, customer)
    if story in ONLY_STORIES:
        return
    small_modules(world, customer)
    if index % 4 == 0:
        introductory_offer(world, customer)
    if index % 3 == 0:
        SECOND_STORIES[index // 3 % len(SECOND_STORIES)](world, customer)
    else:
        one_module(world, customer)


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
