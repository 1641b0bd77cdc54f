ALTER TABLE "idempotency" ALTER COLUMN "subject" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "idempotency" ADD COLUMN "answer" text;