-- grain:   money_key
-- owner:   accounting
-- says:    the customer that the ledger's payment was entered for, of each payment of billing that it posts
-- example: inpay_7 is posted by PYMT-12, which customer 2008 paid
select
    m.money_key,
    min(p.instance || ':' || p.account_source_id) as customer_key
from link.money_posting as m
inner join canonical.posting as p on m.transaction_key = p.instance || ':' || p.transaction_source_id
where p.is_primary_book and p.transaction_kind = 'payment' and m.money_key is not null and m.payment_kind = 'payment'
group by m.money_key
