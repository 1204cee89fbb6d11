"""A sample of `make chaos`: pushing survives everything that a seed throws at it, and the reckoning notices when it does not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from q2c_pipeline.domain.repairs import Action
from q2c_pipeline.platforms.stripe import push as stripe
from q2c_pipeline_tests.chaos.fate import LINE, STORE
from q2c_pipeline_tests.chaos.reckoning import IN_EFFECT, violations
from q2c_pipeline_tests.chaos.story import Story, fresh_store, template_store, told, told_by_processes

SAMPLE = range(1000, 1008)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template_store(tmp_path_factory.mktemp("template"))


def found(
    seed: int, folder: Path, template: Path, spoil: Callable[[Story], None] = lambda _: None, rate: float | None = None
) -> list[str]:
    with told(seed, folder, fresh_store(folder, template), rate=rate) as story:
        spoil(story)
        return violations(story)


@pytest.mark.parametrize("seed", SAMPLE)
def test_a_seed_ends_well(seed: int, tmp_path: Path, template: Path) -> None:
    assert found(seed, tmp_path, template) == []


@pytest.mark.parametrize("seed", [2000])
def test_killed_processes_end_well(seed: int, tmp_path: Path, template: Path) -> None:
    with told_by_processes(seed, tmp_path, fresh_store(tmp_path, template)) as story:
        assert violations(story) == []
        assert any(entry.startswith("killed before step") for entry in story.fate.history)


def test_a_seed_ends_well_on_a_server_that_is_restarted(tmp_path: Path, postgresql_store: str) -> None:
    with told(3000, tmp_path, postgresql_store, rate=0.15, store_kinds=("restarted",)) as story:
        assert story.engine.dialect.name == "postgresql"
        assert "restarted at a transaction" in story.fate.history
        assert violations(story) == []


def test_the_same_seed_is_the_same_story(tmp_path: Path, template: Path) -> None:
    stories = []
    for name in ("one", "two"):
        folder = tmp_path / name
        with told(SAMPLE[0], folder, fresh_store(folder, template)) as story:
            stories.append((story.fate.history, [(one.correction_id, one.status) for one in story.corrections()]))
    assert stories[0] == stories[1]


def test_stormy_seeds_meet_faults_of_every_place(tmp_path: Path, template: Path) -> None:
    met = set[str]()
    for seed in range(4000, 4005):
        folder = tmp_path / str(seed)
        with told(seed, folder, fresh_store(folder, template), rate=0.1) as story:
            met |= {entry.split(" at ")[0] for entry in story.fate.history}
            assert violations(story) == []
    assert met & {"reset_before", "reset_after", "error_after"}
    assert met & {"killed_before", "killed_after", "killed_before_commit", "killed_after_commit"}
    assert len(met & {*LINE, *STORE}) >= 10


def drafts(story: Story) -> list[str]:
    """Journals of corrections in effect, by their place in the ledger."""
    keys = {one.attempt_key for one in story.corrections() if one.status in IN_EFFECT and one.action is Action.DRAFT_JOURNAL}
    return [place for place, row in story.site.systems.netsuite["transaction"].items() if row.get("externalid") in keys]


def lose_a_draft(story: Story) -> None:
    for place in drafts(story):
        del story.site.systems.netsuite["transaction"][place]


def double_a_draft(story: Story) -> None:
    journals = story.site.systems.netsuite["transaction"]
    for place in drafts(story):
        journals[f"{place}-again"] = journals[place]


def touch_a_stranger(story: Story) -> None:
    story.site.systems.stripe["invoice"]["in_001"]["description"] = "somebody was here"


def forget_the_approval(story: Story) -> None:
    with story.engine.begin() as connection:
        _drop_triggers(connection)
        connection.execute(text("delete from correction_decision where decision = 'approved'"))


def edit_the_audit_log(story: Story) -> None:
    with story.engine.begin() as connection:
        _drop_triggers(connection)
        connection.execute(text("update audit_entry set who = 'nobody' where entry_number = 2"))


def _drop_triggers(connection: Connection) -> None:
    """What keeps these tables from being edited by hand."""
    for (name,) in connection.execute(text("select name from sqlite_master where type = 'trigger'")).all():
        connection.execute(text(f'drop trigger "{name}"'))


def leave_one_on_its_way(story: Story) -> None:
    with story.engine.begin() as connection:
        connection.execute(text("update correction set status = 'sent' where status = 'acknowledged'"))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lose_a_draft, "effect: 0 journals"),
        (double_a_draft, "effect: 2 journals"),
        (touch_a_stranger, "state: description of stripe.invoice"),
        (forget_the_approval, "unapproved: "),
        (edit_the_audit_log, "audit chain: entry 2"),
        (leave_one_on_its_way, "lost: "),
    ],
)
def test_the_reckoning_notices(spoil: Callable[[Story], None], says: str, tmp_path: Path, template: Path) -> None:
    """Not every story has what is spoilt here; the first one that has it tells."""
    assert any(says in each for seed in SAMPLE for each in found(seed, tmp_path / str(seed), template, spoil))


def test_without_keys_and_looks_something_happens_twice(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The faults bite: pushers that forget their keys and never look anything up are found out."""
    post = stripe.StripePusher._post  # noqa: SLF001  (there is no door to switch idempotency off, and there should not be one)
    numbers = itertools.count()

    def careless(self: Any, order: Any, call: Any, key: str) -> Any:
        return post(self, order, call, f"{key}-{next(numbers)}")

    monkeypatch.setattr(stripe.StripePusher, "_post", careless)
    monkeypatch.setattr(stripe.StripePusher, "look_up", lambda *_: None)
    monkeypatch.setattr(stripe.StripePusher, "_made", lambda *_: None)
    assert any(found(seed, tmp_path / str(seed), template, rate=0.1) for seed in range(1000, 1040))
