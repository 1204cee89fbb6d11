-- control:  DQ02
-- priority: 30
-- severity: medium
-- grain:    rejected record
-- owner:    data platform
-- queue:    data platform
-- says:     record could not be read and is quarantined
-- example:  stripe_main.charge/ch_9: created is not a date
-- repair:   repair at source
select -- one claim a rejected record; those with an unknown enum value become symptoms of DQ03
    'reject|' || instance || '|' || object_name || '|' || coalesce(source_id, batch_id || '#' || cast(row_number as varchar)) as cell_id,
    instance || '.' || object_name || '/' || coalesce(source_id, batch_id || '#' || cast(row_number as varchar)) as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    string_agg(reason, '; ' order by reason) as reason,
    '[{"instance":"' || instance || '","table":"landing.reject","source_id":"' || min(batch_id) || '#' || cast(min(row_number) as varchar)
    || '"}]' as evidence,
    'a value that can be read in ' || string_agg(coalesce(field_name, 'the record'), ', ' order by reason) as expected_text,
    string_agg(
        coalesce(field_name, 'the record') || ' says ' || coalesce('''' || value || '''', 'nothing'), '; ' order by reason
    ) as found_text
from canonical.open_reject
group by
    instance, object_name, coalesce(source_id, batch_id || '#' || cast(row_number as varchar))
