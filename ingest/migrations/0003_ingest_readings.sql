-- What the devices said, and what became of every message that could not be taken as it came.
-- depends: 0002_sensors_registry

create table readings (
    sensor_id integer not null,
    time timestamptz not null,
    value double precision not null,
    flag smallint not null,
    late boolean not null default false
);
select create_hypertable('readings', by_range('time', interval '1 day'), create_default_indexes => false);
-- The one index: identity of a reading, and the way to a sensor's stretch of time.
create unique index readings_identity on readings (sensor_id, time);

create table waveforms (
    sensor_id integer not null,
    start timestamptz not null,
    rate_hz double precision not null,
    samples bytea not null,
    flag smallint not null
);
select create_hypertable('waveforms', by_range('start', interval '1 day'), create_default_indexes => false);
create unique index waveforms_identity on waveforms (sensor_id, start);

create table dead_letter (
    dead_letter_id bigint generated always as identity primary key,
    received_at timestamptz not null,
    topic text not null,
    device_id text,
    reason text not null,
    detail text not null,
    content_type text,
    payload bytea not null,
    payload_size integer not null,
    retried_at timestamptz
);
create index dead_letter_received on dead_letter (received_at);

-- Numbered messages that never came: recorded as missing until a device sends them again.
create table message_gaps (
    device_id text not null,
    boot bigint not null,
    missing int8multirange not null,
    noticed_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (device_id, boot)
);

create table device_status (
    device_id text primary key,
    online boolean not null,
    since timestamptz not null,
    boot bigint
);

-- Times at which the broker may have lost what it had accepted: its session was gone where one was expected.
create table session_losses (
    partition text not null,
    noticed_at timestamptz not null default clock_timestamp()
);

-- One live worker a partition; each start takes the next epoch.
create table partitions (
    partition text primary key,
    epoch bigint not null
);

-- Everything that entered the engine, in order of arrival, one row a transaction.
create table journal (
    partition text not null,
    seq bigint not null,
    epoch bigint not null,
    written_at timestamptz not null default clock_timestamp(),
    messages integer not null,
    readings integer not null,
    duplicates integer not null,
    late integer not null,
    body bytea not null
);
alter table journal alter column body set storage external;
select create_hypertable('journal', by_range('written_at', interval '6 hours'), create_default_indexes => false);
create index journal_order on journal (partition, seq);

create table snapshots (
    partition text not null,
    seq bigint not null,
    epoch bigint not null,
    registry_version text not null,
    rules_version text not null,
    body bytea not null,
    written_at timestamptz not null default clock_timestamp(),
    primary key (partition, seq)
);
alter table snapshots alter column body set storage external;
