CREATE TABLE "claims" (
	"epoch" bigint PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"channel_id" bigint,
	"resource" text NOT NULL,
	"message_seq" bigint,
	"account_id" bigint NOT NULL,
	"instance" text NOT NULL,
	"credential" text NOT NULL,
	"note" text,
	"acquired_at" timestamp(6) with time zone NOT NULL,
	"renewed_at" timestamp(6) with time zone NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	"ended_at" timestamp(6) with time zone,
	"released_at" timestamp(6) with time zone,
	"outcome" text,
	CONSTRAINT "claims_uuid_unique" UNIQUE("uuid")
);
--> statement-breakpoint
ALTER TABLE "claims" ADD CONSTRAINT "claims_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "claims_resource" ON "claims" USING btree ("resource") WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX "claims_expiry" ON "claims" USING btree ("expires_at") WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX "claims_account" ON "claims" USING btree ("account_id","ended_at");--> statement-breakpoint
CREATE INDEX "claims_ended" ON "claims" USING btree ("ended_at") WHERE ended_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "claims_message" ON "claims" USING btree ("message_seq") WHERE message_seq IS NOT NULL;