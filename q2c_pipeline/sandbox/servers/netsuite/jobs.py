"""Asynchronous requests: accepted at once, found again as a job with a task and a result for each record sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.netsuite.problems import Refusal, unknown_record

if TYPE_CHECKING:
    from starlette.responses import Response

JOB_PATH = "/services/rest/async/v1/job"


@dataclass
class Job:
    """One accepted request; the first look at it finds it still running."""

    identity: str
    results: list[Response]
    looks: int = 0

    def show(self) -> dict[str, Any]:
        """The job's state, which moves on with each look."""
        self.looks += 1
        done = self.looks > 1
        progress = "succeeded" if all(one.status_code < 400 for one in self.results) else "failed"
        return {
            "id": self.identity,
            "completed": done,
            "progress": progress if done else "processing",
            "task": {"links": [{"rel": "self", "href": f"{JOB_PATH}/{self.identity}/task/"}]},
        }


@dataclass
class Jobs:
    """All jobs of one account and the idempotency keys that made them."""

    by_id: dict[str, Job] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)

    def must_be_new(self, idempotency_key: str | None) -> None:
        """Refuse a key that was used before, pointing at its job."""
        if idempotency_key in self.by_key:
            first = f"{JOB_PATH}/{self.by_key[idempotency_key]}"
            raise Refusal(400, "IDEMPOTENCY_ERROR", "This idempotency key was used before.", location=first)

    def accept(self, idempotency_key: str | None, results: list[Response]) -> Job:
        """Keep the results of a request under a new job."""
        job = Job(str(len(self.by_id) + 1), results)
        self.by_id[job.identity] = job
        if idempotency_key:
            self.by_key[idempotency_key] = job.identity
        return job

    def get(self, identity: str) -> Job:
        """The job with an id."""
        if identity not in self.by_id:
            raise unknown_record("job", identity)
        return self.by_id[identity]
