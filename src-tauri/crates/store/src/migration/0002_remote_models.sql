-- Models elsewhere: what a request was given, what it consumed, what may have been billed without an answer.

ALTER TABLE attempts ADD COLUMN usage_input INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN usage_output INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN usage_cache_write_5m INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN usage_cache_write_1h INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN usage_cache_read INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN usage_thinking INTEGER NOT NULL DEFAULT 0;
-- The most that it can cost, in pico-dollars: known before it is sent.
ALTER TABLE attempts ADD COLUMN at_most INTEGER NOT NULL DEFAULT 0;
-- Whether the vendor may bill it although nobody has said for how much.
ALTER TABLE attempts ADD COLUMN may_be_billed INTEGER NOT NULL DEFAULT 0;
-- Why it was made again, when it was.
ALTER TABLE attempts ADD COLUMN retried_for TEXT;

-- What reading the answer took, where it was not as asked.
ALTER TABLE jobs ADD COLUMN reading TEXT;

ALTER TABLE runs ADD COLUMN destination TEXT NOT NULL DEFAULT '{"kind":"this_machine"}';
-- The ends of its quote; `quoted` is what was expected.
ALTER TABLE runs ADD COLUMN quoted_low INTEGER;
ALTER TABLE runs ADD COLUMN quoted_high INTEGER;
-- What it may cost at most, in pico-dollars; NULL: no limit.
ALTER TABLE runs ADD COLUMN budget INTEGER;
-- What was said when it stopped by itself.
ALTER TABLE runs ADD COLUMN stop_detail TEXT;
