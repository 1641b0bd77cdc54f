DROP INDEX "messages_channel";--> statement-breakpoint
CREATE INDEX "messages_channel" ON "messages" USING btree ("channel_id","seq","thread_seq","sender_id","flags","deleted_at");