"""One org through simple-salesforce: login, queries page by page, Bulk API 2.0, and refusals told as SourceError."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import SFBulk2Handler
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceError, SalesforceOperationError
from simple_salesforce.login import SalesforceLogin

from q2c_pipeline.errors import ConfigurationError, SourceError, SourceUnavailableError
from q2c_pipeline.landing.draft import FlatRecord
from q2c_pipeline.landing.flatten import flatten
from q2c_pipeline.landing.manifest import Tombstone
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RequestLog, RetryPolicy
from q2c_pipeline.platforms.salesforce.transport import PatientAdapter, RenewedToken, loopback_target, plain_session

API_VERSION = "67.0"
NUMBER_TYPES = frozenset({"double", "currency", "percent", "int", "long"})
_MY_DOMAIN_ENDING = ".salesforce.com"
_POLL_SECONDS = 0.5
_HINTS = {
    "INVALID_FIELD": "give the integration user read permission on the field, or correct its name in q2c.toml",
    "INVALID_TYPE": "give the integration user read permission on the object",
    "NOT_FOUND": "give the integration user read permission on the object",
    "INVALID_SESSION_ID": "check that the connected app's session policy lets the integration user call the API",
}


class RefusedQueryError(SourceError):
    """The org refused one call; `code` is its own word for why."""

    def __init__(self, code: str, message: str, where: str) -> None:
        self.code = code
        hint = _HINTS.get(code, "read the org's reason; correct fields.toml, the instance's settings or the user's permissions")
        super().__init__(expected="an answer", found=f"{code}: {message[:300]}", where=where, next_step=hint)


class OrgClient:
    """Reads one org; nothing here knows which objects matter or when a delivery is complete."""

    def __init__(self, instance: Instance, log: RequestLog, policy: RetryPolicy | None = None) -> None:
        target = loopback_target(instance.url)
        self.where = instance.name
        self._domain = "loopback.my" if target else _my_domain(instance)
        self._credentials = _login_arguments(instance)
        adapter = PatientAdapter(log, policy or RetryPolicy(), target)
        self._login_session = plain_session(adapter)
        self._session = plain_session(adapter)
        self._session.auth = RenewedToken(self._token)
        self._org = Salesforce(
            session_id="set by the session",
            instance=f"{self._domain}.salesforce.com",
            session=self._session,
            version=API_VERSION,
            parse_float=Decimal,
            object_pairs_hook=dict,
        )

    def describe(self, object_name: str) -> dict[str, str]:
        """Field name -> field type, as this user sees the object."""
        with self._explained(object_name):
            found = self._get(f"sobjects/{object_name}/describe")
        return {field["name"]: field["type"] for field in found["fields"]}

    def limits(self) -> Mapping[str, Mapping[str, int]]:
        """What is left of the daily allowances."""
        with self._explained("limits"):
            found: Mapping[str, Mapping[str, int]] = self._get("limits")
        return found

    def count(self, soql: str, *, deleted: bool) -> int:
        """The answer to SELECT COUNT()."""
        with self._explained(soql):
            return int(self._org.query(soql, include_deleted=deleted)["totalSize"])

    def total(self, soql: str) -> Decimal:
        """The answer to SELECT SUM(x), the recycle bin included; no records sum to zero."""
        with self._explained(soql):
            return Decimal(self._org.query(soql, include_deleted=True)["records"][0]["expr0"] or 0)

    def rows(self, soql: str, *, deleted: bool) -> Iterator[FlatRecord]:
        """All rows of a query by REST, page by page."""
        with self._explained(soql):
            page = self._org.query(soql, include_deleted=deleted)
            yield from _flat_rows(page)
            while not page["done"]:
                page = self._org.query_more(page["nextRecordsUrl"], identifier_is_url=True)
                yield from _flat_rows(page)

    def bulk_rows(self, object_name: str, soql: str, types: Mapping[str, str], *, deleted: bool) -> Iterator[FlatRecord]:
        """All rows of a query by a Bulk API 2.0 job."""
        jobs = getattr(SFBulk2Handler("set by the session", self._org.bulk2_url, session=self._session), object_name)
        with self._explained(soql):
            for page in (jobs.query_all if deleted else jobs.query)(soql, wait=_POLL_SECONDS):
                yield from csv_rows(page, types)

    def deleted(self, object_name: str, start: datetime, end: datetime) -> list[Tombstone]:
        """Records deleted in a window of at most 15 days back."""
        window = {"start": start.isoformat(timespec="seconds"), "end": end.isoformat(timespec="seconds")}
        with self._explained(f"{object_name} deleted"):
            found = self._get(f"sobjects/{object_name}/deleted/", window)
        return [Tombstone(d["id"], datetime.fromisoformat(d["deletedDate"])) for d in found["deletedRecords"]]

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()
        self._login_session.close()

    def _get(self, path: str, params: dict[str, str] | None = None) -> Any:
        return self._org.restful(path, params=params)

    def _token(self) -> str:
        try:
            token, _ = SalesforceLogin(
                session=self._login_session, sf_version=API_VERSION, **_for_domain(self._credentials, self._domain)
            )
        except SalesforceAuthenticationFailed as error:
            raise SourceError(
                expected="an access token",
                found=f"{error.code}: {error.auth_message}",
                where=f"{self.where} login",
                next_step="check the instance's credentials, and that the connected app allows this grant for its user",
            ) from None
        return str(token)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        where = f"{self.where}: {what[:200]}"
        try:
            yield
        except SalesforceError as error:
            raise RefusedQueryError(*_reason(error), where) from error
        except SalesforceOperationError as error:
            raise SourceUnavailableError(
                expected="a finished Bulk API job",
                found=str(error)[:300],
                where=where,
                next_step="run again; if it fails again, look at the job in Setup > Bulk Data Load Jobs",
            ) from error


def csv_rows(page: str, types: Mapping[str, str]) -> Iterator[FlatRecord]:
    """Rows of one Bulk result page: an empty cell is null, and numbers are written out as REST rows have them."""
    reader = csv.reader(io.StringIO(page, newline=""))
    names = next(reader, [])
    numbers = {i for i, name in enumerate(names) if types.get(name) in NUMBER_TYPES}
    for cells in reader:
        yield {name: _cell(cell, is_number=i in numbers) for i, (name, cell) in enumerate(zip(names, cells, strict=True))}


def _cell(cell: str, *, is_number: bool) -> str | None:
    """From ten million on the service writes 1.0E7, which no amount should look like."""
    if not cell:
        return None
    return format(Decimal(cell), "f") if is_number and "E" in cell else cell


def _flat_rows(page: Mapping[str, Any]) -> Iterator[FlatRecord]:
    for record in page["records"]:
        del record["attributes"]
        yield flatten(record)


def _reason(error: SalesforceError) -> tuple[str, str]:
    """The org's code and message; an answer that is not its usual array is quoted as it is."""
    content: Any = error.content
    if isinstance(content, Sequence) and content and isinstance(content[0], dict):
        return str(content[0].get("errorCode", error.status)), str(content[0].get("message", ""))
    return f"HTTP {error.status}", str(content)


