-- Each signed call of a utility is taken once; the list of deliveries is read newest first.
-- depends: 0020_lifeline_roles

create table receipt_calls (
    digest bytea primary key,
    received_at timestamptz not null default clock_timestamp()
);
create index deliveries_newest on deliveries (queued_at desc, delivery_id desc);
