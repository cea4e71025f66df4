-- Some days of the demo city's life up to $NOW.

insert into readings (sensor_id, time, value, flag)
select sensor_id, time, sensor_id % 7 + extract(minute from time) / 60, 1
from sensors, generate_series('$NOW'::timestamptz - interval '3 days', '$NOW', interval '5 minutes') time
where quantity <> 'acceleration'
    and (device_id <> 'rtu-vc-101' or time < '$NOW'::timestamptz - interval '2 hours');

insert into readings (sensor_id, time, value, flag, late)
select sensor_id, '$NOW'::timestamptz - interval '61 seconds',
    case key when 'p_in' then 'NaN'::float8 when 'p_out' then 'infinity' else 1e6 end,
    case key when 'p_in' then 9 when 'p_out' then 4 else 3 end, key = 'flow'
from sensors where device_id = 'rtu-rs-101';

insert into readings (sensor_id, time, value, flag) select 1, '$NOW'::timestamptz - interval '30 days', 1, 1;

insert into waveforms (sensor_id, start, rate_hz, samples, flag)
select sensor_id, time, 50, decode(repeat('00000000', 500), 'hex'), 1
from sensors, generate_series('$NOW'::timestamptz - interval '2 hours', '$NOW', interval '10 seconds') time
where quantity = 'acceleration';

insert into message_gaps (device_id, boot, missing)
values ('rtu-rs-101', 1, '{[3,5),[9,10)}'), ('rtu-rs-101', 2, '{[0,4)}');

insert into risk_states (asset_id, hazard, level, likelihood, consequence, since) values
    ('VC-102', 'gas-leak', 1, 5, 4, '$NOW'::timestamptz - interval '1 hour'),
    ('VC-102', 'data-loss', 4, 4, 1, '$NOW'::timestamptz - interval '3 hours'),
    ('VC-103', 'gas-leak', null, 1, 4, '$NOW'::timestamptz - interval '1 hour'),
    ('VC-104', 'unheard-of', 4, 1, 1, '$NOW'::timestamptz - interval '1 hour');

insert into alerts (alert_id, asset_id, hazard, state, level, worst_level, likelihood, consequence,
    opened_at, changed_at, events)
select gen_random_uuid(), asset, hazard, state, level, worst, 3, 3, '$NOW'::timestamptz - age, '$NOW', 1
from (values
    ('VC-102', 'gas-leak', 'unacknowledged', 1, 1, interval '1 hour'),
    ('VC-102', 'data-loss', 'unacknowledged', 4, 4, interval '3 hours'),
    ('VC-103', 'gas-leak', 'returned', null, 2, interval '5 days'),
    ('VC-104', 'unheard-of', 'acknowledged', 3, 2, interval '6 days'),
    ('VC-105', 'gas-leak', 'closed', null, 3, interval '2 hours'),
    ('VC-105', 'gas-leak', 'closed', null, 1, interval '7 days'),
    ('X-1', 'burst', 'acknowledged', 3, 3, interval '8 days'),
    ('RS-101', 'gas-leak', 'closed', null, 3, interval '3 hours'),
    ('DMA-101', 'burst', 'closed', null, 2, interval '3 hours'),
    ('MH-101', 'overflow', 'closed', null, 3, interval '3 hours'),
    ('SP-201', 'structure', 'closed', null, 3, interval '3 hours'),
    ('HC-101', 'heat-leak', 'closed', null, 2, interval '3 hours'),
    ('TC-301', 'intrusion', 'closed', null, 3, interval '3 hours')
) as given (asset, hazard, state, level, worst, age);

update alerts set sounded = worst_level < 4;

insert into alert_events (event_id, alert_id, number, kind, who, event_time, why, level, state, data)
select gen_random_uuid(), alert_id, 1, 'raised', 'rules', opened_at, 'evidence appeared', worst_level,
    'unacknowledged', '{}'::jsonb from alerts
union all
select gen_random_uuid(), alert_id, 2, 'escalated', 'rules', opened_at + interval '5 minutes', 'nobody acknowledged',
    worst_level, 'unacknowledged', '{"awaits": "acknowledgement", "number": 1}'::jsonb from alerts where worst_level = 1
union all
select gen_random_uuid(), alert_id, 3, 'acknowledged', 'duty', opened_at + interval '10 minutes', 'seen', worst_level,
    'acknowledged', '{}'::jsonb from alerts where state in ('acknowledged', 'closed')
union all
select gen_random_uuid(), alert_id, 4, 'arrived', 'crew', opened_at + interval '30 minutes', 'on site', worst_level,
    'acknowledged', '{}'::jsonb from alerts where state in ('acknowledged', 'closed')
union all
select gen_random_uuid(), alert_id, 5, 'closed', 'duty', opened_at + interval '1 hour', 'mended', null, 'closed', '{}'::jsonb
from alerts where state = 'closed';

insert into risk_changes (asset_id, hazard, time, level, previous_level, likelihood, consequence, inputs, rules_version,
    partition, seq, claimed_at)
select 'RS-101', 'gas-leak', '$NOW'::timestamptz - age, level, null, 5, 4, '{}'::jsonb, 'v1', '1/1', 1, '$NOW'
from (values (interval '3 hours', 3), (interval '2 hours', null), (interval '1 hour', 1)) as given (age, level);

insert into transitions (transition_id, rule, subject, asset_id, hazard, time, state, previous,
    sensor_id, value, reason, rules_version, partition, seq)
select gen_random_uuid(), 'methane', device_id || '/' || key, asset_id, 'gas-leak', time, 1, 0,
    sensor_id, 22, 'above 20', 'v1', '1/1', 1
from sensors, generate_series('$NOW'::timestamptz - interval '40 hours', '$NOW', interval '1 hour') time
where key = 'ch4';

insert into transitions (transition_id, rule, subject, asset_id, hazard, time, state, previous,
    sensor_id, value, reason, rules_version, partition, seq)
select gen_random_uuid(), 'other', device_id || '/' || key, asset_id, 'structure', '$NOW'::timestamptz - interval '2 hours',
    1, 0, sensor_id, 0.1, 'it is so', 'v1', '1/1', 1
from sensors where quantity in ('acceleration', 'strain') or asset_id in ('RS-101', 'DMA-101', 'MH-101', 'HC-101', 'TC-301');

insert into journal (partition, seq, epoch, written_at, messages, readings, duplicates, late, body)
select '1/1', row_number() over (), 1, time, 20, 120, 2, 1, ''
from generate_series('$NOW'::timestamptz - interval '2 days', '$NOW', interval '1 second') time;

analyze;

insert into rule_figures (rule, subject, kind, asset_id, sensor_id, time, value)
select kind, device_id || '/' || key, kind, asset_id, sensor_id, time, figure
from sensors
join (values ('acceleration', 'spectrum', 2.9), ('strain', 'fatigue', 0.12), ('cable_force', 'cable', 3000)) measured (quantity, kind, figure)
    using (quantity),
    generate_series('$NOW'::timestamptz - interval '1 day', '$NOW', interval '1 hour') time;
