-- control:  BB03
-- priority: 22
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     subscription starts or ends on other dates than the contract
-- example:  sold from 1 March, the subscription starts on 1 April: March owes 1,000.00 and nothing bills it
-- repair:   amend dates
-- Only cells that the other dates explain: periods before the subscription began or after it ended that nothing bills, and, where it
-- began on another day, periods that no contract knows. What was billed after the contract's own end is BB09's.
with dated as ( -- dates of the subscriptions that bill each original line
    select
        k.root_line_key,
        min(s.start_date) as subscribed_date,
        -- the first day without service; a subscription that goes on has none
        case when count(s.canceled_date) = count(*) then max(s.canceled_date) end as ended_date
    from link.contract_line as k
    inner join canonical.subscription as s on k.subscription_key = s.instance || ':' || s.source_id
    group by k.root_line_key
)

select
    c.cell_id,
    c.subject_key,
    'BB' as leg,
    c.legal_entity_code,
    c.currency,
    c.period,
    c.difference_amount,
    'contract runs from ' || cast(b.start_date as varchar) || ', its subscription from ' || cast(d.subscribed_date as varchar)
    || coalesce(' until before ' || cast(d.ended_date as varchar), '') || ': owed ' || c.left_text || ', billed ' || c.right_text
    || ' for the period from ' || cast(c.service_start_date as varchar) as reason,
    c.evidence
from grid.booked_billed_break as c
inner join dated as d on c.contract_line_key = d.root_line_key
inner join link.booked_line as b on c.contract_line_key = b.contract_line_key
where
    not c.is_ended
    and c.is_home
    and (
        (c.is_nothing_billed and c.left_amount > 0 and (c.service_start_date < d.subscribed_date or c.service_start_date >= d.ended_date))
        or (d.subscribed_date <> b.start_date and (c.is_nothing_billed or c.left_amount = 0))
    )
