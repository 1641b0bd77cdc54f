CREATE TABLE "attachments" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"account_id" bigint NOT NULL,
	"message_seq" bigint,
	"created_at" timestamp(6) with time zone NOT NULL,
	"size" bigint NOT NULL,
	"filename" text NOT NULL,
	"mime" text NOT NULL,
	"width" bigint,
	"height" bigint,
	"blob" text NOT NULL,
	CONSTRAINT "attachments_uuid_unique" UNIQUE("uuid")
);
--> statement-breakpoint
CREATE TABLE "unused_blobs" (
	"key" text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_message_seq_messages_seq_fk" FOREIGN KEY ("message_seq") REFERENCES "public"."messages"("seq") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attachments_account" ON "attachments" USING btree ("account_id","size");--> statement-breakpoint
CREATE INDEX "attachments_blob" ON "attachments" USING btree ("blob");--> statement-breakpoint
CREATE INDEX "attachments_message" ON "attachments" USING btree ("message_seq") WHERE message_seq IS NOT NULL;--> statement-breakpoint
CREATE INDEX "attachments_unused" ON "attachments" USING btree ("created_at") WHERE message_seq IS NULL;--> statement-breakpoint
-- Appends posts and gives them their attachments: `attached` is a list of {"i", "id"}, where i counts the posts from 1.
-- If another transaction took or deleted one of them meanwhile, nothing is written, and the posts are judged again.
CREATE FUNCTION append_posts_attaching(given text, attached text, given_at timestamptz, known bigint)
RETURNS TABLE (base bigint, first_at bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  taken bigint;
BEGIN
  SELECT a.base, a.first_at INTO base, first_at FROM append_posts(given, given_at, known) a;
  IF base IS NULL THEN RETURN; END IF;
  UPDATE attachments SET message_seq = base + row.i
  FROM json_to_recordset(attached::json) AS row (i int, id bigint)
  WHERE attachments.id = row.id AND attachments.message_seq IS NULL;
  GET DIAGNOSTICS taken = ROW_COUNT;
  IF taken <> json_array_length(attached::json) THEN
    RAISE EXCEPTION 'an attachment is not free any more' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN NEXT;
END $$;
