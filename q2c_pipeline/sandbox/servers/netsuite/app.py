"""The NetSuite look-alike: SuiteQL and the REST record API over the simulated company's ERP tables."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from q2c_pipeline.sandbox.servers.misbehave import Glitches, Tampering
from q2c_pipeline.sandbox.servers.netsuite import catalog, customers, suiteql
from q2c_pipeline.sandbox.servers.netsuite.auth import TOKEN_PATH, Credentials, Gate
from q2c_pipeline.sandbox.servers.netsuite.jobs import JOB_PATH, Jobs
from q2c_pipeline.sandbox.servers.netsuite.journals import Journals
from q2c_pipeline.sandbox.servers.netsuite.problems import Refusal, refuse, unknown_record
from q2c_pipeline.sandbox.servers.netsuite.references import find, invalid_content, is_true
from q2c_pipeline.sandbox.servers.netsuite.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from starlette.requests import Request

    from q2c_pipeline.sandbox.systems import Record, Systems

REST = "/services/rest"
RECORD = f"{REST}/record/v1"
_BATCH_RECORDS = 100
_RECORD_TABLES = {"journalEntry": "transaction", "customer": "customer"}


@dataclass
class Account:
    """One NetSuite account; `between_pages` is called after every SuiteQL page that is not the last."""

    store: Store
    gate: Gate
    concurrency: int
    row_cap: int
    jobs: Jobs = field(default_factory=Jobs)
    between_pages: Callable[[], None] = lambda: None
    in_flight: int = 0

    def guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Let a handler run only for a known caller and within the concurrency limit."""

        async def run(request: Request) -> Response:
            request.state.may_write = self.gate.may_write(self.gate.check(request))
            if self.in_flight >= self.concurrency:
                raise Refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
            self.in_flight += 1
            try:
                return await handler(request)
            finally:
                self.in_flight -= 1

        return run

    async def suiteql(self, request: Request) -> Response:
        """Answer one page of a query."""
        if "transient" not in request.headers.get("prefer", ""):
            raise Refusal(400, "INVALID_HEADER", "The Prefer header must be transient.")
        text = (await _body(request)).get("q")
        if not isinstance(text, str):
            raise invalid_content("The query is missing.", "q")
        limit, offset = _window(request)
        items, total = await run_in_threadpool(suiteql.run_page, self.store, text, limit, offset, self.row_cap)
        page = _page(request, items, limit, offset, total)
        if page["hasMore"]:
            self.between_pages()
        return JSONResponse(page)

    async def catalog(self, request: Request) -> Response:
        """Describe all records."""
        if "swagger" in request.headers.get("accept", ""):
            selected = request.query_params.get("select", "")
            return JSONResponse(catalog.open_api(self.store, [name for name in selected.split(",") if name]))
        return JSONResponse(catalog.names(self.store, f"{_origin(request)}{RECORD}/metadata-catalog"))

    async def catalog_entry(self, request: Request) -> Response:
        """Describe one record."""
        return JSONResponse(catalog.record_schema(self.store, request.path_params["kind"]))

    async def record_list(self, request: Request) -> Response:
        """List the ids of one record type; bodies must be fetched one by one."""
        kind = request.path_params["kind"]
        if kind not in _RECORD_TABLES:
            raise unknown_record("record type", kind)
        held = self.store.tables.get(_RECORD_TABLES[kind], {}).values()
        ids = [str(one["id"]) for one in held if kind != "journalEntry" or one["type"] == "Journal"]
        limit, offset = _window(request)
        links = f"{_origin(request)}{RECORD}/{kind}"
        items = [{"id": one, "links": [{"rel": "self", "href": f"{links}/{one}"}]} for one in ids[offset : offset + limit]]
        return JSONResponse(_page(request, items, limit, offset, len(ids)))

    async def record(self, request: Request) -> Response:
        """Show one record."""
        kind, key = request.path_params["kind"], request.path_params["key"]
        if kind == "customer":
            return JSONResponse(customers.show(find(self.store, "customer", key)[1]))
        if kind != "journalEntry":
            raise unknown_record("record type", kind)
        expand = request.query_params.get("expandSubResources", "").lower() == "true"
        return JSONResponse(_show_journal(Journals(self.store), key, f"{_origin(request)}{RECORD}", expand=expand))

    async def write(self, request: Request) -> Response:
        """Create, change or delete one record, or create several as a job."""
        if not request.state.may_write:
            raise Refusal(403, "INSUFFICIENT_PERMISSION", "Permission Violation: your role may not create or edit this record.")
        body = await _body(request) if request.method != "DELETE" else {}
        if "respond-async" not in request.headers.get("prefer", ""):
            return await run_in_threadpool(self._perform_at_once, request, body)
        key = request.headers.get("x-netsuite-idempotency-key")
        self.jobs.must_be_new(key)
        records = body["items"] if request.method == "POST" and "items" in body else [body]
        if len(records) > _BATCH_RECORDS:
            raise invalid_content(f"A batch holds at most {_BATCH_RECORDS} records.", "items")
        job = self.jobs.accept(key, [await run_in_threadpool(self._attempt, request, one) for one in records])
        return Response(status_code=202, headers={"Location": f"{_origin(request)}{JOB_PATH}/{job.identity}"})

    async def job(self, request: Request) -> Response:
        """Show how far a job is."""
        return JSONResponse(self.jobs.get(request.path_params["job"]).show())

    async def tasks(self, request: Request) -> Response:
        """List the tasks of a job: one for each record, in the order in which they were sent."""
        job = self.jobs.get(request.path_params["job"])
        here = f"{_origin(request)}{JOB_PATH}/{job.identity}/task"
        items = [{"id": str(n), "links": [{"rel": "self", "href": f"{here}/{n}"}]} for n in range(1, len(job.results) + 1)]
        return JSONResponse({"items": items, "totalResults": len(items)})

    async def task(self, request: Request) -> Response:
        """Show one task of a job."""
        job = self.jobs.get(request.path_params["job"])
        return JSONResponse({**job.show(), "id": request.path_params["task"]})

    async def task_result(self, request: Request) -> Response:
        """Give the answer that the request would have had at once."""
        job, task = self.jobs.get(request.path_params["job"]), request.path_params["task"]
        if not task.isdigit() or not 1 <= int(task) <= len(job.results):
            raise unknown_record("task", task)
        return job.results[int(task) - 1]

    async def limits(self, _request: Request) -> Response:
        """Show the concurrency limit."""
        return JSONResponse({"accountConcurrencyLimit": self.concurrency})

    def _attempt(self, request: Request, body: Record) -> Response:
        try:
            return self._perform_at_once(request, body)
        except Refusal as refusal:
            return refusal.response()

    def _perform_at_once(self, request: Request, body: Record) -> Response:
        with self.store.at_once():
            return self._perform(request, body)

    def _perform(self, request: Request, body: Record) -> Response:
        kind, key = request.path_params["kind"], request.path_params.get("key", "")
        strict = request.headers.get("x-netsuite-propertynamevalidation", "").lower() == "error"
        if kind == "customer" and request.method == "PATCH":
            return _done(request, kind, customers.change(self.store, key, body, strict=strict))
        if kind != "journalEntry":
            raise Refusal(405, "METHOD_NOT_ALLOWED", f"{request.method} is not supported for {kind}.")
        return _done(request, kind, self._write_journal(request, key, body, strict=strict))

    def _write_journal(self, request: Request, key: str, body: Record, *, strict: bool) -> str:
        journals = Journals(self.store)
        match request.method:
            case "POST":
                return journals.create(body, strict=strict)
            case "PUT":
                return journals.upsert(key.removeprefix("eid:"), body, strict=strict)
            case "DELETE":
                journals.delete(key)
                return ""
            case _:
                replace = request.query_params.get("replace") == "line"
                journals.update(key, body, strict=strict, replace_lines=replace)
                return str(journals.get(key)[1]["id"])


