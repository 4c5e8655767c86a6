//! What the WebP decoder holds beside its result. A frame says its size itself, and the decoder allocates by that before it
//! compares it with the size of the picture; so a small picture may need the memory of a large one.
//!
//! The decoder also believes the header about transparency, where other programs look at the picture itself.

use std::borrow::Cow;

/// A part of a WebP file.
struct Chunk<'a> {
    name: &'a [u8],
    data: &'a [u8],
}

/// Before the first chunk: "RIFF", a length, "WEBP".
const HEADER_LEN: usize = 12;

/// The EXIF metadata, as far as the file goes.
pub(crate) fn exif(webp: &[u8]) -> Option<&[u8]> {
    chunks(webp.get(HEADER_LEN..)?).find(|chunk| chunk.name == b"EXIF").map(|chunk| chunk.data)
}

/// The file with a header that says of a still whether it has transparency. Some writers set the flag without storing any,
/// which the decoder refuses, or forget it, and then the colors of transparent pixels would show.
pub(crate) fn with_stored_alpha(webp: &[u8]) -> Cow<'_, [u8]> {
    const FLAGS: usize = HEADER_LEN + 8;
    const ANIMATION: u8 = 0x02;
    const ALPHA: u8 = 0x10;
    const LOSSLESS_ALPHA: u8 = 0x10;
    let (Some(b"VP8X"), Some(&flags)) = (webp.get(HEADER_LEN..HEADER_LEN + 4), webp.get(FLAGS)) else {
        return Cow::Borrowed(webp);
    };
    let is_stored = chunks(&webp[HEADER_LEN..]).any(|chunk| match (chunk.name, chunk.data) {
        (b"ALPH", _) => true,
        // After the signature: 14 bits of width, 14 of height, one of transparency.
        (b"VP8L", [0x2F, _, _, _, last, ..]) => last & LOSSLESS_ALPHA != 0,
        _ => false,
    });
    if flags & ANIMATION != 0 || (flags & ALPHA != 0) == is_stored {
        return Cow::Borrowed(webp);
    }
    let mut corrected = webp.to_owned();
    corrected[FLAGS] ^= ALPHA;
    Cow::Owned(corrected)
}

/// The most that is held beside the result, in bytes.
pub(crate) fn extra_bytes(webp: &[u8]) -> u64 {
    let mut canvas = 0;
    let mut held = 0;
    let mut is_animated = false;
    for chunk in chunks(webp.get(HEADER_LEN..).unwrap_or_default()) {
        match chunk.name {
            b"VP8X" => canvas = area_at(chunk.data, 4),
            // Of an animation only the first frame is decoded, and then drawn on a canvas.
            b"ANMF" if is_animated => {}
            b"ANMF" => {
                is_animated = true;
                held += 4 * canvas + held_for_frame(chunk.data);
            }
            _ => held += chunk.held(canvas),
        }
    }
    held
}

fn held_for_frame(frame: &[u8]) -> u64 {
    const FRAME_HEADER_LEN: usize = 16;
    let area = area_at(frame, 6);
    4 * area + chunks(frame.get(FRAME_HEADER_LEN..).unwrap_or_default()).map(|chunk| chunk.held(area)).sum::<u64>()
}

impl Chunk<'_> {
    /// In bytes. `frame` is the number of pixels of the frame that it belongs to.
    fn held(&self, frame: u64) -> u64 {
        match (self.name, self.data) {
            // Four bytes a pixel, also where the result has three. After the signature: 14 bits of width, 14 of height.
            (b"VP8L", [0x2F, bits @ ..]) => bits.first_chunk().map_or(0, |bits| {
                let bits = u32::from_le_bytes(*bits);
                4 * u64::from((bits & 0x3FFF) + 1) * u64::from((bits >> 14 & 0x3FFF) + 1)
            }),
            // One brightness a pixel and two colours a block of four, in whole blocks of 16.
            (b"VP8 ", [_, _, _, 0x9D, 0x01, 0x2A, width_low, width_high, height_low, height_high, ..]) => {
                let side = |low, high| u64::from(u16::from_le_bytes([low, high]) & 0x3FFF).next_multiple_of(16);
                side(*width_low, *width_high) * side(*height_low, *height_high) * 3 / 2
            }
            // Decoded to four bytes a pixel, of which one is taken.
            (b"ALPH", _) => 5 * frame,
            _ => 0,
        }
    }
}

/// The last one may be cut off.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    std::iter::from_fn(move || {
        let (name, after) = rest.split_at_checked(4)?;
        let (len, after) = after.split_first_chunk()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let data = &after[..len.min(after.len())];
        rest = after.get(len.saturating_add(len % 2)..).unwrap_or_default();
        Some(Chunk { name, data })
    })
}

/// Width and height less one, of 24 bits each.
fn area_at(data: &[u8], at: usize) -> u64 {
    let side = |at: usize| {
        let bytes = data.get(at..at + 3)?;
        Some(u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])) + 1)
    };
    side(at).zip(side(at + 3)).map_or(0, |(width, height)| width * height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len()).unwrap().to_le_bytes();
        [name, &len, data, &[0][..data.len() % 2]].concat()
    }

    fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP".as_slice(), &chunks.concat()].concat()
    }

    /// A still of 100 x 50 pixels whose frame claims more.
    #[test]
    fn frames_count_by_what_they_say_themselves() {
        let extended = chunk(b"VP8X", &[0x10, 0, 0, 0, 99, 0, 0, 49, 0, 0]);
        let lossy = chunk(b"VP8 ", &[0x30, 0x01, 0, 0x9D, 0x01, 0x2A, 0xFF, 0x3F, 0xFF, 0x3F, 0]);
        let lossless = chunk(b"VP8L", &[0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0]);
        let large = 16384 * 16384;
        let alone = |chunk: &Vec<u8>| extra_bytes(&webp(std::slice::from_ref(chunk)));
        assert_eq!((alone(&lossy), alone(&lossless)), (large * 3 / 2, 4 * large));
        let alpha = chunk(b"ALPH", &[0]);
        assert_eq!(extra_bytes(&webp(&[extended.clone(), alpha, lossy.clone()])), 5 * 5000 + large * 3 / 2);
        let frame = |part: &[u8]| chunk(b"ANMF", &[&[0, 0, 0, 0, 0, 0, 9, 0, 0, 9, 0, 0, 0, 0, 0, 0], part].concat());
        let animated = webp(&[extended, frame(&lossy), frame(&lossless)]);
        assert_eq!(extra_bytes(&animated), 4 * 5000 + 4 * 100 + large * 3 / 2);
        for len in 0..animated.len() {
            extra_bytes(&animated[..len]);
        }
    }
}
