CREATE TABLE `matrix_account_data` (
	`account_id` integer NOT NULL,
	`channel_id` integer NOT NULL,
	`type` text NOT NULL,
	`json` text NOT NULL,
	`mx` integer NOT NULL,
	PRIMARY KEY(`account_id`, `channel_id`, `type`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `matrix_account_data_mx` ON `matrix_account_data` (`account_id`,`mx`);--> statement-breakpoint
CREATE TABLE `matrix_aliases` (
	`alias` text PRIMARY KEY NOT NULL,
	`channel_id` integer NOT NULL,
	`creator_id` integer,
	FOREIGN KEY (`creator_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `matrix_aliases_channel` ON `matrix_aliases` (`channel_id`);--> statement-breakpoint
CREATE TABLE `matrix_device_keys` (
	`device` integer PRIMARY KEY NOT NULL,
	`json` text NOT NULL,
	FOREIGN KEY (`device`) REFERENCES `matrix_devices`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `matrix_devices` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uuid` blob NOT NULL,
	`account_id` integer NOT NULL,
	`device_id` text NOT NULL,
	`name` text,
	`seen_at` integer,
	`seen_ip` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `matrix_devices_uuid_unique` ON `matrix_devices` (`uuid`);--> statement-breakpoint
CREATE UNIQUE INDEX `matrix_devices_account` ON `matrix_devices` (`account_id`,`device_id`);--> statement-breakpoint
CREATE TABLE `matrix_events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`pos` integer NOT NULL,
	`channel_id` integer NOT NULL,
	`event_id` text NOT NULL,
	`type` text NOT NULL,
	`state_key` text,
	`sender` text NOT NULL,
	`ts` integer NOT NULL,
	`depth` integer NOT NULL,
	`rel_pos` integer,
	`rel_type` text,
	`rel_key` text,
	`thread_pos` integer,
	`redacted_by` integer,
	`sent_as` text,
	`flags` integer DEFAULT 0 NOT NULL,
	`json` text NOT NULL,
	`sigs` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `matrix_events_pos` ON `matrix_events` (`channel_id`,`pos`);--> statement-breakpoint
CREATE UNIQUE INDEX `matrix_events_event` ON `matrix_events` (`event_id`);--> statement-breakpoint
CREATE INDEX `matrix_events_related` ON `matrix_events` (`rel_pos`,`rel_type`,`pos`) WHERE rel_pos IS NOT NULL;--> statement-breakpoint
CREATE TABLE `matrix_fallback_keys` (
	`device` integer NOT NULL,
	`algorithm` text NOT NULL,
	`key_id` text NOT NULL,
	`json` text NOT NULL,
	`used` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`device`, `algorithm`),
	FOREIGN KEY (`device`) REFERENCES `matrix_devices`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `matrix_filters` (
	`account_id` integer NOT NULL,
	`n` integer NOT NULL,
	`json` text NOT NULL,
	PRIMARY KEY(`account_id`, `n`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `matrix_keys` (
	`key_id` text PRIMARY KEY NOT NULL,
	`seed_sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	`expired_at` integer
);
--> statement-breakpoint
CREATE TABLE `matrix_media` (
	`media_id` text PRIMARY KEY NOT NULL,
	`account_id` integer,
	`server` text NOT NULL,
	`blob` text,
	`mime` text NOT NULL,
	`name` text,
	`size` integer NOT NULL,
	`created_at` integer NOT NULL,
	`seen_at` integer,
	`quarantined_by` integer,
	`pending_until` integer,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`quarantined_by`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `matrix_media_account` ON `matrix_media` (`account_id`,`size`);--> statement-breakpoint
CREATE INDEX `matrix_media_blob` ON `matrix_media` (`blob`) WHERE blob IS NOT NULL;--> statement-breakpoint
CREATE TABLE `matrix_members` (
	`user_id` text NOT NULL,
	`channel_id` integer NOT NULL,
	`membership` text NOT NULL,
	`pos` integer NOT NULL,
	`forgotten` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`user_id`, `channel_id`)
);
--> statement-breakpoint
CREATE INDEX `matrix_members_channel` ON `matrix_members` (`channel_id`,`membership`);--> statement-breakpoint
CREATE TABLE `matrix_one_time_keys` (
	`device` integer NOT NULL,
	`algorithm` text NOT NULL,
	`n` integer NOT NULL,
	`key_id` text NOT NULL,
	`json` text NOT NULL,
	PRIMARY KEY(`device`, `algorithm`, `n`),
	FOREIGN KEY (`device`) REFERENCES `matrix_devices`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `matrix_one_time_keys_id` ON `matrix_one_time_keys` (`device`,`algorithm`,`key_id`);--> statement-breakpoint
CREATE TABLE `matrix_pushers` (
	`account_id` integer NOT NULL,
	`app_id` text NOT NULL,
	`pushkey` text NOT NULL,
	`device` integer NOT NULL,
	`json` text NOT NULL,
	`set_at` integer NOT NULL,
	`pos` integer NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`failing_since` integer,
	`next_at` integer,
	PRIMARY KEY(`account_id`, `app_id`, `pushkey`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`device`) REFERENCES `matrix_devices`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `matrix_pushers_key` ON `matrix_pushers` (`app_id`,`pushkey`);--> statement-breakpoint
CREATE INDEX `matrix_pushers_device` ON `matrix_pushers` (`device`);--> statement-breakpoint
CREATE TABLE `matrix_receipts` (
	`channel_id` integer NOT NULL,
	`account_id` integer NOT NULL,
	`kind` text NOT NULL,
	`thread` text NOT NULL,
	`pos` integer NOT NULL,
	`ts` integer NOT NULL,
	`mx` integer NOT NULL,
	PRIMARY KEY(`channel_id`, `account_id`, `kind`, `thread`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `matrix_receipts_mx` ON `matrix_receipts` (`channel_id`,`mx`);--> statement-breakpoint
CREATE INDEX `matrix_receipts_account` ON `matrix_receipts` (`account_id`,`mx`);--> statement-breakpoint
CREATE TABLE `matrix_registration_tokens` (
	`token` text PRIMARY KEY NOT NULL,
	`uses_allowed` integer,
	`pending` integer DEFAULT 0 NOT NULL,
	`completed` integer DEFAULT 0 NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE TABLE `matrix_reports` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`room_id` text,
	`event_id` text,
	`user_id` text,
	`reason` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `matrix_reports_account` ON `matrix_reports` (`account_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `matrix_rooms` (
	`channel_id` integer PRIMARY KEY NOT NULL,
	`room_id` text NOT NULL,
	`version` text NOT NULL,
	`born` text NOT NULL,
	`federate` integer NOT NULL,
	`published` integer NOT NULL,
	`tip_event` text NOT NULL,
	`depth` integer NOT NULL,
	`blocked` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `matrix_rooms_room_id_unique` ON `matrix_rooms` (`room_id`);--> statement-breakpoint
CREATE TABLE `matrix_secrets` (
	`hash` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`account_id` integer,
	`json` text NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `matrix_secrets_expiry` ON `matrix_secrets` (`expires_at`);--> statement-breakpoint
CREATE TABLE `matrix_state` (
	`channel_id` integer NOT NULL,
	`type` text NOT NULL,
	`state_key` text NOT NULL,
	`pos` integer NOT NULL,
	PRIMARY KEY(`channel_id`, `type`, `state_key`)
);
--> statement-breakpoint
CREATE TABLE `matrix_state_log` (
	`channel_id` integer NOT NULL,
	`type` text NOT NULL,
	`state_key` text NOT NULL,
	`pos` integer NOT NULL,
	`event_pos` integer,
	PRIMARY KEY(`channel_id`, `type`, `state_key`, `pos`)
);
--> statement-breakpoint
CREATE INDEX `matrix_state_log_pos` ON `matrix_state_log` (`channel_id`,`pos`);--> statement-breakpoint
CREATE TABLE `matrix_thumbs` (
	`source` text NOT NULL,
	`width` integer NOT NULL,
	`height` integer NOT NULL,
	`method` text NOT NULL,
	`blob` text NOT NULL,
	`mime` text NOT NULL,
	`size` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`source`, `width`, `height`, `method`)
);
--> statement-breakpoint
CREATE INDEX `matrix_thumbs_blob` ON `matrix_thumbs` (`blob`);--> statement-breakpoint
CREATE TABLE `matrix_users` (
	`account_id` integer PRIMARY KEY NOT NULL,
	`localpart` text NOT NULL,
	`avatar` text,
	`profile` text DEFAULT '{}' NOT NULL,
	`origin` text NOT NULL,
	`locked` integer DEFAULT false NOT NULL,
	`suspended` integer DEFAULT false NOT NULL,
	`deactivated_at` integer,
	`erased` integer DEFAULT false NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `matrix_users_localpart_unique` ON `matrix_users` (`localpart`);--> statement-breakpoint
ALTER TABLE `channels` ADD `encrypted` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `channels` ADD `direct` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `channels` ADD `hidden` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `epochs` ADD `mx` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `log_head` ADD `mx` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `sessions` ADD `device` integer REFERENCES matrix_devices(id);--> statement-breakpoint
ALTER TABLE `sessions` ADD `refresh_hash` text;--> statement-breakpoint
ALTER TABLE `sessions` ADD `refresh_before` text;--> statement-breakpoint
CREATE INDEX `sessions_device` ON `sessions` (`device`) WHERE device IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_refresh` ON `sessions` (`refresh_hash`) WHERE refresh_hash IS NOT NULL;--> statement-breakpoint
CREATE INDEX `sessions_refresh_before` ON `sessions` (`refresh_before`) WHERE refresh_before IS NOT NULL;