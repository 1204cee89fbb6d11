-- grain:   leg, legal_entity_code, currency, measure
-- owner:   controllership
-- says:    all periods of a leg added up, and the verdict: agrees, explained (every cent has a name), or unexplained
-- example: difference 50.00 EUR, all of it price drift -> explained; 0.01 without a name in any one period -> unexplained
with summed as ( -- all periods of a comparison in one row
    select
        leg, legal_entity_code, currency, measure,
        count(*) as periods,
        sum(left_amount) as left_amount,
        sum(right_amount) as right_amount,
        sum(difference_amount) as difference_amount,
        sum(explained_amount) as explained_amount,
        sum(timing_amount) as timing_amount,
        sum(unexplained_amount) as unexplained_amount,
        sum(remainder_amount) as remainder_amount,
        cast(sum(case when unexplained_amount <> 0 or remainder_amount <> 0 then 1 else 0 end) as bigint) as unexplained_periods,
        cast(sum(case when difference_amount <> 0 or explained_amount <> 0 or timing_amount <> 0 then 1 else 0 end) as bigint)
            as differing_periods
    from mart.bridge_line
    group by leg, legal_entity_code, currency, measure
)

select
    leg, legal_entity_code, currency, measure, periods, left_amount, right_amount, difference_amount, explained_amount,
    timing_amount, unexplained_amount, remainder_amount, unexplained_periods, differing_periods,
    case
        when unexplained_periods > 0 then 'unexplained'
        when differing_periods > 0 then 'explained'
        else 'agrees'
    end as status
from summed