def create_app(
    systems: Systems,
    *,
    credentials: Credentials | None = None,
    writer: Credentials | None = None,
    concurrency: int = 5,
    row_cap: int = 100_000,
    clock: Callable[[], datetime] | None = None,
) -> Starlette:
    """Make the look-alike of the company's ERP; `app.state.account` and `app.state.glitches` steer it in tests."""
    gate = Gate(credentials or Credentials(), writer)
    tampering = Tampering(systems.misbehaviour, "netsuite")
    store = Store(systems.netsuite, tampering, clock or ticking_clock(systems.as_of))
    account = Account(store, gate, concurrency, row_cap)
    app = Starlette(routes=_routes(account), exception_handlers={Refusal: refuse})
    app.state.account = account
    Glitches(gate.tokens.clear, store.shift).install(app)
    return app


def ticking_clock(day: date, start_at: time = time(22)) -> Callable[[], datetime]:
    """A clock that starts at 22:00 UTC of the day, or at another time, and moves on by one second at each look."""
    moments = iter(range(7200))
    start = datetime.combine(day, start_at, tzinfo=UTC)
    return lambda: start + timedelta(seconds=next(moments, 7199))


def _routes(account: Account) -> list[Route]:
    job = f"{JOB_PATH}/{{job}}"
    table: list[tuple[str, str, Any]] = [
        ("POST", f"{REST}/query/v1/suiteql", account.suiteql),
        ("GET", f"{REST}/system/v1/governanceLimits", account.limits),
        ("GET", f"{RECORD}/metadata-catalog", account.catalog),
        ("GET", f"{RECORD}/metadata-catalog/{{kind}}", account.catalog_entry),
        ("GET", f"{job}/task/{{task}}/result", account.task_result),
        ("GET", f"{job}/task/{{task}}", account.task),
        ("GET", f"{job}/task", account.tasks),
        ("GET", f"{job}/task/", account.tasks),
        ("GET", job, account.job),
        ("GET", f"{RECORD}/{{kind}}", account.record_list),
        ("POST", f"{RECORD}/{{kind}}", account.write),
        ("GET", f"{RECORD}/{{kind}}/{{key}}", account.record),
        ("PATCH", f"{RECORD}/{{kind}}/{{key}}", account.write),
        ("PUT", f"{RECORD}/{{kind}}/{{key}}", account.write),
        ("DELETE", f"{RECORD}/{{kind}}/{{key}}", account.write),
    ]
    guarded = [Route(path, account.guarded(handler), methods=[method]) for method, path, handler in table]
    return [Route(TOKEN_PATH, account.gate.token, methods=["POST"]), *guarded]


