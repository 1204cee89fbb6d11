-- grain:   root_line_key, segment_number, part
-- owner:   accounting
-- says:    what a modified line earns between one modification and the next, and at each, where the policy treats it as one contract
-- example: three years for 300,000; at the end of year two the third is re-priced to 80,000 and three years are added for 200,000:
--          200,000 are earned; prospectively the remaining 280,000 are spread over four years, 70,000 each
-- Rules. By the policy prospective, what is not yet earned and what is added are earned evenly from the modification to the new end.
-- By cumulative_catch_up the new total is earned as if it had always been so, the difference on the day of the modification.
-- Every amount is rounded once, half away from zero; the last segment takes the rest.
with recursive counted as ( -- steps in whole minor units
    select
        s.root_line_key, s.segment_number, s.is_last, s.modification, s.effective_date, s.segment_after_date, u.minor_unit,
        s.first_to_this, s.first_to_next, s.first_to_end, s.this_to_next, s.this_to_end,
        cast(cast(s.total_amount as decimal(38, 4)) * 10000 as hugeint) // cast(u.minor_unit * 10000 as hugeint) as total_units
    from schedule.modification_step as s
    inner join canonical.currency_unit as u on s.currency = u.currency
),

spread as ( -- prospective: each segment's share of what the segments before it left
    select
        root_line_key, segment_number,
        cast(0 as hugeint) as earned_before,
        cast(sign(total_units) as hugeint) * ((2 * abs(total_units) * this_to_next + this_to_end) // (2 * this_to_end)) as earned_units
    from counted
    where segment_number = 1 and modification = 'prospective'
    union all
    select
        c.root_line_key, c.segment_number,
        p.earned_before + p.earned_units as earned_before,
        case
            when c.is_last then c.total_units - p.earned_before - p.earned_units
            else
                cast(sign(c.total_units - p.earned_before - p.earned_units) as hugeint)
                * (
                    (2 * abs(c.total_units - p.earned_before - p.earned_units) * c.this_to_next + c.this_to_end)
                    // (2 * c.this_to_end)
                )
        end as earned_units
    from spread as p
    inner join counted as c on p.root_line_key = c.root_line_key and c.segment_number = p.segment_number + 1
),

progress as ( -- cumulative: what is earned by this modification and by the next, were the new total always so
    select
        root_line_key, segment_number,
        cast(sign(total_units) as hugeint) * ((2 * abs(total_units) * first_to_this + first_to_end) // (2 * first_to_end)) as by_this,
        case
            when is_last then total_units
            else cast(sign(total_units) as hugeint) * ((2 * abs(total_units) * first_to_next + first_to_end) // (2 * first_to_end))
        end as by_next
    from counted
    where modification = 'cumulative_catch_up'
),

part as ( -- both policies' parts
    select root_line_key, segment_number, 'service' as part, earned_units as units from spread
    union all
    select root_line_key, segment_number, 'service' as part, by_next - by_this as units from progress
    union all
    select
        root_line_key, segment_number, 'catch_up' as part,
        by_this - lag(by_next) over (partition by root_line_key order by segment_number) as units
    from progress
)

select
    p.root_line_key,
    p.segment_number,
    p.part,
    c.effective_date as start_date,
    case when p.part = 'catch_up' then c.effective_date else c.segment_after_date - 1 end as end_date,
    cast(cast(p.units as decimal(38, 0)) * c.minor_unit as decimal(20, 4)) as total_amount
from part as p
inner join counted as c on p.root_line_key = c.root_line_key and p.segment_number = c.segment_number
where p.units is not null
