CREATE TABLE `claims` (
	`epoch` integer PRIMARY KEY NOT NULL,
	`uuid` blob NOT NULL,
	`channel_id` integer,
	`resource` text NOT NULL,
	`message_seq` integer,
	`account_id` integer NOT NULL,
	`instance` text NOT NULL,
	`credential` text NOT NULL,
	`note` text,
	`acquired_at` integer NOT NULL,
	`renewed_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	`released_at` integer,
	`outcome` text,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `claims_uuid_unique` ON `claims` (`uuid`);--> statement-breakpoint
CREATE INDEX `claims_resource` ON `claims` (`resource`) WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX `claims_expiry` ON `claims` (`expires_at`) WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX `claims_account` ON `claims` (`account_id`,`ended_at`);--> statement-breakpoint
CREATE INDEX `claims_ended` ON `claims` (`ended_at`) WHERE ended_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `claims_message` ON `claims` (`message_seq`) WHERE message_seq IS NOT NULL;