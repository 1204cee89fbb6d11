-- control:  BB14
-- priority: 13
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     billed by another legal entity than the contract's
-- example:  sold by DE, invoiced by UK: the cell of DE lacks 1,000.00 EUR, the cell of UK has it too much
-- repair:   credit and rebill
-- Both cells are one exception, worth what the contract's own entity misses; the other entity's cell counts 0 in it (in the bridge
-- of that entity it stands in full). Where the contract's own cell is right, the other one counts.
select -- cells of running periods of another entity, and their own unbilled cells
    cell_id,
    subject_key,
    'BB' as leg,
    case when is_home_broken then contract_entity_code else legal_entity_code end as legal_entity_code,
    currency,
    period,
    case when is_home or not is_home_broken then difference_amount else cast(0 as decimal(20, 4)) end as difference_amount,
    'contract of ' || contract_entity_code || ' says ' || case when is_home then left_text else 'nothing for ' || legal_entity_code end
    || ', billed ' || right_text || ' for the period from ' || cast(service_start_date as varchar) || ' (billed by '
    || other_entity_code || ')' as reason,
    evidence
from grid.booked_billed_break
where
    other_entity_code is not null
    and other_currency is null
    and not is_ended
    and currency = contract_currency
    and (legal_entity_code = other_entity_code or (is_home and is_nothing_billed))
