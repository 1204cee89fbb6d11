"""Makes one accounting month again: its cells in every grid, and all that is computed from cells; other months' cells stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from q2c_pipeline.engine.refresh import Refresh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from q2c_pipeline.engine.runner import Warehouse
    from q2c_pipeline.engine.sqlfiles import SqlFile

CELLS = frozenset({"grid.booked_billed", "grid.billed_posted", "grid.posted_recognised", "grid.deferred_movement"})
"""Tables of cells that are of one month each, most of the work; the others look at cells of several months, and are small."""
_GIVEN = ("mapped", "landing", "policy", "identity")
"""Schemas of what is given to the SQL files."""


class Month(Refresh):
    """Makes the tables one by one as `Refresh` does, of `CELLS` only the rows of `period` (the month's first day).

    Tables that read no cells stay as they are, unless anything was landed, or a day passed, since the last night: then they are
    made again, the cells of other months are older than they, and the next night is a whole one. At any doubt everything is made.
    """

    def __init__(self, warehouse: Warehouse, files: Sequence[SqlFile], params: Mapping[str, Any], period: date) -> None:
        self._period = period
        self._is_as_last_night = False
        super().__init__(warehouse, files, params)

    def _prepare(self, *, full: bool) -> None:
        is_that_day = self._last_night() == self._params["as_of"]
        landed = "(select batch_id from landing.batch except select batch_id from night.batch)"
        self._is_as_last_night = is_that_day and not full and not self._warehouse.count(landed)

    def _run(self, file: SqlFile) -> int:
        if self.doubt is None and file.name in CELLS:
            return self._warehouse.remake(file, self._params, self._period).rows
        if self.doubt is None and self._is_as_last_night and self._reads_what_stands(file):
            self._same.add(file.name)
            return self._warehouse.count(file.name)
        return self._warehouse.run_file(file, self._params).rows

    def _reads_what_stands(self, file: SqlFile) -> bool:
        return all(name in self._same or name.partition(".")[0] in _GIVEN for name in file.upstreams)

    def _finish(self) -> None:
        if self.doubt is not None or self._is_as_last_night:
            super()._finish()
