-- grain:   legal_entity_code, ledger_account_number, period, currency
-- owner:   accounting
-- says:    deferred revenue from opening to closing balance, a liability positive, in the documents' currency and in the books' own
-- example: opening 300.00 + billed 120.00 - recognised 100.00 + other 0.00 = closing 320.00 EUR; in GBP 255.00 + 104.40 - 85.00 + fx 1.20
-- In the books' currency what was deferred is recognised at the rate of its document; what the ledger took instead is the fx effect,
-- known where a contract line's release of the month is the scheduled one. difference_amount is what SL04 and others name: closing less
-- what documents and schedule demand, of the entity and currency as a whole, on its lowest account.
with abroad as ( -- companies and currencies other than the books' in which anything is released
    select distinct legal_entity_code, currency
    from recon.deferred_moved
    where movement = 'recognised' and currency <> functional_currency
),

scheduled as ( -- releases that are due in them
    select s.document_key, s.root_line_key, s.legal_entity_code, s.period, s.currency, s.net_amount
    from schedule.release_period as s
    inner join abroad as f on s.legal_entity_code = f.legal_entity_code and s.currency = f.currency
),

taken as ( -- and what the ledger took from the account for each contract line
    select
        e.legal_entity_code, a.ledger_account_number,
        coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)) as period,
        p.currency, e.currency as functional_currency, p.claimed_contract_line_key,
        -sum(p.transaction_amount) as amount,
        cast(-sum(p.functional_amount) as decimal(38, 12)) as functional_amount
    from canonical.posting as p
    inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
    inner join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
    inner join abroad as f on e.legal_entity_code = f.legal_entity_code and p.currency = f.currency
    left join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
    where
        a.account_class = 'deferred_revenue' and p.is_posted and p.is_primary_book and not p.is_voided
        and p.transaction_kind not in ('invoice', 'credit_memo', 'summary') and p.claimed_document_number is null
        and p.claimed_contract_line_key is not null and p.currency <> e.currency
    group by
        e.legal_entity_code, a.ledger_account_number,
        coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)),
        p.currency, e.currency, p.claimed_contract_line_key
),

rated as ( -- rate at which their documents stand in the ledger
    select d.document_key, min(p.exchange_rate) as exchange_rate
    from (
        select document_key, transaction_key from link.document
        where document_key in (select document_key from scheduled) and transaction_kind in ('invoice', 'credit_memo')
        union all
        select document_key, transaction_key from link.summary_document
    ) as d
    inner join canonical.posting as p on d.transaction_key = p.instance || ':' || p.transaction_source_id
    where p.is_primary_book
    group by d.document_key
),

historic as ( -- scheduled releases of each contract line at the rate of their documents
    select
        b.line_subject_key, s.legal_entity_code, s.period, s.currency,
        sum(s.net_amount) as amount,
        sum(cast(s.net_amount as decimal(38, 4)) * r.exchange_rate) as functional_amount
    from scheduled as s
    inner join rated as r on s.document_key = r.document_key
    inner join link.booked_line as b on s.root_line_key = b.contract_line_key
    group by b.line_subject_key, s.legal_entity_code, s.period, s.currency
),

exchanged as ( -- what the ledger took from the account beyond that, line by line where the release is the scheduled one
    select
        p.legal_entity_code, p.ledger_account_number, p.period, p.currency,
        sum(case u.exponent
            when 0 then cast(round(p.functional_amount + h.functional_amount, 0) as decimal(20, 4))
            when 3 then cast(round(p.functional_amount + h.functional_amount, 3) as decimal(20, 4))
            else cast(round(p.functional_amount + h.functional_amount, 2) as decimal(20, 4))
        end) as fx_amount
    from taken as p
    inner join canonical.currency_unit as u on p.functional_currency = u.currency
    inner join historic as h
        on
            p.claimed_contract_line_key = h.line_subject_key and p.legal_entity_code = h.legal_entity_code and p.period = h.period
            and p.currency = h.currency and p.amount = -h.amount
    group by p.legal_entity_code, p.ledger_account_number, p.period, p.currency
),

moved as ( -- movements of each account and month
    select
        legal_entity_code, ledger_account_number, period, currency,
        min(functional_currency) as functional_currency,
        coalesce(sum(amount) filter (where movement = 'billed'), 0) as billed_amount,
        coalesce(-sum(amount) filter (where movement = 'recognised'), 0) as recognised_amount,
        coalesce(sum(amount) filter (where movement = 'other'), 0) as other_amount,
        sum(amount) as moved_amount,
        coalesce(sum(functional_amount) filter (where movement = 'billed'), 0) as functional_billed_amount,
        coalesce(-sum(functional_amount) filter (where movement = 'recognised'), 0) as functional_taken_amount,
        coalesce(sum(functional_amount) filter (where movement = 'other'), 0) as functional_other_amount,
        sum(functional_amount) as functional_moved_amount
    from recon.deferred_moved
    group by legal_entity_code, ledger_account_number, period, currency
),

demanded as ( -- by how much the ledger's movements depart from what documents and schedule demand
    select legal_entity_code, period, currency, left_amount - right_amount as difference_amount
    from recon.leg_total
    where leg = 'SL' and measure = 'deferred_revenue'
),

lowest as ( -- the account that the departure is shown on
    select legal_entity_code, period, currency, min(ledger_account_number) as ledger_account_number
    from moved
    group by legal_entity_code, period, currency
)

select
    m.legal_entity_code, m.ledger_account_number, m.period, m.currency,
    cast(sum(m.moved_amount) over account - m.moved_amount as decimal(20, 4)) as opening_amount,
    cast(m.billed_amount as decimal(20, 4)) as billed_amount,
    cast(m.recognised_amount as decimal(20, 4)) as recognised_amount,
    cast(m.other_amount as decimal(20, 4)) as other_amount,
    cast(sum(m.moved_amount) over account as decimal(20, 4)) as closing_amount,
    cast(coalesce(d.difference_amount, 0) as decimal(20, 4)) as difference_amount,
    m.functional_currency,
    cast(sum(m.functional_moved_amount) over account - m.functional_moved_amount as decimal(20, 4)) as functional_opening_amount,
    cast(m.functional_billed_amount as decimal(20, 4)) as functional_billed_amount,
    cast(m.functional_taken_amount + coalesce(x.fx_amount, 0) as decimal(20, 4)) as functional_recognised_amount,
    cast(coalesce(x.fx_amount, 0) as decimal(20, 4)) as functional_fx_amount,
    cast(m.functional_other_amount as decimal(20, 4)) as functional_other_amount,
    cast(sum(m.functional_moved_amount) over account as decimal(20, 4)) as functional_closing_amount
from moved as m
left join exchanged as x
    on
        m.legal_entity_code = x.legal_entity_code and m.ledger_account_number = x.ledger_account_number and m.period = x.period
        and m.currency = x.currency
left join lowest as k
    on
        m.legal_entity_code = k.legal_entity_code and m.ledger_account_number = k.ledger_account_number and m.period = k.period
        and m.currency = k.currency
left join demanded as d on k.legal_entity_code = d.legal_entity_code and k.period = d.period and k.currency = d.currency
window account as (partition by m.legal_entity_code, m.ledger_account_number, m.currency order by m.period)
