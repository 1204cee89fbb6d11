-- grain:   transaction (or revaluation of a company, currency and month)
-- owner:   accounting
-- says:    receivables in another currency than the books': worth on each document's own day, posted in the books, and why they differ
-- example: a payment worth 85.00 GBP takes 86.00 GBP from the receivable: a difference of 1.00 GBP, explained as fx_realised
-- What is expected of exchange rates is explained, with a class of its own: fx_realised between invoice and payment, fx_unrealised by
-- revaluation at a month's end, fx_rounding where a document is off by no more than a minor unit a line. What is not is BP09.
with side as ( -- documents ...
    select
        'document' as part, transaction_key as record_key, document_number as subject_key, legal_entity_code,
        functional_currency as currency, period, expected_amount as left_amount, functional_amount as right_amount, is_off,
        'fx_rounding' as explained_cause
    from grid.transaction_worth
    union all -- ... money ...
    select
        'money' as part, transaction_key as record_key, subject_key, legal_entity_code, functional_currency as currency, period,
        worth_amount as left_amount, functional_amount as right_amount, is_off, 'fx_realised' as explained_cause
    from grid.realised_exchange
    union all -- ... and revaluations, which no document demands
    select
        'revaluation' as part, instance || ':' || subject_key as record_key, subject_key, legal_entity_code,
        functional_currency as currency, period,
        cast(0 as decimal(20, 4)) as left_amount, revalued_amount as right_amount, is_off, 'fx_unrealised' as explained_cause
    from grid.revaluation
)

select
    case when left_amount <> right_amount then sha256(
        'SL|exchange|' || part || '|' || record_key || '|' || legal_entity_code || '|' || currency || '|' || cast(period as varchar)
    ) end as cell_id,
    part,
    record_key,
    subject_key,
    legal_entity_code,
    currency,
    period,
    left_amount,
    right_amount,
    cast(left_amount - right_amount as decimal(20, 4)) as difference_amount,
    is_off,
    case when is_off then 'BP09' else explained_cause end as cause
from side
where left_amount <> 0 or right_amount <> 0
