-- grain:   one row
-- params:  as_of, group_currency
-- owner:   controllership
-- says:    the figures by which runs are compared with each other; amounts in group currency
-- example: 2026-03-31: 12 exceptions, 14,500.00 USD at risk, 0 of 640 lines of the bridge unexplained, 2 rejects
with found as ( -- the exceptions of all legs; those in a currency without a rate are in no sum
    select
        count(*) as exceptions,
        count(*) filter (where currency is not null and amount_at_risk is null) as unrated_exceptions,
        coalesce(sum(amount_at_risk), cast(0 as decimal(20, 4))) as amount_at_risk
    from recon.exception
),

bridged as ( -- the lines of the bridge, those that do not close, and those with something in flight
    select
        count(*) as bridge_lines,
        count(*) filter (where unexplained_amount <> 0 or remainder_amount <> 0) as unexplained_lines,
        count(*) filter (where timing_amount <> 0) as timing_lines
    from mart.bridge_line
),

unrun as ( -- the controls that could not look
    select count(*) as controls_not_run
    from recon.control_result
    where status = 'not_run'
),

rejected as ( -- the records that could not be read
    select count(*) as rejects
    from canonical.open_reject
)

select
    cast($as_of as date) as as_of,
    cast($group_currency as varchar) as group_currency,
    found.exceptions, found.amount_at_risk, found.unrated_exceptions, bridged.bridge_lines, bridged.unexplained_lines, bridged.timing_lines,
    unrun.controls_not_run, rejected.rejects
from found
cross join bridged
cross join unrun
cross join rejected
