-- control:  LA01
-- priority: 90
-- severity: low
-- grain:    won deal, order or billing document that took too long
-- params:   as_of, order_sla_days
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     closed-won to order, first due day to first invoice, or invoice to posting took longer than agreed
-- example:  OPP-00034 won on 1 May, its order activated on 12 May: 11 days where 2 are agreed
-- repair:   alert
with ordered as ( -- won deals with the day of their first activated order
    select
        o.instance, o.source_id, o.opportunity_number, o.close_date,
        min(coalesce(cast(c.activated_at as date), c.start_date)) as activated_date,
        min(c.legal_entity_code) as legal_entity_code
    from canonical.opportunity as o
    left join canonical.contract as c
        on
            o.instance = c.instance and o.source_id = c.opportunity_source_id and c.contract_status = 'activated'
            and coalesce(cast(c.activated_at as date), c.start_date) <= $as_of
    where o.opportunity_stage = 'won' and o.close_date <= $as_of
    group by o.instance, o.source_id, o.opportunity_number, o.close_date
),

unreadable as ( -- won deals without an order that a record in quarantine names: it may be their order
    select
        o.instance, o.source_id as opportunity_source_id,
        min('reject|' || q.instance || '|' || q.object_name || '|' || q.source_id) as reject_cell_id
    from ordered as o
    inner join landing.reject as j on o.instance = j.instance and contains(j.record, o.source_id)
    inner join canonical.open_reject as q on j.batch_id = q.batch_id and j.row_number = q.row_number
    where o.activated_date is null and q.source_id <> o.source_id
    group by o.instance, o.source_id
),

late as ( -- the three ways, each past its agreed days
    select
        ordered.instance, 'opportunity' as table_name, ordered.source_id, opportunity_number as subject_key, legal_entity_code,
        'won on ' || cast(close_date as varchar) || ', '
        || coalesce('order activated on ' || cast(activated_date as varchar), 'no order yet') || ': '
        || cast(coalesce(activated_date, $as_of) - close_date as varchar) || ' days where '
        || cast($order_sla_days as varchar) || ' are agreed' as reason,
        'an activated order by ' || cast(close_date + cast($order_sla_days as integer) as varchar) || ', '
        || cast($order_sla_days as varchar) || ' days after the deal was won' as wanted,
        coalesce('it was activated on ' || cast(activated_date as varchar), 'none on ' || cast(cast($as_of as date) as varchar)) as found,
        u.reject_cell_id
    from ordered
    left join unreadable as u on ordered.instance = u.instance and ordered.source_id = u.opportunity_source_id
    where coalesce(activated_date, $as_of) > close_date + cast($order_sla_days as integer)
    union all
    select
        instance, table_name, source_id, subject_key, legal_entity_code, reason, wanted, found,
        cast(null as varchar) as reject_cell_id
    from grid.late_step
)

select
    reject_cell_id as cell_id,
    subject_key,
    'LA' as leg,
    legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    reason,
    '[{"instance":"' || instance || '","table":"' || table_name || '","source_id":"' || source_id || '"}]' as evidence,
    wanted as expected_text,
    found as found_text
from late
