CREATE TABLE "ack_deadlines" (
	"message_seq" bigint PRIMARY KEY NOT NULL,
	"due_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "awaited" (
	"account_id" bigint NOT NULL,
	"channel_id" bigint NOT NULL,
	"from_seq" bigint NOT NULL,
	"reachable_until" timestamp(6) with time zone,
	"due_at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "awaited_account_id_channel_id_pk" PRIMARY KEY("account_id","channel_id")
);
--> statement-breakpoint
ALTER TABLE "awaited" ADD CONSTRAINT "awaited_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ack_deadlines_due" ON "ack_deadlines" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "awaited_due" ON "awaited" USING btree ("due_at");--> statement-breakpoint
-- What was notified before is not awaited, because it may be long ago.
INSERT INTO projections (name, position) SELECT 'awaited', max(seq) FROM events WHERE true HAVING max(seq) > 0
  ON CONFLICT (name) DO NOTHING;
