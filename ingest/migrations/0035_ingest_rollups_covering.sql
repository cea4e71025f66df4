-- A year of one sensor by the hour lies on as many pages as it has hours: an index that holds the buckets themselves
-- has them side by side. By ten minutes nobody looks that far back.
-- depends: 0028_lifeline_more_roles

create unique index readings_1h_covering on readings_1h (sensor_id, time)
include (readings, numbers, worst, low, high, total, last);
drop index readings_1h_identity;
