CREATE TABLE "purges" (
	"channel_id" bigint PRIMARY KEY NOT NULL,
	"through_seq" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "purges" ADD CONSTRAINT "purges_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "events_later" ON "events" USING btree ("subject") WHERE subject <> seq;