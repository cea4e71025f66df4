-- Whether a case was ever worse than low while it was live; one found in late data never was.
-- depends: 0011_rules_retrospective

alter table alerts add column sounded boolean not null default false;
update alerts set sounded = worst_level < 4;
