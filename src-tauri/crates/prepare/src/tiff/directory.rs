//! Directories of a TIFF or `BigTIFF` file, and of EXIF, which is such a file inside another one.
//!
//! Values are read lazily without copying, so that large files cost nothing. An unreadable entry counts as absent.

/// Tags of the TIFF 6.0 specification, its supplements, EXIF and DNG.
pub(crate) mod tag {
    pub(crate) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(crate) const SUBFILE_TYPE: u16 = 255;
    pub(crate) const IMAGE_WIDTH: u16 = 256;
    pub(crate) const IMAGE_LENGTH: u16 = 257;
    pub(crate) const BITS_PER_SAMPLE: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC_INTERPRETATION: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES_PER_PIXEL: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_BYTE_COUNTS: u16 = 279;
    pub(crate) const PLANAR_CONFIGURATION: u16 = 284;
    pub(crate) const T4_OPTIONS: u16 = 292;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const COLOR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_LENGTH: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTE_COUNTS: u16 = 325;
    pub(crate) const SUB_DIRECTORIES: u16 = 330;
    pub(crate) const INK_SET: u16 = 332;
    pub(crate) const EXTRA_SAMPLES: u16 = 338;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const YCBCR_COEFFICIENTS: u16 = 529;
    pub(crate) const YCBCR_SUBSAMPLING: u16 = 530;
    pub(crate) const REFERENCE_BLACK_WHITE: u16 = 532;
    pub(crate) const MAKE: u16 = 0x010F;
    pub(crate) const MODEL: u16 = 0x0110;
    pub(crate) const EXPOSURE_TIME: u16 = 0x829A;
    pub(crate) const F_NUMBER: u16 = 0x829D;
    pub(crate) const EXIF_DIRECTORY: u16 = 0x8769;
    pub(crate) const ISO_SPEED: u16 = 0x8827;
    pub(crate) const GPS_DIRECTORY: u16 = 0x8825;
    pub(crate) const DATE_TIME_ORIGINAL: u16 = 0x9003;
    pub(crate) const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
    pub(crate) const SUB_SECOND_TIME_ORIGINAL: u16 = 0x9291;
    pub(crate) const FOCAL_LENGTH: u16 = 0x920A;
    pub(crate) const LENS_MODEL: u16 = 0xA434;
    /// In the GPS directory.
    pub(crate) const GPS_LATITUDE_REF: u16 = 1;
    pub(crate) const GPS_LATITUDE: u16 = 2;
    pub(crate) const GPS_LONGITUDE_REF: u16 = 3;
    pub(crate) const GPS_LONGITUDE: u16 = 4;
    pub(crate) const DNG_VERSION: u16 = 50706;
}

const BYTE: u16 = 1;
const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const UNDEFINED: u16 = 7;
const IFD: u16 = 13;
const LONG8: u16 = 16;
const IFD8: u16 = 18;

/// Entries beyond this are ignored; the directory is broken.
const MAX_ENTRIES: usize = 1 << 12;
/// The longest list of fractions.
const MAX_FRACTIONS: usize = 16;

/// A file with directories.
#[derive(Clone, Copy)]
pub(crate) struct TiffFile<'a> {
    bytes: &'a [u8],
    pub(crate) is_little_endian: bool,
    is_big: bool,
}

/// A directory: metadata of a picture, or of a photo in EXIF.
#[derive(Clone, Copy)]
pub(crate) struct Directory<'a> {
    file: TiffFile<'a>,
    /// Offset of the first entry.
    entries: usize,
    count: usize,
}

/// Raw values of an entry.
struct Values<'a> {
    kind: u16,
    bytes: &'a [u8],
}

impl<'a> TiffFile<'a> {
    /// Some WebP writers add the six-byte EXIF prefix of JPEG.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
        let (is_little_endian, is_big) = match bytes.get(..4)? {
            b"II*\0" => (true, false),
            b"MM\0*" => (false, false),
            b"II+\0" => (true, true),
            b"MM\0+" => (false, true),
            _ => return None,
        };
        Some(Self { bytes, is_little_endian, is_big })
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn first_directory(self) -> Option<Directory<'a>> {
        let offset = if self.is_big { self.u64_at(8)? } else { self.u32_at(4)?.into() };
        self.directory(offset)
    }

    pub(crate) fn directory(self, offset: u64) -> Option<Directory<'a>> {
        let offset = usize::try_from(offset).ok()?;
        let (count, count_len) = if self.is_big { (self.u64_at(offset)?, 8) } else { (self.u16_at(offset)?.into(), 2) };
        let count = usize::try_from(count).ok()?;
        let entries = offset.checked_add(count_len)?;
        // A directory that extends beyond the file is read up to its end.
        let room = self.bytes.len().saturating_sub(entries) / self.entry_len();
        Some(Directory { file: self, entries, count: count.min(room) })
    }

    fn entry_len(self) -> usize {
        if self.is_big { 20 } else { 12 }
    }

    fn array_at<const LEN: usize>(self, offset: usize) -> Option<[u8; LEN]> {
        let mut bytes: [u8; LEN] = self.bytes.get(offset..offset.checked_add(LEN)?)?.try_into().ok()?;
        if !self.is_little_endian {
            bytes.reverse();
        }
        Some(bytes)
    }

    fn u16_at(self, offset: usize) -> Option<u16> {
        self.array_at(offset).map(u16::from_le_bytes)
    }

    fn u32_at(self, offset: usize) -> Option<u32> {
        self.array_at(offset).map(u32::from_le_bytes)
    }

    fn u64_at(self, offset: usize) -> Option<u64> {
        self.array_at(offset).map(u64::from_le_bytes)
    }
}

