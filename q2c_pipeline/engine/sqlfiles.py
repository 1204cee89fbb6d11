"""SQL files: one file is one SELECT is one table; its header is comments, its upstreams come from its syntax tree."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from q2c_pipeline.domain.kinds import Role
from q2c_pipeline.domain.people import Queue
from q2c_pipeline.errors import ConfigurationError, SqlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REQUIRED = ("grain", "owner", "says")
OPTIONAL = ("params", "example")
CONTROL = ("control", "priority", "severity", "queue", "repair")
CONTROL_OPTIONAL = ("needs",)
"""Roles of the systems without which a control does not run, where they are not those of its leg."""
CONTROL_FOLDER = "50_control"
REPAIR = ("control", "action")
REPAIR_FOLDER = "65_repair"
ASSERTION_FOLDER = "assertions"
ASSERTION = ("severity",)
GENERATED_ORDER = 55
"""The generated tables of schema `control` come after the controls (50) and before what reads them (60)."""

_FOLDER = re.compile(r"^(?P<order>\d\d)_(?P<schema>[a-z]+)$")
_KEY = re.compile(r"^--\s?(?P<key>[a-z_]+):(?P<value>.*)$")
_PARAMETER = re.compile(r"\$([a-z_]+)")
OUTSIDE = frozenset({"mapped", "policy", "landing", "identity"})
"""Schemas that other steps fill: before any SQL file runs, or, for identity, before the files of 20_link."""


@dataclass(frozen=True)
class SqlFile:
    """A SELECT with a name: the table `schema.table` that it makes and what its header says about it."""

    path: str
    schema: str
    table: str
    order: int
    header: Mapping[str, str]
    sql: str = field(repr=False)

    @property
    def name(self) -> str:
        """Qualified table name, which is also its asset key and its place on disk."""
        return f"{self.schema}.{self.table}"

    @property
    def params(self) -> tuple[str, ...]:
        """Names of the policy values that the statement reads."""
        return tuple(_words(self.header.get("params", "")))

    @property
    def is_control(self) -> bool:
        """Whether the file is a control: the cause of breaks."""
        return "control" in self.header and not self.is_repair

    @property
    def is_repair(self) -> bool:
        """Whether the file proposes what to do about the breaks of one control."""
        return "action" in self.header

    @property
    def tree(self) -> exp.Expr:
        """Syntax tree of the statement."""
        return _parsed(self.sql, self.path)

    @property
    def upstreams(self) -> tuple[str, ...]:
        """Tables that the statement reads, sorted; its own common table expressions left out."""
        return _upstreams(self.sql, self.path)

    @property
    def names(self) -> frozenset[str]:
        """Every name in the statement, those of the columns that it reads among them."""
        return _names(self.sql, self.path)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that the statement makes, in order."""
        return tuple(self.tree.named_selects) if isinstance(self.tree, exp.Query) else ()


def sql_root() -> Path:
    """Folder of the SQL files: beside the package in a checkout, inside it in an installed wheel."""
    package = Path(__file__).resolve().parents[1]
    found = [root for root in (package.parent / "sql", package / "_sql") if (root / "10_canonical").is_dir()]
    if not found:
        raise ConfigurationError(
            expected="a folder of SQL files with 10_canonical in it",
            found="neither sql/ beside the package nor _sql/ inside it",
            where="installation",
            next_step="install the wheel again, or work in a complete checkout",
        )
    return found[0]


def load(root: Path | None = None) -> list[SqlFile]:
    """All files that make tables, in numbered-folder order; ready-made queries and assertions are not among them."""
    base = root or sql_root()
    return [file for file in _read_all(base) if file.schema not in {"analyst", "assertion"}]


def load_analyst(root: Path | None = None) -> list[SqlFile]:
    """The ready-made queries of 80_analyst."""
    return [file for file in _read_all(root or sql_root()) if file.schema == "analyst"]


def load_assertions(root: Path | None = None) -> list[SqlFile]:
    """The queries that return rows only where a truth is broken."""
    return [file for file in _read_all(root or sql_root()) if file.schema == "assertion"]


def _read_all(base: Path) -> list[SqlFile]:
    return [read(path) for path in sorted(base.glob("*/*.sql")) if path.parent.name != "reference"]


def read(path: Path) -> SqlFile:
    """One file with its header checked; folder `40_grid` and stem `booked_billed` make `grid.booked_billed`."""
    text = path.read_text(encoding="utf-8")
    order, schema = _place(path)
    where = f"sql/{path.parent.name}/{path.name}"
    header = _header(text, where, path.parent.name)
    file = SqlFile(where, schema, path.stem, order, header, text)
    _check_params(file)
    return file


