"""What must hold in the end, whatever happened: every effect once and approved, nothing lost, the audit chain whole."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from q2c_pipeline.corrections.record import Correction, Status
from q2c_pipeline.domain.repairs import Action, DraftInvoice, SetFields
from q2c_pipeline.orchestration.correcting import acting
from q2c_pipeline.orchestration.lookalikes import INSTANCES
from q2c_pipeline.state import audit
from q2c_pipeline.state.correction_tables import CORRECTION_DECISION, PUSH_ATTEMPT
from q2c_pipeline_tests.chaos.story import Story
from q2c_pipeline_tests.chaos.systems import keys_in_systems, made_in_billing, made_in_books, put, untouched

IN_EFFECT = frozenset({Status.ACKNOWLEDGED, Status.COMPENSATING})
UNDER_WAY = frozenset({Status.SENT, Status.UNKNOWN, Status.APPROVED})


def violations(story: Story) -> list[str]:
    """Every invariant that does not hold, in words; empty when all do."""
    corrections = story.corrections()
    found = [] if story.is_calm else ["lost: something waits for ever"]
    found += [f"lost: {one.correction_id} is {one.status} in the end" for one in corrections if one.status in UNDER_WAY]
    for one in corrections:
        found += _wrong_effect(story, one, _undone(one, corrections))
    found += _foreign_changes(story, corrections)
    found += _unapproved(story, corrections)
    chain = audit.verify(story.engine)
    return found + ([f"audit chain: {chain}"] if isinstance(chain, audit.BrokenLink) else [])


def _undone(one: Correction, corrections: list[Correction]) -> bool:
    return any(each.undoes == one.correction_id and each.status in IN_EFFECT for each in corrections)


def _wrong_effect(story: Story, one: Correction, is_undone: bool) -> Iterator[str]:  # noqa: FBT001
    """How often a correction that makes something took effect, against what the store says of it."""
    expected = int(one.status in IN_EFFECT and not is_undone)
    key = one.attempt_key
    if one.action is Action.DRAFT_JOURNAL and (times := made_in_books(story.site, key)) != expected:
        yield f"effect: {times} journals of {one.correction_id}, which is {one.status} ({one.note})"
    if one.action not in (Action.PENDING_ITEM, Action.DRAFT_INVOICE):
        return
    drafts, lines, items = made_in_billing(story.site, key)
    times, rest = (items, drafts) if one.action is Action.PENDING_ITEM else (drafts, items)
    if (times, rest) != (expected, 0):
        yield f"effect: {drafts} drafts, {items} items of {one.correction_id}, which is {one.status} ({one.note})"
    if isinstance(one.payload, DraftInvoice) and any(number != len(one.payload.items) for number in lines):
        yield f"effect: a draft of {one.correction_id} with {lines} lines instead of {len(one.payload.items)}"


def _foreign_changes(story: Story, corrections: list[Correction]) -> Iterator[str]:
    """The rest of all three systems: as it was, but for fields of corrections in effect."""
    then, now = untouched(story.site)
    for one in corrections:
        if (
            isinstance(one.payload, SetFields)
            and one.undoes is None
            and one.status in IN_EFFECT
            and not _undone(one, corrections)
        ):
            name = f"{INSTANCES[one.instance]}.{one.target.object_name}.{one.target.source_id}"
            for change in one.payload.changes:
                put(then[name], change.name, change.after)
    for name in sorted(then.keys() | now.keys()):
        wanted, found = then.get(name, {}), now.get(name, {})
        for field in sorted(wanted.keys() | found.keys()):
            if wanted.get(field) != found.get(field):
                yield f"state: {field} of {name} is {found.get(field)}, not {wanted.get(field)}"


def _unapproved(story: Story, corrections: list[Correction]) -> Iterator[str]:
    """Every attempt comes after an approval (an undoing within a plan after that of the plan), every key is one of ours."""
    by_key = {one.attempt_key: one for one in corrections}
    if strangers := keys_in_systems(story.site) - by_key.keys():
        yield f"unapproved: {strangers} in the systems"
    with acting(story.settings, "", story.clock.now) as trail:
        attempts = trail.connection.execute(select(PUSH_ATTEMPT.c.attempt_key).distinct()).scalars().all()
        approved = select(CORRECTION_DECISION.c.correction_id).where(CORRECTION_DECISION.c.decision == "approved")
        approvals = set(trail.connection.execute(approved).scalars())
    for key in attempts:
        one = by_key[key]
        if one.correction_id not in approvals and one.undoes not in approvals:
            yield f"unapproved: {one.correction_id} was pushed"
