"""The NetSuite look-alike, called by a third-party client over loopback."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from netsuite import Config, NetSuiteRestApi, TokenAuth
from netsuite.exceptions import NetsuiteAPIRequestError
from netsuite.json import loads

from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.netsuite.app import create_app
from q2c_pipeline.sandbox.servers.netsuite.auth import TOKEN_PATH, Credentials, key_pair
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.systems import Misbehaviour
from q2c_pipeline_tests.sandbox.netsuite_ledger import ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette

ACCOUNT = Credentials().account
CONFIG = Config(
    account=ACCOUNT,
    auth=TokenAuth(
        consumer_key="sandbox-consumer",
        consumer_secret="sandbox-consumer-secret",
        token_id="sandbox-token",
        token_secret="sandbox-token-secret",
    ),
)


class LoopbackApi(NetSuiteRestApi):  # type: ignore[misc]
    """The third-party client, sent to loopback instead of the vendor's host."""

    def __init__(self, url: str, config: Config = CONFIG) -> None:
        super().__init__(config)
        self.url = url

    def _make_url(self, subpath: str) -> str:
        return f"{self.url}/services/rest{subpath}"


class Served:
    """A running look-alike with blocking calls of the third-party client."""

    def __init__(self, app: Starlette, url: str) -> None:
        self.app, self.url, self.api = app, url, LoopbackApi(url)
        self.store = app.state.account.store

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = asyncio.run(self.api.request(method, path, **options))
        assert isinstance(answer, httpx.Response)
        return answer

    def suiteql(self, text: str, limit: int = 1000, offset: int = 0) -> Any:
        return asyncio.run(self.api.suiteql(q=text, limit=limit, offset=offset))

    def rows(self, text: str) -> list[dict[str, str]]:
        items: list[dict[str, str]] = self.suiteql(text)["items"]
        return items

    def post_journal(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        return self.call("POST", "/record/v1/journalEntry", json=body, headers=headers)


@pytest.fixture
def served() -> Iterator[Served]:
    app = create_app(ledger(), row_cap=20)
    with serve(app) as running:
        yield Served(app, running.url)


def journal(external_id: str | None = "q2c-1", amount: str = "10.50", credit: str = "10.50", **more: Any) -> dict[str, Any]:
    lines = [{"account": {"id": "4"}, "debit": float(amount)}, {"account": {"id": "5"}, "credit": float(credit)}]
    body = {"externalId": external_id, "subsidiary": {"id": "1"}, "tranDate": "2026-01-31", "line": {"items": lines}, **more}
    return {name: value for name, value in body.items() if value is not None}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]


def test_suiteql_answers_in_the_vendors_form(served: Served) -> None:
    page = served.suiteql(
        "SELECT id, type, posting, memo, exchangerate, BUILTIN.DF(currency) AS money, trandate, "
        "TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS stamp FROM transaction ORDER BY id",
        limit=2,
    )
    assert page["items"][1] == {
        "id": "102",
        "type": "CustInvc",
        "posting": "T",
        "exchangerate": "0.85",
        "money": "Euro",
        "trandate": "1/12/2026",
        "stamp": "2026-01-12 09:00:00",
    }
    assert (page["count"], page["hasMore"], page["offset"], page["totalResults"]) == (2, True, 0, 3)
    assert {link["rel"] for link in page["links"]} == {"self", "first", "next", "last"}


