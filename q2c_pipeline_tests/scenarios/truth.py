"""The measured truth: many companies with planted faults, each reconciled over HTTP, found held against planted.

`python -m q2c_pipeline_tests.scenarios.truth 200 --write docs/truth.md` prints and writes the table; it ends with 1 if
anything is wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, zip_longest
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import track

from q2c_pipeline.sandbox.company.faults import available_faults, available_stacks
from q2c_pipeline.sandbox.company.faults.summary import known_faults
from q2c_pipeline.sandbox.systems import Symptom
from q2c_pipeline_tests.scenarios import summary_worlds
from q2c_pipeline_tests.scenarios.summary_worlds import BESIDE, Grouping
from q2c_pipeline_tests.scenarios.worlds import UNBALANCED, World, reconciled

Subject = tuple[str, str, str | None]
"""Control, subject, currency: what an amount is told of."""
_LEAST_MIXES = 40
"""A set too small for every fault alone and so many mixes takes of both in turn."""
_DAILY = (
    "bb04_price_drift",
    "bb05_quantity_short",
    "bb06_period_skipped",
    "bp01_not_posted",
    "bp04_net_differs",
    "bp07_next_month",
    "md03_terms_promised_by_sales",
    "st01_status_never_updated",
)
_VOLUMES = (10, 40, 120, 400)
_WORKERS = 2
_WORLDS_PER_WORKER = 10
"""A worker is replaced after so many worlds, so that the memory of servers and warehouses never adds up."""


@dataclass(frozen=True)
class Plan:
    """One company: equal plans give equal companies."""

    seed: int
    faults: tuple[str, ...]
    accounts: int
    months: int
    summaries: Grouping | None = None
    """How its ledger posts summary journals, if it does."""


@dataclass(frozen=True)
class Measured:
    """What one world showed."""

    plan: Plan
    planted: dict[Subject, Decimal]
    found: dict[Subject, Decimal]
    bridge: dict[str, tuple[int, int, int]]
    """By leg: groups of entity x currency x period x measure, those that do not sum, those with something unexplained."""
    blocked: int
    symptoms: tuple[int, tuple[Symptom, ...]] = (0, ())
    """How many were planted, and those that are not listed under their cause."""


@dataclass
class Score:
    """What is known of one control over all worlds."""

    worlds: int = 0
    planted: int = 0
    exact: int = 0
    other_amount: int = 0
    missed: int = 0
    invented: int = 0

    @property
    def is_perfect(self) -> bool:
        """Everything planted was found with its amount, and nothing else."""
        return self.exact == self.planted and not self.invented


def plans(count: int) -> list[Plan]:
    """Two clean worlds, a crowd in 25, one of stacks and one of summaries in 20, then faults alone and mixes; always the same."""
    names = sorted(available_faults())
    alone = [Plan(1000 + number, (name,), 35, 5) for number, name in enumerate(names)]
    mixed = [_mix(seed, names) for seed in range(1, count + 1)]
    crowds = [_crowd(number) for number in range(count // 25)]
    stacks = [_stacked(number, names) for number in range(count // 20)]
    summing = [_summing(number) for number in range(count // 20)]
    turns = zip_longest(mixed, alone) if count < len(alone) + _LEAST_MIXES else [(*alone, *mixed)]
    drawn = [one for one in chain.from_iterable(turns) if one is not None]
    return [Plan(1, (), 35, 5), Plan(2, (), 60, 9), *crowds, *stacks, *summing, *drawn][:count]


def _crowd(number: int) -> Plan:
    """A company in which a few faults of daily life happened very often."""
    dice = random.Random(f"crowd {number}")
    often = _VOLUMES[number % len(_VOLUMES)]
    handful = sorted(f"{name}*{often}" for name in dice.sample(_DAILY, 3))
    return Plan(5000 + number, tuple(handful), max(100, 7 * often), dice.randint(5, 9))


def _stacked(number: int, names: Sequence[str]) -> Plan:
    """A company in which several faults lie on one contract line or document, many times, beside single ones."""
    dice = random.Random(f"stacks {number}")
    stacks = available_stacks()
    handful = sorted(dice.sample(stacks, dice.randint(len(stacks) // 2, len(stacks))) + dice.sample(names, dice.randint(0, 20)))
    return Plan(7000 + number, tuple(handful), len(handful) + dice.choice((45, 60, 90)), dice.randint(6, 10))


def _summing(number: int) -> Plan:
    """A company whose ledger posts one journal for all documents of a day, or batch, with the faults of such a ledger."""
    dice = random.Random(f"summaries {number}")
    handful = sorted(dice.sample(known_faults(), dice.randint(6, len(known_faults()))) + dice.sample(BESIDE, 2))
    return Plan(
        9000 + number, tuple(handful), dice.choice((80, 100, 120)), dice.randint(6, 9), ("entity_day", "batch")[number % 2]
    )


def _mix(seed: int, names: Sequence[str]) -> Plan:
    dice = random.Random(f"mix {seed}")
    handful = dice.sample(names, dice.randint(2, len(names)))
    return Plan(seed, tuple(sorted(handful)), len(handful) // 2 + dice.choice((25, 30, 45, 60, 90, 160)), dice.randint(5, 12))


def _company(folder: Path, plan: Plan) -> AbstractContextManager[World]:
    """The plan's company, served and reconciled."""
    if plan.summaries:
        size = {"accounts": plan.accounts, "months": plan.months}
        return summary_worlds.reconciled(folder, plan.seed, plan.faults, **size, grouping=plan.summaries)
    return reconciled(folder, plan.seed, plan.faults, accounts=plan.accounts, months=plan.months)


