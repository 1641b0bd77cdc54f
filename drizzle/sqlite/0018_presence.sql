CREATE TABLE `observations` (
	`account_id` integer PRIMARY KEY NOT NULL,
	`last_read_at` integer,
	`read_interval_ms` integer,
	`stream_until` integer,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `presence` (
	`account_id` integer NOT NULL,
	`instance` text NOT NULL,
	`state` text NOT NULL,
	`note` text,
	`since` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `instance`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `presence_expiry` ON `presence` (`expires_at`);