CREATE TABLE "activity" (
	"span" bigint NOT NULL,
	"part" bigint NOT NULL,
	"channel_id" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"is_agent" boolean NOT NULL,
	"last_seq" bigint NOT NULL,
	"counts" jsonb NOT NULL,
	"usage" jsonb NOT NULL,
	CONSTRAINT "activity_span_part_channel_id_account_id_pk" PRIMARY KEY("span","part","channel_id","account_id")
);
--> statement-breakpoint
-- Counting begins with what comes after this version.
INSERT INTO projections (name, position) SELECT 'activity', max(seq) FROM events WHERE true HAVING max(seq) > 0
  ON CONFLICT (name) DO NOTHING;
