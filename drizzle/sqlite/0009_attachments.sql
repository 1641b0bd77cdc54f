CREATE TABLE `attachments` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uuid` blob NOT NULL,
	`account_id` integer NOT NULL,
	`message_seq` integer,
	`created_at` integer NOT NULL,
	`size` integer NOT NULL,
	`filename` text NOT NULL,
	`mime` text NOT NULL,
	`width` integer,
	`height` integer,
	`blob` text NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`message_seq`) REFERENCES `messages`(`seq`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `attachments_uuid_unique` ON `attachments` (`uuid`);--> statement-breakpoint
CREATE INDEX `attachments_account` ON `attachments` (`account_id`,`size`);--> statement-breakpoint
CREATE INDEX `attachments_blob` ON `attachments` (`blob`);--> statement-breakpoint
CREATE INDEX `attachments_message` ON `attachments` (`message_seq`) WHERE message_seq IS NOT NULL;--> statement-breakpoint
CREATE INDEX `attachments_unused` ON `attachments` (`created_at`) WHERE message_seq IS NULL;--> statement-breakpoint
CREATE TABLE `unused_blobs` (
	`key` text PRIMARY KEY NOT NULL
);
