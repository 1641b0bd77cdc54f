CREATE TABLE "erasures" (
	"account_id" bigint PRIMARY KEY NOT NULL,
	"handle" text NOT NULL,
	"mode" text NOT NULL,
	"redacts_mentions" boolean NOT NULL,
	"through_seq" bigint NOT NULL,
	"position" bigint NOT NULL,
	"deleted_messages" bigint NOT NULL,
	"kept_messages" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "erased_at" timestamp(6) with time zone;--> statement-breakpoint
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;