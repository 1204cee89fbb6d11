-- grain:   leg
-- owner:   controllership
-- says:    what a leg's controls looked at and found, one line a leg; amounts in group currency
-- example: booked-billed: 8 controls, 2,410 cells looked at, 7 exceptions, 12,300.00 at risk
with summed as ( -- one row a leg that has controls
    select
        leg,
        count(*) as controls,
        cast(sum(case when status = 'not_run' then 1 else 0 end) as bigint) as controls_not_run,
        cast(sum(exceptions) as bigint) as exceptions,
        sum(amount_at_risk) as amount_at_risk
    from recon.control_result
    group by leg
),

bridged as ( -- one row a leg that has a bridge, with the number of its lines that do not close
    select leg, cast(sum(unexplained_periods) as bigint) as unexplained_lines
    from mart.leg_status
    group by leg
)

select
    summed.leg, summed.controls, summed.controls_not_run, summed.exceptions, summed.amount_at_risk,
    bridged.unexplained_lines,
    case
        when bridged.unexplained_lines > 0 then 'unexplained'
        when summed.exceptions > 0 then 'exceptions'
        when summed.controls_not_run > 0 then 'not_run'
        else 'ok'
    end as status
from summed
left join bridged on summed.leg = bridged.leg
