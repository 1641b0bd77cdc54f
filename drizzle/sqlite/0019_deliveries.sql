ALTER TABLE `inboxes` ADD `settled_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- Earlier replies and reactions acknowledge nothing, because inboxes begin later.
INSERT INTO projections (name, position) SELECT 'implied_acks', max(seq) FROM events WHERE true HAVING max(seq) > 0
  ON CONFLICT (name) DO NOTHING;
