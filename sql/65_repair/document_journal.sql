-- grain:   exception_id, step, account_class
-- owner:   accounting
-- says:    journals that would bring the ledger to what its documents demand: balanced, in open periods, on accounts that are certain
-- example: INV-7 of DE stands in UK: step 1 takes it out of the books of UK, step 2 puts it into those of DE
-- What is taken out comes before what is put in. A journal that cannot be certain is in repair.obstacle instead.
with journal as ( -- amounts of one entity, period and currency: one journal, in the order in which they are posted
    select
        exception_id, legal_entity_code, period, currency,
        row_number() over (
            partition by exception_id
            order by bool_or(is_home) asc nulls first, legal_entity_code asc, period asc, currency asc
        ) as step
    from repair.document_amount
    group by exception_id, legal_entity_code, period, currency
)

select
    d.exception_id,
    d.control_id,
    j.step,
    b.instance,
    d.legal_entity_code,
    b.subsidiary_source_id,
    d.currency,
    least(greatest(d.document_date, b.start_date), b.end_date) as posting_date,
    d.document_number,
    d.account_class,
    a.ledger_account_number,
    cast(greatest(d.amount, 0) as decimal(20, 4)) as debit_amount,
    cast(greatest(-d.amount, 0) as decimal(20, 4)) as credit_amount,
    case when d.account_class = 'receivable' then d.erp_customer_source_id end as account_source_id
from repair.document_amount as d
inner join journal as j
    on
        d.exception_id = j.exception_id and d.legal_entity_code = j.legal_entity_code and d.period = j.period
        and d.currency = j.currency
inner join repair.ledger_entity as b on d.legal_entity_code = b.legal_entity_code and d.period = b.period
inner join repair.account as a
    on b.instance = a.instance and d.legal_entity_code = a.legal_entity_code and d.account_class = a.account_class
left join repair.obstacle as o on d.exception_id = o.exception_id
where o.exception_id is null
