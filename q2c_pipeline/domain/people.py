"""Who may do what: people have roles, roles have permissions; whose account acts is never a matter of what somebody types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from q2c_pipeline.errors import NotAllowedError


class UserRole(StrEnum):
    """What a person is in this company's reconciliation; the first four are also the queues that work lies in."""

    REVENUE_OPERATIONS = "revenue_operations"
    FINANCE_OPERATIONS = "finance_operations"
    INTEGRATION = "integration"
    TAX = "tax"
    APPROVER = "approver"
    CONTROLLER = "controller"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Queue(StrEnum):
    """Where work waits: one queue for each role that works on exceptions."""

    REVENUE_OPERATIONS = "revenue_operations"
    FINANCE_OPERATIONS = "finance_operations"
    INTEGRATION = "integration"
    TAX = "tax"


class Permission(StrEnum):
    """One thing that not everybody may do."""

    WORK_EXCEPTIONS = "work_exceptions"
    WAIVE_EXCEPTIONS = "waive_exceptions"
    PROPOSE_CORRECTIONS = "propose_corrections"
    APPROVE_CORRECTIONS = "approve_corrections"
    PUSH_CORRECTIONS = "push_corrections"
    JUDGE_IDENTITY = "judge_identity"
    READ_AUDIT = "read_audit"
    SEE_PERSONAL_DATA = "see_personal_data"
    KEEP_STATE = "keep_state"
    """Back up, restore and upgrade the state store."""


_WORK = frozenset({Permission.WORK_EXCEPTIONS, Permission.PROPOSE_CORRECTIONS, Permission.JUDGE_IDENTITY})
_DECIDE = frozenset({Permission.WAIVE_EXCEPTIONS, Permission.APPROVE_CORRECTIONS})
_LOOK = frozenset({Permission.READ_AUDIT, Permission.SEE_PERSONAL_DATA})
PERMISSIONS: Mapping[UserRole, frozenset[Permission]] = {
    UserRole.REVENUE_OPERATIONS: _WORK | {Permission.SEE_PERSONAL_DATA},
    UserRole.FINANCE_OPERATIONS: _WORK | {Permission.SEE_PERSONAL_DATA},
    UserRole.INTEGRATION: _WORK | {Permission.PUSH_CORRECTIONS},
    UserRole.TAX: _WORK | {Permission.SEE_PERSONAL_DATA},
    UserRole.APPROVER: _DECIDE,
    UserRole.CONTROLLER: _WORK | _DECIDE | _LOOK,
    UserRole.AUDITOR: _LOOK,
    UserRole.ADMIN: frozenset(Permission),
}
_EVERY_QUEUE = frozenset({UserRole.CONTROLLER, UserRole.ADMIN})


@dataclass(frozen=True)
class Actor:
    """A person or service that acts; `entities` None means all legal entities."""

    name: str
    roles: frozenset[UserRole]
    entities: frozenset[str] | None = None

    def may(self, permission: Permission, entity: str | None = None, queue: Queue | None = None) -> bool:
        """Whether one of the roles permits it, for this entity and queue; None is what concerns no single one."""
        permitted = any(permission in PERMISSIONS[role] for role in self.roles)
        covered = entity is None or self.entities is None or entity in self.entities
        own = queue is None or queue.value in self.roles or bool(self.roles & _EVERY_QUEUE)
        return permitted and covered and own


NIGHT = "the nightly run"
"""Who acted where no person did."""


def require(actor: Actor, permission: Permission, entity: str | None = None, queue: Queue | None = None) -> None:
    """Raise NotAllowedError unless the actor may do this, for this entity and in this queue."""
    if not actor.may(permission, entity, queue):
        raise NotAllowedError(
            expected=_expected(permission, entity, queue),
            found=_found(actor),
            where=f"{actor.name}, {permission.value.replace('_', ' ')}",
            next_step="ask somebody who has the role, or have it added under [policy.people] in q2c.toml",
        )


def _expected(permission: Permission, entity: str | None, queue: Queue | None) -> str:
    if queue is not None:
        roles = sorted({UserRole(queue.value), *_EVERY_QUEUE} & _roles_with(permission))
    else:
        roles = sorted(_roles_with(permission))
    return f"one of the roles {', '.join(roles)}{f' for entity {entity}' if entity else ''}"


def _roles_with(permission: Permission) -> frozenset[UserRole]:
    return frozenset(role for role, permissions in PERMISSIONS.items() if permission in permissions)


def _found(actor: Actor) -> str:
    entities = "all entities" if actor.entities is None else f"entities {', '.join(sorted(actor.entities)) or 'none'}"
    return f"roles {', '.join(sorted(actor.roles)) or 'none'} for {entities}"
