-- Risk that was found when history was run again: it was so, and nobody knew at the time.
-- depends: 0010_ingest_late

alter table risk_changes add column retrospective boolean not null default false;
