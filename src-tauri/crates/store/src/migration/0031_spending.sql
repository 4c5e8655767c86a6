-- What requests have cost over all runs, in quarters of an hour since the Unix epoch in UTC: in every time zone, a month begins
-- with one. Kept by the triggers below, because a request is sent only if the month has room for it, and adding up all
-- requests of a month takes too long for that.
CREATE TABLE spending (
    quarter_hour INTEGER PRIMARY KEY,
    -- Pico-dollars of the requests that ended then: paid, and the maximum of those that may have been billed without an answer.
    settled      INTEGER NOT NULL DEFAULT 0,
    -- The maximum of the requests that were sent then and have no known answer.
    open         INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO spending (quarter_hour, settled, open)
SELECT quarter_hour, sum(settled), sum(open) FROM (
    SELECT coalesce(answered_at, sent_at) / 900000 AS quarter_hour, paid + may_be_billed * at_most AS settled, 0 AS open
    FROM attempts WHERE state <> 'sent'
    UNION ALL
    SELECT sent_at / 900000, 0, at_most FROM attempts WHERE state = 'sent')
GROUP BY quarter_hour;

CREATE TRIGGER spending_added AFTER INSERT ON attempts BEGIN
    INSERT INTO spending (quarter_hour, settled, open) VALUES (
        CASE NEW.state WHEN 'sent' THEN NEW.sent_at ELSE coalesce(NEW.answered_at, NEW.sent_at) END / 900000,
        CASE NEW.state WHEN 'sent' THEN 0 ELSE NEW.paid + NEW.may_be_billed * NEW.at_most END,
        CASE NEW.state WHEN 'sent' THEN NEW.at_most ELSE 0 END)
    ON CONFLICT DO UPDATE SET settled = settled + excluded.settled, open = open + excluded.open;
END;

CREATE TRIGGER spending_removed AFTER DELETE ON attempts BEGIN
    INSERT INTO spending (quarter_hour, settled, open) VALUES (
        CASE OLD.state WHEN 'sent' THEN OLD.sent_at ELSE coalesce(OLD.answered_at, OLD.sent_at) END / 900000,
        CASE OLD.state WHEN 'sent' THEN 0 ELSE -(OLD.paid + OLD.may_be_billed * OLD.at_most) END,
        CASE OLD.state WHEN 'sent' THEN -OLD.at_most ELSE 0 END)
    ON CONFLICT DO UPDATE SET settled = settled + excluded.settled, open = open + excluded.open;
END;

CREATE TRIGGER spending_changed AFTER UPDATE OF state, sent_at, answered_at, paid, at_most, may_be_billed ON attempts
WHEN (OLD.state = 'sent') <> (NEW.state = 'sent') OR OLD.sent_at <> NEW.sent_at OR OLD.answered_at IS NOT NEW.answered_at
    OR OLD.paid <> NEW.paid OR OLD.at_most <> NEW.at_most OR OLD.may_be_billed <> NEW.may_be_billed
BEGIN
    INSERT INTO spending (quarter_hour, settled, open) VALUES (
        CASE OLD.state WHEN 'sent' THEN OLD.sent_at ELSE coalesce(OLD.answered_at, OLD.sent_at) END / 900000,
        CASE OLD.state WHEN 'sent' THEN 0 ELSE -(OLD.paid + OLD.may_be_billed * OLD.at_most) END,
        CASE OLD.state WHEN 'sent' THEN -OLD.at_most ELSE 0 END)
    ON CONFLICT DO UPDATE SET settled = settled + excluded.settled, open = open + excluded.open;
    INSERT INTO spending (quarter_hour, settled, open) VALUES (
        CASE NEW.state WHEN 'sent' THEN NEW.sent_at ELSE coalesce(NEW.answered_at, NEW.sent_at) END / 900000,
        CASE NEW.state WHEN 'sent' THEN 0 ELSE NEW.paid + NEW.may_be_billed * NEW.at_most END,
        CASE NEW.state WHEN 'sent' THEN NEW.at_most ELSE 0 END)
    ON CONFLICT DO UPDATE SET settled = settled + excluded.settled, open = open + excluded.open;
END;

-- The few requests without a known answer.
CREATE INDEX attempts_sent ON attempts (job_id) WHERE state = 'sent';
