-- control:  RR01
-- priority: 30
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     revenue recognised differs from schedule: too early, too late or never
-- repair:   draft journal
-- example:  March releases 0.00 of the 120.00 that are due, April 240.00: too late, worth 120.00
-- Worth what was not released (or, negative, released too much). Where all periods of a line net to zero, the money only moved from
-- month to month: it is worth what the first wrong period lacks or has too much; the periods that make up for it count 0 in the
-- exception (in the bridge all stand in full). A period whose release journal does not balance is BP12, not this.
with shifted as ( -- wrong periods of each line with what they add up to and which way the first one is wrong
    select
        cell_id, subject_key, grain_used, period, period_text, currency, legal_entity_code, difference_amount, left_text, right_text,
        evidence,
        sum(difference_amount) over (partition by subject_key, currency) as total_amount,
        first_value(sign(difference_amount)) over (
            partition by subject_key, currency order by period asc, legal_entity_code asc
        ) as first_direction
    from grid.posted_recognised_break
    where unbalanced_transaction_number is null and contract_state = 'in force'
)

select
    cell_id,
    subject_key,
    'RR' as leg,
    legal_entity_code,
    currency,
    period,
    case
        when total_amount = 0 and sign(difference_amount) <> first_direction then cast(0 as decimal(20, 4)) else difference_amount
    end as difference_amount,
    subject_key || ' has ' || left_text || ' to release in ' || period_text || ', released ' || right_text || case
        when total_amount = 0 and first_direction > 0 then ': too late'
        when total_amount = 0 then ': too early'
        when total_amount > 0 then ': never made up for'
        else ': more than was deferred'
    end || case when grain_used = 'entity' then ' (compared by entity, the release names no contract line)' else '' end as reason,
    evidence
from shifted
