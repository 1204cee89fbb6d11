-- control: BP01, BP02, BP03, BP04, BP05, BP06, BP07, BP08, BP09, BP10, BP11
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    what the ledger lacks of a document, or holds too much, as unposted journals that name the document
-- example: BP01 INV-7 of 119.00: receivable 119.00 to revenue 100.00 and tax 19.00
-- Entity, period and currency (BP06, BP07, BP09): out of the wrong place first, then into the right one. A wrong rate (BP09) moves no
-- amount in the document's currency: it stays a task.
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    case control_id
        when 'BP02' then 'reversal of unknown '
        when 'BP03' then 'reversal of second posting of '
        when 'BP04' then 'adjustment of '
        when 'BP05' then 'tax adjustment of '
        when 'BP06' then 'reclass of entity of '
        when 'BP07' then 'reclass of period of '
        when 'BP08' then 'reclass of account of '
        when 'BP09' then 'change of currency of '
        when 'BP11' then 'reversal of voided '
        else 'missing posting of '
    end || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id in ('BP01', 'BP02', 'BP03', 'BP04', 'BP05', 'BP06', 'BP07', 'BP08', 'BP09', 'BP10', 'BP11')
