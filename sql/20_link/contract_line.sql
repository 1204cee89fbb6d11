-- grain:   subscription_line_key
-- owner:   revenue operations
-- says:    which contract line each subscription line bills, by what evidence, and whether both sides' ids agree
-- example: item si_1 names OrderItem 802B, but OrderItem 802A names si_1 and 802B names si_2: si_1 belongs to 802A
with claim as ( -- every pair that one side or the other claims
    select
        s.instance || ':' || s.source_id as subscription_line_key,
        b.root_line_key,
        true as is_named_by_billing,
        false as is_named_by_crm,
        false as is_named_by_key
    from canonical.subscription_line as s
    inner join link.booked_line as b on s.claimed_contract_line_id = b.contract_line_source_id
    union all
    select
        s.instance || ':' || s.source_id as subscription_line_key,
        b.root_line_key,
        false as is_named_by_billing,
        true as is_named_by_crm,
        false as is_named_by_key
    from canonical.subscription_line as s
    inner join link.booked_line as b on s.source_id = b.claimed_subscription_line_id
    union all
    select
        s.instance || ':' || s.source_id as subscription_line_key,
        b.root_line_key,
        false as is_named_by_billing,
        false as is_named_by_crm,
        true as is_named_by_key
    from canonical.subscription_line as s
    inner join link.booked_line as b on s.claimed_contract_line_key = b.line_subject_key
),

pair as ( -- one row a pair with all that speaks for it
    select
        subscription_line_key,
        root_line_key,
        bool_or(is_named_by_billing) as is_named_by_billing,
        bool_or(is_named_by_crm) as is_named_by_crm,
        bool_or(is_named_by_key) as is_named_by_key
    from claim
    group by subscription_line_key, root_line_key
),

ranked as ( -- pairs of one subscription line, best evidence first: both ids, then the contract's own id, then billing's, then the key
    select
        subscription_line_key,
        root_line_key,
        is_named_by_billing,
        is_named_by_crm,
        row_number() over (
            partition by subscription_line_key
            order by
                is_named_by_billing and is_named_by_crm desc, is_named_by_crm desc, is_named_by_billing desc,
                is_named_by_key desc, root_line_key asc
        ) as pair_rank
    from pair
)

select
    r.subscription_line_key,
    r.root_line_key,
    s.instance || ':' || s.subscription_source_id as subscription_key,
    s.instance || ':' || u.account_source_id as billing_account_key,
    s.meter_source_id,
    case
        when r.is_named_by_billing and r.is_named_by_crm then 'external_id'
        when r.is_named_by_crm then 'reverse_external_id'
        when r.is_named_by_billing then 'external_id'
        else 'contract_line_key'
    end as method,
    case
        when r.is_named_by_billing then 'agree' when s.claimed_contract_line_id is null then 'missing' else 'contradicts'
    end as billing_claim_state,
    case when r.is_named_by_crm then 'agree' else 'missing' end as crm_claim_state,
    'billing says ' || coalesce(s.claimed_contract_line_id, 'nothing') || ', contract line is ' || r.root_line_key as evidence
from ranked as r
inner join canonical.subscription_line as s on r.subscription_line_key = s.instance || ':' || s.source_id
left join canonical.subscription as u on s.instance = u.instance and s.subscription_source_id = u.source_id
where r.pair_rank = 1
