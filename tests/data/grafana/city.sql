-- Some days of the demo city's life up to $NOW.

insert into readings (sensor_id, time, value, flag)
select sensor_id, time, sensor_id + extract(minute from time), 1
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
    ('X-1', 'burst', 'acknowledged', 3, 3, interval '8 days')
) as given (asset, hazard, state, level, worst, age);

insert into transitions (transition_id, rule, subject, asset_id, hazard, time, state, previous,
    sensor_id, value, reason, rules_version, partition, seq)
select gen_random_uuid(), 'methane', device_id || '/' || key, asset_id, 'gas-leak', time, 1, 0,
    sensor_id, 22, 'above 20', 'v1', '1/1', 1
from sensors, generate_series('$NOW'::timestamptz - interval '40 hours', '$NOW', interval '1 hour') time
where key = 'ch4';

insert into journal (partition, seq, epoch, written_at, messages, readings, duplicates, late, body)
select '1/1', row_number() over (), 1, time, 20, 120, 2, 1, ''
from generate_series('$NOW'::timestamptz - interval '2 days', '$NOW', interval '1 second') time;

analyze;