def test_suiteql_filters_joins_and_sums(served: Served) -> None:
    text = (
        "SELECT t.tranid, SUM(tal.amount) AS total, COUNT(*) AS n FROM transactionaccountingline tal "
        "JOIN transaction t ON t.id = tal.transaction JOIN account a ON a.id = tal.account "
        "WHERE tal.accountingbook = 1 AND a.accttype IN ('Income', 'DeferRevenue') AND NVL(t.voided, 'F') = 'F' "
        "AND t.trandate >= TO_DATE('2026-01-11', 'YYYY-MM-DD') GROUP BY t.tranid ORDER BY t.tranid"
    )
    assert served.rows(text) == [
        {"tranid": "INV-UK-000001", "total": "-85", "n": "1"},
        {"tranid": "REL-US-2026-01", "total": "0", "n": "2"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT nothing FROM transaction",
        "SELECT id FROM nowhere",
        "SELECT id FROM base.transaction",
        "SELECT id FROM transaction LIMIT 3",
        "SELECT id FROM transaction WHERE (lastmodifieddate, id) > (1, 2)",
        "DELETE FROM transaction",
        "SELEC id",
        "SELECT BUILTIN.CF(id) FROM transaction",
    ],
)
def test_suiteql_refuses_what_it_does_not_know(served: Served, text: str) -> None:
    answer = served.call("POST", "/query/v1/suiteql", json={"q": text}, headers={"Prefer": "transient"})
    assert code(answer) == (400, "INVALID_PARAMETER")
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == "q"


def test_suiteql_pages_have_rules(served: Served) -> None:
    for limit, offset in ((1001, 0), (2, 3), (1, 1000)):
        with pytest.raises(NetsuiteAPIRequestError) as refused:
            served.suiteql("SELECT id FROM transaction", limit, offset)
        assert refused.value.status_code == 400
    assert served.call("POST", "/query/v1/suiteql", json={"q": "SELECT id FROM item"}).status_code == 400
    with pytest.raises(NetsuiteAPIRequestError, match="more than the 20 allowed"):
        served.suiteql("SELECT a.id FROM account a CROSS JOIN account b")


def test_a_wrong_signature_and_a_repeated_nonce_are_refused(served: Served) -> None:
    wrong = CONFIG.model_copy(update={"auth": CONFIG.auth.model_copy(update={"token_secret": "no"})})
    with pytest.raises(NetsuiteAPIRequestError) as refused:
        asyncio.run(LoopbackApi(served.url, wrong).suiteql("SELECT id FROM item"))
    assert refused.value.status_code == 401
    answer = served.call("GET", "/system/v1/governanceLimits")
    again = httpx.get(str(answer.request.url), headers={"Authorization": answer.request.headers["Authorization"]})
    assert (answer.status_code, again.status_code) == (200, 401)


def rsa_pair() -> tuple[str, str]:
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), public.decode()


def ask_token(url: str, private_key: str, algorithm: str, **changes: Any) -> httpx.Response:
    now, held = int(time.time()), Credentials()
    claims = {"iss": held.client_id, "scope": ["rest_webservices"], "aud": f"{url}{TOKEN_PATH}", "iat": now, "exp": now + 600}
    assertion = jwt.encode({**claims, **changes}, private_key, algorithm, headers={"kid": held.certificate_id})
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    return httpx.post(f"{url}{TOKEN_PATH}", data=form)


@pytest.mark.parametrize(("make_pair", "algorithm"), [(key_pair, "ES256"), (rsa_pair, "PS256")])
def test_a_signed_assertion_buys_a_token_until_it_is_forgotten(make_pair: Callable[[], tuple[str, str]], algorithm: str) -> None:
    private, public = make_pair()
    app = create_app(ledger(), credentials=Credentials(public_key_pem=public))
    with serve(app) as running:
        token = ask_token(running.url, private, algorithm).json()["access_token"]
        url, bearer = f"{running.url}/services/rest/record/v1/customer/11", {"Authorization": f"Bearer {token}"}
        assert httpx.get(url, headers=bearer).json()["entityId"] == "AC-00011"
        app.state.glitches.add(Glitch("expire_token", "*/customer/*"))
        assert httpx.get(url, headers=bearer).status_code == 401
        late = {"exp": int(time.time()) + 7200}
        for changes in (late, {"aud": "https://elsewhere"}, {"iss": "other"}, {"scope": ["restlets"]}):
            assert ask_token(running.url, private, algorithm, **changes).status_code == 401
        assert ask_token(running.url, key_pair()[0], "ES256").status_code == 401


