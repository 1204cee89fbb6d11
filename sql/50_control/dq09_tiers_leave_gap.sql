-- control:  DQ09
-- priority: 5
-- severity: high
-- grain:    usage line of a counted order
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     tiers of a usage price do not cover every quantity: they start above zero, leave a gap, overlap, or end
-- example:  tiers of ORD-00056/2 end at 5,000: the 5,001st call has no price
-- repair:   repair at source
with tier as ( -- tiers of counted usage lines with the limit of the tier before
    select
        b.contract_line_key, b.line_subject_key, b.legal_entity_code, t.tier_number, t.from_quantity, t.up_to_quantity,
        lag(t.up_to_quantity, 1, cast(0 as decimal(16, 8))) over (partition by b.contract_line_key order by t.tier_number) as earlier_limit,
        row_number() over (partition by b.contract_line_key order by t.tier_number desc) as rank_from_last
    from link.booked_line as b
    inner join canonical.contract_tier as t on b.instance = t.instance and b.contract_line_source_id = t.contract_line_source_id
    where b.is_counted
),

judged as ( -- what is wrong with a tier, if anything
    select
        contract_line_key, line_subject_key, legal_entity_code, tier_number,
        case
            when from_quantity <> coalesce(earlier_limit, -1)
                then
                    'tier ' || cast(tier_number as varchar) || ' starts at ' || cast(from_quantity as varchar)
                    || ', the tiers before it end at ' || coalesce(cast(earlier_limit as varchar), 'nothing')
            when rank_from_last = 1 and up_to_quantity is not null
                then 'the last tier ends at ' || cast(up_to_quantity as varchar)
        end as said,
        case
            when from_quantity <> coalesce(earlier_limit, -1)
                then
                    'tier ' || cast(tier_number as varchar) || ' starts at ' || coalesce(cast(earlier_limit as varchar), 'no quantity')
                    || ', where the tiers before it end'
            when rank_from_last = 1 and up_to_quantity is not null then 'the last tier has no end'
        end as wanted
    from tier
)

select
    cast(null as varchar) as cell_id,
    line_subject_key as subject_key,
    'DQ' as leg,
    legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    string_agg(said, '; ' order by tier_number) as reason,
    '[{"instance":"' || split_part(contract_line_key, ':', 1) || '","table":"contract_line","source_id":"'
    || split_part(contract_line_key, ':', 2) || '"}]' as evidence,
    string_agg(wanted, '; ' order by tier_number) as expected_text,
    string_agg(said, '; ' order by tier_number) as found_text
from judged
where said is not null
group by contract_line_key, line_subject_key, legal_entity_code
