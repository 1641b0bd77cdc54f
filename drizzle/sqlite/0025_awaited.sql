CREATE TABLE `ack_deadlines` (
	`message_seq` integer PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ack_deadlines_due` ON `ack_deadlines` (`due_at`);--> statement-breakpoint
CREATE TABLE `awaited` (
	`account_id` integer NOT NULL,
	`channel_id` integer NOT NULL,
	`from_seq` integer NOT NULL,
	`reachable_until` integer,
	`due_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `channel_id`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `awaited_due` ON `awaited` (`due_at`);--> statement-breakpoint
-- What was notified before is not awaited, because it may be long ago.
INSERT INTO projections (name, position) SELECT 'awaited', max(seq) FROM events WHERE true HAVING max(seq) > 0
  ON CONFLICT (name) DO NOTHING;