def test_too_many_at_once_are_blocked(served: Served) -> None:
    served.app.state.account.in_flight = 5
    blocked = served.call("GET", "/system/v1/governanceLimits")
    assert code(blocked) == (429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert "Retry-After" not in blocked.headers
    served.app.state.account.in_flight = 0
    assert served.call("GET", "/system/v1/governanceLimits").json() == {"accountConcurrencyLimit": 5}


def test_parallel_queries_run_side_by_side_up_to_the_limit() -> None:
    app = create_app(ledger(), concurrency=2)
    with serve(app) as running:
        served = Served(app, running.url)
        store = app.state.account.store
        plain, refused = store.query, threading.Event()

        def slow(sql: str) -> Any:
            refused.wait(60)
            return plain(sql)

        store.query = slow

        async def burst() -> list[httpx.Response]:
            ask = {"json": {"q": "SELECT id FROM item"}, "headers": {"Prefer": "transient"}}
            calls = [asyncio.create_task(served.api.request("POST", "/query/v1/suiteql", **ask)) for _ in range(4)]
            first, rest = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            while len(first) < 2:
                more, rest = await asyncio.wait(rest, return_when=asyncio.FIRST_COMPLETED)
                first |= more
            refused.set()
            return list(await asyncio.gather(*calls))

        assert sorted(answer.status_code for answer in asyncio.run(burst())) == [200, 200, 429, 429]


def test_the_catalogue_describes_records(served: Served) -> None:
    schema = asyncio.run(served.api.jsonschema("transaction"))
    assert schema["properties"]["trandate"] == {"type": "string", "format": "date"}
    document = asyncio.run(served.api.openapi(["account", "item"]))
    assert sorted(document["components"]["schemas"]) == ["account", "item"]
    assert served.call("GET", "/record/v1/metadata-catalog/nothing").status_code == 404


def test_a_journal_is_posted_and_found_again(served: Served) -> None:
    answer = served.post_journal(journal(memo="correction", custbody_source_document="INV-1"))
    assert answer.status_code == 204
    identity = answer.headers["Location"].rsplit("/", 1)[1]
    shown = loads(served.call("GET", "/record/v1/journalEntry/eid:q2c-1", params={"expandSubResources": "true"}).text)
    assert (shown["id"], shown["approved"], shown["memo"]) == (identity, True, "correction")
    assert [line.get("debit") for line in shown["line"]["items"]] == [10.5, None]
    postings = served.rows(
        f"SELECT account, amount, debit, credit, posting FROM transactionaccountingline WHERE transaction = {identity} "
        "AND accountingbook = 1 ORDER BY transactionline"
    )
    assert postings == [
        {"account": "4", "amount": "10.5", "debit": "10.5", "posting": "T"},
        {"account": "5", "amount": "-10.5", "credit": "10.5", "posting": "T"},
    ]
    stamp = f"SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS s FROM transaction WHERE id = {identity}"
    assert served.rows(stamp)[0]["s"].startswith("2026-01-31 22:00")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (journal("in_1"), None),
        (journal(credit="10.49"), "USER_ERROR"),
        (journal(tranDate="2025-12-15"), "USER_ERROR"),
        (journal(tranDate="2031-01-01"), "USER_ERROR"),
        (journal(nonsense=1), "INVALID_CONTENT"),
        (journal(subsidiary={"id": "99"}), "INVALID_KEY_OR_REF"),
        (journal(subsidiary=None), "USER_ERROR"),
        (journal(tranDate="yesterday"), "INVALID_CONTENT"),
    ],
)
def test_a_journal_is_refused_by_the_books_rules(served: Served, body: dict[str, Any], expected: str | None) -> None:
    before = len(served.store.tables["transaction"])
    answer = served.post_journal(body)
    if expected is None:
        assert answer.status_code == 204  # an external id is unique per record type, and in_1 is an invoice
    else:
        assert code(answer) == (400, expected)
        assert len(served.store.tables["transaction"]) == before


def test_an_external_id_is_used_once(served: Served) -> None:
    assert served.post_journal(journal()).status_code == 204
    assert code(served.post_journal(journal())) == (400, "DUP_RCRD")


