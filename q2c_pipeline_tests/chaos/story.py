"""One seed: some corrections, people who decide, pushers that break off in every way; then calm weather and the reckoning."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from q2c_pipeline.corrections import outbox, refresh
from q2c_pipeline.corrections.proposal import Break, Proposal
from q2c_pipeline.corrections.record import Correction, Status, select_where
from q2c_pipeline.domain.people import NIGHT, Actor, UserRole
from q2c_pipeline.domain.repairs import Pusher, SetFields
from q2c_pipeline.errors import Q2CError
from q2c_pipeline.orchestration import correcting, deciding, pushing
from q2c_pipeline.orchestration.correcting import acting
from q2c_pipeline.orchestration.deciding import Filters
from q2c_pipeline.orchestration.lookalikes import INSTANCES, write_config
from q2c_pipeline.orchestration.writing_places import ownership_of
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.netsuite import push as netsuite
from q2c_pipeline.platforms.salesforce import push as salesforce
from q2c_pipeline.platforms.stripe import push as stripe
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline.state.store import state_at
from q2c_pipeline_tests.chaos.fate import STORE, Clock, Fate, KilledError, Line
from q2c_pipeline_tests.chaos.systems import Site, new_site
from q2c_pipeline_tests.sandbox.in_process import URL

ROBOT = Actor("robot", frozenset({UserRole.ADMIN}))
ANN, BEN = (Actor(name, frozenset({UserRole.APPROVER, UserRole.CONTROLLER})) for name in ("ann", "ben"))
QUICK = RetryPolicy(attempts=3, first_pause=0.0001, longest_pause=0.0002)
ON = date(2026, 1, 31)
_ONE_APPROVER = '\n[[policy.approvals.rules]]\napprovers = "one"\n'
_CALM_ROUNDS = 60
_PAUSES = (0, 5, 60, 400, 4000)


@dataclass
class Story:
    """What a seed has made: the systems, the store and everybody in it."""

    seed: int
    site: Site
    settings: Settings
    clock: Clock
    fate: Fate
    dice: Random
    engine: Engine = field(init=False)
    lines: dict[str, Line] = field(init=False)
    is_calm: bool = field(init=False, default=False)
    _proposals: list[Proposal] = field(init=False, default_factory=list)
    _pushers: int = 0

    def __post_init__(self) -> None:
        """One line to each system."""
        self.lines = {name: Line(name, line, self.fate) for name, line in self.site.lines.items()}

    def corrections(self) -> list[Correction]:
        """All of them, as the store has them."""
        with acting(self.settings, "", self.clock.now) as trail:
            return select_where(trail.connection)

    def pushing(self, skew: timedelta = timedelta()) -> pushing.Pushing:
        """A pusher in a process of its own."""
        self._pushers += 1
        return pushing.Pushing(
            self.settings, ROBOT, self.clock.reading(skew), self.clock.sleep, self.open_pusher, name=f"pusher-{self._pushers}"
        )

    def open_pusher(self, settings: Settings, name: str) -> Pusher:
        """The connector's own pusher on a line that fate has a hand in."""
        instance, line = settings.writing_instance(name), self.lines[name]
        if name == "stripe_main":
            return stripe.open_pusher(instance, policy=QUICK, transport=line)
        if name == "sf_main":
            return salesforce.open_pusher(instance, policy=QUICK, transport=line, sleep=self.clock.sleep)
        return netsuite.open_pusher(instance, policy=QUICK, transport=line, sleep=self.clock.sleep, batch_from=3)

    def propose(self, count: int) -> None:
        """A night's proposals: exceptions with one change or two, some of them on records that move meanwhile."""
        ownership = ownership_of(self.settings)
        proposals = []
        for number in range(count):
            asked = [
                self.site.something(self.dice, self.dice.choice(list(INSTANCES))) for _ in range(self.dice.choice([1, 1, 2]))
            ]
            cause = _cause(number)
            for step, one in enumerate((each for each in asked if each), start=1):
                proposals.append(Proposal(cause, step, *one, ownership))
        self.site.remember()
        for each in proposals:
            if isinstance(each.payload, SetFields) and self.dice.random() < 0.1:
                self.site.meddle(self.dice, each.target, self.dice.choice(each.payload.changes))
        self.site.remember()
        self._proposals = proposals
        self.night(set())

    def night(self, gone: set[str]) -> None:
        """What a night finds, without the exceptions that are not there tonight."""
        found = [one for one in self._proposals if one.cause.exception_id not in gone]
        with acting(self.settings, NIGHT, self.clock.now) as trail:
            refresh.refresh(trail.connection, found, ON, trail)

    def another_night(self) -> None:
        """Some exceptions are gone for once: the day's extract was late, or somebody was at work in the systems."""
        names = sorted({one.cause.exception_id for one in self._proposals})
        gone = {name for name in names if self.dice.random() < 0.2}
        self.fate.history.append(f"a night without {', '.join(sorted(gone)) or 'change'}")
        self.night(gone)

    def decide(self) -> None:
        """People approve most of what waits, turn some down, and leave some lying."""
        for one in self._with(Status.PROPOSED):
            self._try(partial(self._decide, one, self.dice.random()))

    def _decide(self, one: Correction, choice: float) -> None:
        at, ids = self.clock.now, [one.correction_id]
        shown = deciding.shown(self.settings, ids, Filters(), at)
        who = self.dice.choice([ANN, BEN])
        if choice < 0.75:
            deciding.approve(self.settings, who, ids, Filters(), shown.digest, "right", at)
        elif choice < 0.85:
            deciding.reject(self.settings, who, ids, Filters(), shown.digest, "wrong", at)

    def _try(self, step: Callable[[], object]) -> None:
        """What people may not do is refused and changes nothing."""
        try:
            step()
        except Q2CError as refusal:
            self.fate.history.append(f"refused: {refusal}")

    def undo_some(self) -> None:
        """Somebody asks to take back what took effect."""
        for one in self._with(Status.ACKNOWLEDGED):
            if one.undoes is None and self.dice.random() < 0.3:
                self._try(partial(deciding.compensate, self.settings, ANN, one.correction_id, "it was wrong", self.clock.now))

    def retry_some(self) -> None:
        """Somebody sends dead letters again."""
        for one in self._with(Status.DEAD_LETTER):
            if self.dice.random() < 0.5:
                self._try(partial(deciding.retry, self.settings, ROBOT, one.correction_id, "try again", self.clock.now))

    def begin(self) -> None:
        """What a night proposes, and what people make of it."""
        self.propose(self.dice.randint(2, 7))
        self.decide()

    def round(self, skew: timedelta = timedelta()) -> None:
        """One process that pushes until nothing is due."""
        self.pushing(skew).push()

    def meanwhile(self) -> None:
        """What others do while a pusher waits for an answer: a second pusher, or a night."""
        if self.dice.random() < 0.3:
            self.another_night()
        else:
            self.round(timedelta(seconds=self.dice.choice([0, 400, 4000])))

    def live(self) -> None:
        """A process that pushes until it is done, or dead."""
        try:
            self.round(timedelta(seconds=self.dice.choice([0, 0, -400, 400])))
        except (KilledError, OperationalError) as end:
            self.fate.history.append(f"a pusher ended: {type(end).__name__}")
        self.clock.sleep(self.dice.choice(_PAUSES))

    def live_apart(self) -> None:
        """The same in a process of its own, which the kernel kills at a step of its way."""
        step = self.dice.randint(1, 60)
        command = [sys.executable, "-m", "q2c_pipeline_tests.chaos.killed", str(self.settings.path)]
        asked = [*command, self.clock.now.isoformat(), str(step)]
        ended = subprocess.run(asked, env={**os.environ, **self.site.credentials}, capture_output=True, text=True, check=False)
        if ended.returncode not in (0, -signal.SIGKILL):
            raise AssertionError(ended.stderr)
        self.fate.history.append(f"{'killed' if ended.returncode else 'done'} before step {step}")
        self.clock.sleep(self.dice.choice(_PAUSES))

    def end(self) -> None:
        """Calm weather, in which dead letters are tried once more."""
        self.is_calm = self._calm()
        self.retry_some()
        self.is_calm = self._calm() and self.is_calm

    def _calm(self) -> bool:
        """Push until nothing waits; False if something always does."""
        self.fate.calm()
        for _ in range(_CALM_ROUNDS):
            self.clock.sleep(3600)
            self.round()
            with acting(self.settings, "", self.clock.now) as trail:
                if not outbox.waiting_instances(trail.connection):
                    return True
        return False

    def deliver_late(self) -> None:
        """Whatever the network had kept arrives."""
        for line in self.lines.values():
            line.deliver_late()

    def _with(self, status: Status) -> Sequence[Correction]:
        return [one for one in self.corrections() if one.status is status]


