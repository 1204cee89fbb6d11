"""Sends a message by the notification library: e-mail, Slack, Teams, webhooks and whatever else it knows, by URL."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence

from apprise import Apprise, LogCapture, NotifyFormat

from q2c_pipeline.alerts.outbox import Waiting

for _name in ("apprise", "urllib3.connectionpool"):  # below warnings they write down URLs, and a receiver's URL is a secret
    logging.getLogger(_name).setLevel(logging.WARNING)
MAX_LINES = 50
"""A digest longer than this says how many more there are."""
PATIENCE_SECONDS = 30.0
"""A receiver that is slow to answer has taken the message all the same: given up on too early, it is told twice."""


def is_sendable(url: str) -> bool:
    """Whether the library knows how to send to such a URL; nothing is sent."""
    return bool(Apprise().add(url))


def send(url: str, title: str, body: str) -> str | None:
    """Send one message; nothing when it was accepted, else why not, without any part of the URL."""
    receiver = Apprise()
    if not receiver.add(url):
        return "the URL is none that can be sent to"
    for service in receiver:
        service.socket_connect_timeout = max(service.socket_connect_timeout, PATIENCE_SECONDS)
        service.socket_read_timeout = max(service.socket_read_timeout, PATIENCE_SECONDS)
    with LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
        accepted = receiver.notify(title=title, body=body, body_format=NotifyFormat.TEXT)
        said = log.getvalue()
    if accepted:
        return None
    status = re.search(r"error=(\d{3})\b", said)
    return f"the receiver answered {status.group(1)}" if status else "the receiver could not be reached"


def message(company: str, told: Sequence[Waiting]) -> tuple[str, str]:
    """Title and body: one alert by itself, several as a digest with a count of each kind."""
    if len(told) == 1:
        return f"{company}: {told[0].kind.value.replace('_', ' ')}", told[0].text
    kinds = Counter(one.kind.value.replace("_", " ") for one in told)
    title = f"{company}: {len(told)} alerts ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))})"
    lines = [f"- {one.text}" for one in told[:MAX_LINES]]
    more = [f"- and {len(told) - MAX_LINES} more: `q2c alerts list`"] if len(told) > MAX_LINES else []
    return title, "\n".join([*lines, *more])
