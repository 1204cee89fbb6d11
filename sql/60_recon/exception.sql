-- grain:   exception_id
-- params:  group_currency, severity_high_amount, severity_critical_amount
-- owner:   controllership
-- says:    the breaks: won cells and findings grouped by cause, subject and currency, with amount, severity and who works on it
-- example: price drift of ORD-00056/1 over five months: one exception BB04 of 250.00 USD
-- A billed-posted exception is worth its receivable; if that nets out (posted elsewhere), the receivable of the document's own
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
        min(reason) as reason
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
),

risked as ( -- amount at risk, rounded once at the group currency's exponent
    select
        control_id, leg, subject_key, currency, legal_entity_code, first_period, last_period, cell_count, reason, evidence,
        difference_amount,
        cast(case exponent
            when 0 then round(abs(cast(difference_amount as decimal(38, 4))) * exchange_rate, 0)
            when 3 then round(abs(cast(difference_amount as decimal(38, 4))) * exchange_rate, 3)
            else round(abs(cast(difference_amount as decimal(38, 4))) * exchange_rate, 2)
        end as decimal(20, 4)) as amount_at_risk
    from valued
)

select
    sha256(
        '["' || r.control_id || '","' || r.leg || '","' || replace(r.subject_key, '"', '\"') || '",'
        || coalesce('"' || r.currency || '"', 'null') || ',' || coalesce('"' || cast(r.first_period as varchar) || '"', 'null') || ']'
    ) as exception_id,
    r.control_id,
    r.leg,
    r.subject_key,
    r.legal_entity_code,
    r.currency,
    r.first_period,
    r.last_period,
    r.cell_count,
    r.difference_amount,
    case when r.currency is null then cast(0 as decimal(20, 4)) else r.amount_at_risk end as amount_at_risk,
    case
        when r.currency is null or r.amount_at_risk is null then c.severity
        when r.amount_at_risk >= $severity_critical_amount then 'critical'
        when r.amount_at_risk >= $severity_high_amount then 'high'
        else c.severity
    end as severity,
    c.queue,
    c.owner,
    r.reason,
    c.repair,
    r.evidence
from risked as r
inner join control.catalogue as c on r.control_id = c.control_id
