-- grain:   control_id, legal_entity_code, currency
-- owner:   controllership
-- says:    the one rule of the policy that says how much is tolerated of each control, entity and currency that broke
-- example: rules for BB04 and for BB04 of DE: a break of BB04 in DE follows the second, in US the first
-- A rule that names its control goes before one that does not, then its entity, then its currency; no two have the same scope.
with broken as ( -- what broke
    select distinct control_id, legal_entity_code, currency
    from recon.break_item
    where currency is not null
),

fitting as ( -- the rules that fit it, the most specific ranked first
    select
        b.control_id, b.legal_entity_code, b.currency, t.tolerance_amount, t.tolerance_percent,
        concat_ws(' ', coalesce(t.control_id, 'every control'), t.legal_entity_code, t.currency) as scope_text,
        row_number() over (
            partition by b.control_id, b.legal_entity_code, b.currency
            order by
                case when t.control_id is null then 1 else 0 end asc, case when t.legal_entity_code is null then 1 else 0 end asc,
                case when t.currency is null then 1 else 0 end asc
        ) as rule_rank
    from broken as b
    inner join policy.tolerance as t
        on
            coalesce(t.control_id, b.control_id) = b.control_id
            and (t.legal_entity_code is null or b.legal_entity_code = t.legal_entity_code)
            and coalesce(t.currency, b.currency) = b.currency
)

select control_id, legal_entity_code, currency, tolerance_amount, tolerance_percent, scope_text
from fitting
where rule_rank = 1
