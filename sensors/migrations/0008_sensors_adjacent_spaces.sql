-- The fifth factor of an asset's consequence. The columns hold scores, whatever they were made from.
-- depends: 0007_grafana_views

alter table assets
    add column adjacent_spaces smallint not null default 1 check (adjacent_spaces between 1 and 5),
    alter column consequence set expression as (
        greatest(people, critical_users, cascade, cost, adjacent_spaces));
