CREATE TABLE `channel_aliases` (
	`channel_id` integer NOT NULL,
	`name` text NOT NULL,
	`handles` text NOT NULL,
	PRIMARY KEY(`channel_id`, `name`),
	FOREIGN KEY (`channel_id`) REFERENCES `channels`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `thread_members` (
	`root_seq` integer NOT NULL,
	`account_id` integer NOT NULL,
	`last_seq` integer,
	`follow` integer,
	PRIMARY KEY(`root_seq`, `account_id`)
);
--> statement-breakpoint
ALTER TABLE `channels` ADD `settings` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `memberships` ADD `notify` text DEFAULT 'all' NOT NULL;--> statement-breakpoint
ALTER TABLE `memberships` ADD `wake_on` text;--> statement-breakpoint
ALTER TABLE `memberships` ADD `read_seq` integer;--> statement-breakpoint
-- What was posted before this version counts as read.
UPDATE `memberships` SET `read_seq` = (SELECT coalesce(max(`seq`), 0) FROM `events`);--> statement-breakpoint
INSERT INTO `thread_members` (`root_seq`, `account_id`, `last_seq`)
SELECT `thread_seq`, `sender_id`, max(`seq`) FROM `messages` WHERE `thread_seq` IS NOT NULL GROUP BY `thread_seq`, `sender_id`;
