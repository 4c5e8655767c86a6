//! Header data and decoding errors, common to all decoders.

use crate::file::megabytes;
use crate::pixels::fitted;
use domain::geometry::{Orientation, PixelSize};
use domain::import::{ImageFormat, MAX_PIXELS, SkipReason};

/// What the header says about a picture.
#[derive(Debug)]
pub(crate) struct Header {
    /// As stored.
    pub(crate) size: PixelSize,
    /// Size after decoding; smaller if the decoder scales.
    pub(crate) decoded_size: PixelSize,
    pub(crate) orientation: Orientation,
    /// Peak memory of the decoder, including its result.
    pub(crate) decoder_bytes: u64,
}

impl Header {
    /// Peak memory of decoding, resizing and rotating, in bytes, without the file itself.
    pub(crate) fn memory_needed(&self, max_edge: Option<u32>) -> u64 {
        /// Tables, rows and small buffers.
        const SMALL_THINGS: u64 = 1 << 20;
        let target = fitted(self.size, max_edge);
        let result = 3 * target.area();
        let between = 3 * u64::from(target.width) * u64::from(self.decoded_size.height);
        let resizing = if self.decoded_size == target { 0 } else { between + result };
        let turning = if self.orientation == Orientation::Upright { 0 } else { result };
        SMALL_THINGS.saturating_add(self.decoder_bytes).saturating_add(resizing + turning)
    }
}

/// Checks the size that a header claims, before anything else.
pub(crate) fn check_size(claimed: PixelSize) -> Result<(), SkipReason> {
    let pixels = claimed.area();
    if pixels == 0 {
        return Err(damaged("the image has no pixels"));
    }
    if pixels > MAX_PIXELS {
        return Err(SkipReason::TooManyPixels { megapixels: megabytes(pixels) });
    }
    Ok(())
}

/// A zeroed buffer. Running out of memory is an error here, and does not abort the process.
pub(crate) fn zeros(len: usize) -> Result<Vec<u8>, SkipReason> {
    let mut zeros = Vec::new();
    let no_memory = |_| SkipReason::Unreadable { detail: "there is not enough memory".into() };
    zeros.try_reserve_exact(len).map_err(no_memory)?;
    zeros.resize(len, 0);
    Ok(zeros)
}

#[expect(clippy::needless_pass_by_value, reason = "made to be given to map_err")]
pub(crate) fn damaged(detail: impl ToString) -> SkipReason {
    SkipReason::Damaged { detail: detail.to_string() }
}

pub(crate) fn not_supported(format: ImageFormat, detail: impl Into<String>) -> SkipReason {
    SkipReason::NotSupported { format: format.name().into(), detail: Some(detail.into()) }
}
