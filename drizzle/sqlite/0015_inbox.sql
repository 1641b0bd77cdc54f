CREATE TABLE `consumers` (
	`account_id` integer NOT NULL,
	`name` text NOT NULL,
	`position` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `name`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `inbox` (
	`account_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`message_seq` integer NOT NULL,
	`channel_id` integer NOT NULL,
	`reasons` integer NOT NULL,
	`state` integer DEFAULT 0 NOT NULL,
	`state_at` integer,
	`note` text,
	PRIMARY KEY(`account_id`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `inbox_message` ON `inbox` (`message_seq`);--> statement-breakpoint
CREATE TABLE `inboxes` (
	`account_id` integer PRIMARY KEY NOT NULL,
	`acked_seq` integer NOT NULL,
	`acked_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `messages_broadcast` ON `messages` (`seq`,`channel_id`,`sender_id`) WHERE flags & 256 <> 0;
--> statement-breakpoint
-- Inboxes begin with what comes after this version.
INSERT INTO instance (name, value) SELECT 'inbox_from', CAST(max(seq) AS text) FROM events WHERE true HAVING max(seq) > 0
  ON CONFLICT (name) DO NOTHING;
