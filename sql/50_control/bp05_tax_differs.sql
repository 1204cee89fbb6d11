-- control:  BP05
-- priority: 37
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    tax
-- says:     posted tax differs from the document, or the document was posted without tax
-- repair:   draft adjustment
-- example:  tax of 20.00 posted as 19.00 with a receivable of 119.00; or 120.00 all posted as revenue
-- Net right, or total right: then tax is what was posted wrongly; with both wrong it is BP04, with tax right and the split of the
-- net wrong BP08. Worth the difference of the receivable; where the receivable is right, the tax cell alone.
select -- cells of documents posted in their own entity, period and currency, with another tax and the right net or total
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    case
        when posted_total = billed_total and account_class <> 'tax' then cast(0 as decimal(20, 4)) else difference_amount
    end as difference_amount,
    'document ' || subject_key || ' demands ' || left_text || ' ' || cell_text || ', posted ' || right_text
    || case when posted_tax = 0 then ': posted without tax' else ': tax differs' end || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and not is_nothing_posted
    and not is_other_entity
    and not is_other_period
    and not is_other_currency
    and unbalanced_transaction_number is null
    and posted_tax <> billed_tax
    and (posted_net = billed_net or posted_total = billed_total)
