-- Stretches of history that have to be run again: the late readings of one sensor in one day, noted with them.
-- depends: 0009_lifeline_inherent_risks

create table late_stretches (
    sensor_id integer not null,
    day date not null,
    first_time timestamptz not null,
    last_time timestamptz not null,
    readings bigint not null,
    -- By the worker's clock: when the first of them and when the newest of them arrived.
    since timestamptz not null,
    arrived_at timestamptz not null,
    primary key (sensor_id, day)
);
