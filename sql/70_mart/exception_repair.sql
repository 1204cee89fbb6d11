-- grain:   exception_id, step, repair_text
-- owner:   controllership
-- says:    what is proposed to repair an exception, one sentence a change; nothing goes out before somebody has approved it
-- example: ST01 of ORD-00056: set claimed_billing_status of sf_main contract 801A from 'Active' to 'Canceled'
select
    exception_id,
    step,
    'set ' || field_name || ' of ' || instance || ' ' || replace(table_name, '_', ' ') || ' ' || source_id || ' from '
    || coalesce('''' || before_value || '''', 'nothing') || ' to ' || coalesce('''' || after_value || '''', 'nothing') as repair_text
from repair.field_change
union all
select
    exception_id,
    step,
    'draft a journal in ' || instance || ' for ' || legal_entity_code || ' on ' || cast(posting_date as varchar) || ': '
    || string_agg(
        case when debit_amount <> 0 then 'debit ' else 'credit ' end || ledger_account_number || ' '
        || cast(case when debit_amount <> 0 then debit_amount else credit_amount end as varchar) || ' ' || currency,
        ', ' order by ledger_account_number, debit_amount, credit_amount
    ) as repair_text
from repair.journal_line
group by exception_id, step, instance, legal_entity_code, posting_date
union all
select
    exception_id,
    step,
    'add ' || cast(net_amount as varchar) || ' ' || currency || ' to the next invoice of ' || account_source_id || ' in ' || instance
    || ' for service from ' || cast(service_start_date as varchar) || ' to ' || cast(service_end_date as varchar) as repair_text
from repair.pending_item
union all
select
    exception_id,
    step,
    'draft an invoice for ' || account_source_id || ' in ' || instance || ': '
    || string_agg(
        cast(net_amount as varchar) || ' ' || currency || ' for service from ' || cast(service_start_date as varchar) || ' to '
        || cast(service_end_date as varchar),
        ', ' order by service_start_date, net_amount
    ) as repair_text
from repair.draft_invoice_line
group by exception_id, step, account_source_id, instance
union all
select
    exception_id,
    step,
    'task for ' || replace(queue, '_', ' ') || ': ' || title as repair_text
from repair.task
