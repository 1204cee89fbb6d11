"""Nobody does what their roles, entities and queues do not permit."""

from __future__ import annotations

import pytest

from q2c_pipeline.domain.people import PERMISSIONS, Actor, Permission, Queue, UserRole, require
from q2c_pipeline.errors import NotAllowedError


def someone(*roles: UserRole, entities: frozenset[str] | None = None) -> Actor:
    return Actor("ada", frozenset(roles), entities)


def test_every_role_may_do_something_and_every_permission_is_somebodys() -> None:
    assert set(PERMISSIONS) == set(UserRole)
    assert all(PERMISSIONS.values())
    assert frozenset().union(*(kept for role, kept in PERMISSIONS.items() if role is not UserRole.ADMIN)) >= {
        one for one in Permission if one is not Permission.KEEP_STATE
    }


def test_every_queue_has_a_role_that_works_on_it() -> None:
    assert all(someone(UserRole(queue.value)).may(Permission.WORK_EXCEPTIONS, "DE", queue) for queue in Queue)


@pytest.mark.parametrize(
    ("actor", "permission", "entity", "queue"),
    [
        (someone(), Permission.WORK_EXCEPTIONS, None, None),
        (someone(UserRole.AUDITOR), Permission.WORK_EXCEPTIONS, None, None),
        (someone(UserRole.TAX), Permission.APPROVE_CORRECTIONS, "DE", None),
        (someone(UserRole.TAX), Permission.WORK_EXCEPTIONS, "DE", Queue.INTEGRATION),
        (someone(UserRole.TAX, entities=frozenset({"US"})), Permission.WORK_EXCEPTIONS, "DE", Queue.TAX),
        (someone(UserRole.CONTROLLER, entities=frozenset()), Permission.WAIVE_EXCEPTIONS, "DE", None),
    ],
)
def test_who_may_not_is_told_who_may(actor: Actor, permission: Permission, entity: str | None, queue: Queue | None) -> None:
    with pytest.raises(NotAllowedError, match=r"ada, .*expected one of the roles \w+.*found roles .*\[policy.people\]"):
        require(actor, permission, entity, queue)


def test_a_controller_works_in_every_queue_of_their_entities() -> None:
    actor = someone(UserRole.CONTROLLER, entities=frozenset({"DE"}))
    require(actor, Permission.WORK_EXCEPTIONS, "DE", Queue.TAX)
    assert not actor.may(Permission.WORK_EXCEPTIONS, "US", Queue.TAX)


def test_what_concerns_no_single_entity_is_everybodys_with_the_role() -> None:
    require(someone(UserRole.TAX, entities=frozenset({"DE"})), Permission.WORK_EXCEPTIONS, None, Queue.TAX)
