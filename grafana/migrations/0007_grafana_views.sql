-- What dashboards read: views in a schema of their own, and the role that sees them and nothing else.
-- A word that the catalogues here do not know hides nothing: it stands for its own name.
-- docs/grafana.md is their contract: a later version may change what is behind a column, not what it says.
-- depends: 0006_alerts_queue

create schema grafana;

-- Roles belong to the whole cluster: another database of it may have made this one, or be making it now.
do $$
begin
    if not exists (select from pg_roles where rolname = 'lifeline_reader') then
        create role lifeline_reader nologin;
    end if;
exception when duplicate_object or unique_violation then
    null;
end
$$;

-- Minutes are looked up by when they were written; the journal is only ever added to, so this costs nothing.
create index journal_written on journal using brin (written_at) with (pages_per_range = 16, autosummarize = on);

create view grafana.levels (level, name, name_en, colour) as values
    (1::smallint, '重大风险', 'major', 'red'),
    (2::smallint, '较大风险', 'serious', 'orange'),
    (3::smallint, '一般风险', 'general', 'yellow'),
    (4::smallint, '低风险', 'low', 'blue');

create view grafana.domains (domain, name, name_en) as values
    ('gas', '燃气', 'gas'),
    ('water', '供水', 'water'),
    ('drainage', '排水', 'drainage'),
    ('bridge', '桥梁', 'bridge'),
    ('heating', '热力', 'heating'),
    ('tunnel', '管廊', 'tunnel');

create view grafana.states (state, name, name_en) as values
    ('unacknowledged', '未确认', 'unacknowledged'),
    ('acknowledged', '已确认', 'acknowledged'),
    ('returned', '已恢复未确认', 'returned'),
    ('closed', '已关闭', 'closed');

create view grafana.flags (flag, name, name_en) as values
    (1::smallint, '正常', 'good'),
    (2::smallint, '未知', 'unknown'),
    (3::smallint, '可疑', 'suspect'),
    (4::smallint, '错误', 'fail'),
    (9::smallint, '缺失', 'missing');

create view grafana.hazards (hazard, name, name_en) as values
    ('gas-leak', '燃气泄漏', 'gas leak'),
    ('burst', '爆管', 'main burst'),
    ('water-quality', '水质异常', 'water quality'),
    ('overflow', '管网溢流', 'sewer overflow'),
    ('waterlogging', '道路积水', 'waterlogging'),
    ('toxic-gas', '有毒有害气体', 'toxic gas'),
    ('cover-displaced', '井盖异动', 'manhole cover displaced'),
    ('structure', '结构异常', 'structural anomaly'),
    ('overload', '超载', 'overload'),
    ('heat-leak', '热力泄漏', 'heat pipe leak'),
    ('tunnel-environment', '管廊环境异常', 'tunnel environment'),
    ('intrusion', '非法入侵', 'intrusion'),
    ('falsified-data', '数据异常', 'implausible data'),
    ('data-loss', '数据中断', 'data loss');

create view grafana.quantities (quantity, name, name_en, unit) as values
    ('methane', '甲烷浓度', 'methane', '%VOL'),
    ('methane_lel', '可燃气体浓度', 'methane, share of LEL', '%LEL'),
    ('gas_pressure', '燃气压力', 'gas pressure', 'kPa'),
    ('gas_flow', '燃气流量', 'gas flow', 'm3/h'),
    ('gas_temperature', '燃气温度', 'gas temperature', 'Cel'),
    ('hydrogen_sulfide', '硫化氢浓度', 'hydrogen sulfide', 'mg/m3'),
    ('carbon_monoxide', '一氧化碳浓度', 'carbon monoxide', 'mg/m3'),
    ('oxygen', '氧气浓度', 'oxygen', '%VOL'),
    ('water_pressure', '供水压力', 'water pressure', 'MPa'),
    ('water_flow', '供水流量', 'water flow', 'm3/h'),
    ('water_level', '水位', 'water level', 'm'),
    ('acoustic_noise', '噪声', 'acoustic noise', 'dB'),
    ('free_chlorine', '余氯', 'free chlorine', 'mg/L'),
    ('turbidity', '浑浊度', 'turbidity', 'NTU'),
    ('ph', 'pH值', 'pH', '[pH]'),
    ('conductivity', '电导率', 'conductivity', 'uS/cm'),
    ('redox', '氧化还原电位', 'redox potential', 'mV'),
    ('water_temperature', '水温', 'water temperature', 'Cel'),
    ('pump_state', '水泵状态', 'pump state', '1'),
    ('sewer_level', '管网液位', 'sewer level', 'm'),
    ('sewer_flow', '管网流量', 'sewer flow', 'm3/h'),
    ('sewer_velocity', '管网流速', 'sewer velocity', 'm/s'),
    ('rain_intensity', '雨强', 'rain intensity', 'mm/h'),
    ('ponding_depth', '积水深度', 'ponding depth', 'cm'),
    ('cod', '化学需氧量', 'chemical oxygen demand', 'mg/L'),
    ('ammonia_nitrogen', '氨氮', 'ammonia nitrogen', 'mg/L'),
    ('cover_tilt', '井盖倾角', 'cover tilt', 'deg'),
    ('strain', '应变', 'strain', 'um/m'),
    ('deflection', '挠度', 'deflection', 'mm'),
    ('displacement', '位移', 'displacement', 'mm'),
    ('tilt', '倾角', 'tilt', 'deg'),
    ('acceleration', '加速度', 'acceleration', 'm/s2'),
    ('cable_force', '索力', 'cable force', 'kN'),
    ('crack_width', '裂缝宽度', 'crack width', 'mm'),
    ('bearing_force', '支座反力', 'bearing force', 'kN'),
    ('structure_temperature', '结构温度', 'structure temperature', 'Cel'),
    ('wind_speed', '风速', 'wind speed', 'm/s'),
    ('wind_direction', '风向', 'wind direction', 'deg'),
    ('vehicle_weight', '车重', 'vehicle weight', 't'),
    ('heat_temperature', '供热温度', 'heating temperature', 'Cel'),
    ('heat_pressure', '供热压力', 'heating pressure', 'MPa'),
    ('heat_flow', '供热流量', 'heating flow', 'm3/h'),
    ('humidity', '湿度', 'humidity', '%'),
    ('sump_level', '集水坑水位', 'sump level', 'm'),
    ('intrusion', '入侵', 'intrusion', '1'),
    ('air_temperature', '环境温度', 'air temperature', 'Cel');

