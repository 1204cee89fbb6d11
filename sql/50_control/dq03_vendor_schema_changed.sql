-- control:  DQ03
-- priority: 2
-- severity: medium
-- grain:    instance, object_name, vendor field; each rejected record claimed with it
-- owner:    data platform
-- queue:    integration
-- says:     vendor schema changed: field gone, new field nobody mapped, or new enum value
-- example:  stripe_main.charge.status: unknown value frozen
-- repair:   review contract
with change as ( -- rejected records with an unknown enum value, by the field that holds it
    select
        'reject|'
        || instance
        || '|'
        || object_name
        || '|'
        || coalesce(source_id, batch_id || '#' || cast(row_number as varchar)) as cell_id,
        instance,
        instance || '.' || object_name || '.' || field_name as subject_key,
        'unknown value ' || coalesce(value, 'nothing') || ' in ' || field_name as reason,
        instance || '.' || object_name || '.' || field_name as known_text,
        'landing.reject' as source_table,
        batch_id || '#' || cast(row_number as varchar) as source_id
    from canonical.open_reject
    where is_unknown_enum
    union all -- drift of the vendor's schema
    select
        cast(null as varchar) as cell_id,
        instance,
        instance || '.' || object_name || '.' || vendor_field as subject_key,
        replace(drift_kind, '_', ' ') || ' ' || vendor_field || coalesce(': ' || detail, '') as reason,
        instance || '.' || object_name as known_text,
        'landing.drift' as source_table,
        object_name || '.' || vendor_field as source_id
    from landing.drift
    where drift_kind <> 'new_enum_value' -- its rejected records say so above, until they can be read
),

priced as ( -- the same; what was billed for a contract that holds such a value is its worth
    select
        c.cell_id, c.instance, c.subject_key, c.reason, c.known_text, c.source_table, c.source_id, w.legal_entity_code, w.currency,
        cast(null as date) as period,
        cast(0 as decimal(20, 4)) as difference_amount
    from change as c
    left join (
        select reject_cell_id, min(currency) as currency, min(legal_entity_code) as legal_entity_code
        from grid.quarantined_cell
        group by reject_cell_id
    ) as w on c.cell_id = w.reject_cell_id
    union all
    select
        q.cell_id, c.instance, c.subject_key, c.reason, c.known_text, c.source_table, c.source_id, q.legal_entity_code, q.currency,
        q.period, q.difference_amount
    from change as c
    inner join grid.quarantined_cell as q on c.cell_id = q.reject_cell_id
)

select
    cell_id,
    subject_key,
    'DQ' as leg,
    min(legal_entity_code) as legal_entity_code,
    min(currency) as currency,
    min(period) as period,
    min(difference_amount) as difference_amount,
    min(reason) as reason,
    '[{"instance":"' || instance || '","table":"' || min(source_table) || '","source_id":"' || min(source_id) || '"}]' as evidence,
    'only fields and values of ' || min(known_text) || ' that somebody has mapped' as expected_text,
    min(reason) as found_text
from priced
group by cell_id, instance, subject_key
