"""A Salesforce org's HTTP API over a company's records: `create_app(systems)` behaves like one My Domain host."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from q2c_pipeline.sandbox.servers.misbehave import Glitches
from q2c_pipeline.sandbox.servers.salesforce import changes
from q2c_pipeline.sandbox.servers.salesforce.access import Access, Connected, GrantRefusedError
from q2c_pipeline.sandbox.servers.salesforce.bulk import Jobs
from q2c_pipeline.sandbox.servers.salesforce.cursors import Cursors
from q2c_pipeline.sandbox.servers.salesforce.ingest import Uploads
from q2c_pipeline.sandbox.servers.salesforce.org import Org
from q2c_pipeline.sandbox.servers.salesforce.problems import ApiError
from q2c_pipeline.sandbox.servers.salesforce.schema import KEY_PREFIX, describe_field
from q2c_pipeline.sandbox.servers.salesforce.wire import to_json
from q2c_pipeline.sandbox.servers.salesforce.writes import SeveralMatchError, Writer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from q2c_pipeline.sandbox.servers.salesforce.cursors import BetweenPages
    from q2c_pipeline.sandbox.systems import Systems

    Endpoint = Callable[[Request], Awaitable[Response]]

_BASE = "/services/data/v{version}"


def create_app(
    systems: Systems,
    *,
    connected: Connected | None = None,
    writer: Connected | None = None,
    page_size: int = 500,
    bulk_page_size: int = 5_000,
    token_calls: int | None = None,
    daily_calls: int = 100_000,
    hidden_fields: frozenset[str] = frozenset(),
    between_pages: BetweenPages | None = None,
) -> Starlette:
    """The look-alike; `app.state.host` holds its moving parts, `app.state.glitches` its transport failures.

    With a `writer`, the user behind `connected` may only read.
    `token_calls` lets a session expire after so many calls; `hidden_fields` are withheld on every object (as
    CurrencyIsoCode is in an org with one currency); `between_pages` may change records while a client pages.
    """
    org = Org(systems, hidden_fields=hidden_fields)
    changing = Writer(org)
    host = Host(
        org=org,
        access=Access(connected or Connected(), writer, token_calls=token_calls, daily_calls=daily_calls),
        cursors=Cursors(org, page_size=page_size, between_pages=between_pages),
        jobs=Jobs(org, page_size=bulk_page_size),
        writer=changing,
        uploads=Uploads(org, changing),
    )
    app = Starlette(routes=[Route("/services/oauth2/token", host.token, methods=["POST"]), *_routes(host)])
    app.state.host = host
    Glitches(host.access.revoke_all, org.shift).install(app)
    return app


def _routes(host: Host) -> list[Route]:
    calls: list[tuple[str, str, Endpoint]] = [
        ("GET", "/query", host.query),
        ("GET", "/queryAll", host.query),
        ("GET", "/query/{locator}", host.more),
        ("GET", "/limits", host.limits),
        ("GET", "/sobjects/{name}/describe", host.describe),
        ("GET", "/sobjects/{name}/deleted", host.deleted),
        ("GET", "/sobjects/{name}/updated", host.updated),
        ("POST", "/sobjects/{name}", host.create),
        ("PATCH", "/sobjects/{name}/{id}", host.update),
        ("PATCH", "/sobjects/{name}/{field}/{key:path}", host.upsert),
        ("PATCH", "/composite/sobjects", host.update_collection),
        ("PATCH", "/composite/sobjects/{name}/{field}", host.upsert_collection),
        ("POST", "/jobs/query", host.create_job),
        ("GET", "/jobs/query/{job}", host.get_job),
        ("PATCH", "/jobs/query/{job}", host.abort_job),
        ("DELETE", "/jobs/query/{job}", host.remove_job),
        ("GET", "/jobs/query/{job}/results", host.job_results),
        ("POST", "/jobs/ingest", host.create_upload),
        ("GET", "/jobs/ingest/{job}", host.get_upload),
        ("PUT", "/jobs/ingest/{job}/batches", host.put_rows),
        ("PATCH", "/jobs/ingest/{job}", host.close_upload),
        ("GET", "/jobs/ingest/{job}/{results}", host.upload_results),
    ]
    # Clients write both `query` and `query/`; the service takes either without a redirect.
    return [
        Route(_BASE + path + ending, host.guarded(endpoint), methods=[method])
        for method, path, endpoint in calls
        for ending in ("", "/")
        if not (ending and path.endswith(":path}"))
    ]


@dataclass
class Host:
    """The API's endpoints and the parts of the org that they talk to."""

    org: Org
    access: Access
    cursors: Cursors
    jobs: Jobs
    writer: Writer
    uploads: Uploads

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Admit the caller, turn refusals into Salesforce's array, and add the usage header to every reply."""

        async def call(request: Request) -> Response:
            try:
                self.access.admit(request.headers.get("authorization", ""))
                reply = await endpoint(request)
            except SeveralMatchError as several:
                reply = _json(several.ids, 300)
            except ApiError as problem:
                reply = _json(problem.body, problem.status)
            reply.headers["Sforce-Limit-Info"] = self.access.usage
            return reply

        return call

    async def token(self, request: Request) -> Response:
        """OAuth token endpoint."""
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            token = self.access.grant(form, request.headers.get("authorization", ""))
        except GrantRefusedError as refused:
            return _json(refused.body, 400)
        url = f"{request.url.scheme}://{request.headers['host']}"
        issued = {"access_token": token, "instance_url": url, "token_type": "Bearer", "scope": "api"}
        return _json(issued | {"id": f"{url}/id/00D000000000001AAA/005000000000001AAA"})

    async def query(self, request: Request) -> Response:
        """First page of a query, or the answer to a count or sum."""
        deleted = request.url.path.rstrip("/").endswith("queryAll")
        version = request.path_params["version"]
        return _json(self.cursors.first(version, request.query_params.get("q", ""), deleted=deleted))

    async def more(self, request: Request) -> Response:
        """A further page; the path says query for queryAll too."""
        return _json(self.cursors.next(request.path_params["version"], request.path_params["locator"]))

    async def limits(self, _request: Request) -> Response:
        """The daily allowances that a reader looks at."""
        left = self.access.daily_calls - self.access.used
        daily = {"DailyApiRequests": {"Max": self.access.daily_calls, "Remaining": left}}
        return _json(daily | {"DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000}})

    async def describe(self, request: Request) -> Response:
        """The object's fields as this user sees them."""
        name = request.path_params["name"]
        fields = [describe_field(name, field, kind) for field, kind in self.org.fields(name).items()]
        return _json({"name": name, "keyPrefix": KEY_PREFIX[name], "queryable": True, "fields": fields})

    async def deleted(self, request: Request) -> Response:
        """Ids deleted in a window."""
        return _json(changes.deleted(self.org, *_window(request)))

    async def updated(self, request: Request) -> Response:
        """Ids changed in a window."""
        return _json(changes.updated(self.org, *_window(request)))

    async def create(self, request: Request) -> Response:
        """One new record."""
        self._must_write(request)
        record = self.writer.create(request.path_params["name"], await _body(request))
        return _json({"id": record["Id"], "success": True, "errors": []}, 201)

    async def update(self, request: Request) -> Response:
        """Change one record, unless it was changed after the moment that the caller knows it of."""
        self._must_write(request)
        known = request.headers.get("if-unmodified-since")
        self.writer.update(request.path_params["name"], request.path_params["id"], await _body(request), unmodified_since=known)
        return Response(status_code=204)

    async def upsert(self, request: Request) -> Response:
        """Change or create the record with an external id."""
        self._must_write(request)
        path, given = request.path_params, await _body(request)
        only = request.query_params.get("updateOnly") == "true"
        record, made = self.writer.upsert(path["name"], path["field"], path["key"], given, update_only=only)
        reply = {"id": record["Id"], "success": True, "errors": [], "created": made}
        return _json(reply, 201 if made else 200)

    async def update_collection(self, request: Request) -> Response:
        """Change up to 200 records by id."""

        def write(row: dict[str, Any]) -> dict[str, Any]:
            self._must_write(request)
            values = {name: value for name, value in row.items() if name not in {"id", "Id"}}
            identity = str(row.get("id") or row.get("Id"))
            self.writer.update(row["attributes"]["type"], identity, values)
            return {"id": identity}

        return _json(self.writer.collection((await _body(request))["records"], write))

    async def upsert_collection(self, request: Request) -> Response:
        """Change or create up to 200 records by external id; HTTP 200 whatever becomes of the rows."""
        name, field = request.path_params["name"], request.path_params["field"]

        def write(row: dict[str, Any]) -> dict[str, Any]:
            self._must_write(request)
            key = row.pop("id", None) if field == "Id" else row.pop(field, None)
            if not key:
                raise ApiError(400, "MISSING_ARGUMENT", f"{field} not specified")
            record, made = self.writer.upsert(name, field, key, row)
            return {"id": record["Id"], "created": made}

        return _json(self.writer.collection((await _body(request))["records"], write))

    async def create_job(self, request: Request) -> Response:
        """A Bulk API 2.0 query job."""
        return _json(self.jobs.create(request.path_params["version"], await _body(request)).body)

    async def get_job(self, request: Request) -> Response:
        """State of a job."""
        return _json(self.jobs.get(request.path_params["job"]).body)

    async def abort_job(self, request: Request) -> Response:
        """Stop a job."""
        if (await _body(request)).get("state") != "Aborted":
            raise ApiError(400, "INVALIDJOBSTATE", "a query job can only be set to Aborted")
        return _json(self.jobs.abort(request.path_params["job"]).body)

    async def remove_job(self, request: Request) -> Response:
        """Forget a job."""
        self.jobs.remove(request.path_params["job"])
        return Response(status_code=204)

    async def job_results(self, request: Request) -> Response:
        """One page of a job's rows as CSV."""
        path, asked = request.path_params, request.query_params
        wanted = int(asked.get("maxRecords", "100000"))
        body, locator, number = self.jobs.results(path["job"], path["version"], asked.get("locator", ""), wanted)
        headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(number)}
        return Response(body, media_type="text/csv", headers=headers)

    async def create_upload(self, request: Request) -> Response:
        """A Bulk API 2.0 ingest job."""
        self._must_write(request)
        return _json(self.uploads.create(request.path_params["version"], await _body(request)).body)

    async def get_upload(self, request: Request) -> Response:
        """State of an ingest job."""
        return _json(self.uploads.get(request.path_params["job"]).body)

    async def put_rows(self, request: Request) -> Response:
        """The rows of an ingest job."""
        self.uploads.put(request.path_params["job"], (await request.body()).decode())
        return Response(status_code=201)

    async def close_upload(self, request: Request) -> Response:
        """All rows are there, or the job is given up."""
        state = str((await _body(request)).get("state"))
        return _json(self.uploads.close(request.path_params["job"], state).body)

    async def upload_results(self, request: Request) -> Response:
        """What became of the rows."""
        path = request.path_params
        return Response(self.uploads.results(path["job"], path["results"]), media_type="text/csv")

    def _must_write(self, request: Request) -> None:
        if not self.access.may_write(request.headers.get("authorization", "")):
            raise ApiError(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


def _window(request: Request) -> tuple[str, str, str]:
    return request.path_params["name"], request.query_params.get("start", ""), request.query_params.get("end", "")


async def _body(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.body(), parse_float=Decimal)
    except json.JSONDecodeError as problem:
        raise ApiError(400, "JSON_PARSER_ERROR", str(problem)) from None
    if not isinstance(found, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "an object was expected")
    return found


def _json(value: Any, status: int = 200) -> Response:
    return Response(to_json(value), status_code=status, media_type="application/json")
