-- What the boards of each domain, of an asset, of a sensor and of the alerts read beside the views of 0007.
-- depends: 0018_ingest_rollups

create view grafana.asset_attributes as
select a.asset_id, e.key as attribute, (e.value #>> '{}')::double precision as value
from assets a cross join lateral jsonb_each(a.attributes) e
where a.removed_at is null and jsonb_typeof(e.value) = 'number';

create view grafana.alert_history as
select e.event_time as time, e.wall_time, e.alert_id, e.number, e.kind, e.who, e.why,
    e.state, coalesce(s.name, e.state) as state_name, coalesce(s.name_en, e.state) as state_name_en,
    l.level, l.name as level_name, l.name_en as level_name_en, l.colour,
    c.asset_id, coalesce(a.name, c.asset_id) as asset_name, coalesce(a.name_en, c.asset_id) as asset_name_en,
    a.domain, a.district,
    c.hazard, coalesce(h.name, c.hazard) as hazard_name, coalesce(h.name_en, c.hazard) as hazard_name_en
from alert_events e
join alerts c using (alert_id)
left join grafana.states s on s.state = e.state
left join grafana.levels l on l.level = e.level
left join assets a using (asset_id)
left join grafana.hazards h using (hazard);
create index alert_events_time on alert_events (event_time);

-- A deadline that passed is an event of its own, "escalated", which names what was awaited: so nothing here knows
-- how long a deadline is. What nobody did yet and is not overdue counts neither way.
create view grafana.responses as
select c.alert_id, c.opened_at, c.worst_level, a.domain, a.district,
    p.acknowledged_at, p.on_site_at, p.closed_at,
    case when p.acknowledgement_late then false when p.acknowledged_at is not null then true end as acknowledged_in_time,
    case when p.arrival_late then false when p.on_site_at is not null then true end as on_site_in_time,
    case when p.closing_late then false when p.closed_at is not null then true end as closed_in_time
from alerts c
left join assets a using (asset_id)
cross join lateral (
    select min(event_time) filter (where kind = 'acknowledged') as acknowledged_at,
        min(event_time) filter (where kind = 'arrived') as on_site_at,
        max(event_time) filter (where e.state = 'closed' and c.state = 'closed') as closed_at,
        coalesce(bool_or(kind = 'escalated' and data ->> 'awaits' = 'acknowledgement'), false) as acknowledgement_late,
        coalesce(bool_or(kind = 'escalated' and data ->> 'awaits' in ('dispatch', 'receipt', 'arrival')), false)
            as arrival_late,
        coalesce(bool_or(kind = 'escalated' and data ->> 'awaits' in ('verification', 'resolution', 'closing')), false)
            as closing_late
    from alert_events e where e.alert_id = c.alert_id
) p
where c.sounded;

create view grafana.risk_history as
select r.time, r.asset_id, a.domain, r.hazard, coalesce(h.name, r.hazard) as hazard_name,
    coalesce(h.name_en, r.hazard) as hazard_name_en, r.level, r.previous_level, r.likelihood, r.consequence,
    r.retrospective
from risk_changes r
left join assets a using (asset_id)
left join grafana.hazards h using (hazard);

-- How fast a sensor's value changes, per hour: the slope of the straight line through its last readings. Null where
-- there are fewer than three good ones.
create function grafana.rise(sensor integer, lasting interval) returns double precision
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    newest constant timestamptz := (select time from readings where sensor_id = sensor order by time desc limit 1);
begin
    return (
        select case when count(*) > 2 then 3600 * regr_slope(value, extract(epoch from time - newest)::double precision)
            end
        from readings
        where sensor_id = sensor and time > newest - lasting and time <= newest
            and flag <= 2 and value > '-infinity' and value < 'infinity'
    );
end
$$;

-- A flow's nights: the mean from two to four o'clock by the clock of a time zone, and the mean of the day that it ends.
create function grafana.nights(
    sensor integer, start timestamptz, stop timestamptz, zone text,
    out "time" timestamptz, out night double precision, out day double precision
) returns setof record
language sql stable security definer set search_path = public, pg_temp as $$
    select max(h.time) filter (where extract(hour from h.time at time zone zone) in (2, 3)),
        avg(h.mean) filter (where extract(hour from h.time at time zone zone) in (2, 3)), avg(h.mean)
    from grafana.readings_zoomed(sensor, start, stop, '1 hour') h
    group by date_trunc('day', h.time at time zone zone - interval '4 hours')
    having count(h.mean) filter (where extract(hour from h.time at time zone zone) in (2, 3)) = 2
        and count(h.mean) >= 20
    order by 1
$$;

revoke all on function grafana.rise, grafana.nights from public;
grant execute on function grafana.rise, grafana.nights to lifeline_reader;
grant select on grafana.asset_attributes, grafana.alert_history, grafana.responses, grafana.risk_history
    to lifeline_reader;
