-- The registry: who owns what, where it is, what measures it.
-- depends: 0001_lifeline_deployment

create table utilities (
    utility_id text primary key,
    name text not null,
    name_en text not null
);

create table assets (
    asset_id text primary key,
    name text not null,
    name_en text not null,
    kind text not null,
    domain text not null,
    utility_id text not null references utilities,
    district text not null,
    grid text not null,
    longitude double precision not null,
    latitude double precision not null,
    people smallint not null check (people between 1 and 5),
    critical_users smallint not null check (critical_users between 1 and 5),
    cascade smallint not null check (cascade between 1 and 5),
    cost smallint not null check (cost between 1 and 5),
    consequence smallint not null generated always as (greatest(people, critical_users, cascade, cost)) stored,
    inherent_likelihood smallint not null check (inherent_likelihood between 1 and 5),
    tags text[] not null default '{}',
    attributes jsonb not null default '{}',
    removed_at timestamptz
);
create index assets_utility on assets (utility_id);

create table asset_edges (
    source_id text not null references assets,
    relation text not null check (relation in ('flows-to', 'beside', 'above')),
    target_id text not null references assets,
    primary key (source_id, relation, target_id)
);

create table device_types (
    device_type_id text primary key,
    name text not null,
    name_en text not null,
    sample_s double precision not null check (sample_s > 0),
    upload_s double precision not null check (upload_s > 0),
    numbered boolean not null,
    buffered boolean not null
);

create table devices (
    device_id text primary key,
    device_type_id text not null references device_types,
    domain text not null,
    district text not null,
    gateway_id text references devices,
    removed_at timestamptz
);

create table sensors (
    sensor_id integer generated always as identity primary key,
    device_id text not null references devices,
    key text not null,
    asset_id text not null references assets,
    quantity text not null,
    unit text not null,
    low double precision,
    high double precision,
    removed_at timestamptz,
    unique (device_id, key)
);
create index sensors_asset on sensors (asset_id);

-- The whole registry as it stood at each load: a replay of the journal needs the one it ran with.
create table registry_versions (
    version text primary key,
    content bytea not null,
    loaded_at timestamptz not null default clock_timestamp()
);