@contextmanager
def told(
    seed: int, folder: Path, store: Path | str, *, rate: float | None = None, store_kinds: tuple[str, ...] = STORE
) -> Iterator[Story]:
    """A story up to its end in calm weather; `store` is a state store of today's version with nothing in it."""
    dice, site = Random(seed), new_site()
    fate = Fate(dice, dice.choice([0.02, 0.05, 0.1, 0.2]) if rate is None else rate, store_kinds)
    story = Story(seed, site, _settings(folder, site, dict.fromkeys(INSTANCES, URL)), Clock(), fate, dice)
    fate.meanwhile = story.meanwhile
    with _one_engine(story, store) as patch:
        story.begin()
        patch.setattr(pushing, "acting", lambda *args: fate.around(acting, *args))
        for _ in range(dice.randint(2, 5)):
            fate.down = dice.choice([*INSTANCES, *[""] * 9])
            story.live()
            if dice.random() < 0.3:
                story.another_night()
            if dice.random() < 0.3:
                story.decide()
            if dice.random() < 0.2:
                story.retry_some()
        story.deliver_late()
        for _ in range(dice.choice([0, 1, 2])):
            story.undo_some()
            story.decide()
            story.live()
        story.end()
        yield story


@contextmanager
def told_by_processes(seed: int, folder: Path, store: Path) -> Iterator[Story]:
    """The same with real processes that are killed, against systems on real ports; between them the weather is calm."""
    dice, site = Random(seed), new_site()
    with ExitStack() as stack:
        urls = {name: stack.enter_context(serve(line.app)).url for name, line in site.lines.items()}
        story = Story(seed, site, _settings(folder, site, urls), Clock(), Fate(dice, 0), dice)
        with _one_engine(story, store):
            story.begin()
            for _ in range(dice.randint(2, 4)):
                story.live_apart()
            story.end()
            yield story


