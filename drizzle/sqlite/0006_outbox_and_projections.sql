CREATE TABLE `outbox` (
	`endpoint` text NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`endpoint`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `projections` (
	`name` text PRIMARY KEY NOT NULL,
	`position` integer NOT NULL
);
