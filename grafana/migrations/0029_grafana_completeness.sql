-- How much of what devices promise is stored, from the rollups, in one pass over all sensors.
-- depends: 0028_lifeline_more_roles

-- Rows come in the order of their time, so this costs nothing, and finds the last hour of all sensors.
create index readings_10min_time on readings_10min
    using brin (time) with (pages_per_range = 16, autosummarize = on);
create index waveforms_start on waveforms using brin (start) with (pages_per_range = 16, autosummarize = on);

-- What came by then is in the rollups. Where nothing waits, that is the present; a replay's journal was written at other
-- times than it speaks of, so there it is known only when nothing waits.
create function grafana.rolled_until() returns timestamptz
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    oldest_waiting constant timestamptz := (
        select min(waiting.written_at)
        from partitions p
        left join rolled_up r using (partition)
        cross join lateral (
            select written_at from journal where partition = p.partition and seq > coalesce(r.seq, 0)
            order by seq limit 1
        ) waiting
    );
begin
    if (select purpose from deployment) = 'production' then
        return coalesce(oldest_waiting, now());
    end if;
    if oldest_waiting is null and not exists (select from rollups_due) then
        return grafana.present();
    end if;
    return null;
end
$$;
revoke all on function grafana.rolled_until from public;
grant execute on function grafana.rolled_until to lifeline_reader;

-- What a device's sensors stored in an hour, or in four uploads where that is longer, against what its type promises.
-- The hour ends an upload before what is rolled up, at a full ten minutes; where an upload is longer than an hour, at a
-- full hour, and each such sensor is looked up by itself. Nothing is looked for beyond eight days.
create or replace view grafana.data_completeness as
with rolled as materialized (
    select grafana.rolled_until() as time
), windows as materialized (
    select device_type_id, sample_s, numbered, step, until_time,
        until_time - least(
            greatest(interval '1 hour', step * ceil(4 * upload_s / extract(epoch from step))), interval '8 days'
        ) as from_time
    from rolled cross join device_types
    cross join lateral (
        select case when upload_s <= 3600 then interval '10 minutes' else interval '1 hour' end as step
    ) s
    cross join lateral (
        select time_bucket(step, rolled.time - upload_s * interval '1 second') as until_time
    ) u
), counted as materialized (
    select s.sensor_id, s.device_id, w.step, w.from_time, w.until_time
    from sensors s join devices using (device_id) join windows w using (device_type_id)
    where s.removed_at is null
), recent as (
    select sensor_id, sum(stored) as stored
    from (
        select sensor_id, time, readings as stored from readings_10min
        where time >= (select min(from_time) from windows where step < interval '1 hour')
            and time < (select max(until_time) from windows)
        union all
        select sensor_id, start, octet_length(samples) / 4 from waveforms
        where start >= (select min(from_time) from windows where step < interval '1 hour')
            and start < (select max(until_time) from windows)
    ) r
    join counted c using (sensor_id)
    where c.step < interval '1 hour' and r.time >= c.from_time and r.time < c.until_time
    group by sensor_id
), rare as (
    select sensor_id, r.readings + b.samples as stored
    from counted c
    cross join lateral (
        select coalesce(sum(readings), 0) as readings from readings_1h
        where sensor_id = c.sensor_id and time >= c.from_time and time < c.until_time
    ) r
    cross join lateral (
        select coalesce(sum(octet_length(samples) / 4), 0) as samples from waveforms
        where sensor_id = c.sensor_id and start >= c.from_time and start < c.until_time
    ) b
    where c.step = interval '1 hour'
), held as (
    select device_id, count(*) as sensors, coalesce(sum(stored), 0)::double precision as stored
    from counted
    left join (select * from recent union all select * from rare) s using (sensor_id)
    group by device_id
), lost as (
    select device_id, sum(upper(gap) - lower(gap))::bigint as missing
    from message_gaps, unnest(missing) gap group by device_id
)
select v.device_id, v.device_type_id, v.domain, d.name as domain_name, d.name_en as domain_name_en, v.district,
    w.from_time, w.until_time, coalesce(h.sensors, 0) as sensors, e.expected, coalesce(h.stored, 0) as stored,
    case when e.expected > 0 then least(coalesce(h.stored, 0) / e.expected, 1) end as completeness,
    case when w.numbered then coalesce(g.missing, 0) end as missing_messages, not w.numbered as estimated
from devices v
left join grafana.domains d using (domain)
join windows w using (device_type_id)
left join held h using (device_id)
left join lost g using (device_id)
cross join lateral (
    select coalesce(h.sensors, 0) * extract(epoch from w.until_time - w.from_time)::double precision / w.sample_s
        as expected
) e
where v.removed_at is null;
