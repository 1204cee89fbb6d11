"""Bulk API 2.0 ingest jobs: rows uploaded as CSV, applied one by one, and reported in an order of the service's own."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.salesforce.problems import ApiError

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.salesforce.org import Org
    from q2c_pipeline.sandbox.servers.salesforce.writes import Writer

_EMPTIED = "#N/A"
_FLAGS = {"true": True, "false": False}
_OPERATIONS = {"update", "upsert"}


@dataclass
class Upload:
    """One ingest job, its rows as sent, and what became of each."""

    identity: str
    version: str
    asked: dict[str, Any]
    created: str
    state: str = "Open"
    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    done: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)

    @property
    def body(self) -> dict[str, Any]:
        """The job as the API shows it."""
        shown = {
            "id": self.identity, "operation": self.asked["operation"], "object": self.asked["object"],
            "createdById": "005000000000001AAA", "createdDate": self.created, "systemModstamp": self.created,
            "state": self.state, "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(self.version),
            "contentUrl": f"services/data/v{self.version}/jobs/ingest/{self.identity}/batches",
            "lineEnding": self.asked.get("lineEnding", "LF"), "columnDelimiter": self.asked.get("columnDelimiter", "COMMA"),
        }  # fmt: skip
        if self.state not in {"JobComplete", "Failed"}:
            return shown
        return shown | {"numberRecordsProcessed": len(self.rows), "numberRecordsFailed": len(self.failed), "retries": 0}


class Uploads:
    """The org's ingest jobs."""

    def __init__(self, org: Org, writer: Writer) -> None:
        self._org, self._writer = org, writer
        self._jobs: dict[str, Upload] = {}

    def create(self, version: str, asked: dict[str, Any]) -> Upload:
        """Open a job for an object and an operation."""
        if asked.get("operation") not in _OPERATIONS or asked.get("contentType", "CSV") != "CSV":
            raise ApiError(400, "INVALIDJOB", f"operation {asked.get('operation')} is not supported")
        self._org.fields(str(asked.get("object")))
        if asked["operation"] == "upsert" and not asked.get("externalIdFieldName"):
            raise ApiError(400, "INVALIDJOB", "externalIdFieldName is required for upsert")
        identity = f"750UPL{len(self._jobs):09d}AAA"
        created = self._org.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        self._jobs[identity] = Upload(identity, version, asked, created)
        return self._jobs[identity]

    def put(self, identity: str, content: str) -> None:
        """Take the rows; a job has one upload."""
        job = self._find(identity)
        if job.state != "Open" or job.rows:
            raise ApiError(400, "INVALIDJOBSTATE", f"rows cannot be uploaded in state {job.state}")
        reader = csv.DictReader(io.StringIO(content, newline=""))
        job.rows, job.columns = list(reader), list(reader.fieldnames or [])

    def close(self, identity: str, state: str) -> Upload:
        """Let the job be processed, or give it up."""
        job = self._find(identity)
        if state not in {"UploadComplete", "Aborted"} or job.state != "Open":
            raise ApiError(400, "INVALIDJOBSTATE", f"a job in state {job.state} cannot be set to {state}")
        job.state = state
        return job

    def get(self, identity: str) -> Upload:
        """The job, which every look takes one step further."""
        job = self._find(identity)
        if job.state == "InProgress":
            self._apply(job)
        elif job.state == "UploadComplete":
            job.state = "InProgress"
        return job

    def results(self, identity: str, which: str) -> bytes:
        """Rows that succeeded, failed or were not looked at, as CSV."""
        job = self._find(identity)
        if job.state != "JobComplete":
            raise ApiError(400, "INVALIDJOBSTATE", f"results are not available in state {job.state}")
        tables = {
            "successfulResults": (["sf__Id", "sf__Created", *job.columns], job.done),
            "failedResults": (["sf__Id", "sf__Error", *job.columns], job.failed),
            "unprocessedrecords": (job.columns, []),
        }
        if which not in tables:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return _csv(*tables[which])

    def _find(self, identity: str) -> Upload:
        if identity not in self._jobs:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return self._jobs[identity]

    def _apply(self, job: Upload) -> None:
        """Results come last row first: clients must not lean on the order in which they sent."""
        for row in job.rows:
            sent = [row[name] for name in job.columns]
            try:
                identity, made = self._write(job, row)
                job.done.insert(0, [identity, str(made).lower(), *sent])
            except ApiError as problem:
                fields = ",".join(problem.fields)
                job.failed.insert(0, [row.get("Id", ""), f"{problem.code}:{problem.message}:{fields}--", *sent])
        job.state = "JobComplete"

    def _write(self, job: Upload, row: dict[str, str]) -> tuple[str, bool]:
        name, kinds = job.asked["object"], self._org.fields(job.asked["object"])
        key = job.asked["externalIdFieldName"] if job.asked["operation"] == "upsert" else "Id"
        given = {column: _value(text, kinds.get(column, "")) for column, text in row.items() if column != key and text != ""}
        if key == "Id":
            self._writer.update(name, row["Id"], given)
            return row["Id"], False
        record, made = self._writer.upsert(name, key, row[key], given)
        return record["Id"], made


def _value(text: str, kind: str) -> Any:
    if text == _EMPTIED:
        return None
    return _FLAGS.get(text, text) if kind == "boolean" else text


def _csv(columns: list[str], rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue().encode()
