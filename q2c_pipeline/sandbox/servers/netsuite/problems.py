"""How NetSuite says no."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.requests import Request


class Refusal(Exception):  # noqa: N818  (an answer of the look-alike, not an error of the program)
    """An answer with NetSuite's error body."""

    def __init__(self, status: int, code: str, detail: str, *, query_param: str = "", path: str = "", location: str = "") -> None:
        self.status, self.code, self.detail = status, code, detail
        self.query_param, self.path, self.location = query_param, path, location
        super().__init__(detail)

    def response(self) -> JSONResponse:
        """The refusal on the wire."""
        entry = {"detail": self.detail, "o:errorCode": self.code}
        if self.query_param:
            entry["o:errorQueryParam"] = self.query_param
        if self.path:
            entry["o:errorPath"] = self.path
        body = {
            "type": "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "o:errorDetails": [entry],
        }
        headers = {"Location": self.location} if self.location else None
        return JSONResponse(body, self.status, headers)


def refuse(_request: Request, refusal: Exception) -> JSONResponse:
    """Exception handler of the app."""
    assert isinstance(refusal, Refusal)  # noqa: S101  (Starlette's handler type is wider than what it is registered for)
    return refusal.response()


def unknown_record(kind: str, key: str) -> Refusal:
    """The record that a path or reference names does not exist."""
    return Refusal(404, "NONEXISTENT_ID", f"The record instance does not exist. Provide a valid {kind} ID: {key}.")
