CREATE TABLE "consumers" (
	"account_id" bigint NOT NULL,
	"name" text NOT NULL,
	"position" bigint NOT NULL,
	"updated_at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "consumers_account_id_name_pk" PRIMARY KEY("account_id","name")
);
--> statement-breakpoint
CREATE TABLE "inbox" (
	"account_id" bigint NOT NULL,
	"seq" bigint NOT NULL,
	"message_seq" bigint NOT NULL,
	"channel_id" bigint NOT NULL,
	"reasons" bigint NOT NULL,
	"state" bigint DEFAULT 0 NOT NULL,
	"state_at" timestamp(6) with time zone,
	"note" text,
	CONSTRAINT "inbox_account_id_seq_pk" PRIMARY KEY("account_id","seq")
);
--> statement-breakpoint
CREATE TABLE "inboxes" (
	"account_id" bigint PRIMARY KEY NOT NULL,
	"acked_seq" bigint NOT NULL,
	"acked_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "consumers" ADD CONSTRAINT "consumers_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "inboxes" ADD CONSTRAINT "inboxes_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "inbox_message" ON "inbox" USING btree ("message_seq");--> statement-breakpoint
CREATE INDEX "messages_broadcast" ON "messages" USING btree ("seq","channel_id","sender_id") WHERE flags & 256 <> 0;
--> statement-breakpoint
-- Inboxes begin with what comes after this version.
INSERT INTO instance (name, value) SELECT 'inbox_from', CAST(max(seq) AS text) FROM events WHERE true HAVING max(seq) > 0
  ON CONFLICT (name) DO NOTHING;
--> statement-breakpoint
DROP FUNCTION append_posts_attaching(text, text, timestamptz, bigint);--> statement-breakpoint
DROP FUNCTION append_posts(text, timestamptz, bigint);--> statement-breakpoint
-- As before, in one function, and each post notes whom it notifies. `attached` is a list of {"i", "id"} and `notified` a
-- list of {"i", "account_id", "channel_id", "reasons"}, where i counts the posts from 1; null = none. If another transaction took or
-- deleted an attachment meanwhile, nothing is written, and the posts are judged again.
CREATE FUNCTION append_posts(given text, attached text, notified text, given_at timestamptz, known bigint)
RETURNS TABLE (base bigint, first_at bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  head record;
  newest record;
  base_seq bigint;
  start_at timestamptz;
  taken bigint;
BEGIN
  SELECT h.seq, h.access_seq, h.last_at INTO head FROM log_head h WHERE h.id = 1 FOR UPDATE;
  IF head.seq IS NULL OR head.access_seq > known THEN RETURN; END IF;
  SELECT e.seq, e.at INTO newest FROM events e ORDER BY e.seq DESC LIMIT 1;
  IF newest.seq > head.seq THEN
    base_seq := newest.seq;
    start_at := greatest(given_at, newest.at + interval '1 microsecond');
  ELSE
    base_seq := head.seq;
    start_at := greatest(given_at, head.last_at + interval '1 microsecond');
  END IF;
  WITH post AS (
    SELECT base_seq + row.i AS seq, start_at + (row.i - 1) * interval '1 microsecond' AS at, row.*
    FROM json_to_recordset(given::json) AS row (i int, uuid uuid, channel_id bigint, sender_id bigint,
      thread_seq bigint, reply_seq bigint, flags bigint, body text, extra text, data jsonb, key text, request_hash text)
  ), message AS (
    INSERT INTO messages (seq, uuid, channel_id, sender_id, thread_seq, reply_seq, at, flags, body, extra)
    SELECT post.seq, post.uuid, post.channel_id, post.sender_id, post.thread_seq, post.reply_seq, post.at, post.flags,
      post.body, post.extra FROM post
  ), event AS (
    INSERT INTO events (seq, at, type, channel_id, subject, actor_id, data)
    SELECT post.seq, post.at, 'message.created', post.channel_id, post.seq, post.sender_id, post.data FROM post
  ), retry_key AS (
    INSERT INTO idempotency (account_id, key, request_hash, subject, at)
    SELECT post.sender_id, post.key, post.request_hash, post.seq, post.at FROM post WHERE post.key IS NOT NULL
  ), member AS (
    INSERT INTO thread_members AS known (root_seq, account_id, last_seq)
    SELECT post.thread_seq, post.sender_id, max(post.seq) FROM post WHERE post.thread_seq IS NOT NULL
    GROUP BY post.thread_seq, post.sender_id
    ON CONFLICT (root_seq, account_id) DO UPDATE
    SET last_seq = excluded.last_seq, follow = CASE WHEN known.follow THEN true END
  )
  INSERT INTO threads (root_seq, reply_count, last_reply_seq)
  SELECT post.thread_seq, count(*), max(post.seq) FROM post WHERE post.thread_seq IS NOT NULL GROUP BY post.thread_seq
  ON CONFLICT (root_seq) DO UPDATE
  SET reply_count = threads.reply_count + excluded.reply_count, last_reply_seq = excluded.last_reply_seq;
  IF attached IS NOT NULL THEN
    UPDATE attachments SET message_seq = base_seq + row.i
    FROM json_to_recordset(attached::json) AS row (i int, id bigint)
    WHERE attachments.id = row.id AND attachments.message_seq IS NULL;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken <> json_array_length(attached::json) THEN
      RAISE EXCEPTION 'an attachment is not free any more' USING ERRCODE = 'serialization_failure';
    END IF;
  END IF;
  IF notified IS NOT NULL THEN
    INSERT INTO inbox (account_id, seq, message_seq, channel_id, reasons)
    SELECT row.account_id, base_seq + row.i, base_seq + row.i, row.channel_id, row.reasons
    FROM json_to_recordset(notified::json) AS row (i int, account_id bigint, channel_id bigint, reasons bigint);
  END IF;
  base := base_seq;
  first_at := (extract(epoch FROM start_at) * 1000000)::bigint;
  RETURN NEXT;
END $$;
