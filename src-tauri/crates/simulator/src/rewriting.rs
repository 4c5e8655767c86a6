//! Faults in how an answer is written: what was to be sent, as another server or a proxy on the way would send it. The
//! answer is made and billed as always.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// How an answer is written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rewriting {
    /// Compressed, and said to be.
    Gzip,
    /// Nothing is left of it.
    Empty,
    /// Events without names, the one after so many damaged.
    Damaged { after_events: usize },
    /// It says that the prompt took so many tokens.
    Usage { tokens: u64 },
}

impl Rewriting {
    /// The pieces of an answer as they are sent, and their encoding.
    pub(crate) fn apply(self, pieces: &[Bytes]) -> (Vec<Bytes>, Option<&'static str>) {
        match self {
            Self::Gzip => (vec![gzipped(&pieces.concat())], Some("gzip")),
            Self::Empty => (Vec::new(), None),
            Self::Damaged { after_events } => {
                let nameless = pieces.iter().enumerate().map(|(index, piece)| {
                    let text = String::from_utf8_lossy(piece);
                    let data = text.lines().filter(|line| !line.starts_with("event:")).collect::<Vec<_>>().join("\n");
                    // Without its first letters it is no JSON any more.
                    let data = if index == after_events { data.replace("data: {\"", "data: ") } else { data };
                    Bytes::from(data + "\n\n")
                });
                (nameless.collect(), None)
            }
            Self::Usage { tokens } => {
                let told = |piece: &Bytes| {
                    let text = String::from_utf8_lossy(piece);
                    let Some((before, rest)) = text.split_once("\"input_tokens\":") else { return piece.clone() };
                    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                    Bytes::from(format!("{before}\"input_tokens\":{tokens}{rest}"))
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
