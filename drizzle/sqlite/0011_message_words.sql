CREATE VIRTUAL TABLE message_words USING fts5(body, content = 'messages', content_rowid = 'seq', tokenize = 'ascii', detail = none, columnsize = 0);
--> statement-breakpoint
INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
