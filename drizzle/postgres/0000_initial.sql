CREATE TABLE "accounts" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"kind" text NOT NULL,
	"handle" text NOT NULL,
	"display_name" text NOT NULL,
	"email" text,
	"password_hash" text,
	"is_admin" boolean DEFAULT false NOT NULL,
	"chain_limit" bigint,
	"about" text DEFAULT '' NOT NULL,
	"capabilities" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"residency" text DEFAULT 'episodic' NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"archived_at" timestamp(6) with time zone,
	CONSTRAINT "accounts_uuid_unique" UNIQUE("uuid"),
	CONSTRAINT "accounts_handle_unique" UNIQUE("handle")
);
--> statement-breakpoint
CREATE TABLE "channels" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"kind" text NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"archived_at" timestamp(6) with time zone,
	"floor_seq" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "channels_uuid_unique" UNIQUE("uuid"),
	CONSTRAINT "channels_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "epochs" (
	"first_seq" bigint PRIMARY KEY NOT NULL,
	"epoch" text NOT NULL,
	"started_at" timestamp(6) with time zone NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "epochs_epoch_unique" UNIQUE("epoch")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"at" timestamp(6) with time zone NOT NULL,
	"type" text NOT NULL,
	"channel_id" bigint,
	"subject" bigint NOT NULL,
	"actor_id" bigint,
	"data" jsonb
);
--> statement-breakpoint
CREATE TABLE "idempotency" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"account_id" bigint NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"subject" bigint NOT NULL,
	"at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "instance" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "log_head" (
	"id" bigint PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"access_seq" bigint NOT NULL,
	"last_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "login_attempts" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "memberships" (
	"channel_id" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"role" text NOT NULL,
	"joined_at" timestamp(6) with time zone NOT NULL,
	"joined_seq" bigint NOT NULL,
	CONSTRAINT "memberships_channel_id_account_id_pk" PRIMARY KEY("channel_id","account_id")
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"channel_id" bigint NOT NULL,
	"sender_id" bigint NOT NULL,
	"thread_seq" bigint,
	"reply_seq" bigint,
	"at" timestamp(6) with time zone NOT NULL,
	"edited_at" timestamp(6) with time zone,
	"deleted_at" timestamp(6) with time zone,
	"flags" bigint NOT NULL,
	"body" text NOT NULL,
	"extra" text
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"account_id" bigint NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"last_used_at" timestamp(6) with time zone,
	"expires_at" timestamp(6) with time zone NOT NULL,
	"ip" text,
	"user_agent" text,
	CONSTRAINT "sessions_uuid_unique" UNIQUE("uuid"),
	CONSTRAINT "sessions_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "threads" (
	"root_seq" bigint PRIMARY KEY NOT NULL,
	"reply_count" bigint NOT NULL,
	"last_reply_seq" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tokens" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"account_id" bigint NOT NULL,
	"hash" text NOT NULL,
	"name" text,
	"scopes" jsonb NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"last_used_at" timestamp(6) with time zone,
	"expires_at" timestamp(6) with time zone,
	"revoked_at" timestamp(6) with time zone,
	CONSTRAINT "tokens_uuid_unique" UNIQUE("uuid"),
	CONSTRAINT "tokens_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_sender_id_accounts_id_fk" FOREIGN KEY ("sender_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "idempotency_key" ON "idempotency" USING btree ("account_id","key");--> statement-breakpoint
CREATE INDEX "login_attempts_key" ON "login_attempts" USING btree ("key","at");--> statement-breakpoint
CREATE INDEX "memberships_account" ON "memberships" USING btree ("account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "messages_uuid" ON "messages" USING btree ("uuid");--> statement-breakpoint
CREATE INDEX "messages_channel" ON "messages" USING btree ("channel_id","seq");--> statement-breakpoint
CREATE INDEX "messages_thread" ON "messages" USING btree ("thread_seq","seq") WHERE thread_seq IS NOT NULL;--> statement-breakpoint
CREATE INDEX "sessions_account" ON "sessions" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "tokens_account" ON "tokens" USING btree ("account_id");