-- The list by level and by what is urgent, and the cases of an asset that a search has found.
-- depends: 0024_alerts_access

create index alerts_by_level on alerts ((- coalesce(level, worst_level)), opened_at, alert_id);
create index alerts_by_priority on alerts (
    (case when state in ('unacknowledged', 'returned') then 0 else -10 end - coalesce(level, worst_level)),
    opened_at, alert_id
);
create index alerts_of_asset on alerts (asset_id, opened_at);
