-- control:  DQ01
-- priority: 10
-- severity: high
-- grain:    instance, object_name
-- params:   as_of
-- owner:    data platform
-- queue:    integration
-- says:     extract is incomplete: a count or control total differs from the source's own figure
-- example:  sf_main.PricebookEntry: source counts 120, landed 119
-- repair:   re-extract
with ranked as ( -- deliveries of each object up to the day, the newest ranked first
    select
        batch_id,
        row_number() over (partition by instance, object_name order by as_of desc, sequence desc, batch_id desc) as delivery_rank
    from landing.batch
    where as_of <= $as_of
)

select -- objects whose newest delivery fails a check
    cast(null as varchar) as cell_id,
    c.instance || '.' || c.object_name as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    string_agg(
        c.check_name || ': source says ' || coalesce(c.expected_value, 'nothing') || ', landed ' || coalesce(c.found_value, 'nothing'),
        '; ' order by c.check_name, c.expected_value, c.found_value
    ) as reason,
    '[{"instance":"' || c.instance || '","table":"landing.batch","source_id":"' || min(c.batch_id) || '"}]' as evidence,
    string_agg(
        c.check_name || ' of ' || coalesce(c.expected_value, 'nothing') || ', as the source says', '; '
        order by c.check_name, c.expected_value, c.found_value
    ) as expected_text,
    string_agg(
        c.check_name || ' of ' || coalesce(c.found_value, 'nothing') || ' in what has landed', '; '
        order by c.check_name, c.expected_value, c.found_value
    ) as found_text
from landing.check_result as c
inner join ranked as r on c.batch_id = r.batch_id
where r.delivery_rank = 1 and not c.is_ok
group by c.instance, c.object_name
