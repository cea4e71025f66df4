-- The whole life of a case by ISA-18.2, its handling with deadlines, and maintenance.
-- depends: 0021_alerts_delivery

alter table alerts drop constraint alerts_state_check, drop constraint alerts_check;
alter table alerts
    add check (state in ('unacknowledged', 'acknowledged', 'returned', 'latched', 'shelved', 'suppressed',
        'out_of_service', 'normal', 'closed')),
    add check (level is null or state not in ('returned', 'latched', 'normal', 'closed')),
    add check (level is not null or state not in ('unacknowledged', 'acknowledged')),
    add column stage text not null default 'none'
        check (stage in ('none', 'dispatched', 'received', 'on_site', 'verified', 'false_alarm', 'resolved')),
    -- what the rules say, and what a person said; level is the worse of both
    add column found_level smallint check (found_level between 1 and 4),
    add column given_level smallint check (given_level between 1 and 4),
    add column latching boolean not null default false,
    add column sounding_at timestamptz,
    add column acknowledged_at timestamptz,
    -- what people are to do next, since when, how many of its deadlines have passed, and when time acts again
    add column awaits text check (awaits in ('acknowledgement', 'dispatch', 'receipt', 'arrival', 'verification',
        'resolution', 'closing')),
    add column waits_at timestamptz,
    add column escalations smallint not null default 0,
    add column due_at timestamptz,
    add column shelved_until timestamptz,
    add column shelved_once boolean not null default false,
    add column shelved_level smallint check (shelved_level between 1 and 4),
    add column covered_by uuid references alerts,
    add column window_id uuid,
    add column dispatched_to text,
    add check ((shelved_until is not null) = (state = 'shelved')),
    add check ((covered_by is not null) = (state = 'suppressed')),
    add check ((window_id is not null) = (state = 'out_of_service'));
update alerts set found_level = level, waits_at = changed_at,
    sounding_at = case when sounded then opened_at end,
    awaits = case when sounded and state in ('unacknowledged', 'returned') then 'acknowledgement'
        when sounded and state = 'acknowledged' then 'dispatch' end;
alter table alerts alter column waits_at set not null, alter column waits_at set default clock_timestamp();

create index alerts_due on alerts (due_at) where due_at is not null;
create index alerts_covered on alerts (covered_by) where covered_by is not null;
create index alerts_in_window on alerts (window_id) where window_id is not null;

-- 检修: while a window is open, nothing of its asset or device is annunciated; evaluation goes on.
create table maintenance_windows (
    window_id uuid primary key,
    asset_id text references assets,
    device_id text references devices,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    why text not null,
    who text not null,
    created_at timestamptz not null default clock_timestamp(),
    ended_early_at timestamptz,
    ended_by text,
    -- whether its begin and its end have been carried out on the cases that were open then
    begun boolean not null default false,
    ended boolean not null default false,
    check ((asset_id is null) <> (device_id is null)),
    check (starts_at < ends_at),
    check ((ended_early_at is null) = (ended_by is null))
);
create index maintenance_windows_open on maintenance_windows (starts_at) where not ended;
alter table alerts add foreign key (window_id) references maintenance_windows;

create or replace view grafana.states (state, name, name_en) as values
    ('unacknowledged', '未确认', 'unacknowledged'),
    ('acknowledged', '已确认', 'acknowledged'),
    ('returned', '已恢复未确认', 'returned'),
    ('latched', '待复位', 'latched'),
    ('shelved', '已搁置', 'shelved'),
    ('suppressed', '已抑制', 'suppressed by design'),
    ('out_of_service', '检修中', 'out of service'),
    ('normal', '已恢复处置中', 'normal, in hand'),
    ('closed', '已关闭', 'closed');
