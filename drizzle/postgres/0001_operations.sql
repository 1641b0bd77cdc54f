CREATE TABLE "job_leases" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"until" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "push_targets" (
	"account_id" bigint PRIMARY KEY NOT NULL,
	"enabled" boolean NOT NULL,
	"webhook_url" text,
	"secret_sealed" text,
	"wake_on" jsonb NOT NULL,
	"vouched" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reactions" (
	"message_seq" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"emoji" text NOT NULL,
	"at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "reactions_message_seq_account_id_emoji_pk" PRIMARY KEY("message_seq","account_id","emoji")
);
--> statement-breakpoint
ALTER TABLE "push_targets" ADD CONSTRAINT "push_targets_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reactions" ADD CONSTRAINT "reactions_message_seq_messages_seq_fk" FOREIGN KEY ("message_seq") REFERENCES "public"."messages"("seq") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reactions" ADD CONSTRAINT "reactions_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;