def test_a_draft_stays_out_of_the_ledger_until_approved(served: Served) -> None:
    served.post_journal(journal(approved=False))
    open_lines = "SELECT COUNT(*) AS n FROM transactionaccountingline WHERE transaction = 104 AND posting = 'T'"
    assert served.rows(open_lines) == [{"n": "0"}]
    assert served.call("PATCH", "/record/v1/journalEntry/104", json={"approved": True}).status_code == 204
    assert served.rows(open_lines) == [{"n": "4"}]
    assert code(served.call("DELETE", "/record/v1/journalEntry/104")) == (400, "USER_ERROR")


def test_a_deleted_draft_leaves_a_trace(served: Served) -> None:
    served.post_journal(journal(approved=False))
    assert served.call("DELETE", "/record/v1/journalEntry/eid:q2c-1").status_code == 204
    assert code(served.call("GET", "/record/v1/journalEntry/104")) == (404, "NONEXISTENT_ID")
    assert served.rows("SELECT type, recordid FROM deletedrecord") == [{"type": "journalentry", "recordid": "104"}]


def test_upsert_creates_then_replaces(served: Served) -> None:
    for amount in ("5.00", "7.00"):
        answer = served.call("PUT", "/record/v1/journalEntry/eid:up-1", json=journal(None, amount, amount))
        assert answer.headers["Location"].endswith("/journalEntry/104")
    total = "SELECT SUM(debit) AS d, COUNT(*) AS n FROM transactionaccountingline WHERE transaction = 104 AND accountingbook = 1"
    assert served.rows(total) == [{"d": "7", "n": "2"}]


def test_lines_merge_or_are_replaced(served: Served) -> None:
    served.post_journal(journal())
    change = {"line": {"items": [{"line": 0, "memo": "first"}]}}
    assert served.call("PATCH", "/record/v1/journalEntry/104", json=change).status_code == 204
    lines = served.rows("SELECT memo, foreignamount FROM transactionline WHERE transaction = 104 ORDER BY id")
    assert lines == [{"memo": "first", "foreignamount": "10.5"}, {"foreignamount": "-10.5"}]
    lone = served.call("PATCH", "/record/v1/journalEntry/104", json=change, params={"replace": "line"})
    assert lone.status_code == 400


def test_a_reversal_date_makes_the_opposite_journal(served: Served) -> None:
    served.post_journal(journal())
    assert served.call("PATCH", "/record/v1/journalEntry/104", json={"reversalDate": "2026-02-01"}).status_code == 204
    assert served.rows("SELECT reversal FROM transaction WHERE id = 104") == [{"reversal": "105"}]
    found = served.rows(
        "SELECT t.isreversal, l.foreignamount FROM transaction t "
        "JOIN transactionline l ON l.transaction = t.id WHERE t.id = 105 ORDER BY l.id"
    )
    assert found == [{"isreversal": "T", "foreignamount": "-10.5"}, {"isreversal": "T", "foreignamount": "10.5"}]


def test_a_reversal_that_cannot_be_posted_changes_nothing(served: Served) -> None:
    served.post_journal(journal())
    for day in ("2025-12-31", "2031-01-01"):
        answer = served.call("PATCH", "/record/v1/journalEntry/104", json={"reversalDate": day})
        assert code(answer) == (400, "USER_ERROR")
    assert served.rows("SELECT id, reversaldate FROM transaction WHERE id >= 104") == [{"id": "104"}]


def test_a_reader_never_sees_half_a_write(served: Served) -> None:
    served.post_journal(journal())
    seen = set()
    with served.store.at_once():
        for key in served.store.lines("transactionline", "104"):
            served.store.remove("transactionline", key)
            seen.add(served.rows("SELECT COUNT(*) AS n FROM transactionline WHERE transaction = 104")[0]["n"])
    assert seen == {"2"}
    assert served.rows("SELECT COUNT(*) AS n FROM transactionline WHERE transaction = 104") == [{"n": "0"}]


