-- control:  DQ02
-- priority: 3
-- severity: medium
-- grain:    rejected record; cells that miss their contract, or a change of it, because of it
-- owner:    data platform
-- queue:    integration
-- says:     record could not be read and is quarantined
-- example:  stripe_main.charge/ch_9: created is not a date
-- repair:   repair at source
-- A record that cannot be read is the cause of whatever does not find it: the priority is that of a cause of causes. What was billed
-- for a contract in quarantine is its worth; of a change in quarantine, by how much what is billed departs from what else is owed.
with record as ( -- one claim a rejected record; those with an unknown enum value become symptoms of DQ03
    select
        'reject|' || instance || '|' || object_name || '|' || coalesce(source_id, batch_id || '#' || cast(row_number as varchar))
            as reject_cell_id,
        instance || '.' || object_name || '/' || coalesce(source_id, batch_id || '#' || cast(row_number as varchar)) as subject_key,
        string_agg(reason, '; ' order by reason) as reason,
        '[{"instance":"' || instance || '","table":"landing.reject","source_id":"' || min(batch_id) || '#'
        || cast(min(row_number) as varchar) || '"}]' as evidence,
        'a value that can be read in ' || string_agg(coalesce(field_name, 'the record'), ', ' order by reason) as expected_text,
        string_agg(
            coalesce(field_name, 'the record') || ' says ' || coalesce('''' || value || '''', 'nothing'), '; ' order by reason
        ) as found_text
    from canonical.open_reject
    group by
        instance, object_name, coalesce(source_id, batch_id || '#' || cast(row_number as varchar))
),

worth as ( -- records whose contract was billed
    select reject_cell_id, min(currency) as currency, min(legal_entity_code) as legal_entity_code
    from grid.quarantined_cell
    group by reject_cell_id
)

select
    r.reject_cell_id as cell_id,
    r.subject_key,
    'DQ' as leg,
    w.legal_entity_code,
    w.currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    r.reason,
    r.evidence,
    r.expected_text,
    r.found_text
from record as r
left join worth as w on r.reject_cell_id = w.reject_cell_id
union all
select
    c.cell_id,
    r.subject_key,
    'DQ' as leg,
    c.legal_entity_code,
    c.currency,
    c.period,
    c.difference_amount,
    'billed ' || c.right_text || ' for the period from ' || cast(c.service_start_date as varchar)
    || ', and ' || c.lacking_text || ' cannot be read' as reason,
    r.evidence,
    r.expected_text,
    r.found_text
from grid.quarantined_cell as c
inner join record as r on c.reject_cell_id = r.reject_cell_id
