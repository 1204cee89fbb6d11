-- grain:   parent_key, child_key
-- owner:   controllership
-- says:    which record leads to which, from account to journal, with the evidence of links between systems
-- example: contract_line ORD-00056/1 -> subscription_line si_1 (external_id) -> invoice INV-US-000123 -> transaction 4711 (document_number)
select -- account -> customer of billing and ERP
    'account:' || account_key as parent_key,
    'account:' || other_account_key as child_key,
    method
from link.account
union all -- account -> opportunity
select
    'account:' || instance || ':' || account_source_id as parent_key, 'opportunity:' || instance || ':' || source_id as child_key,
    'record' as method
from canonical.opportunity
union all -- opportunity, else account -> order; an amendment hangs below the order that it amends
select
    case
        when amends_contract_source_id is not null then 'contract:' || instance || ':' || amends_contract_source_id
        when opportunity_source_id is not null then 'opportunity:' || instance || ':' || opportunity_source_id
        else 'account:' || instance || ':' || account_source_id
    end as parent_key,
    'contract:' || instance || ':' || source_id as child_key,
    'record' as method
from canonical.contract
union all -- order -> its lines
select 'contract:' || contract_key as parent_key, 'contract_line:' || contract_line_key as child_key, 'record' as method
from link.booked_line
union all -- original line -> amendments and ramp steps
select 'contract_line:' || root_line_key as parent_key, 'contract_line:' || contract_line_key as child_key, 'record' as method
from link.booked_line
where root_line_key <> contract_line_key
union all -- customer of billing -> subscription
select
    'account:' || instance || ':' || account_source_id as parent_key, 'subscription:' || instance || ':' || source_id as child_key,
    'record' as method
from canonical.subscription
union all -- subscription -> its items
select
    'subscription:' || instance || ':' || subscription_source_id as parent_key,
    'subscription_line:' || instance || ':' || source_id as child_key,
    'record' as method
from canonical.subscription_line
union all -- contract line -> subscription item
select 'contract_line:' || root_line_key as parent_key, 'subscription_line:' || subscription_line_key as child_key, method
from link.contract_line
union all -- contract line -> documents that bill it
select distinct 'contract_line:' || root_line_key as parent_key, 'invoice:' || document_key as child_key, method
from link.invoice_line
where root_line_key is not null
union all -- customer or subscription -> documents that no contract line is linked to
select distinct
    'subscription:' || l.instance || ':' || l.subscription_source_id as parent_key,
    'invoice:' || l.instance || ':' || l.invoice_source_id as child_key, 'record' as method
from canonical.invoice_line as l
where l.subscription_source_id is not null
union all -- invoice -> credit memo
select
    'invoice:' || instance || ':' || credited_invoice_source_id as parent_key, 'invoice:' || instance || ':' || source_id as child_key,
    'record' as method
from canonical.invoice
where credited_invoice_source_id is not null
union all -- invoice -> money that settles it: a payment is known by its own id ...
select
    'invoice:' || a.instance || ':' || a.invoice_source_id as parent_key, 'payment:' || p.instance || ':' || p.source_id as child_key,
    'record' as method
from canonical.payment_application as a
inner join canonical.payment as p on a.instance = p.instance and a.payment_source_id = p.source_id
where p.payment_kind = 'payment'
union all -- ... or by that of the payment intent that it belongs to
select
    'invoice:' || a.instance || ':' || a.invoice_source_id as parent_key, 'payment:' || p.instance || ':' || p.source_id as child_key,
    'record' as method
from canonical.payment_application as a
inner join canonical.payment as p on a.instance = p.instance and a.payment_source_id = p.payment_source_id
where p.payment_kind = 'payment' and p.source_id <> a.payment_source_id
union all -- document -> ERP transactions that post or settle it
select 'invoice:' || document_key as parent_key, 'transaction:' || transaction_key as child_key, method
from link.document
where document_key is not null
union all -- document -> summary journal that posts it among others
select 'invoice:' || document_key as parent_key, 'transaction:' || transaction_key as child_key, method
from link.summary_document
