"""Reads how complete a period's data are, and how much water flowed at night."""

from datetime import datetime

from psycopg.rows import class_row

from alerts.database import Connection
from alerts.duty.facts import Names, Night, Quality
from alerts.duty.period import Period

# What a device's sensors stored against what its type promises, as grafana.data_completeness has it, and
# how long it was online: from the begin of each hour in which anything of it is stored, for that hour or
# for three of its uploads. Whole hours are taken from the rollups, as far as these go. A sensor counts from
# its first reading on, where that lies within; one of which nothing ever came counts all the time. What
# still has an upload's time to come is not missing.
_QUALITIES = """
with watched as (
    select s.sensor_id, s.device_id, a.domain, t.sample_s,
        greatest(interval '1 hour', 3 * u.upload) as covers,
        greatest(%(since)s, least(%(until)s, s.removed_at, %(now)s - u.upload)) as until,
        exists (select from readings_1h r where r.sensor_id = s.sensor_id and r.time < %(since)s)
            or exists (select from readings r where r.sensor_id = s.sensor_id and r.time < %(since)s)
            as known,
        coalesce(newest.time, '-infinity') as newest,
        time_bucket('1 hour', %(since)s + interval '1 hour' - interval '1 microsecond') as whole
    from sensors s
    join assets a using (asset_id)
    join devices using (device_id)
    join device_types t using (device_type_id)
    cross join lateral (select t.upload_s * interval '1 second' as upload) u
    left join lateral (
        select time from readings_1h r where r.sensor_id = s.sensor_id order by time desc limit 1
    ) newest on true
    where coalesce(s.removed_at > %(since)s, true) and (%(own)s::text is null or a.utility_id = %(own)s)
        and not (%(blind)s and exists (select from waveforms w where w.sensor_id = s.sensor_id))
),
bounded as (select *, least(newest, time_bucket('1 hour', until)) as rolled from watched),
heard as (
    select b.device_id, b.domain, b.sample_s, b.until, h.stored, h.covered,
        case when b.known or h.first is null then %(since)s else greatest(%(since)s, least(b.until, coalesce(
            least(
                (select min(r.time) from readings r where r.sensor_id = b.sensor_id and r.time >= h.first
                    and r.time < h.first + interval '1 hour'),
                (select min(w.start) from waveforms w where w.sensor_id = b.sensor_id and w.start >= h.first
                    and w.start < h.first + interval '1 hour')
            ), h.first
        ))) end as since
    from bounded b cross join lateral (
        select min(time) as first, coalesce(sum(stored), 0) as stored,
            range_agg(tstzrange(time, time + b.covers)) as covered
        from (
            select r.time, case when r.time >= b.whole then r.readings else 0 end as stored from readings_1h r
            where r.sensor_id = b.sensor_id and r.time >= b.whole - b.covers and r.time < b.rolled
            union all
            select time_bucket('1 hour', r.time), count(*) from readings r
            where r.sensor_id = b.sensor_id and r.time >= %(since)s and r.time < least(b.whole, b.rolled)
            group by 1
            union all
            select time_bucket('1 hour', r.time), count(*) filter (where r.time >= %(since)s) from readings r
            where r.sensor_id = b.sensor_id and r.time >= greatest(b.rolled, b.whole - b.covers)
                and r.time < b.until
            group by 1
            union all
            select time_bucket('1 hour', w.start),
                coalesce(sum(octet_length(w.samples) / 4) filter (where w.start >= %(since)s), 0)
            from waveforms w
            where w.sensor_id = b.sensor_id and w.start >= b.whole - b.covers and w.start < b.until
            group by 1
        ) hour
    ) h
),
by_device as (
    select domain, count(*) as sensors,
        sum(extract(epoch from until - since)::double precision / sample_s) as expected,
        sum(stored)::double precision as stored, min(since) as since, max(until) as until,
        range_agg(covered) as covered
    from heard group by device_id, domain
)
select domain, count(*) as devices, sum(sensors)::integer as sensors, sum(expected) as expected,
    sum(least(stored, expected)) as stored, coalesce(sum(o.online_s), 0) as online_s,
    sum(extract(epoch from until - since))::double precision as watched_s
from by_device
cross join lateral (
    select sum(extract(epoch from upper(part) - lower(part)))::double precision as online_s
    from unnest(covered * tstzmultirange(tstzrange(since, until))) part
) o
group by domain order by domain
"""
_KEPT = "select coalesce(max(since) > %s, false) as blind from retained where table_name = 'waveforms'"

# A night needs the day that it ends, from four o'clock on.
_NIGHTS = """
select a.asset_id, a.name, a.name_en, n.time, n.night, n.day
from sensors s
join assets a using (asset_id)
cross join lateral grafana.nights(s.sensor_id, %(since)s - interval '21 hours', %(until)s, %(zone)s) n
where s.quantity = 'water_flow' and a.kind = 'dma' and n.time >= %(since)s and n.time < %(until)s
    and (%(own)s::text is null or a.utility_id = %(own)s)
order by a.asset_id, n.time
"""


async def qualities(
    connection: Connection, period: Period, now: datetime, own: str | None
) -> tuple[tuple[Quality, ...], bool]:
    """The data of each domain, and whether sensors of waveforms are left out, for theirs were dropped."""
    row = await (await connection.execute(_KEPT, [period.since])).fetchone()
    blind = bool(row and row["blind"])
    given = {"since": period.since, "until": period.until, "now": now, "own": own, "blind": blind}
    async with connection.cursor(row_factory=class_row(Quality)) as cursor:
        return tuple(await (await cursor.execute(_QUALITIES, given)).fetchall()), blind


async def nights(connection: Connection, period: Period, zone: str, own: str | None) -> tuple[Night, ...]:
    """The nights of each water zone with a meter at its inflow."""
    given = {"since": period.since, "until": period.until, "zone": zone, "own": own}
    rows = await (await connection.execute(_NIGHTS, given)).fetchall()
    return tuple(
        Night(Names(row["asset_id"], row["name"], row["name_en"]), row["time"], row["night"], row["day"])
        for row in rows
    )
