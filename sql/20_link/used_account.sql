-- grain:   instance, subsidiary_source_id, ledger_account_source_id, is_primary_book
-- owner:   accounting
-- says:    ledger accounts that a subsidiary has posted to, and by how many lines
-- example: subsidiary 3 has 41 posted lines on account 1100
select
    instance,
    subsidiary_source_id,
    ledger_account_source_id,
    is_primary_book,
    count(*) as posting_lines
from canonical.posting
where is_posted
group by instance, subsidiary_source_id, ledger_account_source_id, is_primary_book
