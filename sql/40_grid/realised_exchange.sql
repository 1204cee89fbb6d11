-- grain:   transaction_key, legal_entity_code
-- owner:   accounting
-- says:    money in another currency than the books': what it is worth on its day, what it takes from the receivable at the rate of its
--          invoice, and the realised exchange difference between the two, as it should be and as it was posted
-- example: 100.00 EUR invoiced at 0.86, paid at 0.85: worth 85.00 GBP, takes 86.00 GBP, a loss of 1.00 GBP on exchange differences
-- Both conversions start from the document's own currency and are rounded once; nothing is converted back. Money whose invoice does not
-- stand in the same books has no rate to be held against: it takes what it is worth. Up to a minor unit a line is rounding.
with rated as ( -- rate at which each document stands in each company's books
    select document_number, legal_entity_code, currency, min(document_rate) as document_rate
    from (
        select d.document_number, f.legal_entity_code, f.currency, f.used_rate as document_rate
        from grid.foreign_receivable as f
        inner join link.document as d on f.transaction_key = d.transaction_key
        where d.document_number is not null and f.transaction_kind in ('invoice', 'credit_memo')
        union all -- in a summary journal
        select d.document_number, f.legal_entity_code, f.currency, f.used_rate as document_rate
        from grid.foreign_receivable as f
        inner join link.summary_document as d on f.transaction_key = d.transaction_key
    ) as stood
    group by document_number, legal_entity_code, currency
),

money as ( -- payments and refunds with what they settle and the rate of their day; their own where that is not known
    select
        f.transaction_key, f.legal_entity_code, f.currency, f.functional_currency, f.transaction_kind, f.posting_date, f.period,
        f.line_count, f.transaction_amount, f.functional_amount, f.fx_amount, l.claimed_document_number, r.document_rate, k.is_known,
        case when k.is_known then k.exchange_rate else coalesce(f.used_rate, k.exchange_rate) end as exchange_rate,
        coalesce(split_part(m.money_key, ':', 2), f.transaction_number) as subject_key
    from grid.foreign_receivable as f
    left join link.document as l on f.transaction_key = l.transaction_key
    left join link.money_posting as m on f.transaction_key = m.transaction_key
    left join rated as r
        on
            l.claimed_document_number = r.document_number and f.legal_entity_code = r.legal_entity_code and f.currency = r.currency
    inner join grid.day_rate as k
        on
            f.instance = k.instance and f.currency = k.currency and f.functional_currency = k.quote_currency
            and f.posting_date = k.rate_date
    where f.transaction_kind in ('payment', 'refund') and f.transaction_amount <> 0
),

worth as ( -- both conversions, each rounded once; each branch is cast by itself to keep its scale
    select
        m.transaction_key, m.subject_key, m.legal_entity_code, m.currency, m.functional_currency, m.transaction_kind, m.period,
        m.line_count, m.transaction_amount, m.functional_amount, m.fx_amount, m.claimed_document_number, m.document_rate,
        m.exchange_rate, m.is_known, u.minor_unit,
        case u.exponent
            when 0 then cast(round(cast(m.transaction_amount as decimal(38, 4)) * m.exchange_rate, 0) as decimal(20, 4))
            when 3 then cast(round(cast(m.transaction_amount as decimal(38, 4)) * m.exchange_rate, 3) as decimal(20, 4))
            else cast(round(cast(m.transaction_amount as decimal(38, 4)) * m.exchange_rate, 2) as decimal(20, 4))
        end as worth_amount,
        case u.exponent
            when 0
                then cast(round(
                    cast(m.transaction_amount as decimal(38, 4)) * coalesce(m.document_rate, m.exchange_rate), 0
                ) as decimal(20, 4))
            when 3
                then cast(round(
                    cast(m.transaction_amount as decimal(38, 4)) * coalesce(m.document_rate, m.exchange_rate), 3
                ) as decimal(20, 4))
            else
                cast(round(
                    cast(m.transaction_amount as decimal(38, 4)) * coalesce(m.document_rate, m.exchange_rate), 2
                ) as decimal(20, 4))
        end as settled_amount
    from money as m
    inner join canonical.currency_unit as u on m.functional_currency = u.currency
)

select
    transaction_key,
    subject_key,
    legal_entity_code,
    currency,
    functional_currency,
    transaction_kind,
    period,
    claimed_document_number,
    exchange_rate,
    document_rate,
    worth_amount,
    settled_amount,
    cast(functional_amount as decimal(20, 4)) as functional_amount,
    cast(worth_amount - settled_amount as decimal(20, 4)) as expected_fx_amount,
    cast(fx_amount as decimal(20, 4)) as fx_amount,
    is_known and document_rate is not null and (
        abs(functional_amount - settled_amount) > line_count * minor_unit
        or abs(fx_amount - (worth_amount - settled_amount)) > line_count * minor_unit
    ) as is_off
from worth
