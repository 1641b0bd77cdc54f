CREATE TABLE "channel_aliases" (
	"channel_id" bigint NOT NULL,
	"name" text NOT NULL,
	"handles" jsonb NOT NULL,
	CONSTRAINT "channel_aliases_channel_id_name_pk" PRIMARY KEY("channel_id","name")
);
--> statement-breakpoint
CREATE TABLE "thread_members" (
	"root_seq" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"last_seq" bigint,
	"follow" boolean,
	CONSTRAINT "thread_members_root_seq_account_id_pk" PRIMARY KEY("root_seq","account_id")
);
--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "settings" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "notify" text DEFAULT 'all' NOT NULL;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "wake_on" jsonb;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "read_seq" bigint;--> statement-breakpoint
ALTER TABLE "channel_aliases" ADD CONSTRAINT "channel_aliases_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- What was posted before this version counts as read.
UPDATE "memberships" SET "read_seq" = (SELECT coalesce(max("seq"), 0) FROM "events");--> statement-breakpoint
INSERT INTO "thread_members" ("root_seq", "account_id", "last_seq")
SELECT "thread_seq", "sender_id", max("seq") FROM "messages" WHERE "thread_seq" IS NOT NULL GROUP BY "thread_seq", "sender_id";--> statement-breakpoint
-- As before, and each reply notes its sender in the thread.
CREATE OR REPLACE FUNCTION append_posts(given text, given_at timestamptz, known bigint)
RETURNS TABLE (base bigint, first_at bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  head record;
  newest record;
  base_seq bigint;
  start_at timestamptz;
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
      thread_seq bigint, reply_seq bigint, flags bigint, body text, extra text, key text, request_hash text)
  ), message AS (
    INSERT INTO messages (seq, uuid, channel_id, sender_id, thread_seq, reply_seq, at, flags, body, extra)
    SELECT post.seq, post.uuid, post.channel_id, post.sender_id, post.thread_seq, post.reply_seq, post.at, post.flags,
      post.body, post.extra FROM post
  ), event AS (
    INSERT INTO events (seq, at, type, channel_id, subject, actor_id)
    SELECT post.seq, post.at, 'message.created', post.channel_id, post.seq, post.sender_id FROM post
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
  base := base_seq;
  first_at := (extract(epoch FROM start_at) * 1000000)::bigint;
  RETURN NEXT;
END $$;
