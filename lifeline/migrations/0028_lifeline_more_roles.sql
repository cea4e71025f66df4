-- What the alerts may do, and what housekeeping may do. Events and the audit are added to, and changed by nobody;
-- whom to let in is the owner's to say; what is too old goes, and only housekeeping lets it go.
-- A table that comes later says itself what they may do with it.
-- depends: 0024_alerts_access

do $$
declare
    wanted text;
begin
    foreach wanted in array array['lifeline_application', 'lifeline_keeper'] loop
        begin
            if not exists (select from pg_roles where rolname = wanted) then
                execute format('create role %I nologin', wanted);
            end if;
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end
$$;

grant select on
    deployment, utilities, assets, asset_edges, device_types, devices, sensors, registry_versions, rule_sets,
    configuration, risk_matrix, readings, waveforms, risk_changes, alerts, alert_events, incidents, incident_events,
    deliveries, maintenance_windows, receipt_calls, api_tokens, users, sessions, api_audit
to lifeline_application;
grant insert on alert_events, incident_events, receipt_calls, api_audit to lifeline_application;
grant insert, update on alerts, incidents, deliveries, maintenance_windows to lifeline_application;
grant update (claimed_at) on risk_changes to lifeline_application;
grant insert, update (used_at), delete on sessions to lifeline_application;
grant select, insert, update, delete on
    procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers
to lifeline_application;
grant usage on
    procrastinate_jobs_id_seq, procrastinate_events_id_seq, procrastinate_periodic_defers_id_seq
to lifeline_application;
grant usage on schema grafana to lifeline_application;
grant select on grafana.current_assets to lifeline_application;

grant select on
    deployment, partitions, journal, snapshots, readings, readings_10min, readings_1h, rolled_up,
    rollups_due, retained, transitions, risk_changes, alerts, alert_events, deliveries, dead_letter
to lifeline_keeper;
grant insert, update on readings_10min, readings_1h, rolled_up, retained to lifeline_keeper;
grant update (first_time) on rollups_due to lifeline_keeper;
grant delete on rollups_due, snapshots, transitions, risk_changes, deliveries, dead_letter to lifeline_keeper;

-- To drop chunks, and to compress them, is an owner's right. These do it in the owner's name, and only to what ages.
create function drop_aged(aged text, since timestamptz, until timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if aged not in ('readings', 'waveforms', 'readings_10min', 'readings_1h', 'journal') then
        raise exception '% does not age', aged using errcode = 'insufficient_privilege';
    end if;
    perform drop_chunks(aged::regclass, older_than => until, newer_than => since);
end
$$;

create function compress_aged(chunk text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    aged constant text := (
        select hypertable_name from timescaledb_information.chunks
        where format('%I.%I', chunk_schema, chunk_name) = chunk and hypertable_schema = 'public'
            and hypertable_name in ('readings', 'readings_10min', 'readings_1h')
    );
begin
    if aged is null then
        raise exception '% is no chunk that ages', chunk using errcode = 'insufficient_privilege';
    end if;
    if not (
        select compression_enabled from timescaledb_information.hypertables
        where hypertable_schema = 'public' and hypertable_name = aged
    ) then
        execute format(
            'alter table %I set (timescaledb.compress, timescaledb.compress_segmentby = ''sensor_id'','
            ' timescaledb.compress_orderby = ''time'')', aged
        );
    end if;
    perform compress_chunk(chunk::regclass);
end
$$;

revoke all on function drop_aged, compress_aged from public;
grant execute on function drop_aged, compress_aged to lifeline_keeper;
