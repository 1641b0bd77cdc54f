INSERT INTO webhooks (account_id, name, url, reasons, enabled, secret_sealed, vouched, since_seq)
  SELECT account_id, 'push', webhook_url, wake_on, enabled, secret_sealed, vouched, coalesce((SELECT max(seq) FROM events), 0)
  FROM push_targets;
--> statement-breakpoint
INSERT INTO projections (name, position) SELECT 'webhooks', max(seq) FROM events WHERE true HAVING max(seq) > 0;
--> statement-breakpoint
DROP TABLE "push_targets" CASCADE;