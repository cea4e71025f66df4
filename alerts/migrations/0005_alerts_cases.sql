-- The cases with all that happened to them, and what became of every message about them.
-- depends: 0004_rules_risk

-- 预警: one open case of an (asset, hazard) at a time; level null = no live evidence left.
create table alerts (
    alert_id uuid primary key,
    asset_id text not null,
    hazard text not null,
    state text not null check (state in ('unacknowledged', 'acknowledged', 'returned', 'closed')),
    level smallint check (level between 1 and 4),
    worst_level smallint not null check (worst_level between 1 and 4),
    likelihood smallint not null,
    consequence smallint not null,
    opened_at timestamptz not null,
    changed_at timestamptz not null,
    events integer not null,
    check ((level is null) = (state in ('returned', 'closed')))
);
create unique index alerts_one_open on alerts (asset_id, hazard) where state <> 'closed';
create index alerts_newest on alerts (opened_at desc, alert_id desc);

-- Every step of every case: who, when by both clocks, why. Written once, never changed.
create table alert_events (
    event_id uuid primary key,
    alert_id uuid not null references alerts,
    number integer not null,
    kind text not null,
    who text not null,
    event_time timestamptz not null,
    wall_time timestamptz not null default clock_timestamp(),
    why text not null,
    level smallint check (level between 1 and 4),
    state text not null,
    risk_change_id bigint unique,
    data jsonb not null,
    unique (alert_id, number)
);

create function alert_events_are_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'alert_events is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end
$$;
create trigger alert_events_append_only before update or delete on alert_events
    for each row execute function alert_events_are_append_only();
create trigger alert_events_never_emptied before truncate on alert_events
    for each statement execute function alert_events_are_append_only();

-- The outbox as people see it: one message of one event to one receiver.
create table deliveries (
    delivery_id uuid primary key,
    event_id uuid not null references alert_events,
    receiver text not null,
    kind text not null,
    state text not null default 'queued' check (state in ('queued', 'delivered', 'receipted', 'failed', 'dead')),
    attempts integer not null default 0,
    last_error text,
    next_try_at timestamptz,
    receipt text,
    queued_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    unique (event_id, receiver),
    check ((finished_at is not null) = (state in ('delivered', 'receipted', 'dead'))),
    check ((next_try_at is not null) = (state = 'failed')),
    check ((receipt is not null) = (state = 'receipted'))
);
create index deliveries_waiting on deliveries (queued_at) where finished_at is null;

-- Who may call the API. The token itself is shown once and kept nowhere; it is random, so a plain hash will do.
create table api_tokens (
    name text primary key,
    role text not null check (role in ('viewer', 'utility', 'operator', 'engineer', 'admin')),
    utility_id text references utilities,
    hash bytea not null unique,
    created_at timestamptz not null default clock_timestamp(),
    revoked_at timestamptz,
    check ((role = 'utility') = (utility_id is not null))
);
