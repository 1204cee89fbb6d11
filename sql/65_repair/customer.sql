-- grain:   billing_account_key
-- owner:   accounting
-- says:    the one ERP customer that a billing customer's receivables belong to, by the account that both are linked to
-- example: cus_7 and customer 2008 both belong to account 001A: receivables of cus_7 name 2008
select
    b.other_account_key as billing_account_key,
    split_part(min(e.other_account_key), ':', 1) as instance,
    split_part(min(e.other_account_key), ':', 2) as account_source_id
from link.account as b
inner join link.account as e on b.account_key = e.account_key
where b.role = 'billing' and e.role = 'erp'
group by b.other_account_key
having count(distinct e.other_account_key) = 1
