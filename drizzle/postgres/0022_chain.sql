CREATE TABLE "chain_blocks" (
	"channel_id" bigint NOT NULL,
	"root_seq" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp(6) with time zone NOT NULL,
	"limit_count" bigint NOT NULL,
	"used" bigint NOT NULL,
	CONSTRAINT "chain_blocks_channel_id_root_seq_account_id_pk" PRIMARY KEY("channel_id","root_seq","account_id")
);
--> statement-breakpoint
CREATE TABLE "run_resets" (
	"channel_id" bigint PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"times" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "thread_members" ADD COLUMN "spent_seq" bigint;--> statement-breakpoint
ALTER TABLE "thread_members" ADD COLUMN "spent" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "thread_members" ADD COLUMN "corrected" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "threads" ADD COLUMN "reset_seq" bigint;--> statement-breakpoint
ALTER TABLE "threads" ADD COLUMN "reset_times" bigint DEFAULT 1 NOT NULL;
--> statement-breakpoint
-- What agents have spent since the last reply of a person in each thread. The bits 6 of flags are the kind of the message.
UPDATE threads SET reset_seq = (SELECT max(m.seq) FROM messages m JOIN accounts a ON a.id = m.sender_id
  WHERE m.thread_seq = threads.root_seq AND a.kind = 'human');
--> statement-breakpoint
UPDATE thread_members SET spent_seq = last_seq,
  spent = (SELECT count(*) FROM messages m WHERE m.thread_seq = thread_members.root_seq
    AND m.sender_id = thread_members.account_id AND m.flags & 6 = 0
    AND m.seq > coalesce((SELECT reset_seq FROM threads WHERE threads.root_seq = thread_members.root_seq), 0)),
  corrected = EXISTS (SELECT 1 FROM messages m WHERE m.thread_seq = thread_members.root_seq
    AND m.sender_id = thread_members.account_id AND m.flags & 6 = 2
    AND m.seq > coalesce((SELECT reset_seq FROM threads WHERE threads.root_seq = thread_members.root_seq), 0))
WHERE last_seq IS NOT NULL AND account_id IN (SELECT id FROM accounts WHERE kind = 'agent');
--> statement-breakpoint
DROP FUNCTION append_posts(text, text, text, timestamptz, bigint);--> statement-breakpoint
-- As before, and each reply of an agent notes what it has spent of its budget. `judged` is a list of {"root_seq",
-- "account_id", "reset", "spent"}, the state by which limited replies were judged; null = none. If another process has
-- changed it meanwhile, nothing is written, and the posts are judged again.
CREATE FUNCTION append_posts(given text, attached text, notified text, judged text, given_at timestamptz, known bigint)
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
  IF judged IS NOT NULL AND EXISTS (
    SELECT FROM json_to_recordset(judged::json) AS row (root_seq bigint, account_id bigint, reset bigint, spent bigint)
    LEFT JOIN threads ON threads.root_seq = row.root_seq
    LEFT JOIN thread_members member ON member.root_seq = row.root_seq AND member.account_id = row.account_id
    WHERE coalesce(threads.reset_seq, 0) <> row.reset OR coalesce(member.spent_seq, 0) <> row.spent
  ) THEN RETURN; END IF;
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
      thread_seq bigint, reply_seq bigint, flags bigint, body text, extra text, data jsonb, key text, request_hash text,
      resets boolean, spent bigint, corrected boolean)
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
    INSERT INTO thread_members AS known (root_seq, account_id, last_seq, spent_seq, spent, corrected)
    SELECT post.thread_seq, post.sender_id, max(post.seq), max(post.seq) FILTER (WHERE post.spent IS NOT NULL),
      coalesce((array_agg(post.spent ORDER BY post.seq DESC) FILTER (WHERE post.spent IS NOT NULL))[1], 0),
      coalesce((array_agg(post.corrected ORDER BY post.seq DESC) FILTER (WHERE post.spent IS NOT NULL))[1], false)
    FROM post WHERE post.thread_seq IS NOT NULL
    GROUP BY post.thread_seq, post.sender_id
    ON CONFLICT (root_seq, account_id) DO UPDATE
    SET last_seq = excluded.last_seq, follow = CASE WHEN known.follow THEN true END,
      spent_seq = coalesce(excluded.spent_seq, known.spent_seq),
      spent = CASE WHEN excluded.spent_seq IS NULL THEN known.spent ELSE excluded.spent END,
      corrected = CASE WHEN excluded.spent_seq IS NULL THEN known.corrected ELSE excluded.corrected END
  )
  INSERT INTO threads (root_seq, reply_count, last_reply_seq, reset_seq)
  SELECT post.thread_seq, count(*), max(post.seq), max(post.seq) FILTER (WHERE post.resets)
  FROM post WHERE post.thread_seq IS NOT NULL GROUP BY post.thread_seq
  ON CONFLICT (root_seq) DO UPDATE
  SET reply_count = threads.reply_count + excluded.reply_count, last_reply_seq = excluded.last_reply_seq,
    reset_seq = coalesce(excluded.reset_seq, threads.reset_seq),
    reset_times = CASE WHEN excluded.reset_seq IS NULL THEN threads.reset_times ELSE 1 END;
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
