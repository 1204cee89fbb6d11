-- control:  DQ11
-- priority: 50
-- severity: high
-- grain:    opportunity
-- params:   as_of
-- owner:    sales operations
-- queue:    finance_operations
-- says:     booking of a closed period was changed afterwards: moved to another period, to another amount, or not won any more
-- example:  OPP-00034 was won on 28 March with 12,000.00; March was closed on 10 May, on 20 May the day became 2 April
-- repair:   restate or reverse
-- A period counts as closed from the first of its closings in the ERP. The amount is what the closed period's bookings lost: as they
-- were when it was closed, minus as they are told now; what was moved into a closed period is negative. Each deal nets to one amount.
with winning as ( -- stages that the org calls won
    select distinct instance, stage_name
    from canonical.opportunity
    where is_won and stage_name is not null
),

state as ( -- what each deal said, and from when on
    select
        h.instance, h.opportunity_source_id, h.source_id, h.currency, h.created_at,
        w.stage_name is not null as is_won,
        h.close_date,
        coalesce(h.opportunity_amount, cast(0 as decimal(20, 4))) as amount,
        row_number() over (partition by h.instance, h.opportunity_source_id order by h.created_at, h.source_id) as state_number
    from canonical.opportunity_history as h
    left join winning as w on h.instance = w.instance and h.stage_name = w.stage_name
    where h.created_at <= cast($as_of + 1 as timestamp)
),

closing as ( -- when the books of each ordinary period were first closed
    select start_date, end_date, min(closed_at) as closed_at
    from canonical.accounting_period
    where not is_adjustment and period_state = 'closed' and closed_at is not null
    group by start_date, end_date
),

change as ( -- changes of a state into the next one, with the bookings of a closed period before and after
    select
        n.instance, n.opportunity_source_id, n.currency, n.created_at, c.start_date as period,
        case when s.is_won and s.close_date between c.start_date and c.end_date then s.amount else 0 end as old_amount,
        case when n.is_won and n.close_date between c.start_date and c.end_date then n.amount else 0 end as new_amount,
        s.close_date as old_date,
        n.close_date as new_date,
        n.is_won as is_still_won
    from state as s
    inner join state as n
        on s.instance = n.instance and s.opportunity_source_id = n.opportunity_source_id and s.state_number + 1 = n.state_number
    inner join closing as c
        on
            n.created_at > c.closed_at
            and (s.close_date between c.start_date and c.end_date or n.close_date between c.start_date and c.end_date)
)

select
    cast(null as varchar) as cell_id,
    o.opportunity_number as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    x.currency,
    min(x.period) as period,
    cast(sum(x.old_amount - x.new_amount) as decimal(20, 4)) as difference_amount,
    string_agg(
        cast(x.old_amount as varchar) || ' booked on ' || cast(x.old_date as varchar) || ' became ' || cast(x.new_amount as varchar)
        || case when x.is_still_won then ' on ' || cast(x.new_date as varchar) else ', not won any more' end || ', changed on '
        || cast(cast(x.created_at as date) as varchar) || ' after the period was closed',
        '; ' order by x.created_at, x.period
    ) as reason,
    '[{"instance":"' || x.instance || '","table":"opportunity","source_id":"' || x.opportunity_source_id || '"}]' as evidence,
    string_agg(cast(x.old_amount as varchar) || ' ' || x.currency || ' on ' || cast(x.old_date as varchar), '; ' order by x.created_at)
        as expected_text,
    string_agg(
        case
            when x.is_still_won then cast(x.new_amount as varchar) || ' ' || x.currency || ' on ' || cast(x.new_date as varchar)
            else 'not won'
        end, '; ' order by x.created_at
    ) as found_text
from change as x
inner join canonical.opportunity as o on x.instance = o.instance and x.opportunity_source_id = o.source_id
where x.old_amount <> x.new_amount
group by x.instance, x.opportunity_source_id, o.opportunity_number, x.currency
