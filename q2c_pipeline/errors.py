"""The few ways the pipeline itself can fail; a business break is a table row, never one of these."""

from __future__ import annotations


class Q2CError(Exception):
    """Root of all errors raised on purpose; the command line prints its text without a traceback.

    Every subclass takes facts and builds one message of the form: what was expected, what was found, where, what to do next.
    """

    retryable = False

    def __init__(self, *, expected: str, found: str, where: str, next_step: str) -> None:
        self.expected, self.found, self.where, self.next_step = expected, found, where, next_step
        super().__init__()

    def __str__(self) -> str:
        """One message of all four facts."""
        return f"{self.where}: expected {self.expected}, found {self.found}. Next: {self.next_step}"


class ConfigurationError(Q2CError):
    """q2c.toml, the policy or the environment does not say what is needed, or contradicts itself."""


class SourceError(Q2CError):
    """A vendor refused a call in a way that a repeat will not cure (credential, permission, unknown field)."""


class SourceUnavailableError(SourceError):
    """A vendor could not be reached or kept failing after all retries; a later run may succeed."""

    retryable = True


class ContractError(Q2CError):
    """A vendor's delivery breaks its contract (a needed field is gone): nothing of the instance is merged."""


class LandingError(Q2CError):
    """A landed batch is missing, unreadable or not the bytes its manifest promises."""


class StoreError(Q2CError):
    """The warehouse, state store or an output cannot be read or written (lock, disk, version)."""


class SqlError(Q2CError):
    """A SQL file is not acceptable or failed; carries the file and the statement's parameters."""


class OwnershipError(Q2CError):
    """A correction would write what the target system does not own."""


class CorrectionError(Q2CError):
    """A correction is not in a state in which this can be done to it: stale, already pushed, already decided."""


class NotAllowedError(Q2CError):
    """Somebody may not do this: their roles, or the legal entities that these hold for, do not permit it."""


class CaseError(Q2CError):
    """An exception's case is not there, or not in a state in which this can be done to it."""
