-- The high end of the likely range of a quote, in pico-dollars; its low end is `quoted_low`. NULL: the run is from before there
-- was such a range, and `quoted_low` is the least that it could cost.
ALTER TABLE runs ADD COLUMN quoted_likely_high INTEGER;
