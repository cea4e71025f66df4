-- What the risk assessment found, by which an asset that nothing live is known of is shown.
-- Until an asset is assessed, the likelihood that the city's files give it stands. No alert is made of any of it.
-- depends: 0008_sensors_adjacent_spaces

create table inherent_risks (
    asset_id text primary key references assets,
    likelihood smallint not null check (likelihood between 1 and 5),
    consequence smallint not null check (consequence between 1 and 5),
    level smallint not null check (level between 1 and 4),
    failures_per_year double precision,
    why text not null,
    why_en text not null,
    assessed_on date not null,
    review_on date not null,
    tables_version text not null,
    matrix_version text not null
);

create or replace view grafana.current_assets as
select a.asset_id, a.name, a.name_en, a.kind, a.domain, d.name as domain_name, d.name_en as domain_name_en,
    a.district, a.utility_id, u.name as utility_name, u.name_en as utility_name_en, a.longitude, a.latitude,
    l.level, l.name as level_name, l.name_en as level_name_en, l.colour,
    coalesce(i.level, m.level) as inherent_level, r.level as live_level,
    r.hazard, coalesce(h.name, r.hazard) as hazard_name, coalesce(h.name_en, r.hazard) as hazard_name_en, r.since,
    i.why as inherent_why, i.why_en as inherent_why_en, i.assessed_on, i.review_on
from assets a
left join grafana.domains d using (domain)
join utilities u using (utility_id)
left join inherent_risks i using (asset_id)
left join risk_matrix m on (m.likelihood, m.consequence) = (a.inherent_likelihood, a.consequence)
left join (
    select distinct on (asset_id) asset_id, level, hazard, since from risk_states where level is not null
    order by asset_id, level, likelihood desc, since
) r using (asset_id)
left join grafana.hazards h using (hazard)
left join grafana.levels l on l.level = least(coalesce(i.level, m.level), r.level)
where a.removed_at is null;
