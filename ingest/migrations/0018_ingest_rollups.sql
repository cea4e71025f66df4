-- Readings by ten minutes and by hour, how far they are rolled up, and what was dropped for its age.
-- depends: 0013_grafana_words

-- What the readings of one sensor in one bucket come to; time is where the bucket begins. All but readings and worst
-- speaks of those that have a finite value, which numbers counts; the mean is total / numbers.
create table readings_10min (
    sensor_id integer not null,
    readings integer not null,
    numbers integer not null,
    worst smallint not null,
    time timestamptz not null,
    low double precision,
    high double precision,
    total double precision,
    last double precision
);
select create_hypertable('readings_10min', by_range('time', interval '7 days'), create_default_indexes => false);
create unique index readings_10min_identity on readings_10min (sensor_id, time);

create table readings_1h (like readings_10min);
select create_hypertable('readings_1h', by_range('time', interval '28 days'), create_default_indexes => false);
create unique index readings_1h_identity on readings_1h (sensor_id, time);

-- The newest entry of each partition's journal whose readings are rolled up.
create table rolled_up (
    partition text primary key,
    seq bigint not null
);

-- Readings that no journal tells of and that are not rolled up yet; sensors null = all.
create table rollups_due (
    due_id bigint generated always as identity primary key,
    sensors integer[],
    first_time timestamptz not null,
    last_time timestamptz not null
);

-- What a table held before this time was dropped for its age.
create table retained (
    table_name text primary key,
    since timestamptz not null
);

-- What is stored already. In this order: what is stored meanwhile is told by the journal.
insert into rolled_up (partition, seq)
select partition, coalesce((select max(seq) from journal j where j.partition = p.partition), 0) from partitions p;
insert into rollups_due (first_time, last_time)
select range_start, range_end - interval '1 microsecond' from timescaledb_information.chunks
where hypertable_name = 'readings';

create view grafana.readings_10min as
select time, sensor_id, readings, low, high, total / nullif(numbers, 0) as mean, last, worst from readings_10min;

create view grafana.readings_1h as
select time, sensor_id, readings, low, high, total / nullif(numbers, 0) as mean, last, worst from readings_1h;

-- One sensor from start to stop in buckets of a step: of readings, or of the coarsest rollup that the step allows, with
-- what is newer than that of readings. Where the finer were dropped for their age, the buckets become wider.
create function grafana.readings_zoomed(
    sensor integer, start timestamptz, stop timestamptz, step interval,
    out "time" timestamptz, out readings bigint, out low double precision, out high double precision,
    out mean double precision, out last double precision, out worst smallint
) returns setof record
language plpgsql stable security definer rows 1000 set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    hour constant interval := '1 hour';
    ten_minutes constant interval := '10 minutes';
    gone constant timestamptz := (select since from retained where table_name = 'readings');
    gone_too constant timestamptz := (select since from retained where table_name = 'readings_10min');
    tail timestamptz := start;
begin
    if step >= hour or start < gone_too then
        step := greatest(step, hour);
        tail := (select r.time from readings_1h r where sensor_id = sensor order by r.time desc limit 1);
    elsif step >= ten_minutes or start < gone then
        step := greatest(step, ten_minutes);
        tail := (select r.time from readings_10min r where sensor_id = sensor order by r.time desc limit 1);
    end if;
    tail := coalesce(greatest(tail, gone), start);  -- the newest bucket may have got more readings since
    return query
    select time_bucket(step, p.time) as bucket, sum(p.readings)::bigint, min(p.low), max(p.high),
        sum(p.total) / nullif(sum(p.numbers), 0), last(p.last, p.time) filter (where p.numbers > 0), max(p.worst)
    from (
        select r.time, readings, numbers, low, high, total, last, worst from readings_1h r
        where step >= hour and sensor_id = sensor
            and r.time >= time_bucket(hour, start) and r.time <= stop and r.time < tail
        union all
        select r.time, readings, numbers, low, high, total, last, worst from readings_10min r
        where step >= ten_minutes and step < hour and sensor_id = sensor
            and r.time >= time_bucket(ten_minutes, start) and r.time <= stop and r.time < tail
        union all
        select r.time, 1, n, v, v, v, v, flag from readings r
        cross join lateral (select (r.value > '-infinity' and r.value < 'infinity')::integer as n) finite
        cross join lateral (select case when n = 1 then r.value end as v) number
        where sensor_id = sensor and r.time >= greatest(tail, start) and r.time <= stop
    ) p
    group by bucket order by bucket;
end
$$;

revoke all on function grafana.readings_zoomed from public;
grant execute on function grafana.readings_zoomed to lifeline_reader;
grant select on grafana.readings_10min, grafana.readings_1h to lifeline_reader;