@contextmanager
def _one_engine(story: Story, store: Path | str) -> Iterator[pytest.MonkeyPatch]:
    """Every transaction of a story on one engine: opening the store each time would take most of the time."""
    with state_at(store) as engine, pytest.MonkeyPatch.context() as patch:
        story.engine = engine
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: connection.execute("pragma synchronous = off"))
        else:
            story.fate.cut_connections = partial(_cut_connections, str(store))
        patch.setattr(correcting, "state_of", lambda _: nullcontext(engine))
        yield patch


def _cut_connections(store: str) -> None:
    """What a restart of the server does to everybody who is connected."""
    others = (
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    server = create_engine(store)
    with server.connect() as connection:
        connection.execute(text(others))
    server.dispose()


def template_store(folder: Path) -> Path:
    """An empty state store of today's version, to be copied: migrating anew for each seed would take most of the time."""
    path = folder / "template.sqlite"
    with state_at(path):
        pass  # closing the last connection folds SQLite's log into the file
    return path


def fresh_store(folder: Path, template: Path) -> Path:
    """A copy of the template where the settings of a story look for it."""
    path = folder / "data" / "state" / "state.sqlite"
    path.parent.mkdir(parents=True)
    shutil.copyfile(template, path)
    return path


def _settings(folder: Path, site: Site, urls: dict[str, str]) -> Settings:
    path = write_config(folder, urls)
    path.write_text(path.read_text(encoding="utf-8") + _ONE_APPROVER, encoding="utf-8")
    return load_settings(path, site.credentials)


def _cause(number: int) -> Break:
    return Break(
        f"exception-{number}", "MD07", "MD", f"subject-{number}", "US", "USD", Decimal(10), Decimal(10), "integration", "r", "{}"
    )
