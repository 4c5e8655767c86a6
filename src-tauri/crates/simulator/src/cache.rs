//! The vendor's prompt cache: prefixes of a prompt that were marked, are long enough, and whose first answer has begun.
//! The clock is passed in.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use crate::models::Model;

/// How long a prefix lives after it was last written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeToLive {
    FiveMinutes,
    OneHour,
}

impl TimeToLive {
    fn duration(self) -> Duration {
        match self {
            Self::FiveMinutes => Duration::from_mins(5),
            Self::OneHour => Duration::from_hours(1),
        }
    }
}

/// One block of a prompt.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    fingerprint: u64,
    pub(crate) tokens: u64,
    /// Whether the prompt up to and including this block is to be kept, and how long.
    pub(crate) breakpoint: Option<TimeToLive>,
}

impl Segment {
    pub(crate) fn new(role: &str, content: &[u8], tokens: u64, breakpoint: Option<TimeToLive>) -> Self {
        let mut hasher = DefaultHasher::new();
        // An image is a hundred kilobytes of text, which this hash goes through several times as fast as the other.
        (role, blake3::hash(content).as_bytes()).hash(&mut hasher);
        Self { fingerprint: hasher.finish(), tokens, breakpoint }
    }
}

/// The tokens of one prompt, by what the cache did with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Split {
    pub(crate) uncached: u64,
    pub(crate) read: u64,
    pub(crate) written_5m: u64,
    pub(crate) written_1h: u64,
}

/// Every prefix kept, by model and content, and when it expires.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    expires_at: HashMap<u64, Instant>,
}

struct Prefix {
    key: u64,
    tokens: u64,
    lifetime: TimeToLive,
}

impl PromptCache {
    /// Splits a prompt that arrives now into what is read, written and neither.
    pub(crate) fn split(&self, model: &Model, segments: &[Segment], now: Instant) -> Split {
        let prefixes = marked_prefixes(model, segments);
        let whole: u64 = segments.iter().map(|segment| segment.tokens).sum();
        let is_kept = |prefix: &Prefix| self.expires_at.get(&prefix.key).is_some_and(|expiry| *expiry > now);
        let found = prefixes.iter().rposition(is_kept);
        let mut split = Split { read: found.map_or(0, |index| prefixes[index].tokens), ..Split::default() };
        let mut counted = split.read;
        for prefix in prefixes.iter().skip(found.map_or(0, |index| index + 1)) {
            let written = prefix.tokens - counted;
            counted = prefix.tokens;
            match prefix.lifetime {
                TimeToLive::FiveMinutes => split.written_5m += written,
                TimeToLive::OneHour => split.written_1h += written,
            }
        }
        split.uncached = whole - counted;
        split
    }

    /// Keeps, or keeps longer, what a prompt annotations. Called when its answer begins: a prefix is not readable before.
    pub(crate) fn keep(&mut self, model: &Model, segments: &[Segment], now: Instant) {
        self.expires_at.retain(|_, expiry| *expiry > now);
        for prefix in marked_prefixes(model, segments) {
            let renewed = now + prefix.lifetime.duration();
            let expiry = self.expires_at.entry(prefix.key).or_insert(renewed);
            *expiry = renewed.max(*expiry);
        }
    }
}

fn marked_prefixes(model: &Model, segments: &[Segment]) -> Vec<Prefix> {
    let mut hasher = DefaultHasher::new();
    model.id.hash(&mut hasher);
    let mut tokens = 0;
    let mut prefixes = Vec::new();
    for segment in segments {
        segment.fingerprint.hash(&mut hasher);
        tokens += segment.tokens;
        if let Some(lifetime) = segment.breakpoint
            && tokens >= model.min_cacheable_tokens
        {
            prefixes.push(Prefix { key: hasher.finish(), tokens, lifetime });
        }
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::find;

    #[test]
    fn a_prefix_is_readable_once_its_first_answer_begins_and_until_it_expires() {
        let model = find("claude-haiku-5-5", "").unwrap();
        let segments = [
            Segment::new("system", b"guideline", 600, Some(TimeToLive::FiveMinutes)),
            Segment::new("user", b"image", 400, None),
        ];
        let written = Split { uncached: 400, written_5m: 600, ..Split::default() };
        let read = Split { uncached: 400, read: 600, ..Split::default() };
        let (start, minute) = (Instant::now(), Duration::from_mins(1));
        let mut cache = PromptCache::default();
        assert_eq!(cache.split(model, &segments, start), written);
        assert_eq!(cache.split(model, &segments, start), written, "the first answer has not begun");
        cache.keep(model, &segments, start);
        assert_eq!(cache.split(model, &segments, start + 4 * minute), read);
        cache.keep(model, &segments, start + 4 * minute);
        assert_eq!(cache.split(model, &segments, start + 8 * minute), read, "reading renews");
        assert_eq!(cache.split(model, &segments, start + 9 * minute), written, "expired");
        let other = find("claude-sonnet-5-5", "").unwrap();
        assert_eq!(cache.split(other, &segments, start + 4 * minute), written, "another model's cache is another");
    }

    #[test]
    fn a_short_prefix_is_skipped_in_silence() {
        let model = find("claude-haiku-5-5", "").unwrap();
        let segments = [Segment::new("system", b"guideline", 511, Some(TimeToLive::OneHour))];
        let split = PromptCache::default().split(model, &segments, Instant::now());
        assert_eq!(split, Split { uncached: 511, ..Split::default() });
    }
}
