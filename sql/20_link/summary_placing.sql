-- grain:   summary_key
-- owner:   accounting
-- says:    the day or batch whose documents each summary journal posts, how that is known, and which journal it repeats if it does
-- example: SUM-US-2 of 5 March has exactly the amounts of 4 March, which nothing else posts: it posts 4 March, known by its amounts
-- Its own day or batch comes first: all of its journals if they add up to the documents, else the one that equals them by itself, else
-- all of them. A journal that its own day has no room for posts the one other day, or the one other company's same day, that nothing
-- posts and that has its very amounts; else it repeats the one journal of the company that has them (neither more
-- than 15 days away: monthly amounts come again); else nothing is known of it but the candidates.
with home as ( -- journals beside the documents of their own day or batch; equal journals of a day in the order of their keys
    select
        j.summary_key, j.transaction_key, j.transaction_number, j.legal_entity_code, j.currency, j.period, j.posting_date, j.occasion,
        j.group_key, j.grouping, j.receivable_amount, j.tax_amount, j.deferred_amount, j.revenue_amount,
        g.group_key is not null as has_documents,
        coalesce(
            sum(j.receivable_amount) over own = g.receivable_amount and sum(j.tax_amount) over own = g.tax_amount
            and sum(j.deferred_amount) over own = g.deferred_amount and sum(j.revenue_amount) over own = g.revenue_amount, false
        ) as is_sum_exact,
        coalesce(
            j.receivable_amount = g.receivable_amount and j.tax_amount = g.tax_amount and j.deferred_amount = g.deferred_amount
            and j.revenue_amount = g.revenue_amount, false
        ) as is_exact
    from link.summary_journal as j
    left join link.summary_group as g on j.group_key = g.group_key
    window own as (partition by j.group_key)
),

ranked as ( -- the first of a day that equals its documents by itself
    select
        summary_key, transaction_key, transaction_number, legal_entity_code, currency, period, posting_date, occasion, group_key, grouping,
        receivable_amount, tax_amount, deferred_amount, revenue_amount, has_documents, is_sum_exact,
        bool_or(is_exact) over (partition by group_key) as has_exact,
        is_exact and row_number() over (partition by group_key, is_exact order by summary_key) = 1 as is_first_exact
    from home
),

vacant as ( -- days or batches that no journal of their own posts
    select
        g.group_key, g.legal_entity_code, g.currency, g.occasion, g.issued_date, g.receivable_amount, g.tax_amount, g.deferred_amount,
        g.revenue_amount
    from link.summary_group as g
    left join link.summary_journal as j on g.group_key = j.group_key
    where j.group_key is null
),

fitting as ( -- journals without room at home that equal a vacant day, with how many fit each other
    select
        r.summary_key, v.group_key, v.legal_entity_code,
        count(*) over (partition by r.summary_key) as days,
        count(*) over (partition by v.group_key) as journals,
        string_agg(v.group_key, ', ') over (
            partition by r.summary_key order by v.group_key rows between unbounded preceding and unbounded following
        ) as candidates
    from ranked as r
    inner join vacant as v
        on
            r.currency = v.currency and r.receivable_amount = v.receivable_amount and r.tax_amount = v.tax_amount
            and r.deferred_amount = v.deferred_amount and r.revenue_amount = v.revenue_amount
            and (
                (r.legal_entity_code = v.legal_entity_code and r.posting_date between v.issued_date - 15 and v.issued_date + 15)
                or r.occasion = v.occasion
            )
    where not r.is_sum_exact and not r.is_first_exact
),

placed as ( -- where each journal belongs, as far as its own or another day tells
    select
        r.summary_key, r.transaction_key, r.transaction_number, r.legal_entity_code, r.currency, r.period, r.posting_date, r.grouping,
        r.receivable_amount, r.tax_amount, r.deferred_amount, r.revenue_amount,
        case
            when r.is_sum_exact or r.is_first_exact then r.group_key
            when f.group_key is not null then f.group_key
            when r.has_documents and not r.has_exact then r.group_key
        end as placed_group_key,
        case
            when r.is_sum_exact or r.is_first_exact or (f.group_key is null and r.has_documents and not r.has_exact) then r.grouping
            when f.legal_entity_code <> r.legal_entity_code then 'amounts_of_other_entity'
            when f.group_key is not null then 'amounts_of_other_day'
        end as method
    from ranked as r
    left join fitting as f on r.summary_key = f.summary_key and f.days = 1 and f.journals = 1
),

alike as ( -- journals that are left, with those of the company that they may repeat: of the same day before any other
    select
        p.summary_key,
        count(*) as journals,
        count(*) filter (where o.posting_date = p.posting_date) as same_day_journals,
        min(o.transaction_key) as transaction_key,
        min(o.transaction_key) filter (where o.posting_date = p.posting_date) as same_day_transaction_key,
        string_agg(o.transaction_number, ', ' order by o.transaction_number) as candidates
    from placed as p
    inner join placed as o
        on
            p.currency = o.currency and p.legal_entity_code = o.legal_entity_code and p.receivable_amount = o.receivable_amount
            and p.tax_amount = o.tax_amount and p.deferred_amount = o.deferred_amount and p.revenue_amount = o.revenue_amount
            and o.posting_date between p.posting_date - 15 and p.posting_date + 15
    where p.placed_group_key is null and o.placed_group_key is not null
    group by p.summary_key
)

select
    p.summary_key,
    p.transaction_key,
    p.transaction_number,
    p.legal_entity_code,
    p.currency,
    p.period,
    p.posting_date,
    p.placed_group_key as group_key,
    case
        when p.method is not null then p.method
        when a.same_day_journals = 1 or a.journals = 1 then 'repeats'
        else 'none'
    end as method,
    case
        when p.method is not null then null
        when a.same_day_journals = 1 then a.same_day_transaction_key
        when a.journals = 1 then a.transaction_key
    end as repeated_transaction_key,
    case when p.method is null then nullif(concat_ws(' or ', f.candidates, a.candidates), '') end as candidates,
    p.receivable_amount,
    p.tax_amount,
    p.deferred_amount,
    p.revenue_amount
from placed as p
left join alike as a on p.summary_key = a.summary_key
left join (select summary_key, min(candidates) as candidates from fitting group by summary_key) as f on p.summary_key = f.summary_key
