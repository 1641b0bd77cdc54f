CREATE TABLE "pauses" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"channel_id" bigint,
	"account_id" bigint,
	"by_id" bigint,
	"note" text,
	"since" timestamp(6) with time zone NOT NULL,
	"until" timestamp(6) with time zone,
	"ended_at" timestamp(6) with time zone,
	CONSTRAINT "pauses_uuid_unique" UNIQUE("uuid")
);
--> statement-breakpoint
ALTER TABLE "pauses" ADD CONSTRAINT "pauses_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pauses" ADD CONSTRAINT "pauses_by_id_accounts_id_fk" FOREIGN KEY ("by_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "pauses_end" ON "pauses" USING btree ("until") WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX "pauses_ended" ON "pauses" USING btree ("ended_at") WHERE ended_at IS NOT NULL;