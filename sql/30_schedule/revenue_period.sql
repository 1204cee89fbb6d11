-- grain:   contract_line_key, period
-- owner:   accounting
-- says:    what each contract line earns in each accounting period (calendar month), exact to the minor unit
-- example: 100,000 JPY over 92 days from 10 October: 23,913 (22 days), 32,609 (52 days make 56,522), 33,695 (83 make 90,217), 9,783
-- Rules. What is earned up to the end of a month is the total x elapsed / length of the term, rounded once (half away from zero
-- unless the source rounds half to even); a month earns what that grew by, so that no month is off by more than one unit and the
-- months sum to the total. daily_straight_line counts days, by_second seconds (UTC); even_by_month counts the months begun from the
-- start day and puts each in full where it begins: 120.00 from 15 June to 12 October are 4 x 30.00 for June to September.
with span as ( -- calendar months that a line's term touches after its first, and that its end is away from its start
    select
        revenue_line_key,
        (year(end_at) - year(start_at)) * 12 + month(end_at) - month(start_at) as month_span,
        (year(end_at - interval '1' second) - year(start_at)) * 12 + month(end_at - interval '1' second) - month(start_at)
            as last_month_number
    from schedule.revenue_line
),

term as ( -- lines with the length of their term in what their rule counts
    select
        r.contract_line_key,
        r.root_line_key,
        r.currency,
        r.legal_entity_code,
        r.recognition,
        r.rounding,
        r.start_at,
        r.end_at,
        s.last_month_number, u.minor_unit,
        cast(sign(r.total_amount) as decimal(38, 0)) as direction,
        cast(abs(cast(r.total_amount as decimal(38, 4))) * 10000 as hugeint) // cast(u.minor_unit * 10000 as hugeint) as total_units,
        greatest(
            case r.recognition
                when 'point_in_time' then 1
                when 'by_second' then date_diff('second', r.start_at, r.end_at)
                when 'even_by_month'
                    then
                        s.month_span + case when r.start_at + interval '1' month * s.month_span < r.end_at then 1 else 0 end
                else date_diff('day', r.start_at, r.end_at)
            end, 1
        ) as full_length
    from schedule.revenue_line as r
    inner join span as s on r.revenue_line_key = s.revenue_line_key
    inner join canonical.currency_unit as u on r.currency = u.currency
),

monthly as ( -- the months in which they are earned
    select
        contract_line_key, root_line_key, currency, legal_entity_code, recognition, rounding, start_at, last_month_number, minor_unit,
        direction, total_units, full_length,
        unnest(generate_series(
            0,
            case recognition
                when 'point_in_time' then 0
                when 'even_by_month' then full_length - 1
                else last_month_number
            end
        )) as month_number
    from term
),

dated as ( -- with the moments when they begin and end
    select
        contract_line_key, root_line_key, currency, legal_entity_code, recognition, rounding, start_at, last_month_number, minor_unit,
        direction, total_units, full_length, month_number,
        date_trunc('month', start_at) + interval '1' month * month_number as opened_at,
        date_trunc('month', start_at) + interval '1' month * (month_number + 1) as closed_at
    from monthly
),

elapsed as ( -- what is earned of how much of the term is over when each month begins, and when it ends
    select
        contract_line_key, root_line_key, currency, legal_entity_code, recognition, rounding, opened_at, minor_unit, direction, full_length,
        total_units * greatest(least(
            case
                when recognition in ('point_in_time', 'even_by_month') then month_number
                when recognition = 'by_second' then date_diff('second', start_at, opened_at)
                else date_diff('day', start_at, opened_at)
            end, full_length
        ), 0) as parts_before,
        total_units * least(
            case
                when recognition in ('point_in_time', 'even_by_month') then month_number + 1
                -- the month of the last second completes the term
                when month_number = last_month_number then full_length
                when recognition = 'by_second' then date_diff('second', start_at, closed_at)
                else date_diff('day', start_at, closed_at)
            end, full_length
        ) as parts
    from dated
),

grown as ( -- both rounded once: a month earns by how much it made them grow
    select
        contract_line_key, root_line_key, currency, legal_entity_code, recognition, opened_at, minor_unit, direction,
        parts // full_length + case
            when parts % full_length * 2 > full_length then 1
            when parts % full_length * 2 = full_length and (rounding = 'half_up' or parts // full_length % 2 = 1) then 1
            else 0
        end
        - parts_before // full_length - case
            when parts_before % full_length * 2 > full_length then 1
            when
                parts_before % full_length * 2 = full_length and (rounding = 'half_up' or parts_before // full_length % 2 = 1) then 1
            else 0
        end as month_units
    from elapsed
)

select
    contract_line_key,
    root_line_key,
    cast(opened_at as date) as period,
    currency,
    legal_entity_code,
    min(recognition) as recognition,
    cast(sum(direction * cast(month_units as decimal(38, 0)) * minor_unit) as decimal(20, 4)) as net_amount
from grown
group by contract_line_key, root_line_key, cast(opened_at as date), currency, legal_entity_code
union all -- usage is earned in the month in which it is used
select
    p.root_line_key as contract_line_key,
    p.root_line_key,
    cast(date_trunc('month', p.service_start_date) as date) as period,
    b.currency,
    b.legal_entity_code,
    'usage_in_period' as recognition,
    p.net_amount
from schedule.usage_period as p
inner join link.booked_line as b on p.root_line_key = b.contract_line_key
