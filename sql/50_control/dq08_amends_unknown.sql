-- control:  DQ08
-- priority: 5
-- severity: high
-- grain:    counted order that amends an order, or whose line amends a line, that is not there
-- params:   as_of
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     an amendment amends a contract or a line that does not exist
-- example:  ORD-00060 amends order 801X, which no extract has ever brought
-- repair:   repair at source
with amendment as ( -- activated orders with what they and their lines claim to amend
    select
        c.instance, c.source_id, c.contract_number, c.legal_entity_code,
        case
            when c.amends_contract_source_id is not null and o.source_id is null
                then 'order ' || c.amends_contract_source_id
            when l.amends_line_source_id is not null and r.source_id is null
                then 'line ' || l.amends_line_source_id
        end as unknown_text,
        'reject|' || q.instance || '|' || q.object_name || '|' || q.source_id as reject_cell_id
    from canonical.contract as c
    left join canonical.contract as o on c.instance = o.instance and c.amends_contract_source_id = o.source_id
    left join canonical.contract_line as l on c.instance = l.instance and c.source_id = l.contract_source_id
    left join canonical.contract_line as r on l.instance = r.instance and l.amends_line_source_id = r.source_id
    left join canonical.open_reject as q
        on
            c.instance = q.instance
            and (
                (o.source_id is null and c.amends_contract_source_id = q.source_id)
                or (r.source_id is null and l.amends_line_source_id = q.source_id)
            )
    where c.contract_status = 'activated' and coalesce(cast(c.activated_at as date), c.start_date) <= $as_of
)

select -- one that is in quarantine exists: then this is only a symptom of DQ02
    min(reject_cell_id) as cell_id,
    contract_number as subject_key,
    'DQ' as leg,
    legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    contract_number || ' amends ' || min(unknown_text) || ', which does not exist' as reason,
    '[{"instance":"' || instance || '","table":"contract","source_id":"' || source_id || '"}]' as evidence,
    min(unknown_text) || ', which ' || contract_number || ' amends, is among the contracts' as expected_text,
    'no delivery has brought ' || min(unknown_text) as found_text
from amendment
where unknown_text is not null
group by instance, source_id, contract_number, legal_entity_code
