-- grain:    cell_id
-- owner:    controllership
-- says:     every differing cell of every grid has exactly one cause, and no agreeing cell has one
-- severity: error
with cell as ( -- differing cells of all grids
    select cell_id from grid.booked_billed where difference_amount <> 0
    union all
    select cell_id from grid.billed_posted where difference_amount <> 0
    union all
    select cell_id from grid.posted_recognised where difference_amount <> 0
    union all
    select cell_id from grid.subledger_ledger where difference_amount <> 0
    union all
    select cell_id from grid.deferred_movement where difference_amount <> 0
    union all
    select cell_id from grid.exchange_effect where difference_amount <> 0
),

counted as ( -- how often each stands in the grids and among the causes
    select
        cell_id,
        sum(in_grid) as in_grid,
        sum(in_cause) as in_cause
    from (
        select cell_id, 1 as in_grid, 0 as in_cause from cell
        union all
        select cell_id, 0 as in_grid, 1 as in_cause from recon.cell_cause
    ) as both_sides
    group by cell_id
)

select cell_id, in_grid, in_cause
from counted
where in_grid <> 1 or in_cause <> 1
