-- Posts lock the row of log_head and leave it as it is: its versions pile up while any transaction is open, and each post
-- would have to pass all of them. The head is the newest event, or the row where that is further: a floor. Every statement
-- of a volatile function sees what was committed before it began, so the head is read after the lock is had.
CREATE FUNCTION append_posts(given text, given_at timestamptz, known bigint)
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
  )
  INSERT INTO threads (root_seq, reply_count, last_reply_seq)
  SELECT post.thread_seq, count(*), max(post.seq) FROM post WHERE post.thread_seq IS NOT NULL GROUP BY post.thread_seq
  ON CONFLICT (root_seq) DO UPDATE
  SET reply_count = threads.reply_count + excluded.reply_count, last_reply_seq = excluded.last_reply_seq;
  base := base_seq;
  first_at := (extract(epoch FROM start_at) * 1000000)::bigint;
  RETURN NEXT;
END $$;
--> statement-breakpoint
-- Whoever deletes the newest events leaves the floor where they were: no seq is given out twice.
CREATE FUNCTION keep_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE log_head SET seq = gone.seq, last_at = gone.at
  FROM (SELECT seq, at FROM deleted ORDER BY seq DESC LIMIT 1) AS gone
  WHERE gone.seq > log_head.seq;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER events_keep_head AFTER DELETE ON events
REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION keep_head();