create view grafana.current_assets as
select a.asset_id, a.name, a.name_en, a.kind, a.domain, d.name as domain_name, d.name_en as domain_name_en,
    a.district, a.utility_id, u.name as utility_name, u.name_en as utility_name_en, a.longitude, a.latitude,
    l.level, l.name as level_name, l.name_en as level_name_en, l.colour,
    m.level as inherent_level, r.level as live_level,
    r.hazard, coalesce(h.name, r.hazard) as hazard_name, coalesce(h.name_en, r.hazard) as hazard_name_en, r.since
from assets a
left join grafana.domains d using (domain)
join utilities u using (utility_id)
left join risk_matrix m on (m.likelihood, m.consequence) = (a.inherent_likelihood, a.consequence)
left join (
    select distinct on (asset_id) asset_id, level, hazard, since from risk_states where level is not null
    order by asset_id, level, likelihood desc, since
) r using (asset_id)
left join grafana.hazards h using (hazard)
left join grafana.levels l on l.level = least(m.level, r.level)
where a.removed_at is null;

create view grafana.alerts_recent as
select c.alert_id, c.opened_at, c.changed_at, c.state, s.name as state_name, s.name_en as state_name_en,
    l.level, l.name as level_name, l.name_en as level_name_en, l.colour, c.worst_level,
    c.asset_id, coalesce(a.name, c.asset_id) as asset_name, coalesce(a.name_en, c.asset_id) as asset_name_en,
    a.domain, d.name as domain_name, d.name_en as domain_name_en, a.district,
    a.utility_id, u.name as utility_name, u.name_en as utility_name_en,
    c.hazard, coalesce(h.name, c.hazard) as hazard_name, coalesce(h.name_en, c.hazard) as hazard_name_en
from alerts c
left join grafana.states s using (state)
join grafana.levels l on l.level = coalesce(c.level, c.worst_level)
left join assets a using (asset_id)
left join grafana.domains d using (domain)
left join utilities u using (utility_id)
left join grafana.hazards h using (hazard);

create view grafana.alerts_open as
select * from grafana.alerts_recent where state <> 'closed';

create view grafana.alert_counts as
select l.level, l.name as level_name, l.name_en as level_name_en, l.colour,
    d.domain, d.name as domain_name, d.name_en as domain_name_en,
    s.state, s.name as state_name, s.name_en as state_name_en, coalesce(o.alerts, 0) as alerts
from grafana.levels l
cross join grafana.domains d
cross join (select * from grafana.states where state <> 'closed') s
left join (
    select level, domain, state, count(*) as alerts from grafana.alerts_open group by level, domain, state
) o using (level, domain, state);

create view grafana.transitions_recent as
select t.transition_id, t.time, t.detected_at, t.rule, t.subject,
    t.asset_id, coalesce(a.name, t.asset_id) as asset_name, coalesce(a.name_en, t.asset_id) as asset_name_en,
    a.domain, d.name as domain_name, d.name_en as domain_name_en,
    t.hazard, coalesce(h.name, t.hazard) as hazard_name, coalesce(h.name_en, t.hazard) as hazard_name_en,
    t.state, t.previous, t.sensor_id, t.value, q.unit, t.reason, t.retrospective
from transitions t
left join assets a using (asset_id)
left join grafana.domains d using (domain)
left join grafana.hazards h using (hazard)
left join sensors s using (sensor_id)
left join grafana.quantities q using (quantity);

