-- What the rules found: evidence that changed, and the risk that followed from it.
-- depends: 0003_ingest_readings

create table rule_sets (
    version text primary key,
    content bytea not null,
    loaded_at timestamptz not null default clock_timestamp()
);

-- What a worker should be running with. NOTIFY only wakes it; this is what it reads.
create table configuration (
    only_row boolean primary key default true check (only_row),
    registry_version text references registry_versions,
    rules_version text references rule_sets,
    changed_at timestamptz not null default clock_timestamp()
);
insert into configuration default values;

create table transitions (
    transition_id uuid primary key,
    rule text not null,
    subject text not null,
    asset_id text not null,
    hazard text not null,
    time timestamptz not null,
    state smallint not null,
    previous smallint not null,
    sensor_id integer,
    value double precision,
    reason text not null,
    retrospective boolean not null default false,
    rules_version text not null,
    partition text not null,
    seq bigint not null,
    detected_at timestamptz not null default clock_timestamp()
);
create index transitions_case on transitions (asset_id, hazard, time);
create index transitions_time on transitions (time);

-- The live risk of each (asset, hazard) that has or had evidence; level 1 is the worst, null = none live.
create table risk_states (
    asset_id text not null,
    hazard text not null,
    level smallint,
    likelihood smallint not null,
    consequence smallint not null,
    since timestamptz not null,
    primary key (asset_id, hazard)
);

-- Each change of a risk state with all that made it, so that it can be explained; alerts claims them.
create table risk_changes (
    risk_change_id bigint generated always as identity primary key,
    asset_id text not null,
    hazard text not null,
    time timestamptz not null,
    level smallint,
    previous_level smallint,
    likelihood smallint not null,
    consequence smallint not null,
    inputs jsonb not null,
    cause uuid,
    rules_version text not null,
    partition text not null,
    seq bigint not null,
    detected_at timestamptz not null default clock_timestamp(),
    claimed_at timestamptz
);
create index risk_changes_unclaimed on risk_changes (risk_change_id) where claimed_at is null;
create index risk_changes_case on risk_changes (asset_id, hazard, time);

-- The table by which levels are graded now, for the views; the worker grades by its rule set's own.
create table risk_matrix (
    likelihood smallint not null check (likelihood between 1 and 5),
    consequence smallint not null check (consequence between 1 and 5),
    level smallint not null check (level between 1 and 4),
    version text not null,
    primary key (likelihood, consequence)
);
