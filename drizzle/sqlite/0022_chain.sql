CREATE TABLE `chain_blocks` (
	`channel_id` integer NOT NULL,
	`root_seq` integer NOT NULL,
	`account_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`at` integer NOT NULL,
	`limit_count` integer NOT NULL,
	`used` integer NOT NULL,
	PRIMARY KEY(`channel_id`, `root_seq`, `account_id`)
);
--> statement-breakpoint
CREATE TABLE `run_resets` (
	`channel_id` integer PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`times` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `thread_members` ADD `spent_seq` integer;--> statement-breakpoint
ALTER TABLE `thread_members` ADD `spent` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `thread_members` ADD `corrected` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `threads` ADD `reset_seq` integer;--> statement-breakpoint
ALTER TABLE `threads` ADD `reset_times` integer DEFAULT 1 NOT NULL;
--> statement-breakpoint
-- What agents have spent since the last reply of a person in each thread. The bits 6 of flags are the kind of the message.
UPDATE threads SET reset_seq = (SELECT max(m.seq) FROM messages m JOIN accounts a ON a.id = m.sender_id
  WHERE m.thread_seq = threads.root_seq AND a.kind = 'human');
--> statement-breakpoint
UPDATE thread_members SET spent_seq = last_seq,
  spent = (SELECT count(*) FROM messages m WHERE m.thread_seq = thread_members.root_seq
    AND m.sender_id = thread_members.account_id AND m.flags & 6 = 0
    AND m.seq > coalesce((SELECT reset_seq FROM threads WHERE threads.root_seq = thread_members.root_seq), 0)),
  corrected = EXISTS (SELECT 1 FROM messages m WHERE m.thread_seq = thread_members.root_seq
    AND m.sender_id = thread_members.account_id AND m.flags & 6 = 2
    AND m.seq > coalesce((SELECT reset_seq FROM threads WHERE threads.root_seq = thread_members.root_seq), 0))
WHERE last_seq IS NOT NULL AND account_id IN (SELECT id FROM accounts WHERE kind = 'agent');
