CREATE TABLE message_words (seq bigint PRIMARY KEY, words tsvector NOT NULL);
--> statement-breakpoint
CREATE INDEX message_words_words ON message_words USING gin (words);
