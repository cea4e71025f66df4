-- The duty report tells how complete a day's data were, and how much water flowed at night.
-- depends: 0033_alerts_audit

grant select on readings_1h, retained to lifeline_application;
grant execute on function grafana.nights to lifeline_application;
