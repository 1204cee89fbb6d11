"""The self-test behind `q2c check`: everything that could stop a night, found before the night, each with its cure."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.errors import Q2CError
from q2c_pipeline.orchestration.alerting import channel_findings
from q2c_pipeline.orchestration.extracting import connected
from q2c_pipeline.orchestration.loading import field_map, readings
from q2c_pipeline.orchestration.state import state_version
from q2c_pipeline.platforms.extraction import Finding
from q2c_pipeline.settings import InstanceSettings, Settings

_REACH = "check the address in q2c.toml, the network, proxy and firewall"
_PATIENCE_SECONDS = 10
ENOUGH_BYTES = 2 * 1024**3
"""A first night of a mid-sized company lands and loads well under this."""
_OTHERS_MAY_READ = 0o077


def check(settings: Settings) -> Iterator[Finding]:
    """Look at the configuration, the secrets, the stores, the disk, and each system; nothing is changed anywhere."""
    legs = ", ".join(leg.value for leg in settings.legs)
    yield Finding("configuration", is_ok=True, says=f"{settings.path}: {len(settings.instances)} systems, comparisons {legs}")
    yield from _secrets_files(settings)
    yield from _sql_files()
    yield from _policy(settings)
    yield from _stores(settings)
    yield _state(settings)
    yield from _disk(settings.stores.root)
    yield from channel_findings(settings)
    for configured in settings.instances:
        yield from _instance(settings, configured)


def _as_finding(subject: str, error: Q2CError) -> Finding:
    return Finding(
        subject, is_ok=False, says=f"{error.where}: expected {error.expected}, found {error.found}", next_step=error.next_step
    )


def _secrets_files(settings: Settings) -> Iterator[Finding]:
    references = {reference for one in settings.instances for reference in one.credentials.values()}
    references |= {reference for one in settings.instances for reference in one.write_credentials.values()}
    references |= {settings.stores.state_url or ""}
    names = sorted({reference[5:].partition("#")[0] for reference in references if reference.startswith("file:")})
    for file in (settings.root / Path(name).expanduser() for name in names):
        if os.name == "posix" and file.exists() and file.stat().st_mode & _OTHERS_MAY_READ:
            yield Finding(
                "secrets", is_ok=False, says=f"{file} can be read by other users of this machine", next_step=f"chmod 600 {file}"
            )


def _sql_files() -> Iterator[Finding]:
    try:
        count = len(load_sql_files())
    except Q2CError as error:
        yield _as_finding("SQL files", error)
    else:
        yield Finding("SQL files", is_ok=True, says=f"{count} read")


def _policy(settings: Settings) -> Iterator[Finding]:
    """The policy says what it said under the same version when a night was last published."""
    if not settings.stores.published.exists():
        return
    try:
        with open_published(settings.stores.published) as published:
            version, digest = published.query("select version, digest from policy.in_force").row(0)
    except Q2CError as error:
        yield _as_finding("policy", error)
        return
    same = next((one for one in (settings.policy, *settings.policy_versions) if one.version == version), None)
    if same is not None and same.digest != digest:
        says = f"version {version} no longer says what it said in the last run"
        cure = f"leave version {version} as it was, and give the change a version of its own: a block [[policy_versions]]"
        yield Finding("policy", is_ok=False, says=says, next_step=cure)
    else:
        yield Finding("policy", is_ok=True, says=f"version {version} was in force in the last run")


def _stores(settings: Settings) -> Iterator[Finding]:
    stores = settings.stores
    files = ("warehouse", "published", "state")
    for name in ("landing", "warehouse", "published", "state", "reports", "dagster"):
        path: Path = getattr(stores, name)
        folder = _nearest(path.parent if name in files else path)
        usable = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK) and (not path.is_file() or os.access(path, os.W_OK))
        wrong_kind = path.is_dir() if name in files else path.is_file()
        if not usable or wrong_kind:
            cure = f"give this user write permission on {folder}, or set stores.{name} to another place"
            yield Finding(f"store {name}", is_ok=False, says=f"{path} cannot be written", next_step=cure)
        else:
            yield Finding(f"store {name}", is_ok=True, says=str(path))


def _state(settings: Settings) -> Finding:
    """The state store answers, and is not of a newer version."""
    try:
        version = state_version(settings)
    except Q2CError as error:
        return _as_finding("state store", error)
    return Finding("state store", is_ok=True, says=f"version {version}" if version else "none yet: the first night makes it")


def _disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(_nearest(root)).free
    says = f"{free / 1024**3:.1f} GiB free for {root}"
    cure = "" if free >= ENOUGH_BYTES else "free some space, or set stores.root to another disk"
    yield Finding("disk", is_ok=not cure, says=says, next_step=cure)


def _nearest(path: Path) -> Path:
    """The path itself, or the first folder above it that exists."""
    return next(one for one in (path, *path.parents) if one.exists())


def _instance(settings: Settings, configured: InstanceSettings) -> Iterator[Finding]:
    try:
        instance = settings.instance(configured.name)
        field_map(instance)
        readings(instance)
        unreachable = _unreachable(instance.url)
        if unreachable:
            yield Finding(configured.name, is_ok=False, says=f"{instance.url}: {unreachable}", next_step=_REACH)
            return
        with connected(instance) as connector:
            for finding in connector.check():
                yield Finding(f"{configured.name}: {finding.subject}", finding.is_ok, finding.says, finding.next_step)
    except Q2CError as error:
        yield _as_finding(configured.name, error)


def _unreachable(url: str) -> str:
    """Why no connection can be made, or nothing; asked once here, where a connector would repeat every call for minutes."""
    parts = urlsplit(url)
    if parts.scheme in getproxies():
        return ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__
    return ""
