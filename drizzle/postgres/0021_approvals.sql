CREATE TABLE "approvals" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"channel_id" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"root_seq" bigint NOT NULL,
	"is_named" boolean NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	"ended_at" timestamp(6) with time zone,
	"decided_by" bigint,
	"reply_seq" bigint,
	CONSTRAINT "approvals_uuid_unique" UNIQUE("uuid")
);
--> statement-breakpoint
CREATE INDEX "approvals_channel" ON "approvals" USING btree ("channel_id","seq");--> statement-breakpoint
CREATE INDEX "approvals_account" ON "approvals" USING btree ("account_id","seq");--> statement-breakpoint
CREATE INDEX "approvals_open" ON "approvals" USING btree ("account_id","root_seq") WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX "approvals_expiry" ON "approvals" USING btree ("expires_at") WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX "approvals_decided" ON "approvals" USING btree ("decided_by","seq") WHERE decided_by IS NOT NULL;