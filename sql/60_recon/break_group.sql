-- grain:   control_id, leg, subject_key, currency
-- params:  group_currency
-- owner:   controllership
-- says:    won cells and findings grouped by cause, subject and currency, with their amount and its worth in group currency
-- example: price drift of ORD-00056/1 over five months: 250.00 USD of BB04
-- A billed-posted group is worth its receivable; if that nets out (posted elsewhere), the receivable of the document's own
-- entity and period; if no receivable differs, the other classes with their sign turned (they are credits).
with grouped as ( -- one row an exception with the sums that its amount is chosen from
    select
        control_id,
        leg,
        subject_key,
        currency,
        coalesce(min(legal_entity_code) filter (where is_home), min(legal_entity_code)) as legal_entity_code,
        min(period) as first_period,
        max(period) as last_period,
        count(cell_id) as cell_count,
        sum(own_amount) as own_amount,
        sum(difference_amount) as difference_amount,
        coalesce(sum(difference_amount) filter (where account_class = 'receivable'), 0) as receivable_amount,
        coalesce(sum(difference_amount) filter (where account_class = 'receivable' and is_home), 0) as home_amount,
        max(account_class) is not null as is_posting_leg,
        -- the finding's own sentence, else that of the first period, of receivable before other classes
        substr(min(
            case when own_amount is null then '1' else '0' end || coalesce(cast(period as varchar), '0000-00-00')
            || case when coalesce(account_class, 'receivable') = 'receivable' then '0' else '1' end || reason
        ), 13) || case when count(cell_id) > 1 then ' (first of ' || cast(count(cell_id) as varchar) || ' cells)' else '' end as reason
    from recon.break_item
    group by control_id, leg, subject_key, currency
),

proof as ( -- source records behind each exception, each once
    select
        control_id,
        subject_key,
        currency,
        unnest(string_split(substr(evidence, 3, length(evidence) - 4), '},{')) as record
    from recon.break_item
    where length(evidence) > 4
),

proven as ( -- the same as one list an exception
    select
        control_id,
        subject_key,
        currency,
        '[{' || string_agg(distinct record, '},{' order by record) || '}]' as evidence
    from proof
    group by control_id, subject_key, currency
),

valued as ( -- amount chosen, then turned into group currency
    select
        g.control_id, g.leg, g.subject_key, g.currency, g.legal_entity_code, g.first_period, g.last_period, g.cell_count, g.reason,
        p.evidence,
        cast(case
            when g.own_amount is not null then g.own_amount
            when not g.is_posting_leg then g.difference_amount
            when g.receivable_amount <> 0 then g.receivable_amount
            when g.home_amount <> 0 then g.home_amount
            else -g.difference_amount
        end as decimal(20, 4)) as difference_amount,
        r.exchange_rate,
        u.exponent
    from grouped as g
    left join proven as p
        on g.control_id = p.control_id and g.subject_key = p.subject_key and g.currency is not distinct from p.currency
    left join recon.group_rate as r on g.currency = r.currency
    left join canonical.currency_unit as u on u.currency = $group_currency
)

select -- amount at risk is rounded once at the group currency's exponent
    v.control_id,
    v.leg,
    v.subject_key,
    v.currency,
    v.legal_entity_code,
    v.first_period,
    v.last_period,
    v.cell_count,
    v.reason,
    v.evidence,
    v.difference_amount,
    -- each branch is cast by itself: a CASE over decimals of different scales takes the smallest scale and drops the cents
    case
        when v.currency is null then cast(0 as decimal(20, 4))
        when v.exponent = 0 then cast(round(abs(cast(v.difference_amount as decimal(38, 4))) * v.exchange_rate, 0) as decimal(20, 4))
        when v.exponent = 3 then cast(round(abs(cast(v.difference_amount as decimal(38, 4))) * v.exchange_rate, 3) as decimal(20, 4))
        else cast(round(abs(cast(v.difference_amount as decimal(38, 4))) * v.exchange_rate, 2) as decimal(20, 4))
    end as amount_at_risk,
    -- within every limit that the rule gives; a percentage of nothing tolerates nothing
    coalesce(
        abs(v.difference_amount) <= coalesce(t.tolerance_amount, abs(v.difference_amount))
        and (
            t.tolerance_percent is null
            or cast(abs(v.difference_amount) as decimal(20, 4)) * cast(100 as decimal(8, 4))
            <= cast(abs(x.expected_amount) as decimal(20, 4)) * t.tolerance_percent
        )
        and v.difference_amount <> 0 and t.scope_text is not null,
        false
    ) as is_tolerated,
    t.scope_text as tolerance_scope
from valued as v
left join recon.tolerance_rule as t
    on
        v.control_id = t.control_id and v.currency = t.currency
        and v.legal_entity_code is not distinct from t.legal_entity_code
left join recon.expected_amount as x
    on v.control_id = x.control_id and v.subject_key = x.subject_key and v.currency = x.currency
