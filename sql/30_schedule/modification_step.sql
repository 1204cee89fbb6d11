-- grain:   root_line_key, segment_number
-- owner:   accounting
-- says:    the state of each modified line, where the policy treats it as one contract: total and end after each modification, and
--          how far its service has come then
-- example: three years for 300,000 from 2025; on 1 January 2027 -20,000 and three years for 200,000 more: step 2 has a total of
--          480,000, ends with 2030, and comes 24 of 72 months after the start
-- Progress counts days, or begun months where the source recognises even_by_month. An amending order counts from its first line's
-- start, or from its activation if that is later. Without such a policy a line is earned by itself and has no steps.
with changed as ( -- ratable lines of such sources with what they bill and from when they count
    select
        b.root_line_key,
        greatest(
            case
                when b.contract_key = r.contract_key then r.start_date
                else min(b.start_date) over (partition by b.root_line_key, b.contract_key)
            end,
            b.activated_date
        ) as effective_date,
        b.end_date,
        b.currency,
        t.total_amount,
        k.modification,
        coalesce(k.recognition, 'daily_straight_line') = 'even_by_month' as is_by_month
    from link.booked_line as b
    inner join link.booked_line as r on b.root_line_key = r.contract_line_key
    inner join policy.convention as k on b.instance = k.instance
    inner join (
        select contract_line_key, sum(net_amount) as total_amount from schedule.billing_period group by contract_line_key
    ) as t on b.contract_line_key = t.contract_line_key
    where b.revenue_class = 'ratable' and k.modification is not null
),

dated as ( -- modifications of one day together
    select
        root_line_key, effective_date, currency, is_by_month, modification,
        max(end_date) as end_date, sum(total_amount) as added_amount
    from changed
    group by root_line_key, effective_date, currency, is_by_month, modification
),

step as ( -- in order, with the total and the end as they then stand
    select
        root_line_key, effective_date, currency, is_by_month, modification,
        row_number() over (partition by root_line_key order by effective_date) as segment_number,
        count(*) over (partition by root_line_key) as steps,
        min(effective_date) over (partition by root_line_key) as first_date,
        sum(added_amount) over (partition by root_line_key order by effective_date) as total_amount,
        greatest(max(end_date) over (partition by root_line_key order by effective_date), effective_date) + 1 as after_date,
        lead(effective_date) over (partition by root_line_key order by effective_date) as next_date
    from dated
),

stretch as ( -- the stretches of time whose lengths matter
    select root_line_key, segment_number, is_by_month, 'first_to_this' as name, first_date as from_date, effective_date as to_date from step
    union all
    select
        root_line_key,
        segment_number,
        is_by_month,
        'first_to_next' as name,
        first_date as from_date,
        least(next_date, after_date) as to_date
    from step
    union all
    select root_line_key, segment_number, is_by_month, 'first_to_end' as name, first_date as from_date, after_date as to_date from step
    union all
    select
        root_line_key,
        segment_number,
        is_by_month,
        'this_to_next' as name,
        effective_date as from_date,
        least(next_date, after_date) as to_date
    from step
    union all
    select root_line_key, segment_number, is_by_month, 'this_to_end' as name, effective_date as from_date, after_date as to_date from step
),

measured as ( -- in days, or in months begun
    select
        root_line_key, segment_number, name,
        case
            when to_date <= from_date then 0
            when is_by_month
                then
                    (year(to_date) - year(from_date)) * 12 + month(to_date) - month(from_date)
                    + case
                        when
                            from_date + interval '1' month * ((year(to_date) - year(from_date)) * 12 + month(to_date) - month(from_date))
                            < to_date
                            then 1
                        else 0
                    end
            else date_diff('day', from_date, to_date)
        end as length
    from stretch
)

select
    s.root_line_key,
    s.segment_number,
    s.segment_number = s.steps as is_last,
    s.modification,
    s.effective_date,
    coalesce(least(s.next_date, s.after_date), s.after_date) as segment_after_date,
    s.currency,
    s.total_amount,
    max(case when m.name = 'first_to_this' then m.length end) as first_to_this,
    max(case when m.name = 'first_to_next' then m.length end) as first_to_next,
    max(case when m.name = 'first_to_end' then m.length end) as first_to_end,
    max(case when m.name = 'this_to_next' then m.length end) as this_to_next,
    max(case when m.name = 'this_to_end' then m.length end) as this_to_end
from step as s
inner join measured as m on s.root_line_key = m.root_line_key and s.segment_number = m.segment_number
where s.steps > 1
group by
    s.root_line_key, s.segment_number, s.steps, s.modification, s.effective_date, s.next_date, s.after_date, s.currency, s.total_amount
