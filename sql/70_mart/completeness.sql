-- grain:   instance, object_name
-- owner:   data platform
-- says:    what the newest delivery of an object should hold by the source's own figures, what was landed, loaded and rejected
-- example: sf_main.Order: source 412, landed 412, loaded 411, rejected 1
with ranked as ( -- all deliveries, the newest of each object ranked first
    select
        batch_id, instance, object_name, as_of, row_count, loaded_rows, rejected_rows,
        row_number() over (
            partition by instance, object_name order by as_of desc, sequence desc, batch_id desc
        ) as delivery_rank
    from landing.batch
),

stated as ( -- the figures that the source stated about a delivery
    select
        batch_id,
        count(*) as checks,
        cast(sum(case when is_ok then 0 else 1 end) as bigint) as failed_checks,
        min(case when check_name in ('records in the window', 'rows') then expected_value end) as source_count,
        string_agg(check_name || ' ' || expected_value, '; ' order by check_name) as figures,
        min(case when not is_ok then check_name || ': source says ' || expected_value || ', landed ' || found_value end)
            as first_failure
    from landing.check_result
    group by batch_id
)

select
    ranked.instance, ranked.object_name, ranked.as_of,
    try_cast(stated.source_count as bigint) as source_rows,
    ranked.row_count as landed_rows,
    ranked.loaded_rows,
    ranked.rejected_rows,
    coalesce(stated.checks, 0) as checks,
    coalesce(stated.failed_checks, 0) as failed_checks,
    stated.figures,
    stated.first_failure
from ranked
left join stated on ranked.batch_id = stated.batch_id
where ranked.delivery_rank = 1
