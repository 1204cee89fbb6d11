-- control:  DQ05
-- priority: 50
-- severity: high
-- grain:    transaction, currency
-- params:   as_of
-- owner:    accounting
-- queue:    finance_operations
-- says:     figures of a locked period moved: a posting was changed, taken out, or came to light after its period was closed
-- example:  JE-US-2026-01 held 3,000.00 of rent when January was closed; in May the same journal holds 3,500.00
-- repair:   restate or reverse
-- The figures that count are those read last before the close, else those of the first reading. What the ledger itself dates after
-- the close is BP14's where it posts to a controlled account. The amount is what moved from account to account, or in and out of the
-- period.
-- What a reading had to leave out (canonical.left_out_transaction) counts as it was read first.
with touched as ( -- lines that came, changed or left after the first reading
    select distinct m.instance, m.source_id
    from mapped.posting as m
    inner join canonical.first_reading as f on m.instance = f.instance
    where m.as_of > f.first_date and m.as_of <= $as_of
),

version as ( -- all versions of these lines; a departure has nothing but its date
    select
        m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.is_deleted, m.transaction_source_id, m.transaction_number,
        m.ledger_account_source_id, m.accounting_period_source_id, m.currency, m.created_at,
        case when m.is_posted and not m.is_voided and not m.is_deleted then m.transaction_amount else 0 end as amount
    from mapped.posting as m
    inner join touched as t on m.instance = t.instance and m.source_id = t.source_id
    inner join canonical.primary_book as k on m.instance = k.instance
    where m.as_of <= $as_of and (m.is_deleted or m.book_source_id = k.book_source_id)
),

closed as ( -- closed periods of the ledger
    select instance, source_id, period_name, closed_at
    from canonical.accounting_period
    where period_state = 'closed' and closed_at is not null
),

controlled as ( -- transactions that BP14 judges
    select distinct transaction_key
    from grid.transaction_amount
),

dated as ( -- versions with the day whose figures count: the close, the first reading, or when what had been left out was read
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.transaction_source_id, v.transaction_number,
        v.ledger_account_source_id, v.accounting_period_source_id, v.currency, v.created_at, v.amount,
        v.as_of <= greatest(
            f.first_date,
            coalesce(cast(c.closed_at as date), f.first_date),
            case when v.created_at <= c.closed_at then coalesce(o.seen_date, f.first_date) else f.first_date end
        ) as is_known_at_close
    from version as v
    inner join canonical.first_reading as f on v.instance = f.instance
    left join closed as c on v.instance = c.instance and v.accounting_period_source_id = c.source_id
    left join canonical.left_out_transaction as o on v.instance = o.instance and v.transaction_source_id = o.transaction_source_id
),

ranked as ( -- versions of each line, the newest first, and those known when their period was closed, the newest first
    select
        instance, source_id, transaction_source_id, transaction_number, ledger_account_source_id,
        accounting_period_source_id, currency, amount, is_deleted, created_at, is_known_at_close,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as now_rank,
        row_number() over (
            partition by instance, source_id, is_known_at_close order by source_version desc, as_of desc, batch_id desc
        ) as close_rank
    from dated
),

figure as ( -- amounts of closed periods as they were, and as they are with the sign turned
    select
        r.instance, r.transaction_source_id, r.transaction_number, r.ledger_account_source_id, c.period_name, r.currency,
        r.amount as old_amount, cast(0 as decimal(20, 4)) as new_amount
    from ranked as r
    inner join closed as c on r.instance = c.instance and r.accounting_period_source_id = c.source_id
    where r.is_known_at_close and r.close_rank = 1 and not r.is_deleted
    union all
    select
        r.instance, r.transaction_source_id, r.transaction_number, r.ledger_account_source_id, c.period_name, r.currency,
        cast(0 as decimal(20, 4)) as old_amount, r.amount as new_amount
    from ranked as r
    inner join closed as c on r.instance = c.instance and r.accounting_period_source_id = c.source_id
    left join controlled as a on a.transaction_key = r.instance || ':' || r.transaction_source_id
    where r.now_rank = 1 and not r.is_deleted and (a.transaction_key is null or not coalesce(r.created_at > c.closed_at, false))
),

moved as ( -- accounts of a closed period whose figures are not what they were
    select
        instance, transaction_source_id, period_name, ledger_account_source_id, currency,
        min(transaction_number) as transaction_number,
        sum(old_amount) as old_amount,
        sum(new_amount) as new_amount
    from figure
    group by instance, transaction_source_id, period_name, ledger_account_source_id, currency
    having sum(old_amount) <> sum(new_amount)
)

select
    cast(null as varchar) as cell_id,
    coalesce(min(transaction_number), transaction_source_id) as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    currency,
    cast(null as date) as period,
    cast(
        greatest(
            sum(case when old_amount > new_amount then old_amount - new_amount else 0 end),
            sum(case when new_amount > old_amount then new_amount - old_amount else 0 end)
        ) as decimal(20, 4)
    ) as difference_amount,
    string_agg(
        'account ' || ledger_account_source_id || ' of ' || period_name || ' held ' || cast(old_amount as varchar) || ' ' || currency
        || ' when the period was closed and holds ' || cast(new_amount as varchar) || ' now',
        '; ' order by period_name, ledger_account_source_id
    ) as reason,
    '[{"instance":"' || instance || '","table":"posting","source_id":"' || transaction_source_id || '"}]' as evidence,
    string_agg(
        cast(old_amount as varchar) || ' ' || currency || ' on account ' || ledger_account_source_id, '; '
        order by period_name, ledger_account_source_id
    ) as expected_text,
    string_agg(
        cast(new_amount as varchar) || ' ' || currency || ' on account ' || ledger_account_source_id, '; '
        order by period_name, ledger_account_source_id
    ) as found_text
from moved
group by instance, transaction_source_id, currency
