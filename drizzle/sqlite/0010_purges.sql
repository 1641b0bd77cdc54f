CREATE TABLE `purges` (
	`channel_id` integer PRIMARY KEY NOT NULL,
	`through_seq` integer NOT NULL,
	FOREIGN KEY (`channel_id`) REFERENCES `channels`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `events_later` ON `events` (`subject`) WHERE subject <> seq;