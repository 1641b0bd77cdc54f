CREATE TABLE "configsync_users" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"account_id" bigint NOT NULL,
	"quota_bytes" bigint,
	"max_machines" bigint,
	"used_bytes" bigint DEFAULT 0 NOT NULL,
	"credential_version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"disabled_at" timestamp(6) with time zone,
	CONSTRAINT "configsync_users_account_id_unique" UNIQUE("account_id")
);
--> statement-breakpoint
CREATE TABLE "cs_actions" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"user_id" bigint NOT NULL,
	"machine_id" text NOT NULL,
	"action" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_by" bigint,
	"created_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cs_audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"user_id" bigint,
	"token_uuid" text,
	"ip" text,
	"event" text NOT NULL,
	"ref" text,
	"bytes" bigint,
	"at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cs_entities" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"user_id" bigint NOT NULL,
	"type" text NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"extra" jsonb NOT NULL,
	"current_version" bigint DEFAULT 0 NOT NULL,
	"deleted_at" timestamp(6) with time zone,
	"created_at" timestamp(6) with time zone NOT NULL,
	"updated_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cs_entity_keys" (
	"entity_id" bigint NOT NULL,
	"user_id" bigint NOT NULL,
	"wrapped_dek" text NOT NULL,
	CONSTRAINT "cs_entity_keys_entity_id_user_id_pk" PRIMARY KEY("entity_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "cs_environment_views" (
	"viewer" text PRIMARY KEY NOT NULL,
	"user_id" bigint NOT NULL,
	"names" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cs_environments" (
	"user_id" bigint NOT NULL,
	"name" text NOT NULL,
	"tier" text NOT NULL,
	"color" text,
	"protect" boolean NOT NULL,
	CONSTRAINT "cs_environments_user_id_name_pk" PRIMARY KEY("user_id","name")
);
--> statement-breakpoint
CREATE TABLE "cs_keypairs" (
	"user_id" bigint PRIMARY KEY NOT NULL,
	"public_key" text NOT NULL,
	"encrypted_private_key" text NOT NULL,
	"kek_salt" text NOT NULL,
	"kek_iterations" bigint NOT NULL,
	"key_algorithm" text NOT NULL,
	"kek_algorithm" text,
	"key_version" bigint NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cs_env_layer_keys" (
	"user_id" bigint NOT NULL,
	"layer_id" text NOT NULL,
	"project_id" bigint NOT NULL,
	"wrapped_dek" text NOT NULL,
	CONSTRAINT "cs_env_layer_keys_user_id_layer_id_pk" PRIMARY KEY("user_id","layer_id")
);
--> statement-breakpoint
CREATE TABLE "cs_links" (
	"user_id" bigint NOT NULL,
	"machine_id" text NOT NULL,
	"entity_id" bigint NOT NULL,
	"local_path" text,
	"last_synced_version" bigint,
	"active" boolean DEFAULT true NOT NULL,
	CONSTRAINT "cs_links_user_id_machine_id_entity_id_pk" PRIMARY KEY("user_id","machine_id","entity_id")
);
--> statement-breakpoint
CREATE TABLE "cs_machines" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"user_id" bigint NOT NULL,
	"machine_id" text NOT NULL,
	"name" text NOT NULL,
	"platform" text,
	"arch" text,
	"client_version" text,
	"last_seen_at" timestamp(6) with time zone NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"updated_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cs_profile_workspaces" (
	"profile_id" bigint NOT NULL,
	"workspace_id" bigint NOT NULL,
	CONSTRAINT "cs_profile_workspaces_profile_id_workspace_id_pk" PRIMARY KEY("profile_id","workspace_id")
);
--> statement-breakpoint
CREATE TABLE "cs_snapshots" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"user_id" bigint NOT NULL,
	"machine_id" text NOT NULL,
	"blob" text NOT NULL,
	"size" bigint NOT NULL,
	"client_timestamp" text NOT NULL,
	"format_version" text NOT NULL,
	"metadata" text,
	"created_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cs_env_vars" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"project_id" bigint NOT NULL,
	"name" text NOT NULL,
	"environment_tier" text NOT NULL,
	"visibility" text NOT NULL,
	"owner_user_id" bigint DEFAULT 0 NOT NULL,
	"description" text,
	"required" boolean NOT NULL,
	"encrypted_value" text NOT NULL,
	"current_version" bigint NOT NULL,
	"updated_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cs_versions" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"entity_id" bigint NOT NULL,
	"version" bigint NOT NULL,
	"blob" text NOT NULL,
	"size" bigint NOT NULL,
	"content_hash" text NOT NULL,
	"pushed_by_user_id" bigint NOT NULL,
	"pushed_from_machine_id" text,
	"created_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "configsync_users" ADD CONSTRAINT "configsync_users_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_actions" ADD CONSTRAINT "cs_actions_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_actions" ADD CONSTRAINT "cs_actions_created_by_accounts_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_entities" ADD CONSTRAINT "cs_entities_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_entity_keys" ADD CONSTRAINT "cs_entity_keys_entity_id_cs_entities_id_fk" FOREIGN KEY ("entity_id") REFERENCES "public"."cs_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_entity_keys" ADD CONSTRAINT "cs_entity_keys_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_environment_views" ADD CONSTRAINT "cs_environment_views_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_environments" ADD CONSTRAINT "cs_environments_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_keypairs" ADD CONSTRAINT "cs_keypairs_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_env_layer_keys" ADD CONSTRAINT "cs_env_layer_keys_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_env_layer_keys" ADD CONSTRAINT "cs_env_layer_keys_project_id_cs_entities_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."cs_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_links" ADD CONSTRAINT "cs_links_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_links" ADD CONSTRAINT "cs_links_entity_id_cs_entities_id_fk" FOREIGN KEY ("entity_id") REFERENCES "public"."cs_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_machines" ADD CONSTRAINT "cs_machines_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_profile_workspaces" ADD CONSTRAINT "cs_profile_workspaces_profile_id_cs_entities_id_fk" FOREIGN KEY ("profile_id") REFERENCES "public"."cs_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_profile_workspaces" ADD CONSTRAINT "cs_profile_workspaces_workspace_id_cs_entities_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."cs_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_snapshots" ADD CONSTRAINT "cs_snapshots_user_id_configsync_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."configsync_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_env_vars" ADD CONSTRAINT "cs_env_vars_project_id_cs_entities_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."cs_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cs_versions" ADD CONSTRAINT "cs_versions_entity_id_cs_entities_id_fk" FOREIGN KEY ("entity_id") REFERENCES "public"."cs_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "cs_actions_machine" ON "cs_actions" USING btree ("user_id","machine_id","id");--> statement-breakpoint
CREATE INDEX "cs_audit_user" ON "cs_audit" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "cs_audit_at" ON "cs_audit" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "cs_entities_slug" ON "cs_entities" USING btree ("user_id","type","slug") WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX "cs_entities_user" ON "cs_entities" USING btree ("user_id","type","id");--> statement-breakpoint
CREATE INDEX "cs_entities_deleted" ON "cs_entities" USING btree ("deleted_at") WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "cs_environment_views_user" ON "cs_environment_views" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "cs_env_layer_keys_project" ON "cs_env_layer_keys" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "cs_links_entity" ON "cs_links" USING btree ("entity_id");--> statement-breakpoint
CREATE UNIQUE INDEX "cs_machines_user" ON "cs_machines" USING btree ("user_id","machine_id");--> statement-breakpoint
CREATE INDEX "cs_profile_workspaces_workspace" ON "cs_profile_workspaces" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "cs_snapshots_user" ON "cs_snapshots" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "cs_snapshots_machine" ON "cs_snapshots" USING btree ("user_id","machine_id","id");--> statement-breakpoint
CREATE INDEX "cs_snapshots_blob" ON "cs_snapshots" USING btree ("blob");--> statement-breakpoint
CREATE UNIQUE INDEX "cs_env_vars_name" ON "cs_env_vars" USING btree ("project_id","name","environment_tier","visibility","owner_user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "cs_versions_entity" ON "cs_versions" USING btree ("entity_id","version");--> statement-breakpoint
CREATE INDEX "cs_versions_blob" ON "cs_versions" USING btree ("blob");