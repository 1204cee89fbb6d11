"""Stable identifiers: digests of canonical JSON, so that separators inside a part can never make two keys equal."""

from __future__ import annotations

import hashlib
import json


def digest(*parts: str | int | None, length: int = 16) -> str:
    """Hex digest of the parts in order; the same parts give the same id on every run and machine."""
    text = json.dumps(list(parts), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:length]
