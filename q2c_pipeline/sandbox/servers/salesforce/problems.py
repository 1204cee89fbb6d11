"""How the look-alike says no: one exception, rendered as Salesforce's array of errors."""

from __future__ import annotations


class ApiError(Exception):
    """A refusal with its HTTP status and Salesforce's error code."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    @property
    def body(self) -> list[dict[str, object]]:
        """The reply's JSON: an array, with the field names only where Salesforce adds them."""
        error: dict[str, object] = {"message": self.message, "errorCode": self.code}
        return [error | {"fields": list(self.fields)}] if self.fields else [error]


def malformed(message: str) -> ApiError:
    """The reply to a query that is not SOQL."""
    return ApiError(400, "MALFORMED_QUERY", message)


def no_such_field(object_name: str, name: str) -> ApiError:
    """The reply to a query or write that names a field which the org does not show."""
    message = f"No such column '{name}' on entity '{object_name}'. If you are attempting to use a custom field, "
    return ApiError(400, "INVALID_FIELD", message + "be sure to append the '__c' after the custom field name.")


def no_such_object(name: str) -> ApiError:
    """The reply to a query of an object that the org does not show."""
    return ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