def measure(plan: Plan) -> Measured:
    """Build, serve and reconcile one world."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _company(Path(folder), plan) as world,
    ):
        symptoms = (len(world.symptoms), tuple(world.unlisted()))
        blocked = len(world.result.blocked)
        return Measured(plan, _amounts(world.planted()), _amounts(world.found()), _bridge(world), blocked, symptoms)


def _amounts(findings: Counter[tuple[str, str, Decimal, str | None]]) -> dict[Subject, Decimal]:
    total: dict[Subject, Decimal] = {}
    for (control, subject, amount, currency), times in findings.items():
        key = (control, subject, currency)
        total[key] = total.get(key, Decimal(0)) + amount * times
    return total


def _bridge(world: World) -> dict[str, tuple[int, int, int]]:
    groups = "select distinct leg, legal_entity_code, currency, period, measure from recon.bridge"
    unexplained = f"{groups} where cause = 'unexplained' and cause_amount <> 0"
    counts = [
        dict(world.query(f"select leg, count(*) from ({query}) group by leg").iter_rows())
        for query in (groups, UNBALANCED, unexplained)
    ]
    return {leg: (number, counts[1].get(leg, 0), counts[2].get(leg, 0)) for leg, number in sorted(counts[0].items())}


def scores(measured: Sequence[Measured]) -> dict[str, Score]:
    """One score a control, by id; an amount that differs is neither missed nor invented but wrong."""
    table: dict[str, Score] = {}
    for one in measured:
        for control in {key[0] for key in one.planted}:
            table.setdefault(control, Score()).worlds += 1
        for key in one.planted.keys() | one.found.keys():
            _judge(table.setdefault(key[0], Score()), one.planted.get(key), one.found.get(key))
    return dict(sorted(table.items()))


def _judge(score: Score, planted: Decimal | None, found: Decimal | None) -> None:
    score.planted += planted is not None
    if planted is None:
        score.invented += 1
    elif found is None:
        score.missed += 1
    elif found == planted:
        score.exact += 1
    else:
        score.other_amount += 1


def wrong(measured: Measured) -> Iterator[str]:
    """Sentences on what is not as it must be in a world, with the plan that shows it again."""
    for key in sorted(measured.planted.keys() | measured.found.keys(), key=str):
        planted, found = measured.planted.get(key), measured.found.get(key)
        if planted != found:
            yield f"{measured.plan}: {key} planted {planted}, found {found}"
    for leg, (_, unbalanced, unexplained) in measured.bridge.items():
        if unbalanced or unexplained:
            yield f"{measured.plan}: bridge {leg}: {unbalanced} groups do not sum, {unexplained} hold something unexplained"
    for symptom in measured.symptoms[1]:
        yield f"{measured.plan}: {symptom} is not listed under its cause"
    if measured.blocked:
        yield f"{measured.plan}: {measured.blocked} systems were blocked"


def page(measured: Sequence[Measured], problems: Sequence[str]) -> str:
    """The table as Markdown."""
    table = scores(measured)
    total = Score(len(measured), *(sum(getattr(one, name) for one in table.values()) for name in _COUNTS))
    reported = total.exact + total.other_amount + total.invented
    accounts, months = ({getattr(one.plan, name) for one in measured} for name in ("accounts", "months"))
    return _PAGE.format(
        worlds=len(measured),
        accounts=f"{min(accounts)} to {max(accounts)}",
        months=f"{min(months)} to {max(months)}",
        planted=total.planted,
        exact=total.exact,
        precision=_ratio(reported - total.invented, reported),
        recall=_ratio(total.planted - total.missed, total.planted),
        amounts=_ratio(total.exact, total.planted - total.missed),
        symptoms=_ratio(
            sum(each.symptoms[0] - len(each.symptoms[1]) for each in measured), sum(each.symptoms[0] for each in measured)
        ),
        bad=len({problem.split(": ")[0] for problem in problems}),
        legs="\n".join(f"| {leg} | {_cells(counts)} |" for leg, counts in _bridges(measured).items()),
        controls="\n".join(
            f"| {name} | {_cells(getattr(one, k) for k in ('worlds', *_COUNTS))} |" for name, one in table.items()
        ),
    )


def _cells(numbers: Iterable[int]) -> str:
    return " | ".join(map(str, numbers))


_PAGE = """\
# Measured truth