impl<'a> Directory<'a> {
    pub(crate) fn file(&self) -> TiffFile<'a> {
        self.file
    }

    /// Identifies a directory in a file.
    pub(crate) fn place(&self) -> usize {
        self.entries
    }

    /// The next directory in the chain of pages.
    pub(crate) fn next(&self) -> Option<Self> {
        let end = self.entries.checked_add(self.count * self.file.entry_len())?;
        let offset = if self.file.is_big { self.file.u64_at(end)? } else { self.file.u32_at(end)?.into() };
        self.file.directory(offset).filter(|_| offset != 0)
    }

    pub(crate) fn has(&self, tag: u16) -> bool {
        self.values(tag).is_some()
    }

    /// The first whole number of `tag`.
    pub(crate) fn number(&self, tag: u16) -> Option<u64> {
        self.values(tag)?.numbers(self.file).next()
    }

    /// The whole numbers of `tag`; empty if absent. No list is longer than a palette.
    pub(crate) fn numbers(&self, tag: u16) -> Vec<u64> {
        self.first_numbers(tag, 3 << 16)
    }

    /// At most the first `most` whole numbers of `tag`.
    pub(crate) fn first_numbers(&self, tag: u16, most: usize) -> Vec<u64> {
        self.values(tag).map(|values| values.numbers(self.file).take(most).collect()).unwrap_or_default()
    }

    /// The fractions of `tag`; empty if absent.
    pub(crate) fn fractions(&self, tag: u16) -> Vec<f32> {
        let Some(Values { kind: RATIONAL, bytes }) = self.values(tag) else { return Vec::new() };
        let file = TiffFile { bytes, ..self.file };
        #[expect(clippy::cast_precision_loss, reason = "a few levels of colour")]
        let fraction = |offset| Some(file.u32_at(offset)? as f32 / file.u32_at(offset + 4)? as f32);
        (0..bytes.len()).step_by(8).take(MAX_FRACTIONS).filter_map(fraction).collect()
    }

    /// Text up to the terminating zero.
    pub(crate) fn text(&self, tag: u16) -> Option<&'a str> {
        let values = self.values(tag).filter(|values| values.kind == ASCII)?;
        std::str::from_utf8(values.bytes.split(|&byte| byte == 0).next()?).ok()
    }

    pub(crate) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        self.values(tag).filter(|values| matches!(values.kind, BYTE | UNDEFINED)).map(|values| values.bytes)
    }

    fn values(&self, tag: u16) -> Option<Values<'a>> {
        let file = self.file;
        let entry = (0..self.count.min(MAX_ENTRIES))
            .map(|index| self.entries + index * file.entry_len())
            .find(|&entry| file.u16_at(entry) == Some(tag))?;
        let kind = file.u16_at(entry + 2)?;
        let (count, value) = if file.is_big {
            (file.u64_at(entry + 4)?, entry + 12)
        } else {
            (file.u32_at(entry + 4)?.into(), entry + 8)
        };
        let len = usize::try_from(count).ok()?.checked_mul(size_of_kind(kind)?)?;
        // Short values are in the entry itself, longer ones elsewhere.
        let start = match (len, file.is_big) {
            (0..=4, false) | (0..=8, true) => value,
            (_, false) => usize::try_from(file.u32_at(value)?).ok()?,
            (_, true) => usize::try_from(file.u64_at(value)?).ok()?,
        };
        Some(Values { kind, bytes: file.bytes.get(start..start.checked_add(len)?)? })
    }
}

impl Values<'_> {
    fn numbers(&self, file: TiffFile) -> impl Iterator<Item = u64> {
        let file = TiffFile { bytes: self.bytes, ..file };
        let size = size_of_kind(self.kind).unwrap_or(1);
        let number = move |kind, offset| match kind {
            BYTE => file.bytes.get(offset).copied().map(u64::from),
            SHORT => file.u16_at(offset).map(u64::from),
            LONG | IFD => file.u32_at(offset).map(u64::from),
            LONG8 | IFD8 => file.u64_at(offset),
            _ => None,
        };
        let kind = self.kind;
        (0..self.bytes.len()).step_by(size).map_while(move |offset| number(kind, offset))
    }
}

const fn size_of_kind(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}
