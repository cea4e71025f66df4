-- What rules measure beside what they find: natural frequencies (Hz), forces of cables (kN), shares of fatigue life.
-- depends: 0028_lifeline_more_roles

create table rule_figures (
    rule text not null,
    subject text not null,
    kind text not null,
    asset_id text not null,
    sensor_id integer,
    time timestamptz not null,
    value double precision not null,
    primary key (kind, time, rule, subject)
);

grant select, insert on rule_figures to lifeline_writer;
grant select, delete on rule_figures to lifeline_keeper;

create view grafana.rule_figures as
select f.time, f.rule, f.subject, f.kind, f.asset_id, a.name as asset_name, a.name_en as asset_name_en, a.domain,
    a.district, f.sensor_id, f.value
from rule_figures f join assets a using (asset_id);

grant select on grafana.rule_figures to lifeline_reader;
