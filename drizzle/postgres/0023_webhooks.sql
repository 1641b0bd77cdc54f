CREATE TABLE "webhook_deliveries" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"webhook_id" bigint NOT NULL,
	"event" text NOT NULL,
	"seq" bigint,
	"first_seq" bigint,
	"state" text NOT NULL,
	"attempts" jsonb NOT NULL,
	"tries" bigint DEFAULT 0 NOT NULL,
	"next_at" timestamp(6) with time zone NOT NULL,
	"is_taken" boolean DEFAULT false NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"ended_at" timestamp(6) with time zone,
	CONSTRAINT "webhook_deliveries_uuid_unique" UNIQUE("uuid")
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid,
	"account_id" bigint NOT NULL,
	"name" text NOT NULL,
	"url" text,
	"source" text DEFAULT 'inbox' NOT NULL,
	"reasons" jsonb,
	"types" jsonb,
	"channels" jsonb,
	"mode" text DEFAULT 'message' NOT NULL,
	"batch_s" bigint DEFAULT 5 NOT NULL,
	"enabled" boolean NOT NULL,
	"disabled_reason" text,
	"disabled_at" timestamp(6) with time zone,
	"secret_sealed" text,
	"former_secret_sealed" text,
	"former_until" timestamp(6) with time zone,
	"vouched" boolean DEFAULT false NOT NULL,
	"scopes" jsonb,
	"since_seq" bigint DEFAULT 0 NOT NULL,
	"position" bigint DEFAULT 0 NOT NULL,
	"dead_in_a_row" bigint DEFAULT 0 NOT NULL,
	"last_success_at" timestamp(6) with time zone,
	"failing_since" timestamp(6) with time zone,
	"created_at" timestamp(6) with time zone,
	CONSTRAINT "webhooks_uuid_unique" UNIQUE("uuid")
);
--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_webhooks_id_fk" FOREIGN KEY ("webhook_id") REFERENCES "public"."webhooks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_deliveries_event" ON "webhook_deliveries" USING btree ("seq","webhook_id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_webhook" ON "webhook_deliveries" USING btree ("webhook_id","id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries" USING btree ("next_at") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_ended" ON "webhook_deliveries" USING btree ("ended_at") WHERE ended_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "webhooks_account" ON "webhooks" USING btree ("account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "webhooks_push" ON "webhooks" USING btree ("account_id") WHERE uuid IS NULL;