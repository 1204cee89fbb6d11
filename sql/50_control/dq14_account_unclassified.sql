-- control:  DQ14
-- priority: 1
-- severity: high
-- grain:    ledger account with postings that the chart does not classify
-- owner:    accounting
-- queue:    finance_operations
-- says:     postings stand on an account that has no class: the chart lacks it, or its type is unknown
-- example:  account 117 holds 36 postings and its type Exotic is none of the known ones
-- repair:   repair at source
-- Where the account was delivered and could not be read, its rejected record is claimed here: the account is the cause, the unknown
-- word (DQ03) its symptom.
with strange as ( -- accounts with posted lines that the chart does not have
    select distinct u.instance, u.ledger_account_source_id
    from link.used_account as u
    left join canonical.ledger_account as a on u.instance = a.instance and u.ledger_account_source_id = a.source_id
    where a.source_id is null
),

posted as ( -- and their lines
    select
        p.instance, p.ledger_account_source_id, count(*) as line_count, min(p.transaction_number) as transaction_number,
        min(p.source_id) as source_id
    from canonical.posting as p
    inner join strange as s on p.instance = s.instance and p.ledger_account_source_id = s.ledger_account_source_id
    where p.is_posted
    group by p.instance, p.ledger_account_source_id
),

chart as ( -- the object that delivers each ERP's accounts
    select m.instance, min(b.object_name) as object_name
    from mapped.ledger_account as m
    inner join landing.batch as b on m.batch_id = b.batch_id
    group by m.instance
)

select
    max(case when r.source_id is not null then 'reject|' || r.instance || '|' || r.object_name || '|' || r.source_id end) as cell_id,
    p.instance || '.' || coalesce(min(c.object_name), 'account') || '/' || p.ledger_account_source_id as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    'account ' || p.ledger_account_source_id || ' holds ' || cast(min(p.line_count) as varchar) || ' postings, for example of '
    || coalesce(min(p.transaction_number), min(p.source_id)) || ', and '
    || coalesce('could not be read: ' || min(r.reason), 'is not in the chart') as reason,
    '[{"instance":"' || p.instance || '","table":"ledger_account","source_id":"' || p.ledger_account_source_id || '"}]' as evidence,
    'a class for every account with postings' as expected_text,
    'none for account ' || p.ledger_account_source_id as found_text
from posted as p
left join chart as c on p.instance = c.instance
left join canonical.open_reject as r
    on p.instance = r.instance and p.ledger_account_source_id = r.source_id and c.object_name = r.object_name
group by p.instance, p.ledger_account_source_id
