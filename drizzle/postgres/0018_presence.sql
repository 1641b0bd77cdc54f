CREATE TABLE "observations" (
	"account_id" bigint PRIMARY KEY NOT NULL,
	"last_read_at" timestamp(6) with time zone,
	"read_interval_ms" bigint,
	"stream_until" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "presence" (
	"account_id" bigint NOT NULL,
	"instance" text NOT NULL,
	"state" text NOT NULL,
	"note" text,
	"since" timestamp(6) with time zone NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "presence_account_id_instance_pk" PRIMARY KEY("account_id","instance")
);
--> statement-breakpoint
ALTER TABLE "observations" ADD CONSTRAINT "observations_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "presence" ADD CONSTRAINT "presence_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "presence_expiry" ON "presence" USING btree ("expires_at");