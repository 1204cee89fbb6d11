-- control:  DQ07
-- priority: 5
-- severity: high
-- grain:    ramp step that begins before the step before it has ended; the differing cells of the overlap are claimed with it
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     steps of a ramp overlap or leave a gap, so that a day has two prices or none
-- example:  step 1 ends on 30 June, step 2 of ORD-00056/1 starts on 1 June: June would be billed twice
-- repair:   repair at source
with step as ( -- steps of each ramp with the end of the step before
    select
        contract_line_key, root_line_key, line_subject_key, legal_entity_code, ramp_segment, start_date, end_date,
        lag(end_date) over (partition by root_line_key order by ramp_segment, start_date, contract_line_key) as earlier_end_date
    from link.booked_line
    where is_counted and ramp_segment is not null
)

select
    x.cell_id,
    s.line_subject_key as subject_key,
    'DQ' as leg,
    s.legal_entity_code,
    x.currency,
    x.period,
    coalesce(x.difference_amount, cast(0 as decimal(20, 4))) as difference_amount,
    'step ' || cast(s.ramp_segment as varchar) || ' starts on ' || cast(s.start_date as varchar) || ', the step before it ends on '
    || cast(s.earlier_end_date as varchar) as reason,
    '[{"instance":"' || split_part(s.contract_line_key, ':', 1) || '","table":"contract_line","source_id":"'
    || split_part(s.contract_line_key, ':', 2) || '"}]' as evidence,
    'step ' || cast(s.ramp_segment as varchar) || ' starts on ' || cast(s.earlier_end_date + 1 as varchar)
    || ', the day after the step before it ends' as expected_text,
    'it starts on ' || cast(s.start_date as varchar) as found_text
from step as s
left join grid.booked_billed_break as x
    on s.root_line_key = x.contract_line_key and x.service_start_date between s.start_date and s.earlier_end_date
where s.start_date <> s.earlier_end_date + 1
