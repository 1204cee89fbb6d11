-- control:  BP09
-- priority: 34
-- severity: high
-- grain:    cell_id; transaction or summary journal for a wrong rate, which moves no cell
-- owner:    accounting
-- queue:    finance_operations
-- says:     document was posted in another currency or at another rate than its day's, or an exchange difference is wrong
-- repair:   adjust
-- example:  INV-UK-000123 of 120.00 EUR stands in the ledger as 120.00 GBP; or at 0.80 instead of 0.85: 6.00 GBP too little
-- Another currency breaks two sets of cells, one a currency. The exception is worth what the document's own currency misses: what
-- stands in the other currency counts 0 in it (in the bridge of that currency it stands in full). A wrong rate is worth the
-- difference of the receivable in the books' currency; the day that counts is the document's. A wrong exchange difference, realised by
-- a payment or unrealised at a month's end, is worth what it should be less what was posted; one that is right is explained in the
-- bridge, with a class of its own.
select -- cells of documents posted in one other currency, both sides
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    billed_currency as currency,
    period,
    case when currency = billed_currency then difference_amount else cast(0 as decimal(20, 4)) end as difference_amount,
    'document ' || subject_key || ' is in ' || billed_currency || ', posted in ' || posted_currency || ': ' || cell_text
    || ' demands ' || left_text || ', posted ' || right_text as reason,
    evidence,
    cast(null as varchar) as expected_text,
    cast(null as varchar) as found_text
from grid.billed_posted_break
where
    document_state = 'live'
    and not is_nothing_posted
    and is_other_currency
union all -- receivables that are not worth what the rate of the day says
select
    cast(null as varchar) as cell_id,
    document_number as subject_key,
    'BP' as leg,
    legal_entity_code,
    functional_currency as currency,
    period,
    difference_amount,
    'receivable of ' || document_number || ' is worth ' || cast(expected_amount as varchar) || ' ' || functional_currency
    || ' at ' || cast(exchange_rate as varchar) || ', posted ' || cast(functional_amount as varchar) || ' '
    || functional_currency || ' at ' || coalesce(cast(used_rate as varchar), 'an unknown rate') as reason,
    '[{"instance":"' || split_part(transaction_key, ':', 1) || '","table":"posting","source_id":"'
    || split_part(transaction_key, ':', 2) || '"}]' as evidence,
    'the receivable of ' || document_number || ' is worth ' || cast(expected_amount as varchar) || ' ' || functional_currency
    || ' at the rate ' || cast(exchange_rate as varchar) || ' of its day' as expected_text,
    'it is posted as ' || cast(functional_amount as varchar) || ' ' || functional_currency || ' at '
    || coalesce('the rate ' || cast(used_rate as varchar), 'an unknown rate') as found_text
from grid.transaction_worth
where is_off
union all -- summary journals whose receivable is not worth what the rate of their documents' day says
select
    cast(null as varchar) as cell_id,
    transaction_number as subject_key,
    'BP' as leg,
    legal_entity_code,
    functional_currency as currency,
    period,
    difference_amount,
    'receivable of the summary ' || transaction_number || ' is worth ' || cast(expected_amount as varchar) || ' ' || functional_currency
    || ' at ' || cast(exchange_rate as varchar) || ', posted ' || cast(functional_amount as varchar) || ' '
    || functional_currency || ' at ' || coalesce(cast(used_rate as varchar), 'an unknown rate') as reason,
    '[{"instance":"' || split_part(transaction_key, ':', 1) || '","table":"posting","source_id":"'
    || split_part(transaction_key, ':', 2) || '"}]' as evidence,
    'the receivable of ' || transaction_number || ' is worth ' || cast(expected_amount as varchar) || ' ' || functional_currency
    || ' at the rate ' || cast(exchange_rate as varchar) || ' of its documents'' day' as expected_text,
    'it is posted as ' || cast(functional_amount as varchar) || ' ' || functional_currency || ' at '
    || coalesce('the rate ' || cast(used_rate as varchar), 'an unknown rate') as found_text
from grid.summary_worth
where is_off
union all -- payments and refunds whose realised exchange difference is not that between their day and their invoice's rate
select
    cast(null as varchar) as cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    functional_currency as currency,
    period,
    cast(expected_fx_amount - fx_amount as decimal(20, 4)) as difference_amount,
    transaction_kind || ' ' || subject_key || ' for ' || coalesce(claimed_document_number, 'no invoice') || ' is worth '
    || cast(worth_amount as varchar) || ' ' || functional_currency || ' and settles ' || cast(settled_amount as varchar)
    || ': an exchange difference of ' || cast(expected_fx_amount as varchar) || ', posted ' || cast(fx_amount as varchar)
    || ' with ' || cast(functional_amount as varchar) || ' on the receivable' as reason,
    '[{"instance":"' || split_part(transaction_key, ':', 1) || '","table":"posting","source_id":"'
    || split_part(transaction_key, ':', 2) || '"}]' as evidence,
    'the realised exchange difference is ' || cast(expected_fx_amount as varchar) || ' ' || functional_currency || ' between the rate '
    || cast(document_rate as varchar) || ' of the invoice and ' || cast(exchange_rate as varchar) || ' of the day' as expected_text,
    'posted as ' || cast(fx_amount as varchar) || ' ' || functional_currency as found_text
from grid.realised_exchange
where is_off
union all -- month-ends whose open receivables are not valued at the rate of the day
select
    cast(null as varchar) as cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    functional_currency as currency,
    period,
    cast(expected_amount - revalued_to_date as decimal(20, 4)) as difference_amount,
    cast(open_amount as varchar) || ' ' || currency || ' are open in ' || legal_entity_code || ', worth ' || cast(worth_amount as varchar)
    || ' ' || functional_currency || ' at ' || cast(exchange_rate as varchar) || ' and carried at ' || cast(carried_amount as varchar)
    || ': unrealised ' || cast(expected_amount as varchar) || ', revalued by ' || cast(revalued_to_date as varchar) as reason,
    '[{"instance":"' || split_part(transaction_key, ':', 1) || '","table":"posting","source_id":"'
    || split_part(transaction_key, ':', 2) || '"}]' as evidence,
    'the unrealised exchange difference is ' || cast(expected_amount as varchar) || ' ' || functional_currency || ' at the rate '
    || cast(exchange_rate as varchar) as expected_text,
    'revalued by ' || cast(revalued_to_date as varchar) || ' ' || functional_currency as found_text
from grid.revaluation
where is_off