create view grafana.sensors as
select s.sensor_id, s.device_id || '/' || s.key as sensor, s.device_id, v.device_type_id,
    s.quantity, coalesce(q.name, s.quantity) as quantity_name,
    coalesce(q.name_en, s.quantity) as quantity_name_en, q.unit,
    s.asset_id, a.name as asset_name, a.name_en as asset_name_en,
    a.domain, d.name as domain_name, d.name_en as domain_name_en, a.district
from sensors s
join devices v using (device_id)
left join grafana.quantities q using (quantity)
join assets a using (asset_id)
left join grafana.domains d on d.domain = a.domain
where s.removed_at is null;

-- A value that is no number is null here: JSON, in which dashboards get it, knows no other way to say so.
create view grafana.readings_labelled as
select r.time, r.sensor_id, s.device_id || '/' || s.key as sensor,
    s.quantity, coalesce(q.name, s.quantity) as quantity_name,
    coalesce(q.name_en, s.quantity) as quantity_name_en, q.unit,
    s.asset_id, a.name as asset_name, a.name_en as asset_name_en,
    case when r.value > '-infinity' and r.value < 'infinity' then r.value end as value,
    r.flag, f.name as flag_name, f.name_en as flag_name_en, r.late
from readings r
join sensors s using (sensor_id)
left join grafana.quantities q using (quantity)
join assets a using (asset_id)
left join grafana.flags f using (flag);

-- Now: by the wall where the city is live, by its newest reading where a feed is replayed. A stable function, so
-- that TimescaleDB knows before the scan which chunks are too old for it.
create function grafana.present() returns timestamptz
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    if (select purpose from deployment) = 'production' then
        return now();
    end if;
    return (
        select max(newest.time) from sensors s cross join lateral (
            select time from readings where sensor_id = s.sensor_id order by time desc limit 1
        ) newest
    );
end
$$;

-- A sensor is offline once three of its device type's upload intervals went by: the rule kind "silence" in one look.
-- lateral: one look into the identity index a sensor, whatever the planner thinks of an unanalysed table.
create view grafana.sensors_online as
select s.*, greatest(r.time, w.start) as last_time, r.value as last_value, r.flag as last_flag,
    coalesce(greatest(r.time, w.start) >= p.time - 3 * t.upload_s * interval '1 second', false) as online
from grafana.sensors s
join device_types t using (device_type_id)
cross join grafana.present() p(time)
left join lateral (
    select time, flag, case when value > '-infinity' and value < 'infinity' then value end as value
    from readings where sensor_id = s.sensor_id order by time desc limit 1
) r on true
left join lateral (
    select start from waveforms where sensor_id = s.sensor_id order by start desc limit 1
) w on true;

-- What a device's sensors stored in its newest hour, or in four uploads where that is longer, against what its
-- type promises. It ends an upload ago: what lies between is on its way. Nothing is looked for beyond eight days.
create view grafana.data_completeness as
select v.device_id, v.device_type_id, v.domain, d.name as domain_name, d.name_en as domain_name_en, v.district,
    w.from_time, w.until_time, c.sensors, e.expected, c.stored,
    case when e.expected > 0 then least(c.stored / e.expected, 1) end as completeness,
    case when t.numbered then coalesce(g.missing, 0) end as missing_messages, not t.numbered as estimated
from devices v
left join grafana.domains d using (domain)
join device_types t using (device_type_id)
cross join grafana.present() p(time)
cross join lateral (select p.time - t.upload_s * interval '1 second' as until_time) u
cross join lateral (
    select u.until_time, greatest(
        u.until_time - greatest(3600, 4 * t.upload_s) * interval '1 second', p.time - interval '8 days'
    ) as from_time
) w
cross join lateral (
    select count(*) as sensors, coalesce(sum(r.readings + b.samples), 0)::double precision as stored
    from sensors s
    cross join lateral (
        select count(*) as readings from readings
        where sensor_id = s.sensor_id and time > w.from_time and time <= w.until_time
            and time > grafana.present() - interval '8 days'
    ) r
    cross join lateral (
        select coalesce(sum(octet_length(samples) / 4), 0) as samples from waveforms
        where sensor_id = s.sensor_id and start > w.from_time and start <= w.until_time
            and start > grafana.present() - interval '8 days'
    ) b
    where s.device_id = v.device_id and s.removed_at is null
) c
cross join lateral (
    select greatest(c.sensors * extract(epoch from w.until_time - w.from_time)::double precision / t.sample_s, 0)
        as expected
) e
left join lateral (
    select sum(upper(gap) - lower(gap))::bigint as missing from message_gaps, unnest(missing) gap
    where device_id = v.device_id
) g on true
where v.removed_at is null;

create view grafana.ingested as
select written_at as time, partition, messages, readings, duplicates, late from journal;

grant usage on schema grafana to lifeline_reader;
grant select on all tables in schema grafana to lifeline_reader;
