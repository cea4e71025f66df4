-- The order in which steps of alerts were committed, so that whoever watches can go on where they broke off.
-- depends: 0030_alerts_outbox

create table alert_stream (
    position bigint generated always as identity primary key,
    alert_id uuid not null,
    version integer not null
);
insert into alert_stream (alert_id, version)
select alert_id, number from alert_events order by wall_time, alert_id, number;

-- Called when all else of a transaction is done. The lock is held until it is committed, so that whoever sees a
-- position sees all before it.
create or replace function tell_of_alert() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('lifeline alert stream', 0));
    insert into alert_stream (alert_id, version) values (new.alert_id, new.number);
    perform pg_notify('lifeline_alerts', '');
    return null;
end
$$;
drop trigger alert_events_told on alert_events;
create constraint trigger alert_events_told after insert on alert_events
    deferrable initially deferred for each row execute function tell_of_alert();

grant select, insert on alert_stream to lifeline_application;
