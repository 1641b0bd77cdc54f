-- One process writes, so the row of log_head is the head itself. On Postgres it is a floor.
SELECT 1;
