-- Samples of audits can be extended until the error rate is known as closely as the person wants.

-- How many of `audit_samples` are looked at, in their order; the others are kept for a larger sample. NULL: all of them.
ALTER TABLE audits ADD COLUMN sample_size INTEGER;
-- The largest share of wrong annotations that the person wants to accept.
ALTER TABLE audits ADD COLUMN error_limit REAL NOT NULL DEFAULT 0.05;
