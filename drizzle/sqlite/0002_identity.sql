CREATE TABLE `audit` (
	`id` integer PRIMARY KEY NOT NULL,
	`uuid` blob NOT NULL,
	`at` integer NOT NULL,
	`actor_id` integer,
	`token_uuid` text,
	`via` text NOT NULL,
	`ip` text,
	`action` text NOT NULL,
	`target_type` text,
	`target_id` text,
	`metadata` text NOT NULL,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_uuid_unique` ON `audit` (`uuid`);--> statement-breakpoint
CREATE TABLE `pair_codes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uuid` blob NOT NULL,
	`code_hash` text NOT NULL,
	`selector` text NOT NULL,
	`typed_hash` text NOT NULL,
	`account_id` integer NOT NULL,
	`scopes` text NOT NULL,
	`actors` text,
	`device` text NOT NULL,
	`created_by` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`state` text DEFAULT 'active' NOT NULL,
	`token_id` integer,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`created_by`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pair_codes_uuid_unique` ON `pair_codes` (`uuid`);--> statement-breakpoint
CREATE UNIQUE INDEX `pair_codes_code_hash_unique` ON `pair_codes` (`code_hash`);--> statement-breakpoint
CREATE TABLE `setting_changes` (
	`seq` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`value` text,
	`actor_id` integer,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`actor_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `setting_changes_key` ON `setting_changes` (`key`,`seq`);--> statement-breakpoint
ALTER TABLE `tokens` ADD `actors` text;--> statement-breakpoint
ALTER TABLE `tokens` ADD `device` text;