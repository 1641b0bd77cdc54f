CREATE TABLE "matrix_account_data" (
	"account_id" bigint NOT NULL,
	"channel_id" bigint NOT NULL,
	"type" text NOT NULL,
	"json" text NOT NULL,
	"mx" bigint NOT NULL,
	CONSTRAINT "matrix_account_data_account_id_channel_id_type_pk" PRIMARY KEY("account_id","channel_id","type")
);
--> statement-breakpoint
CREATE TABLE "matrix_aliases" (
	"alias" text PRIMARY KEY NOT NULL,
	"channel_id" bigint NOT NULL,
	"creator_id" bigint
);
--> statement-breakpoint
CREATE TABLE "matrix_device_keys" (
	"device" bigint PRIMARY KEY NOT NULL,
	"json" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "matrix_devices" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"uuid" uuid NOT NULL,
	"account_id" bigint NOT NULL,
	"device_id" text NOT NULL,
	"name" text,
	"seen_at" timestamp(6) with time zone,
	"seen_ip" text,
	"created_at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "matrix_devices_uuid_unique" UNIQUE("uuid")
);
--> statement-breakpoint
CREATE TABLE "matrix_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"pos" bigint NOT NULL,
	"channel_id" bigint NOT NULL,
	"event_id" text NOT NULL,
	"type" text NOT NULL,
	"state_key" text,
	"sender" text NOT NULL,
	"ts" bigint NOT NULL,
	"depth" bigint NOT NULL,
	"rel_pos" bigint,
	"rel_type" text,
	"rel_key" text,
	"thread_pos" bigint,
	"redacted_by" bigint,
	"sent_as" text,
	"flags" bigint DEFAULT 0 NOT NULL,
	"json" text NOT NULL,
	"sigs" text
);
--> statement-breakpoint
CREATE TABLE "matrix_fallback_keys" (
	"device" bigint NOT NULL,
	"algorithm" text NOT NULL,
	"key_id" text NOT NULL,
	"json" text NOT NULL,
	"used" boolean DEFAULT false NOT NULL,
	CONSTRAINT "matrix_fallback_keys_device_algorithm_pk" PRIMARY KEY("device","algorithm")
);
--> statement-breakpoint
CREATE TABLE "matrix_filters" (
	"account_id" bigint NOT NULL,
	"n" bigint NOT NULL,
	"json" text NOT NULL,
	CONSTRAINT "matrix_filters_account_id_n_pk" PRIMARY KEY("account_id","n")
);
--> statement-breakpoint
CREATE TABLE "matrix_keys" (
	"key_id" text PRIMARY KEY NOT NULL,
	"seed_sealed" text NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"expired_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "matrix_media" (
	"media_id" text PRIMARY KEY NOT NULL,
	"account_id" bigint,
	"server" text NOT NULL,
	"blob" text,
	"mime" text NOT NULL,
	"name" text,
	"size" bigint NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"seen_at" timestamp(6) with time zone,
	"quarantined_by" bigint,
	"pending_until" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "matrix_members" (
	"user_id" text NOT NULL,
	"channel_id" bigint NOT NULL,
	"membership" text NOT NULL,
	"pos" bigint NOT NULL,
	"forgotten" boolean DEFAULT false NOT NULL,
	CONSTRAINT "matrix_members_user_id_channel_id_pk" PRIMARY KEY("user_id","channel_id")
);
--> statement-breakpoint
CREATE TABLE "matrix_one_time_keys" (
	"device" bigint NOT NULL,
	"algorithm" text NOT NULL,
	"n" bigint NOT NULL,
	"key_id" text NOT NULL,
	"json" text NOT NULL,
	CONSTRAINT "matrix_one_time_keys_device_algorithm_n_pk" PRIMARY KEY("device","algorithm","n")
);
--> statement-breakpoint
CREATE TABLE "matrix_pushers" (
	"account_id" bigint NOT NULL,
	"app_id" text NOT NULL,
	"pushkey" text NOT NULL,
	"device" bigint NOT NULL,
	"json" text NOT NULL,
	"set_at" timestamp(6) with time zone NOT NULL,
	"pos" bigint NOT NULL,
	"failures" bigint DEFAULT 0 NOT NULL,
	"failing_since" timestamp(6) with time zone,
	"next_at" timestamp(6) with time zone,
	CONSTRAINT "matrix_pushers_account_id_app_id_pushkey_pk" PRIMARY KEY("account_id","app_id","pushkey")
);
--> statement-breakpoint
CREATE TABLE "matrix_receipts" (
	"channel_id" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"thread" text NOT NULL,
	"pos" bigint NOT NULL,
	"ts" bigint NOT NULL,
	"mx" bigint NOT NULL,
	CONSTRAINT "matrix_receipts_channel_id_account_id_kind_thread_pk" PRIMARY KEY("channel_id","account_id","kind","thread")
);
--> statement-breakpoint
CREATE TABLE "matrix_registration_tokens" (
	"token" text PRIMARY KEY NOT NULL,
	"uses_allowed" bigint,
	"pending" bigint DEFAULT 0 NOT NULL,
	"completed" bigint DEFAULT 0 NOT NULL,
	"expires_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "matrix_reports" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"account_id" bigint NOT NULL,
	"room_id" text,
	"event_id" text,
	"user_id" text,
	"reason" text NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "matrix_rooms" (
	"channel_id" bigint PRIMARY KEY NOT NULL,
	"room_id" text NOT NULL,
	"version" text NOT NULL,
	"born" text NOT NULL,
	"federate" boolean NOT NULL,
	"published" boolean NOT NULL,
	"tip_event" text NOT NULL,
	"depth" bigint NOT NULL,
	"blocked" boolean DEFAULT false NOT NULL,
	CONSTRAINT "matrix_rooms_room_id_unique" UNIQUE("room_id")
);
--> statement-breakpoint
CREATE TABLE "matrix_secrets" (
	"hash" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"account_id" bigint,
	"json" text NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "matrix_state" (
	"channel_id" bigint NOT NULL,
	"type" text NOT NULL,
	"state_key" text NOT NULL,
	"pos" bigint NOT NULL,
	CONSTRAINT "matrix_state_channel_id_type_state_key_pk" PRIMARY KEY("channel_id","type","state_key")
);
--> statement-breakpoint
CREATE TABLE "matrix_state_log" (
	"channel_id" bigint NOT NULL,
	"type" text NOT NULL,
	"state_key" text NOT NULL,
	"pos" bigint NOT NULL,
	"event_pos" bigint,
	CONSTRAINT "matrix_state_log_channel_id_type_state_key_pos_pk" PRIMARY KEY("channel_id","type","state_key","pos")
);
--> statement-breakpoint
CREATE TABLE "matrix_thumbs" (
	"source" text NOT NULL,
	"width" bigint NOT NULL,
	"height" bigint NOT NULL,
	"method" text NOT NULL,
	"blob" text NOT NULL,
	"mime" text NOT NULL,
	"size" bigint NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "matrix_thumbs_source_width_height_method_pk" PRIMARY KEY("source","width","height","method")
);
--> statement-breakpoint
CREATE TABLE "matrix_users" (
	"account_id" bigint PRIMARY KEY NOT NULL,
	"localpart" text NOT NULL,
	"avatar" text,
	"profile" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"origin" text NOT NULL,
	"locked" boolean DEFAULT false NOT NULL,
	"suspended" boolean DEFAULT false NOT NULL,
	"deactivated_at" timestamp(6) with time zone,
	"erased" boolean DEFAULT false NOT NULL,
	CONSTRAINT "matrix_users_localpart_unique" UNIQUE("localpart")
);
--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "encrypted" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "direct" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "hidden" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "epochs" ADD COLUMN "mx" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "log_head" ADD COLUMN "mx" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "device" bigint;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "refresh_hash" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "refresh_before" text;--> statement-breakpoint
ALTER TABLE "matrix_account_data" ADD CONSTRAINT "matrix_account_data_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_aliases" ADD CONSTRAINT "matrix_aliases_creator_id_accounts_id_fk" FOREIGN KEY ("creator_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_device_keys" ADD CONSTRAINT "matrix_device_keys_device_matrix_devices_id_fk" FOREIGN KEY ("device") REFERENCES "public"."matrix_devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_devices" ADD CONSTRAINT "matrix_devices_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_fallback_keys" ADD CONSTRAINT "matrix_fallback_keys_device_matrix_devices_id_fk" FOREIGN KEY ("device") REFERENCES "public"."matrix_devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_filters" ADD CONSTRAINT "matrix_filters_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_media" ADD CONSTRAINT "matrix_media_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_media" ADD CONSTRAINT "matrix_media_quarantined_by_accounts_id_fk" FOREIGN KEY ("quarantined_by") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_one_time_keys" ADD CONSTRAINT "matrix_one_time_keys_device_matrix_devices_id_fk" FOREIGN KEY ("device") REFERENCES "public"."matrix_devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_pushers" ADD CONSTRAINT "matrix_pushers_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_pushers" ADD CONSTRAINT "matrix_pushers_device_matrix_devices_id_fk" FOREIGN KEY ("device") REFERENCES "public"."matrix_devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_receipts" ADD CONSTRAINT "matrix_receipts_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_reports" ADD CONSTRAINT "matrix_reports_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_secrets" ADD CONSTRAINT "matrix_secrets_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "matrix_users" ADD CONSTRAINT "matrix_users_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "matrix_account_data_mx" ON "matrix_account_data" USING btree ("account_id","mx");--> statement-breakpoint
CREATE INDEX "matrix_aliases_channel" ON "matrix_aliases" USING btree ("channel_id");--> statement-breakpoint
CREATE UNIQUE INDEX "matrix_devices_account" ON "matrix_devices" USING btree ("account_id","device_id");--> statement-breakpoint
CREATE UNIQUE INDEX "matrix_events_pos" ON "matrix_events" USING btree ("channel_id","pos");--> statement-breakpoint
CREATE UNIQUE INDEX "matrix_events_event" ON "matrix_events" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "matrix_events_related" ON "matrix_events" USING btree ("rel_pos","rel_type","pos") WHERE rel_pos IS NOT NULL;--> statement-breakpoint
CREATE INDEX "matrix_media_account" ON "matrix_media" USING btree ("account_id","size");--> statement-breakpoint
CREATE INDEX "matrix_media_blob" ON "matrix_media" USING btree ("blob") WHERE blob IS NOT NULL;--> statement-breakpoint
CREATE INDEX "matrix_members_channel" ON "matrix_members" USING btree ("channel_id","membership");--> statement-breakpoint
CREATE UNIQUE INDEX "matrix_one_time_keys_id" ON "matrix_one_time_keys" USING btree ("device","algorithm","key_id");--> statement-breakpoint
CREATE INDEX "matrix_pushers_key" ON "matrix_pushers" USING btree ("app_id","pushkey");--> statement-breakpoint
CREATE INDEX "matrix_pushers_device" ON "matrix_pushers" USING btree ("device");--> statement-breakpoint
CREATE INDEX "matrix_receipts_mx" ON "matrix_receipts" USING btree ("channel_id","mx");--> statement-breakpoint
CREATE INDEX "matrix_receipts_account" ON "matrix_receipts" USING btree ("account_id","mx");--> statement-breakpoint
CREATE INDEX "matrix_reports_account" ON "matrix_reports" USING btree ("account_id","created_at");--> statement-breakpoint
CREATE INDEX "matrix_secrets_expiry" ON "matrix_secrets" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "matrix_state_log_pos" ON "matrix_state_log" USING btree ("channel_id","pos");--> statement-breakpoint
CREATE INDEX "matrix_thumbs_blob" ON "matrix_thumbs" USING btree ("blob");--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_device_matrix_devices_id_fk" FOREIGN KEY ("device") REFERENCES "public"."matrix_devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "sessions_device" ON "sessions" USING btree ("device") WHERE device IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_refresh" ON "sessions" USING btree ("refresh_hash") WHERE refresh_hash IS NOT NULL;--> statement-breakpoint
CREATE INDEX "sessions_refresh_before" ON "sessions" USING btree ("refresh_before") WHERE refresh_before IS NOT NULL;