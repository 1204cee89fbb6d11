"""The error envelope of the Stripe API."""

from __future__ import annotations

from typing import Any, NoReturn


class ApiError(Exception):
    """A refusal that the client sees as an error object."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.code, self.param = status, kind, code, param

    def body(self) -> dict[str, Any]:
        """The JSON body that goes with the status."""
        error = {"type": self.kind, "message": str(self), "code": self.code, "param": self.param}
        return {"error": {name: value for name, value in error.items() if value is not None}}


def missing(name: str) -> NoReturn:
    """Refuse a call that lacks a required parameter."""
    raise ApiError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)


def unknown(name: str) -> NoReturn:
    """Refuse a parameter that the endpoint does not have."""
    raise ApiError(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def invalid(message: str, param: str | None = None) -> NoReturn:
    """Refuse a value or a change of state."""
    raise ApiError(400, message, param=param)


def not_found(what: str, record_id: str, *, param: str = "id", status: int = 404) -> NoReturn:
    """Say that there is no such record."""
    raise ApiError(status, f"No such {what}: '{record_id}'", code="resource_missing", param=param)