def parse(sql: str, where: str) -> exp.Expr:
    """Syntax tree of exactly one statement."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect="duckdb") if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise SqlError(
            expected="one SELECT in DuckDB's dialect", found=str(error), where=where, next_step="correct the statement"
        ) from error
    if len(trees) != 1:
        raise SqlError(
            expected="one statement", found=f"{len(trees)}", where=where, next_step="one file makes one table: split it"
        )
    return trees[0]


@cache
def _parsed(sql: str, where: str) -> exp.Expr:
    """What `parse` gives, once a process for the same text: trees are read and never changed, and 200 files take a second."""
    return parse(sql, where)


@cache
def _upstreams(sql: str, where: str) -> tuple[str, ...]:
    tree = _parsed(sql, where)
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = (t for t in tree.find_all(exp.Table) if t.db or t.name not in named)
    return tuple(sorted({f"{t.db}.{t.name}" if t.db else t.name for t in tables}))


@cache
def _names(sql: str, where: str) -> frozenset[str]:
    return frozenset(str(identifier.this) for identifier in _parsed(sql, where).find_all(exp.Identifier))


def _place(path: Path) -> tuple[int, str]:
    if path.parent.name == ASSERTION_FOLDER:
        return 90, "assertion"
    match = _FOLDER.match(path.parent.name)
    if match is None:
        raise SqlError(
            expected="a folder named like 40_grid",
            found=path.parent.name,
            where=str(path.name),
            next_step="move the file into a numbered folder",
        )
    return int(match["order"]), match["schema"]


def _header(text: str, where: str, folder: str) -> dict[str, str]:
    """The `-- key: value` lines at the top; an indented line continues the value above it, any other is a remark."""
    needed = REQUIRED + (CONTROL if folder == CONTROL_FOLDER else ())
    extra = {CONTROL_FOLDER: CONTROL_OPTIONAL, ASSERTION_FOLDER: ASSERTION, REPAIR_FOLDER: REPAIR}
    allowed = needed + OPTIONAL + extra.get(folder, ())
    header: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        match = _KEY.match(line)
        if match:
            key = _known_key(match["key"], allowed, where)
            header[key] = match["value"].strip()
        elif key and line.startswith("--  "):
            header[key] += " " + line.lstrip("- ").strip()
        else:
            key = ""
    _check_complete(header, needed, where)
    _check_queue(header, where)
    _check_needs(header, where)
    return header


def _known_key(key: str, allowed: tuple[str, ...], where: str) -> str:
    if key in allowed:
        return key
    near = difflib.get_close_matches(key, allowed, n=1)
    raise SqlError(
        expected=f"header keys {', '.join(allowed)}",
        found=f"'{key}'",
        where=where,
        next_step=f"write '{near[0]}'" if near else "remove the line, or move it below the header",
    )


def _check_complete(header: Mapping[str, str], needed: Iterable[str], where: str) -> None:
    missing = [key for key in needed if not header.get(key)]
    if missing:
        raise SqlError(
            expected=f"header lines {', '.join(needed)}",
            found=f"no {', '.join(missing)}",
            where=where,
            next_step=f"add '-- {missing[0]}: ...' at the top of the file",
        )


def _check_queue(header: Mapping[str, str], where: str) -> None:
    if header.get("queue", Queue.TAX) not in set(Queue):
        raise SqlError(
            expected=f"one of the queues {', '.join(Queue)}",
            found=f"'{header['queue']}'",
            where=where,
            next_step="send the control's exceptions to a queue that somebody works on",
        )


def _check_needs(header: Mapping[str, str], where: str) -> None:
    unknown = [one for one in _words(header.get("needs", "")) if one not in set(Role)]
    if unknown:
        raise SqlError(
            expected=f"needs: some of {', '.join(Role)}",
            found=f"'{unknown[0]}'",
            where=where,
            next_step="name the roles of the systems that the control cannot do without",
        )


def _check_params(file: SqlFile) -> None:
    body = "\n".join(line for line in file.sql.splitlines() if not line.lstrip().startswith("--"))
    used = set(_PARAMETER.findall(body))
    if used != set(file.params):
        raise SqlError(
            expected=f"params: {', '.join(sorted(used)) or 'none'}",
            found=f"params: {', '.join(sorted(file.params)) or 'none'}",
            where=file.path,
            next_step="let the header's params line name exactly the parameters that the statement reads",
        )


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]
