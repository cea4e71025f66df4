-- What a city has besides readings, up to $NOW.

insert into waveforms (sensor_id, start, rate_hz, samples, flag)
select sensor_id, time, 50, decode(repeat('00000000', 500), 'hex'), 1
from sensors, generate_series('$NOW'::timestamptz - interval '10 minutes', '$NOW', interval '10 seconds') time
where quantity = 'acceleration';

insert into risk_states (asset_id, hazard, level, likelihood, consequence, since)
select asset_id, 'gas-leak', case when n % 50 = 0 then n / 50 % 4 + 1 end, 3, 3, '$NOW'::timestamptz - n * interval '1 min'
from (select asset_id, row_number() over (order by asset_id) as n from assets where domain = 'gas') numbered;

-- Fifteen cases an hour for two weeks, the newest hundred of them open.
insert into alerts (alert_id, asset_id, hazard, state, level, worst_level, likelihood, consequence,
    opened_at, changed_at, events, sounded)
select md5(n::text)::uuid, asset_id, 'hazard-' || n / assets,
    case when n > 100 then 'closed' when n % 3 = 0 then 'returned' else 'unacknowledged' end,
    case when n <= 100 and n % 3 <> 0 then n % 4 + 1 end, n % 4 + 1, 3, 3,
    '$NOW'::timestamptz - n * interval '4 min', '$NOW'::timestamptz - n * interval '4 min' + interval '3 min', 3, true
from generate_series(1, 5000) n
join (select asset_id, row_number() over (order by asset_id) as number, count(*) over () as assets from assets) a
    on a.number = n % assets + 1;

insert into alert_events (event_id, alert_id, number, kind, who, event_time, wall_time, why, level, state, data)
select md5(alert_id::text || number)::uuid, alert_id, number, kind, who, opened_at + number * interval '1 min',
    opened_at + number * interval '1 min', '', worst_level, case number when 1 then 'unacknowledged' else state end, '{}'
from alerts
join (values (1, 'raised', 'rules'), (2, 'acknowledged', 'night-desk'), (3, 'cleared', 'rules'))
    steps (number, kind, who) on true;

insert into deliveries (delivery_id, event_id, receiver, kind, state, attempts, receipt, queued_at, finished_at)
select gen_random_uuid(), event_id, 'utility', 'webhook', 'receipted', 1, 'r', wall_time, wall_time + interval '1 second'
from alert_events where kind = 'raised';

insert into transitions (transition_id, rule, subject, asset_id, hazard, time, state, previous,
    sensor_id, value, reason, rules_version, partition, seq)
select gen_random_uuid(), 'methane', device_id || '/' || key, asset_id, 'gas-leak', time, 1, 0,
    sensor_id, 22, 'above 20', 'v1', '1-of-1', 1
from sensors, generate_series('$NOW'::timestamptz - interval '14 days', '$NOW', interval '6 hours') time
where sensor_id % 5 = 0;

insert into journal (partition, seq, epoch, written_at, messages, readings, duplicates, late, body)
select '1-of-1', row_number() over (), 1, time, 160, 166, 2, 1, ''
from generate_series('$NOW'::timestamptz - interval '1 day', '$NOW', interval '1 second') time;

insert into rule_figures (rule, subject, kind, asset_id, sensor_id, time, value)
select 'natural-frequency', device_id || '/' || key, 'spectrum', asset_id, sensor_id, time, 2.9
from sensors, generate_series('$NOW'::timestamptz - interval '60 days', '$NOW', interval '10 minutes') time
where quantity = 'acceleration';
