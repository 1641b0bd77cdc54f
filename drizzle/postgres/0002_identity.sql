CREATE TABLE "audit" (
	"id" bigint PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"at" timestamp(6) with time zone NOT NULL,
	"actor_id" bigint,
	"token_uuid" text,
	"via" text NOT NULL,
	"ip" text,
	"action" text NOT NULL,
	"target_type" text,
	"target_id" text,
	"metadata" jsonb NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_uuid_unique" UNIQUE("uuid")
);
--> statement-breakpoint
CREATE TABLE "pair_codes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"code_hash" text NOT NULL,
	"selector" text NOT NULL,
	"typed_hash" text NOT NULL,
	"account_id" bigint NOT NULL,
	"scopes" jsonb NOT NULL,
	"actors" jsonb,
	"device" text NOT NULL,
	"created_by" bigint,
	"created_at" timestamp(6) with time zone NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	"attempts" bigint DEFAULT 0 NOT NULL,
	"state" text DEFAULT 'active' NOT NULL,
	"token_id" bigint,
	CONSTRAINT "pair_codes_uuid_unique" UNIQUE("uuid"),
	CONSTRAINT "pair_codes_code_hash_unique" UNIQUE("code_hash")
);
--> statement-breakpoint
CREATE TABLE "setting_changes" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"value" text,
	"actor_id" bigint,
	"created_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tokens" ADD COLUMN "actors" jsonb;--> statement-breakpoint
ALTER TABLE "tokens" ADD COLUMN "device" text;--> statement-breakpoint
ALTER TABLE "pair_codes" ADD CONSTRAINT "pair_codes_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pair_codes" ADD CONSTRAINT "pair_codes_created_by_accounts_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pair_codes" ADD CONSTRAINT "pair_codes_token_id_tokens_id_fk" FOREIGN KEY ("token_id") REFERENCES "public"."tokens"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "setting_changes" ADD CONSTRAINT "setting_changes_actor_id_accounts_id_fk" FOREIGN KEY ("actor_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "setting_changes_key" ON "setting_changes" USING btree ("key","seq");