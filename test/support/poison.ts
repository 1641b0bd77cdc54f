// A message that no store can commit, to see what its failure costs others.

/** Makes a COMMIT fail when it contains a message with this body, by a reference that is checked only at COMMIT. */
export const POISON = {
  sqlite: [
    'CREATE TABLE poison (id INTEGER REFERENCES epochs(first_seq) DEFERRABLE INITIALLY DEFERRED)',
    "CREATE TRIGGER poisoned AFTER INSERT ON messages WHEN new.body = 'poison' BEGIN INSERT INTO poison VALUES (-1); END",
  ],
  postgres: [
    'CREATE TABLE poison (id bigint REFERENCES epochs(first_seq) DEFERRABLE INITIALLY DEFERRED)',
    "CREATE FUNCTION poisoned() RETURNS trigger AS 'BEGIN INSERT INTO poison VALUES (-1); RETURN new; END' LANGUAGE plpgsql",
    "CREATE TRIGGER poisoned AFTER INSERT ON messages FOR EACH ROW WHEN (new.body = 'poison') EXECUTE FUNCTION poisoned()",
  ],
}
