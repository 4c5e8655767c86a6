//! Faults in the encoding of an answer, as another server or a proxy would send it. The answer is billed as usual.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// How an answer is altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rewriting {
    /// Compressed, with the header.
    Gzip,
    /// Empty.
    Empty,
    /// Events without names, the one after this many damaged.
    Damaged { after_events: usize },
    /// It reports this many prompt tokens.
    Usage { tokens: u64 },
}

impl Rewriting {
    /// The pieces of an answer as sent, and their encoding.
    pub(crate) fn apply(self, pieces: &[Bytes]) -> (Vec<Bytes>, Option<&'static str>) {
        match self {
            Self::Gzip => (vec![gzipped(&pieces.concat())], Some("gzip")),
            Self::Empty => (Vec::new(), None),
            Self::Damaged { after_events } => {
                let nameless = pieces.iter().enumerate().map(|(index, piece)| {
                    let text = String::from_utf8_lossy(piece);
                    let data = text.lines().filter(|line| !line.starts_with("event:")).collect::<Vec<_>>().join("\n");
                    // Without its first letters it is not valid JSON.
                    let data = if index == after_events { data.replace("data: {\"", "data: ") } else { data };
                    Bytes::from(data + "\n\n")
                });
                (nameless.collect(), None)
            }
            Self::Usage { tokens } => {
                let told = |piece: &Bytes| {
                    let text = String::from_utf8_lossy(piece);
                    let name = ["\"input_tokens\":", "\"prompt_tokens\":", "\"promptTokenCount\":"]
                        .into_iter()
                        .find(|name| text.contains(name));
                    let Some((name, (before, rest))) = name.and_then(|name| Some((name, text.split_once(name)?)))
                    else {
                        return piece.clone();
                    };
                    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                    Bytes::from(format!("{before}{name}{tokens}{rest}"))
                };
                (pieces.iter().map(told).collect(), None)
            }
        }
    }
}

fn gzipped(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    Bytes::from(encoder.finish().unwrap_or_default())
}
