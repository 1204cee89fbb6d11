"""Faults by name: every module of this package named after a control plants what its functions say."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import TYPE_CHECKING

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.sandbox.company.faults.ground import Ground
from q2c_pipeline.sandbox.company.releasing import release_again
from q2c_pipeline.sandbox.company.revaluing import revalue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from q2c_pipeline.sandbox.company.world import World

CONTROL = re.compile(r"[a-z]{2}\d\d|timing")
STACK = re.compile(r"stacked_[a-z]+")
# Faults of scarce subjects go first; billing before posting, postings before what only masks or mislabels records.
SCARCE = ("timing", "md01", "bb11", "bb09", "bb10", "bb12", "bb08_reissued", "bb01", "bp09_realised")
ORDER = (*SCARCE, "stacked_void", "stacked_credit", "bb", "bp", "stacked", "rr", "sl", "st", "la", "md", "dq")
SINCE_YESTERDAY = ("dq04", "dq05", "md04")
AFTER_RELEASE = ("bp12", "rr", "sl", "st0", "la", "md", "dq")

AFTER_REVALUATION = ("bp09_revaluation",)


def _planters(modules: re.Pattern[str]) -> dict[str, Callable[[Ground], None]]:
    """Functions of the modules of a kind that are named after their module, or after its kind."""
    found: dict[str, Callable[[Ground], None]] = {}
    for module in pkgutil.iter_modules(__path__):
        if modules.fullmatch(module.name):
            loaded = importlib.import_module(f"{__name__}.{module.name}")
            kind = module.name.partition("_")[0]
            found |= {name: member for name, member in vars(loaded).items() if name.startswith(f"{kind}_")}
    return found


def needs_evening_before(names: Sequence[str]) -> bool:
    """Tell whether one of the faults is a change since yesterday, which shows only to who saw the systems then."""
    return any(name.startswith(SINCE_YESTERDAY) for name in names)


def available_faults() -> list[str]:
    """Names of all single faults, sorted."""
    return sorted(_planters(CONTROL))


def available_stacks() -> list[str]:
    """Names of what lays several faults on one contract line or document, sorted; each tells several truths, or one."""
    return sorted(_planters(STACK))


def plant(world: World, seed: int, names: Sequence[str]) -> None:
    """Plant the named faults, each on subjects that no other one touches; the order of the names does not matter.

    A name with a count plants so many of them: `bb06_period_skipped*50` skips a period of fifty contract lines.
    """
    planters = _planters(CONTROL) | _planters(STACK)
    wanted = _counted(names)
    unknown = sorted(set(wanted) - set(planters))
    if unknown:
        raise ConfigurationError(
            expected=f"names out of {', '.join(planters)}",
            found=", ".join(unknown),
            where="faults of the simulated company",
            next_step="correct the names",
        )
    ground = Ground(world, seed)
    ordered = sorted(wanted, key=_rank)
    early = [name for name in ordered if not name.startswith((*AFTER_RELEASE, *AFTER_REVALUATION)) or name.startswith("md01")]
    for name in early:
        _repeat(planters[name], ground.for_fault(name, wanted[name]))
    if early:
        release_again(world)
    last = [name for name in ordered if name.startswith(AFTER_REVALUATION)]
    for name in ordered:
        if name not in early and name not in last:
            _repeat(planters[name], ground.for_fault(name, wanted[name]))
    revalue(world)
    for name in last:
        _repeat(planters[name], ground.for_fault(name, wanted[name]))


def _counted(names: Sequence[str]) -> dict[str, int | None]:
    """How often each fault was asked for; None for one whose number follows the company's size."""
    wanted: dict[str, int | None] = {}
    for name, mark, count in (text.partition("*") for text in names):
        if mark and not (count.isdigit() and int(count)):
            raise ConfigurationError(
                expected="a whole number above zero after *",
                found=f"{name}*{count}",
                where="faults of the simulated company",
                next_step=f"write for example {name}*50",
            )
        wanted[name] = int(count) if mark else wanted.get(name)
    return wanted


def _repeat(planter: Callable[[Ground], None], ground: Ground) -> None:
    for _ in range(ground.count or 1):
        planter(ground)


def _rank(name: str) -> tuple[int, str]:
    return next(place for place, prefix in enumerate(ORDER) if name.startswith(prefix)), name