Made by `make truth WORLDS={worlds}`. {worlds} simulated companies (seeds, sizes and faults are drawn the same way every time)
were served by look-alikes of their systems, extracted over HTTP and reconciled; what was found is held against what was
planted, by control, subject, currency and amount. The company computes its bills and journals by its own logic, without the
SQL that judges it.

- companies: {worlds}, of {accounts} accounts and {months} months
- planted differences: {planted}; found with control, subject and amount exact: {exact}
- precision {precision}; recall {recall}; amounts exact {amounts}
- several faults on one record: what is a symptom is listed under its cause, {symptoms}
- companies with anything wrong: {bad}

| leg | bridge groups (entity x currency x period x measure) | do not sum | unexplained |
| --- | ---: | ---: | ---: |
{legs}

| control | worlds | planted | exact | other amount | missed | invented |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{controls}
"""
_COUNTS = ("planted", "exact", "other_amount", "missed", "invented")


def _ratio(part: int, whole: int) -> str:
    return f"{part}/{whole}" + (" = 1" if part == whole else f" = {Decimal(part) / Decimal(whole):.4f}")


def _bridges(measured: Sequence[Measured]) -> dict[str, tuple[int, int, int]]:
    total: dict[str, tuple[int, int, int]] = {}
    for one in measured:
        for leg, counts in one.bridge.items():
            before = total.get(leg, (0, 0, 0))
            total[leg] = (before[0] + counts[0], before[1] + counts[1], before[2] + counts[2])
    return dict(sorted(total.items()))


def run(chosen: Sequence[Plan]) -> list[Measured]:
    """Measure all plans on two processes, with a bar."""
    progress = Console(stderr=True)
    with get_context("spawn").Pool(_WORKERS, maxtasksperchild=_WORLDS_PER_WORKER) as pool:
        return list(track(pool.imap(measure, chosen), "worlds", total=len(chosen), console=progress))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(
        description="Reconcile many simulated companies and hold what was found against what was planted."
    )
    parser.add_argument("worlds", type=int, nargs="?", default=200, help="how many companies")
    parser.add_argument("--write", type=Path, help="write the table to this file, too")
    chosen = parser.parse_args(arguments)
    measured = run(plans(chosen.worlds))
    problems = [sentence for one in measured for sentence in wrong(one)]
    text = page(measured, problems)
    sys.stdout.write("\n".join([text, *problems, f"{len(problems)} things wrong in {len(measured)} worlds", ""]))
    if chosen.write:
        chosen.write.write_text(text, encoding="utf-8")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
