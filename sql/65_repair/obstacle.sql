-- grain:   exception_id
-- owner:   accounting
-- says:    why no journal can be proposed for an exception, in words: it stays a task until a person has cleared that
-- example: February 2026 of DE is closed: reopen it or agree on another period
with said as ( -- everything that stands in the way
    select
        d.exception_id,
        case
            when d.document_number is null then 'the posting quotes no document that a journal could name'
            when b.instance is null then 'no single ERP keeps the books of ' || d.legal_entity_code
            when not b.is_open then b.period_name || ' of ' || d.legal_entity_code || ' is closed: reopen it, or agree on another period'
            when a.candidates is null then 'the chart has no account for ' || d.account_class
            when
                a.ledger_account_number is null
                then d.account_class || ' of ' || d.legal_entity_code || ' may be posted to ' || a.candidates || ': choose one'
        end as obstacle
    from repair.document_amount as d
    left join repair.ledger_entity as b on d.legal_entity_code = b.legal_entity_code and d.period = b.period
    left join repair.account as a
        on b.instance = a.instance and d.legal_entity_code = a.legal_entity_code and d.account_class = a.account_class
    union all -- summary journals: one draft cannot stand for several documents
    select
        exception_id,
        'it is one journal for ' || cast(count(distinct document_key) as varchar) || ' documents: correct that journal itself' as obstacle
    from repair.document_amount
    group by exception_id
    having count(distinct document_key) > 1
    union all -- journals that would not balance
    select
        exception_id,
        'a journal of ' || legal_entity_code || ' in ' || currency || ' would not balance: ' || cast(sum(amount) as varchar) || ' too much'
            as obstacle
    from repair.document_amount
    group by exception_id, legal_entity_code, period, currency
    having sum(amount) <> 0
)

select
    exception_id,
    string_agg(distinct obstacle, '; ' order by obstacle) as obstacle
from said
where obstacle is not null
group by exception_id
