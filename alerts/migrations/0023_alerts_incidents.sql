-- What has one cause: incidents as parents of cases.
-- depends: 0022_alerts_life

create table incidents (
    incident_id uuid primary key,
    cause text not null,
    -- null = the city's; empty = the registry does not know the district
    district text,
    opened_at timestamptz not null,
    last_at timestamptz not null,
    told_level smallint check (told_level between 1 and 4),
    live integer not null check (live >= 0),
    alerts integer not null check (alerts >= 0),
    overdue smallint not null default 0,
    over_told boolean not null default false,
    closed_at timestamptz,
    merged_into uuid references incidents
);
create index incidents_open on incidents (opened_at) where closed_at is null;
create index incidents_newest on incidents (opened_at desc, incident_id desc);

-- What became of incidents: written once, never changed.
create table incident_events (
    incident_event_id bigint generated always as identity primary key,
    incident_id uuid not null references incidents,
    kind text not null check (kind in ('opened', 'worse', 'wider', 'overdue', 'over', 'merged', 'split')),
    who text not null,
    event_time timestamptz not null,
    wall_time timestamptz not null default clock_timestamp(),
    why text not null,
    data jsonb not null default '{}'
);
create index incident_events_incident on incident_events (incident_id, incident_event_id);
create trigger incident_events_append_only before update or delete on incident_events
    for each row execute function alert_events_are_append_only();
create trigger incident_events_never_emptied before truncate on incident_events
    for each statement execute function alert_events_are_append_only();

alter table alerts add column incident_id uuid references incidents;
create index alerts_incident on alerts (incident_id) where incident_id is not null;
