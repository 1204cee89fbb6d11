-- control:  BB07
-- priority: 12
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     billed in another currency than the contract's
-- example:  1,000.00 USD sold, 1,000.00 EUR billed: the USD cell lacks 1,000.00, the EUR cell has it too much
-- repair:   credit and rebill
-- Both cells are one exception, worth what the contract's own currency misses; the other currency's cell counts 0 in it (in the
-- bridge of that currency it stands in full). Where the contract's own cell is right, the other one counts in its own currency.
select -- cells of running periods in another currency, and their own unbilled cells
    cell_id,
    subject_key,
    'BB' as leg,
    case when is_home_broken then contract_entity_code else legal_entity_code end as legal_entity_code,
    case when is_home_broken then contract_currency else currency end as currency,
    period,
    case when is_home or not is_home_broken then difference_amount else cast(0 as decimal(20, 4)) end as difference_amount,
    'contract of ' || contract_currency || ' says ' || left_text || ', billed ' || right_text || ' for the period from '
    || cast(service_start_date as varchar) || ' (billed in ' || other_currency || ')' as reason,
    evidence
from grid.booked_billed_break
where
    other_currency is not null
    and not is_ended
    and (currency = other_currency or (is_home and is_nothing_billed))
