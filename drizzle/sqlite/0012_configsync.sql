CREATE TABLE `configsync_users` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`quota_bytes` integer,
	`max_machines` integer,
	`used_bytes` integer DEFAULT 0 NOT NULL,
	`credential_version` integer DEFAULT 1 NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `configsync_users_account_id_unique` ON `configsync_users` (`account_id`);--> statement-breakpoint
CREATE TABLE `cs_actions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer NOT NULL,
	`machine_id` text NOT NULL,
	`action` text NOT NULL,
	`payload` text NOT NULL,
	`created_by` integer,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`created_by`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `cs_actions_machine` ON `cs_actions` (`user_id`,`machine_id`,`id`);--> statement-breakpoint
CREATE TABLE `cs_audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer,
	`token_uuid` text,
	`ip` text,
	`event` text NOT NULL,
	`ref` text,
	`bytes` integer,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `cs_audit_user` ON `cs_audit` (`user_id`,`id`);--> statement-breakpoint
CREATE INDEX `cs_audit_at` ON `cs_audit` (`at`);--> statement-breakpoint
CREATE TABLE `cs_entities` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer NOT NULL,
	`type` text NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`extra` text NOT NULL,
	`current_version` integer DEFAULT 0 NOT NULL,
	`deleted_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `cs_entities_slug` ON `cs_entities` (`user_id`,`type`,`slug`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `cs_entities_user` ON `cs_entities` (`user_id`,`type`,`id`);--> statement-breakpoint
CREATE INDEX `cs_entities_deleted` ON `cs_entities` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `cs_entity_keys` (
	`entity_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	`wrapped_dek` text NOT NULL,
	PRIMARY KEY(`entity_id`, `user_id`),
	FOREIGN KEY (`entity_id`) REFERENCES `cs_entities`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `cs_environment_views` (
	`viewer` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`names` text NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `cs_environment_views_user` ON `cs_environment_views` (`user_id`);--> statement-breakpoint
CREATE TABLE `cs_environments` (
	`user_id` integer NOT NULL,
	`name` text NOT NULL,
	`tier` text NOT NULL,
	`color` text,
	`protect` integer NOT NULL,
	PRIMARY KEY(`user_id`, `name`),
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `cs_keypairs` (
	`user_id` integer PRIMARY KEY NOT NULL,
	`public_key` text NOT NULL,
	`encrypted_private_key` text NOT NULL,
	`kek_salt` text NOT NULL,
	`kek_iterations` integer NOT NULL,
	`key_algorithm` text NOT NULL,
	`kek_algorithm` text,
	`key_version` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `cs_env_layer_keys` (
	`user_id` integer NOT NULL,
	`layer_id` text NOT NULL,
	`project_id` integer NOT NULL,
	`wrapped_dek` text NOT NULL,
	PRIMARY KEY(`user_id`, `layer_id`),
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`project_id`) REFERENCES `cs_entities`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `cs_env_layer_keys_project` ON `cs_env_layer_keys` (`project_id`);--> statement-breakpoint
CREATE TABLE `cs_links` (
	`user_id` integer NOT NULL,
	`machine_id` text NOT NULL,
	`entity_id` integer NOT NULL,
	`local_path` text,
	`last_synced_version` integer,
	`active` integer DEFAULT true NOT NULL,
	PRIMARY KEY(`user_id`, `machine_id`, `entity_id`),
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`entity_id`) REFERENCES `cs_entities`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `cs_links_entity` ON `cs_links` (`entity_id`);--> statement-breakpoint
CREATE TABLE `cs_machines` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer NOT NULL,
	`machine_id` text NOT NULL,
	`name` text NOT NULL,
	`platform` text,
	`arch` text,
	`client_version` text,
	`last_seen_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `cs_machines_user` ON `cs_machines` (`user_id`,`machine_id`);--> statement-breakpoint
CREATE TABLE `cs_profile_workspaces` (
	`profile_id` integer NOT NULL,
	`workspace_id` integer NOT NULL,
	PRIMARY KEY(`profile_id`, `workspace_id`),
	FOREIGN KEY (`profile_id`) REFERENCES `cs_entities`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`workspace_id`) REFERENCES `cs_entities`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `cs_profile_workspaces_workspace` ON `cs_profile_workspaces` (`workspace_id`);--> statement-breakpoint
CREATE TABLE `cs_snapshots` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer NOT NULL,
	`machine_id` text NOT NULL,
	`blob` text NOT NULL,
	`size` integer NOT NULL,
	`client_timestamp` text NOT NULL,
	`format_version` text NOT NULL,
	`metadata` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `configsync_users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `cs_snapshots_user` ON `cs_snapshots` (`user_id`,`id`);--> statement-breakpoint
CREATE INDEX `cs_snapshots_machine` ON `cs_snapshots` (`user_id`,`machine_id`,`id`);--> statement-breakpoint
CREATE INDEX `cs_snapshots_blob` ON `cs_snapshots` (`blob`);--> statement-breakpoint
CREATE TABLE `cs_env_vars` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`project_id` integer NOT NULL,
	`name` text NOT NULL,
	`environment_tier` text NOT NULL,
	`visibility` text NOT NULL,
	`owner_user_id` integer DEFAULT 0 NOT NULL,
	`description` text,
	`required` integer NOT NULL,
	`encrypted_value` text NOT NULL,
	`current_version` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `cs_entities`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `cs_env_vars_name` ON `cs_env_vars` (`project_id`,`name`,`environment_tier`,`visibility`,`owner_user_id`);--> statement-breakpoint
CREATE TABLE `cs_versions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`entity_id` integer NOT NULL,
	`version` integer NOT NULL,
	`blob` text NOT NULL,
	`size` integer NOT NULL,
	`content_hash` text NOT NULL,
	`pushed_by_user_id` integer NOT NULL,
	`pushed_from_machine_id` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`entity_id`) REFERENCES `cs_entities`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `cs_versions_entity` ON `cs_versions` (`entity_id`,`version`);--> statement-breakpoint
CREATE INDEX `cs_versions_blob` ON `cs_versions` (`blob`);