async def _body(request: Request) -> Record:
    try:
        # Amounts of a journal must not pass through a float on their way into the books.
        body = json.loads(await request.body(), parse_float=str)
    except ValueError as error:
        raise invalid_content("The request body is not JSON.") from error
    if not isinstance(body, dict):
        raise invalid_content("The request body is not an object.")
    return body


def _window(request: Request) -> tuple[int, int]:
    try:
        params = request.query_params
        return int(params.get("limit", suiteql.PAGE_LIMIT)), int(params.get("offset", 0))
    except ValueError as error:
        raise Refusal(400, "INVALID_PARAMETER", "limit and offset must be numbers.", query_param="limit") from error


def _page(request: Request, items: list[Any], limit: int, offset: int, total: int) -> Record:
    has_more = offset + len(items) < total
    targets = {"self": offset, "first": 0, "last": max(0, (total - 1) // limit * limit)}
    targets |= {"next": offset + limit} if has_more else {}
    targets |= {"prev": offset - limit} if offset else {}
    base = f"{_origin(request)}{request.url.path}"
    links = [{"rel": rel, "href": f"{base}?limit={limit}&offset={start}"} for rel, start in targets.items()]
    window = {"count": len(items), "hasMore": has_more, "offset": offset, "totalResults": total}
    return {"links": links, **window, "items": items}


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _done(request: Request, kind: str, identity: str) -> Response:
    headers = {"Location": f"{_origin(request)}{RECORD}/{kind}/{identity}"} if identity else None
    return Response(status_code=204, headers=headers)


def _show_journal(journals: Journals, key: str, base: str, *, expand: bool) -> Record:
    header = journals.get(key)[1]
    identity = str(header["id"])
    here = f"{base}/journalEntry/{identity}"
    lines = {"items": [_plain(item) for item in journals.items(identity)]} if expand else {}
    shown = {
        "links": [{"rel": "self", "href": here}],
        "id": identity,
        "tranId": header.get("tranid"),
        "externalId": header.get("externalid"),
        "tranDate": header["trandate"].isoformat(),
        "memo": header.get("memo"),
        "approved": is_true(header["posting"]),
        "reversalDate": header["reversaldate"].isoformat() if header.get("reversaldate") else None,
        "currency": {"id": str(header["currency"])},
        "exchangeRate": float(header["exchangerate"]),
        "postingPeriod": {"id": str(header["postingperiod"])},
        "lastModifiedDate": header["lastmodifieddate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "line": {"links": [{"rel": "self", "href": f"{here}/line"}], **lines},
    }
    custom = {name: value for name, value in header.items() if name.startswith("custbody")}
    return {name: value for name, value in {**shown, **custom}.items() if value is not None}


def _plain(item: Record) -> Record:
    return {name: float(value) if name in {"debit", "credit"} else value for name, value in item.items()}
