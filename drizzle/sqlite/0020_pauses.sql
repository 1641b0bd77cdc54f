CREATE TABLE `pauses` (
	`seq` integer PRIMARY KEY NOT NULL,
	`uuid` blob NOT NULL,
	`channel_id` integer,
	`account_id` integer,
	`by_id` integer,
	`note` text,
	`since` integer NOT NULL,
	`until` integer,
	`ended_at` integer,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`by_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pauses_uuid_unique` ON `pauses` (`uuid`);--> statement-breakpoint
CREATE INDEX `pauses_end` ON `pauses` (`until`) WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX `pauses_ended` ON `pauses` (`ended_at`) WHERE ended_at IS NOT NULL;