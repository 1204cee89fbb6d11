-- control:  DQ10
-- priority: 20
-- severity: high
-- grain:    accounting period that begins before an earlier one of the same ledger has ended, or that ends before it begins
-- owner:    accounting
-- queue:    finance_operations
-- says:     accounting periods overlap or are turned round, so that a day belongs to two periods or to none
-- example:  Mar 2026 ends on 1 April, Apr 2026 starts on 1 April
-- repair:   repair at source
with ordered as ( -- ordinary periods with the latest end of those that begin before them
    select
        instance, source_id, period_name, start_date, end_date,
        max(end_date) over (
            partition by instance order by start_date, source_id rows between unbounded preceding and 1 preceding
        ) as earlier_end_date
    from canonical.accounting_period
    where not is_adjustment
)

select
    cast(null as varchar) as cell_id,
    instance || '/' || period_name as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    case
        when end_date < start_date
            then 'ends on ' || cast(end_date as varchar) || ', before it starts on ' || cast(start_date as varchar)
        else 'starts on ' || cast(start_date as varchar) || ', an earlier period ends on ' || cast(earlier_end_date as varchar)
    end as reason,
    '[{"instance":"' || instance || '","table":"accounting_period","source_id":"' || source_id || '"}]' as evidence,
    case
        when end_date < start_date then period_name || ' ends on or after ' || cast(start_date as varchar) || ', when it starts'
        else period_name || ' starts after ' || cast(earlier_end_date as varchar) || ', when an earlier period ends'
    end as expected_text,
    case
        when end_date < start_date then 'it ends on ' || cast(end_date as varchar) else 'it starts on ' || cast(start_date as varchar)
    end as found_text
from ordered
where end_date < start_date or start_date <= earlier_end_date
