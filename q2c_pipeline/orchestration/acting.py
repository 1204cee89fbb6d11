"""Whose account acts: what the operating system says, never what an option or a variable of the environment says."""

from __future__ import annotations

import os

from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.settings import Settings


def current_actor(settings: Settings) -> Actor:
    """The person whose account runs this process, with the roles that the policy gives.

    Where the policy names no people, a company of one: whoever can run this against its stores is their admin.
    """
    name, people = account(), settings.policy.people
    if not people:
        return Actor(name, frozenset({UserRole.ADMIN}))
    person = people.get(name)
    return Actor(name, frozenset(), frozenset()) if person is None else Actor(name, person.roles, person.entities)


def account() -> str:
    """The name of the operating system's account, by its number: LOGNAME and USER can be set to anything."""
    try:
        import pwd  # noqa: PLC0415  (not on every operating system)
    except ModuleNotFoundError:
        return os.getlogin()  # asks the session, not the environment
    return pwd.getpwuid(os.getuid()).pw_name
