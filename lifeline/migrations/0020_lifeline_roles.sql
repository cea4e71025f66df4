-- What a worker may do: add what came and what follows from it, read the registry and the rules; nothing of the alerts.
-- A table that comes later says itself what the workers may do with it.
-- depends: 0019_grafana_domains

do $$
begin
    if not exists (select from pg_roles where rolname = 'lifeline_writer') then
        create role lifeline_writer nologin;
    end if;
exception when duplicate_object or unique_violation then
    null;
end
$$;

grant select on
    deployment, utilities, assets, asset_edges, device_types, devices, sensors, registry_versions, inherent_risks,
    rule_sets, configuration, risk_matrix, readings, waveforms, dead_letter, message_gaps, device_status,
    session_losses, partitions, journal, snapshots, late_stretches, transitions, risk_states, risk_changes,
    readings_10min, readings_1h, rolled_up, rollups_due, retained
to lifeline_writer;
grant insert on
    readings, waveforms, dead_letter, journal, session_losses, transitions, risk_changes
to lifeline_writer;
grant insert, update on message_gaps, device_status, partitions, risk_states to lifeline_writer;
grant insert, update, delete on snapshots, late_stretches to lifeline_writer;
