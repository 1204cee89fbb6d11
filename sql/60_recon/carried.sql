-- grain:   cell_id
-- owner:   controllership
-- says:    cells of open items and of deferred revenue whose cause was found elsewhere: the same break, so no exception of its own
-- example: INV-7 is not posted (BP01): the open items are 120.00 above the control account, in the bridge under BP01
-- A document's cell carries the cause of its receivable cell in billed-posted; any other the cause that names its record or transaction.
-- A movement of deferred revenue carries the cause of the cell that it mirrors, else the cause that names its transaction.
with cell as ( -- cells that may have a cause elsewhere
    select cell_id, part, record_key, subject_key, currency, legal_entity_code
    from grid.subledger_ledger_break
    where not is_in_flight
),

cause as ( -- causes found for the same receivable in billed-posted ...
    select c.cell_id, w.control_id, w.subject_key
    from cell as c
    inner join grid.billed_posted as p
        on
            c.record_key = coalesce(p.document_key, p.unlinked_transaction_key) and c.currency = p.currency
            and c.legal_entity_code = p.legal_entity_code
    inner join recon.claim as w on p.cell_id = w.cell_id and w.is_winner
    where p.account_class = 'receivable' and c.part in ('document', 'transaction')
    union all -- ... or for the same money, transaction or invoice by a finding without a cell
    select c.cell_id, f.control_id, f.subject_key
    from cell as c
    inner join control.finding as f on c.subject_key = f.subject_key
    where f.cell_id is null and f.control_id in ('BP12', 'BP13', 'SL02', 'ST02') and c.part <> 'document'
    union all -- ... for the same document or release in another leg, for deferred revenue ...
    select b.cell_id, w.control_id, w.subject_key
    from grid.deferred_movement_break as b
    inner join recon.claim as w on b.mirrored_cell_id = w.cell_id and w.is_winner
    where not b.is_in_flight
    union all -- ... for a transaction by hand or out of balance that moves it ...
    select b.cell_id, f.control_id, f.subject_key
    from grid.deferred_movement_break as b
    inner join control.finding as f on coalesce(b.unbalanced_transaction_number, b.transaction_number) = f.subject_key
    where not b.is_in_flight and b.mirrored_cell_id is null and f.cell_id is null and f.control_id in ('BP12', 'BP13')
    union all -- ... or for a payment or refund that posts there
    select b.cell_id, w.control_id, w.subject_key
    from grid.deferred_movement_break as b
    inner join grid.subledger_ledger as s on b.first_transaction_key = s.first_transaction_key
    inner join recon.claim as w on s.cell_id = w.cell_id and w.is_winner
    where not b.is_in_flight and b.part = 'transaction'
),

ranked as ( -- one cause a cell
    select
        cell_id, control_id, subject_key,
        row_number() over (partition by cell_id order by control_id asc, subject_key asc) as cause_rank
    from cause
)

select cell_id, control_id, subject_key
from ranked
where cause_rank = 1
