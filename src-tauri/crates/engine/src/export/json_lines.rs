//! JSON Lines: an image a line, with its marks, or with the reason why it was not answered. The keys are those of [`ImageRecord`](super::record::ImageRecord).

use std::io::{self, Write};

use super::record::ImageRecord;

pub fn write_line(out: &mut impl Write, image: &ImageRecord) -> io::Result<()> {
    serde_json::to_writer(&mut *out, image)?;
    out.write_all(b"\n")
}
