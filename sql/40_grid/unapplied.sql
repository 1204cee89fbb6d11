-- grain:   record_key
-- params:  as_of
-- owner:   billing operations
-- says:    money and credit that settle nothing: payments without an invoice, payments above what was open, credit that nobody took
-- example: INV-7 of 120.00 was paid in full, then credited by 20.00 and nothing paid back: credit of 20.00 waits since that day
-- What an invoice got too much is put down to the latest records first, in order of day and id: to a payment as far as it was above
-- what was open on its day (credit of the same day counts as later), what is left of it to credit memos.
with document as ( -- counted documents with the invoice that they belong to
    select
        instance || ':' || source_id as document_key,
        case document_kind
            when 'invoice' then instance || ':' || source_id
            else instance || ':' || credited_invoice_source_id
        end as invoice_key,
        document_kind, document_number, currency, total_amount, issued_date,
        coalesce(legal_entity_code, 'unknown') as legal_entity_code
    from canonical.invoice
    where document_status in ('open', 'paid', 'uncollectible', 'issued') and issued_date <= $as_of
),

movement as ( -- everything that makes up what is open of an invoice, in the order in which it counts
    select
        invoice_key, document_key as record_key, document_kind as movement_kind, document_number as subject_key, currency,
        legal_entity_code, total_amount as amount, issued_date as moved_date,
        case document_kind when 'invoice' then 0 else 2 end as day_order
    from document
    union all
    select
        document_key as invoice_key, money_key as record_key, payment_kind as movement_kind, source_id as subject_key, currency,
        legal_entity_code, -payment_amount as amount, paid_date as moved_date, 1 as day_order
    from link.money
    where document_key is not null
),

excess as ( -- invoices that got more than they ask for
    select invoice_key, -sum(amount) as excess_amount
    from movement
    group by invoice_key
    having sum(amount) < 0 and bool_or(movement_kind = 'invoice')
),

running as ( -- what was open of them before each movement
    select
        m.invoice_key, m.record_key, m.movement_kind, m.subject_key, m.currency, m.legal_entity_code, m.amount, m.moved_date,
        m.day_order, e.excess_amount,
        sum(m.amount) over (
            partition by m.invoice_key order by m.moved_date asc, m.day_order asc, m.record_key asc
        ) - m.amount as open_before
    from movement as m
    inner join excess as e on m.invoice_key = e.invoice_key
),

surplus as ( -- by how much each payment, and each credit memo, can be to blame: payments first
    select
        invoice_key, record_key, movement_kind, subject_key, currency, legal_entity_code, amount, moved_date, excess_amount,
        case movement_kind when 'payment' then least(-amount, -amount - greatest(open_before, 0)) else -amount end as surplus_amount,
        row_number() over (
            partition by invoice_key
            order by movement_kind = 'payment' desc, moved_date desc, day_order desc, record_key desc
        ) as blame_rank
    from running
    where movement_kind = 'credit_memo' or (movement_kind = 'payment' and -amount > greatest(open_before, 0))
),

blamed as ( -- the latest first, until the excess is used up
    select
        record_key, movement_kind, subject_key, currency, legal_entity_code, moved_date,
        least(
            surplus_amount,
            excess_amount
            - (sum(surplus_amount) over (partition by invoice_key order by blame_rank) - surplus_amount)
        ) as unapplied_amount
    from surplus
),

returned as ( -- what was paid back of payments, by the id that the refund names
    select instance, payment_source_id, sum(payment_amount) as refunded_amount
    from canonical.payment
    where payment_kind = 'refund' and payment_status = 'succeeded'
    group by instance, payment_source_id
)

select
    record_key,
    case movement_kind when 'payment' then 'overpaid' else 'credit' end as unapplied_kind,
    subject_key,
    currency,
    legal_entity_code,
    moved_date as since_date,
    cast(unapplied_amount as decimal(20, 4)) as unapplied_amount
from blamed
where unapplied_amount > 0 and (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
union all -- payments without an invoice, less what was paid back of them
select
    m.money_key as record_key,
    'cash' as unapplied_kind,
    m.source_id as subject_key,
    m.currency,
    m.legal_entity_code,
    m.paid_date as since_date,
    cast(m.payment_amount + coalesce(r.refunded_amount, 0) as decimal(20, 4)) as unapplied_amount
from link.money as m
left join returned as r on m.instance = r.instance and m.source_id = r.payment_source_id
where
    m.payment_kind = 'payment' and m.document_key is null and m.payment_amount + coalesce(r.refunded_amount, 0) > 0
    and (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
