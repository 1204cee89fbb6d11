-- control:  DQ03
-- priority: 20
-- severity: medium
-- grain:    instance, object_name, vendor field; each rejected record claimed with it
-- owner:    data platform
-- queue:    data platform
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
)

select
    cell_id,
    subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    min(reason) as reason,
    '[{"instance":"' || instance || '","table":"' || min(source_table) || '","source_id":"' || min(source_id) || '"}]' as evidence,
    'only fields and values of ' || min(known_text) || ' that somebody has mapped' as expected_text,
    min(reason) as found_text
from change
group by cell_id, instance, subject_key