def test_an_asynchronous_request_is_a_job_and_its_key_counts_once(served: Served) -> None:
    headers = {"Prefer": "respond-async", "X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    accepted = served.post_journal(journal(), **headers)
    assert accepted.status_code == 202
    job = accepted.headers["Location"].partition("/services/rest")[2]
    assert [served.call("GET", job).json()["completed"] for _ in range(2)] == [False, True]
    assert served.call("GET", f"{job}/task/").json()["totalResults"] == 1
    result = served.call("GET", f"{job}/task/1/result")
    assert (result.status_code, result.headers["Location"][-4:]) == (204, "/104")
    repeated = served.post_journal(journal("q2c-2"), **headers)
    assert code(repeated) == (400, "IDEMPOTENCY_ERROR")
    assert repeated.headers["Location"].endswith(job.rsplit("/", 1)[1])
    failed = served.post_journal(journal(), Prefer="respond-async")
    failed_job = failed.headers["Location"].partition("/services/rest")[2]
    assert code(served.call("GET", f"{failed_job}/task/1/result")) == (400, "DUP_RCRD")


def test_a_batch_is_one_job_with_a_task_for_each_record(served: Served) -> None:
    wrong = journal("q2c-2") | {"tranDate": "2025-12-31"}
    accepted = served.post_journal({"items": [journal("q2c-1"), wrong, journal("q2c-3")]}, Prefer="respond-async")
    job = accepted.headers["Location"].partition("/services/rest")[2]
    assert [one["id"] for one in served.call("GET", f"{job}/task").json()["items"]] == ["1", "2", "3"]
    answers = [served.call("GET", f"{job}/task/{number}/result") for number in (1, 2, 3)]
    assert [answer.status_code for answer in answers] == [204, 400, 204]
    assert code(served.call("GET", f"{job}/task/4/result")) == (404, "NONEXISTENT_ID")
    many = {"items": [journal(f"many-{number}") for number in range(101)]}
    assert code(served.post_journal(many, Prefer="respond-async")) == (400, "INVALID_CONTENT")


def test_not_even_a_draft_goes_into_a_closed_period(served: Served) -> None:
    closed = journal(approved=False) | {"tranDate": "2025-12-31"}
    assert code(served.post_journal(closed)) == (400, "USER_ERROR")


def test_a_customer_is_read_listed_and_changed(served: Served) -> None:
    assert served.call("GET", "/record/v1/customer").json()["items"][0]["id"] == "11"
    assert served.call("PATCH", "/record/v1/customer/eid:001A", json={"externalId": "001B"}).status_code == 204
    assert served.call("GET", "/record/v1/customer/eid:001B").json()["id"] == "11"
    assert served.call("PATCH", "/record/v1/customer/11", json={"nope": 1}).status_code == 400
    moved = served.rows("SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD') AS day FROM customer")
    assert moved == [{"day": "2026-01-31"}]


def test_rows_may_change_between_pages(served: Served) -> None:
    served.app.state.account.between_pages = lambda: served.store.touch("transaction", "101", memo="edited")
    text = "SELECT id, memo FROM transaction ORDER BY lastmodifieddate, id"
    first, second = served.suiteql(text, 2), served.suiteql(text, 2, 2)
    assert [row["id"] for row in first["items"]] == ["101", "102"]
    assert second["items"] == [{"id": "101", "memo": "edited"}]


def test_planted_faults_are_shown() -> None:
    faults = [
        Misbehaviour("netsuite", "omit_record", "currencyrate", {"id": "3"}),
        Misbehaviour("netsuite", "malformed_row", "item", {"id": "41", "field": "lastmodifieddate", "value": "soon"}),
        Misbehaviour("netsuite", "new_column", "item", {"field": "custitem_new", "value": "x"}),
        Misbehaviour("netsuite", "missing_column", "customer", {"field": "terms"}),
    ]
    app = create_app(ledger(*faults))
    with serve(app) as running:
        served = Served(app, running.url)
        assert served.suiteql("SELECT id FROM currencyrate")["totalResults"] == 4
        assert served.rows("SELECT COUNT(*) AS n FROM currencyrate") == [{"n": "5"}]
        stamps = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD') AS d, custitem_new FROM item ORDER BY id"
        assert served.rows(stamps) == [{"d": "soon", "custitem_new": "x"}, {"d": "2025-06-01", "custitem_new": "x"}]
        with pytest.raises(NetsuiteAPIRequestError):
            served.rows("SELECT terms FROM customer")
