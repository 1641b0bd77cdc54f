CREATE TABLE `erasures` (
	`account_id` integer PRIMARY KEY NOT NULL,
	`handle` text NOT NULL,
	`mode` text NOT NULL,
	`redacts_mentions` integer NOT NULL,
	`through_seq` integer NOT NULL,
	`position` integer NOT NULL,
	`deleted_messages` integer NOT NULL,
	`kept_messages` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
ALTER TABLE `accounts` ADD `erased_at` integer;