"""Reads the part of SOQL that a reconciliation needs into a small tree; anything else is MALFORMED_QUERY."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.salesforce.problems import malformed

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | '(?P<string>(?:\\.|[^'\\])*)'
    | (?P<name>[A-Za-z_][\w.]*)
    | (?P<mark><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_COMPARISONS = {"=", "!=", "<>", "<", "<=", ">", ">="}
_FUNCTIONS = {"COUNT", "SUM", "MIN", "MAX"}
Token = tuple[str, str]


@dataclass(frozen=True)
class Compare:
    """`name op value`; op is one of = != < <= > >= in, not in."""

    name: str
    op: str
    value: Any


@dataclass(frozen=True)
class Combine:
    """Conditions joined by one of and, or, not."""

    op: str
    parts: tuple[Condition, ...]


Condition = Compare | Combine


@dataclass(frozen=True)
class Aggregate:
    """SUM(x), COUNT(x) or the bare COUNT(), with the name that its value has in the reply."""

    function: str
    name: str | None
    alias: str | None


@dataclass(frozen=True)
class Order:
    """One ORDER BY key."""

    name: str
    descending: bool
    nulls_last: bool


@dataclass
class Query:
    """A parsed SELECT."""

    source: str
    columns: list[str] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    where: Condition | None = None
    group_by: list[str] = field(default_factory=list)
    order_by: list[Order] = field(default_factory=list)
    limit: int | None = None

    @property
    def is_bare_count(self) -> bool:
        """Whether this is SELECT COUNT(), which answers in totalSize."""
        return self.aggregates == [Aggregate("COUNT", None, None)]


def parse(text: str) -> Query:
    """The tree of one SOQL query."""
    return _Parser(_tokens(text)).query()


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise malformed(f"unexpected token: '{text[position:].strip()[:20]}'")
        kind = str(match.lastgroup)
        found.append((kind, match.group(kind)))
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at = tokens, 0

    def query(self) -> Query:
        self._keyword("SELECT")
        columns, aggregates = self._select_list()
        self._keyword("FROM")
        query = Query(self._name(), columns, aggregates)
        query.where = self._condition() if self._accept("WHERE") else None
        query.group_by = self._names() if self._accept("GROUP", "BY") else []
        query.order_by = self._orders() if self._accept("ORDER", "BY") else []
        query.limit = int(self._take("number")) if self._accept("LIMIT") else None
        if self._at < len(self._tokens):
            raise malformed(f"unexpected token: '{self._tokens[self._at][1]}'")
        return query

    def _select_list(self) -> tuple[list[str], list[Aggregate]]:
        columns: list[str] = []
        aggregates: list[Aggregate] = []
        while True:
            name = self._name()
            if name.upper() in _FUNCTIONS and self._mark("("):
                aggregates.append(self._aggregate(name.upper()))
            else:
                columns.append(name)
            if not self._mark(","):
                return columns, aggregates

    def _aggregate(self, function: str) -> Aggregate:
        argument = None if self._peek() == ("mark", ")") else self._name()
        self._expect(")")
        kind, text = self._peek()
        alias = self._name() if kind == "name" and text.upper() != "FROM" else None
        return Aggregate(function, argument, alias)

    def _condition(self) -> Condition:
        parts = [self._term()]
        joint: str | None = None
        while (word := next((w for w in ("AND", "OR") if self._accept(w)), None)) is not None:
            if joint not in {None, word}:
                raise malformed("unexpected token: mix of AND and OR needs parentheses")
            joint = word
            parts.append(self._term())
        return Combine((joint or "AND").lower(), tuple(parts)) if len(parts) > 1 else parts[0]

    def _term(self) -> Condition:
        if self._accept("NOT"):
            return Combine("not", (self._term(),))
        if self._mark("("):
            inner = self._condition()
            self._expect(")")
            return inner
        return self._comparison(self._name())

    def _comparison(self, name: str) -> Compare:
        if self._accept("NOT", "IN"):
            return Compare(name, "not in", self._list())
        if self._accept("IN"):
            return Compare(name, "in", self._list())
        op = self._take("mark")
        if op not in _COMPARISONS:
            raise malformed(f"unexpected token: '{op}'")
        return Compare(name, "!=" if op == "<>" else op, self._literal())

    def _list(self) -> tuple[Any, ...]:
        self._expect("(")
        values = [self._literal()]
        while self._mark(","):
            values.append(self._literal())
        self._expect(")")
        return tuple(values)

    def _literal(self) -> Any:
        kind, text = self._next()
        if kind == "name" and text.lower() in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[text.lower()]
        if kind not in _READERS:
            raise malformed(f"unexpected token: '{text}'")
        return _READERS[kind](text)

    def _orders(self) -> list[Order]:
        found = [self._order()]
        while self._mark(","):
            found.append(self._order())
        return found

    def _order(self) -> Order:
        name = self._name()
        descending = not self._accept("ASC") and self._accept("DESC")
        nulls_last = not self._accept("NULLS", "FIRST") and self._accept("NULLS", "LAST")
        return Order(name, descending, nulls_last)

    def _names(self) -> list[str]:
        names = [self._name()]
        while self._mark(","):
            names.append(self._name())
        return names

    def _peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ("end", "<EOF>")

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise malformed(f"unexpected token: '{text}'")
        return text

    def _name(self) -> str:
        return self._take("name")

    def _keyword(self, word: str) -> None:
        if not self._accept(word):
            raise malformed(f"expecting {word}, found '{self._peek()[1]}'")

    def _expect(self, mark: str) -> None:
        if not self._mark(mark):
            raise malformed(f"expecting '{mark}', found '{self._peek()[1]}'")

    def _mark(self, mark: str) -> bool:
        if self._peek() != ("mark", mark):
            return False
        self._at += 1
        return True

    def _accept(self, *words: str) -> bool:
        ahead = [self._peek(i) for i in range(len(words))]
        if any(kind != "name" or text.upper() != word for (kind, text), word in zip(ahead, words, strict=True)):
            return False
        self._at += len(words)
        return True


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(1)), text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_READERS: dict[str, Callable[[str], Any]] = {
    "string": _unescape,
    "number": Decimal,
    "date": date.fromisoformat,
    "datetime": _instant,
}
