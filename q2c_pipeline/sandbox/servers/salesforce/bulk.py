"""Bulk API 2.0 query jobs: created, polled to completion, read page by page with locators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.salesforce.problems import ApiError
from q2c_pipeline.sandbox.servers.salesforce.queries import Selection, rows, select
from q2c_pipeline.sandbox.servers.salesforce.wire import to_csv

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.salesforce.org import Org
    from q2c_pipeline.sandbox.systems import Record

_DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
_LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_FINISHED = {"JobComplete", "Failed", "Aborted"}


@dataclass
class Job:
    """One query job and, once complete, its rows."""

    identity: str
    version: str
    asked: dict[str, Any]
    selection: Selection
    created: str
    state: str = "UploadComplete"
    error: str | None = None
    rows: list[Record] = field(default_factory=list)

    @property
    def body(self) -> dict[str, Any]:
        """The job as the API shows it."""
        shown = {
            "id": self.identity, "operation": self.asked["operation"], "object": self.selection.query.source,
            "createdById": "005000000000001AAA", "createdDate": self.created, "systemModstamp": self.created,
            "state": self.state, "concurrencyMode": "Parallel", "contentType": "CSV",
            "apiVersion": float(self.version), "lineEnding": self.asked.get("lineEnding", "LF"),
            "columnDelimiter": self.asked.get("columnDelimiter", "COMMA"),
        }  # fmt: skip
        if self.state == "UploadComplete":
            return shown
        shown |= {"jobType": "V2Query", "numberRecordsProcessed": len(self.rows), "retries": 0}
        return shown | {"totalProcessingTime": 1} | ({"errorMessage": self.error} if self.error else {})


class Jobs:
    """The org's query jobs; `fail_next` jobs end as Failed."""

    def __init__(self, org: Org, *, page_size: int) -> None:
        self._org, self._page_size = org, page_size
        self._jobs: dict[str, Job] = {}
        self.fail_next = 0

    def create(self, version: str, asked: dict[str, Any]) -> Job:
        """Accept a query; its errors are told at once, as by the real service."""
        selection = select(self._org, asked.get("query", ""), deleted=asked.get("operation") == "queryAll")
        if selection.query.aggregates:
            raise ApiError(400, "API_ERROR", "Aggregate queries are not supported by Bulk API 2.0")
        identity = f"750NEW{len(self._jobs):09d}AAA"
        created = self._org.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        self._jobs[identity] = Job(identity, version, asked, selection, created)
        return self._jobs[identity]

    def get(self, identity: str) -> Job:
        """The job, which every look takes one step further."""
        job = self._find(identity)
        if job.state == "InProgress":
            self._finish(job)
        elif job.state == "UploadComplete":
            job.state = "InProgress"
        return job

    def abort(self, identity: str) -> Job:
        """Stop a job that has not finished."""
        job = self._find(identity)
        if job.state not in _FINISHED:
            job.state = "Aborted"
        return job

    def remove(self, identity: str) -> None:
        """Forget a finished job and its results."""
        if self._find(identity).state not in _FINISHED:
            raise ApiError(400, "API_ERROR", "Job must be finished before it is deleted")
        del self._jobs[identity]

    def results(self, identity: str, version: str, locator: str, wanted: int) -> tuple[bytes, str, int]:
        """One page as CSV, the locator of the next one (the text null at the end) and its number of records."""
        job = self._find(identity)
        if job.version != version:
            raise ApiError(409, "VERSION_MISMATCH", f"the job was created with API version {job.version}")
        if job.state != "JobComplete":
            raise ApiError(400, "INVALIDJOBSTATE", f"results are not available in state {job.state}")
        start = _offset(locator)
        page = job.rows[start : start + min(wanted, self._page_size)]
        end = start + len(page)
        body = to_csv(
            job.selection.columns, page,
            line_ending=_LINE_ENDINGS[job.asked.get("lineEnding", "LF")],
            delimiter=_DELIMITERS[job.asked.get("columnDelimiter", "COMMA")],
        )  # fmt: skip
        return body, f"MT{end:x}" if end < len(job.rows) else "null", len(page)

    def _find(self, identity: str) -> Job:
        if identity not in self._jobs:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return self._jobs[identity]

    def _finish(self, job: Job) -> None:
        if self.fail_next:
            self.fail_next -= 1
            job.state, job.error = "Failed", "InternalServerError: the query job exceeded its number of retries"
            return
        job.state, job.rows = "JobComplete", rows(self._org, job.selection, job.selection.ids)


def _offset(locator: str) -> int:
    if not locator:
        return 0
    try:
        return int(locator.removeprefix("MT"), 16)
    except ValueError:
        raise ApiError(400, "INVALID_LOCATOR", f"invalid locator {locator}") from None
