-- People with passwords, their sessions, and who asked for what.
-- depends: 0023_alerts_incidents

create table users (
    name text primary key,
    role text not null check (role in ('viewer', 'utility', 'operator', 'engineer', 'admin')),
    utility_id text references utilities,
    -- argon2id, with its own salt and parameters
    hash text not null,
    created_at timestamptz not null default clock_timestamp(),
    removed_at timestamptz,
    check ((role = 'utility') = (utility_id is not null))
);

-- The cookie itself is kept nowhere; it is random, so a plain hash will do.
create table sessions (
    hash bytea primary key,
    name text not null references users,
    begun_at timestamptz not null default clock_timestamp(),
    used_at timestamptz not null default clock_timestamp()
);
create index sessions_name on sessions (name);

-- Every write that was asked for, also what was refused: written once, never changed.
create table api_audit (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    who text,
    address text,
    method text not null,
    path text not null,
    status smallint not null
);
create trigger api_audit_append_only before update or delete on api_audit
    for each row execute function alert_events_are_append_only();
create trigger api_audit_never_emptied before truncate on api_audit
    for each statement execute function alert_events_are_append_only();

-- Whoever watches hears of an alert when a step of it is committed, whichever process wrote it.
create function tell_of_alert() returns trigger language plpgsql as $$
begin
    perform pg_notify('lifeline_alerts', new.alert_id || ' ' || new.number);
    return null;
end
$$;
create trigger alert_events_told after insert on alert_events for each row execute function tell_of_alert();
create index alert_events_wall on alert_events (wall_time);
