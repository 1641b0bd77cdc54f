CREATE TABLE "outbox" (
	"endpoint" text NOT NULL,
	"seq" bigint NOT NULL,
	CONSTRAINT "outbox_endpoint_seq_pk" PRIMARY KEY("endpoint","seq")
);
--> statement-breakpoint
CREATE TABLE "projections" (
	"name" text PRIMARY KEY NOT NULL,
	"position" bigint NOT NULL
);