def _my_domain(instance: Instance) -> str:
    host = instance.url.removeprefix("https://").split("/", 1)[0]
    if not host.endswith(_MY_DOMAIN_ENDING):
        raise ConfigurationError(
            expected="a My Domain address such as https://acme.my.salesforce.com",
            found=instance.url,
            where=f"url of {instance.name}",
            next_step="copy it from Setup > My Domain",
        )
    return host.removesuffix(_MY_DOMAIN_ENDING)


def _login_arguments(instance: Instance) -> dict[str, str]:
    """JWT bearer where a private key is configured, else client credentials."""
    given = instance.credentials
    if {"consumer_key", "username", "private_key"} <= given.keys():
        # The assertion's audience is the login host, test for a sandbox org.
        audience = instance.conventions.get("login_host", "login")
        names = {"consumer_key": "consumer_key", "username": "username", "privatekey": "private_key"}
        return {argument: given[name] for argument, name in names.items()} | {"domain": audience}
    if {"consumer_key", "consumer_secret"} <= given.keys():
        return {name: given[name] for name in ("consumer_key", "consumer_secret")}
    raise ConfigurationError(
        expected="credentials consumer_key and consumer_secret, or consumer_key, username and private_key",
        found=", ".join(sorted(given)) or "none",
        where=f"credentials of {instance.name}",
        next_step="add the missing ones to q2c.toml as env: or file: references",
    )


def _for_domain(arguments: Mapping[str, str], domain: str) -> dict[str, Any]:
    """The token is asked for at the org's own domain, whichever the grant."""
    return {"domain": domain, **arguments} | ({"instance_url": domain} if "privatekey" in arguments else {})
