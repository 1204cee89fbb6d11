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
        r.revenue_line_key,
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
        revenue_line_key,
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

elapsed as ( -- how much of the term is over when each month ends
    select
        t.revenue_line_key, m.month_number, t.total_units, t.full_length, t.rounding,
        least(
            case
                when t.recognition in ('point_in_time', 'even_by_month') then m.month_number + 1
                -- the month of the last second completes the term
                when m.month_number = t.last_month_number then t.full_length
                when t.recognition = 'by_second'
                    then date_diff('second', t.start_at, date_trunc('month', t.start_at) + interval '1' month * (m.month_number + 1))
                else date_diff('day', t.start_at, date_trunc('month', t.start_at) + interval '1' month * (m.month_number + 1))
            end, t.full_length
        ) as elapsed_length
    from term as t
    inner join monthly as m on t.revenue_line_key = m.revenue_line_key
),

earned as ( -- rounded once, cumulatively
    select
        revenue_line_key, month_number,
        total_units * elapsed_length // full_length + case
            when total_units * elapsed_length % full_length * 2 > full_length then 1
            when
                total_units * elapsed_length % full_length * 2 = full_length
                and (rounding = 'half_up' or total_units * elapsed_length // full_length % 2 = 1) then 1
            else 0
        end as earned_units
    from elapsed
),

grown as ( -- by how much each month made it grow
    select
        revenue_line_key, month_number,
        earned_units - coalesce(lag(earned_units) over (partition by revenue_line_key order by month_number), 0) as month_units
    from earned
)

select
    t.contract_line_key,
    t.root_line_key,
    cast(date_trunc('month', t.start_at) + interval '1' month * g.month_number as date) as period,
    t.currency,
    t.legal_entity_code,
    min(t.recognition) as recognition,
    cast(sum(t.direction * cast(g.month_units as decimal(38, 0)) * t.minor_unit) as decimal(20, 4)) as net_amount
from grown as g
inner join term as t on g.revenue_line_key = t.revenue_line_key
group by
    t.contract_line_key, t.root_line_key, cast(date_trunc('month', t.start_at) + interval '1' month * g.month_number as date),
    t.currency, t.legal_entity_code
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
