PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_idempotency` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`subject` integer,
	`answer` text,
	`at` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_idempotency`("id", "account_id", "key", "request_hash", "subject", "answer", "at") SELECT "id", "account_id", "key", "request_hash", "subject", NULL, "at" FROM `idempotency`;--> statement-breakpoint
DROP TABLE `idempotency`;--> statement-breakpoint
ALTER TABLE `__new_idempotency` RENAME TO `idempotency`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `idempotency_key` ON `idempotency` (`account_id`,`key`);