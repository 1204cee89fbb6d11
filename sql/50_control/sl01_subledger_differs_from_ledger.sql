-- control:  SL01
-- priority: 60
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     open items of the receivable subledger differ from the ledger's control account
-- repair:   investigate
-- example:  a payment of 120.00 EUR was posted as 102.00: the control account stays 18.00 above the open items
-- Only what no other control names: documents are held against the ledger in billed-posted, unposted and doubled money is SL02, a
-- journal by hand BP13, an invoice whose state contradicts its open amount ST02. Worth open items minus control account; what stands
-- in another company's books than it should counts once, in its own.
with odd as ( -- differing cells that no other control can name
    select
        b.cell_id, b.part, b.subject_key, b.legal_entity_code, b.currency, b.period, b.difference_amount, b.left_text, b.right_text,
        b.payment_kind, b.home_entity_code, b.settled_document_number, b.transaction_kind, b.claimed_document_number, b.evidence,
        sum(b.difference_amount) over (partition by b.subject_key, b.currency) as total_amount
    from grid.subledger_ledger_break as b
    left join control.st02_invoice_status_contradicts as s on b.part = 'footing' and b.subject_key = s.subject_key
    where
        not b.is_in_flight
        and s.subject_key is null
        and (
            b.part = 'footing'
            or (b.part = 'money' and b.transactions > 0 and not (b.transactions > 1 and abs(b.posted_amount) > abs(b.payment_amount)))
            or (b.part = 'transaction' and b.transaction_kind in ('payment', 'refund'))
        )
)

select
    cell_id,
    subject_key,
    'SL' as leg,
    legal_entity_code,
    currency,
    period,
    case
        when total_amount = 0 and legal_entity_code <> coalesce(home_entity_code, legal_entity_code) then cast(0 as decimal(20, 4))
        else difference_amount
    end as difference_amount,
    case part
        when 'footing' then 'invoice ' || subject_key || ' states ' || left_text || ' more as open than its total less credits and payments'
        when 'transaction'
            then
                transaction_kind || ' ' || subject_key || ' for ' || coalesce(claimed_document_number, 'no invoice') || ' posts '
                || right_text || ' to the receivable of ' || legal_entity_code || ', billing knows no such money'
        else
            payment_kind || ' ' || subject_key || ' for ' || coalesce(settled_document_number, 'no known invoice') || ' moves '
            || left_text || ' in the open items of ' || legal_entity_code || ', ' || right_text || ' in its ledger'
    end as reason,
    evidence
from odd
