CREATE TABLE `approvals` (
	`seq` integer PRIMARY KEY NOT NULL,
	`uuid` blob NOT NULL,
	`channel_id` integer NOT NULL,
	`account_id` integer NOT NULL,
	`root_seq` integer NOT NULL,
	`is_named` integer NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	`decided_by` integer,
	`reply_seq` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `approvals_uuid_unique` ON `approvals` (`uuid`);--> statement-breakpoint
CREATE INDEX `approvals_channel` ON `approvals` (`channel_id`,`seq`);--> statement-breakpoint
CREATE INDEX `approvals_account` ON `approvals` (`account_id`,`seq`);--> statement-breakpoint
CREATE INDEX `approvals_open` ON `approvals` (`account_id`,`root_seq`) WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX `approvals_expiry` ON `approvals` (`expires_at`) WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX `approvals_decided` ON `approvals` (`decided_by`,`seq`) WHERE decided_by IS NOT NULL;