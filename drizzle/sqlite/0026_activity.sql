CREATE TABLE `activity` (
	`span` integer NOT NULL,
	`part` integer NOT NULL,
	`channel_id` integer NOT NULL,
	`account_id` integer NOT NULL,
	`is_agent` integer NOT NULL,
	`last_seq` integer NOT NULL,
	`counts` text NOT NULL,
	`usage` text NOT NULL,
	PRIMARY KEY(`span`, `part`, `channel_id`, `account_id`)
);
--> statement-breakpoint
-- Counting begins with what comes after this version.
INSERT INTO projections (name, position) SELECT 'activity', max(seq) FROM events WHERE true HAVING max(seq) > 0
  ON CONFLICT (name) DO NOTHING;
