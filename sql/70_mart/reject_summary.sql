-- grain:   instance, object_name, field_name, reason
-- owner:   data platform
-- says:    records that could not be read, counted by where and why
-- example: stripe_main.charge, created: 3 rows are not a date
select instance, object_name, field_name, reason, count(*) as rejects
from canonical.open_reject
group by instance, object_name, field_name, reason
