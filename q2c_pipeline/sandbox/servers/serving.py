"""Puts a look-alike on a loopback port in a background thread."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
ABORT = "q2c.sandbox.abort"
"""Key in the ASGI scope's extensions: a callable that breaks the TCP connection at once."""
_PATIENCE_SECONDS = 60.0
"""A machine with much else to do is slow, not broken."""


class Running:
    """A look-alike that answers at `url` until `stop` is called; also a context manager."""

    def __init__(self, url: str, server: uvicorn.Server, thread: threading.Thread) -> None:
        self.url = url
        self._server, self._thread = server, thread

    def stop(self) -> None:
        """End the server and wait until its thread is gone."""
        self._server.should_exit = True
        self._thread.join(_PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def serve(app: Starlette, *, port: int = 0) -> Running:
    """Serve `app` on 127.0.0.1 (a free port when 0) and return once it listens."""
    listener = _listener(port)
    config = uvicorn.Config(
        _with_abort(app),
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    _wait_until(lambda: server.started or not thread.is_alive())
    if not server.started:
        message = f"the look-alike did not start on port {port}"
        raise RuntimeError(message)
    return Running(f"http://{LOOPBACK}:{listener.getsockname()[1]}", server, thread)


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    return listener


def _wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not done() and time.monotonic() < deadline:
        time.sleep(0.005)


def _with_abort(app: ASGIApp) -> ASGIApp:
    """Offer the app a way to break its own connection, which ASGI itself does not have."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope.setdefault("extensions", {})[ABORT] = lambda: _abort(transport)
        await app(scope, receive, send)

    return wrapped


def _abort(transport: Any) -> None:
    # Lingering for zero seconds makes the kernel send a reset instead of an orderly end of stream.
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
