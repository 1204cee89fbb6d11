-- grain:   exception_id
-- owner:   controllership
-- says:    whether an exception is large enough to block a close; every exception is shown, material or not
-- example: DE has 500.00 USD and 0.5 % of March's 200,000.00: 80.00 USD is immaterial, 1,200.00 USD is not
-- Immaterial is only what stays below every limit of the rule: the entity's own, else that of every entity; without a rule all is
-- material. The percentage is of the left side of the exception's comparison, entity, currency and periods. What bears no money is
-- material from severity high on; what has no worth in group currency is always material.
with fitting as ( -- the rules that fit each exception, its entity's own ranked first
    select
        e.exception_id, m.materiality_amount, m.materiality_percent,
        coalesce(m.legal_entity_code, 'every entity') as scope_text,
        row_number() over (
            partition by e.exception_id order by case when m.legal_entity_code is null then 1 else 0 end asc
        ) as rule_rank
    from recon.exception as e
    inner join policy.materiality as m on m.legal_entity_code is null or e.legal_entity_code = m.legal_entity_code
),

base as ( -- what the left side shows in the comparison, entity, currency and periods of each exception
    select
        e.exception_id,
        cast(sum(b.left_amount) as decimal(20, 4)) as base_amount
    from recon.exception as e
    inner join recon.bridge as b
        on
            e.leg = b.leg and e.legal_entity_code = b.legal_entity_code and e.currency = b.currency
            and b.period between e.first_period and e.last_period
    where b.cause = 'timing' and b.measure in ('net', 'receivable', 'revenue', 'open_receivable')
    group by e.exception_id
)

select
    e.exception_id,
    f.scope_text,
    f.materiality_amount,
    f.materiality_percent,
    b.base_amount,
    case
        when f.scope_text is null then true
        when e.currency is null then e.severity in ('high', 'critical')
        else
            e.amount_at_risk is null
            or e.amount_at_risk >= coalesce(f.materiality_amount, e.amount_at_risk + 1)
            or (
                f.materiality_percent is not null
                and cast(abs(e.difference_amount) as decimal(20, 4)) * cast(100 as decimal(8, 4))
                >= cast(abs(coalesce(b.base_amount, 0)) as decimal(20, 4)) * f.materiality_percent
            )
    end as is_material
from recon.exception as e
left join fitting as f on e.exception_id = f.exception_id and f.rule_rank = 1
left join base as b on e.exception_id = b.exception_id
