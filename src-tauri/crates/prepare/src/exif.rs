//! The few entries of EXIF that matter: how a picture is to be turned, and when it was taken. EXIF is a directory as TIFF
//! has it inside another file.
//!
//! Only the first directory and the one of the photo that it points to are read, so that a broken maker note further on
//! costs nothing, and without copying, so that a TIFF of hundreds of megabytes stays where it is. Whatever does not parse
//! reads as absent.

use domain::calendar::CalendarDate;
use domain::geometry::Orientation;
use domain::taken::Taken;

const NEW_SUBFILE_TYPE: u16 = 254;
const ORIENTATION: u16 = 274;
/// In the first directory: where the photo's own is.
const PHOTO_DIRECTORY: u16 = 0x8769;
const DATE_TIME_ORIGINAL: u16 = 0x9003;
const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
const SUB_SECOND_TIME_ORIGINAL: u16 = 0x9291;

const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;

const ENTRY_LEN: usize = 12;
/// Up to so many bytes stand in the entry itself, more of them elsewhere.
const INLINE_LEN: usize = 4;
const MINUTES_A_DAY: i16 = 24 * 60;

/// How the picture is to be turned; upright if `exif` says nothing sensible.
pub(crate) fn orientation(exif: &[u8]) -> Orientation {
    Tiff::of(exif)
        .and_then(|tiff| tiff.number(tiff.first_directory()?, ORIENTATION))
        .map_or(Orientation::Upright, |value| Orientation::from_exif(value).unwrap_or_default())
}

/// What the camera's clock showed when the photo was taken. The times at which a file was scanned or edited are others,
/// and are not taken for it.
pub(crate) fn taken(exif: &[u8]) -> Option<Taken> {
    let tiff = Tiff::of(exif)?;
    let photo = tiff.number(tiff.first_directory()?, PHOTO_DIRECTORY)?;
    let photo = usize::try_from(photo).ok()?;
    let clock_millis = clock_millis(tiff.text(photo, DATE_TIME_ORIGINAL)?)?;
    let sub_second_millis = tiff.text(photo, SUB_SECOND_TIME_ORIGINAL).and_then(sub_second_millis);
    Some(Taken {
        clock_millis: clock_millis + sub_second_millis.unwrap_or_default(),
        minutes_ahead_of_utc: tiff.text(photo, OFFSET_TIME_ORIGINAL).and_then(minutes_ahead_of_utc),
    })
}

/// Whether the first picture of a TIFF file calls itself a reduced version of another one, as the previews in the raw
/// files of cameras do (DNG, NEF, ARW). Decoding it would pass a stamp-sized preview for the photo.
pub(crate) fn is_camera_raw(tiff: &[u8]) -> bool {
    Tiff::of(tiff)
        .and_then(|tiff| tiff.number(tiff.first_directory()?, NEW_SUBFILE_TYPE))
        .is_some_and(|kind| kind & 1 == 1)
}

/// Of `2026:05:14 10:32:05`. A clock that was never set is written as noughts or spaces, and says nothing.
fn clock_millis(text: &str) -> Option<i64> {
    let mut numbers = text.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut next = |most: u16| numbers.next()?.parse::<u16>().ok().filter(|&number| number <= most);
    let (year, month, day) = (next(9999)?, next(12)?, next(31)?);
    let (hour, minute, second) = (next(23)?, next(59)?, next(60)?);
    if year == 0 || month == 0 || day == 0 {
        return None;
    }
    let date = CalendarDate::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second.min(59));
    date.is_real().then(|| Taken::clock_millis_at(date) + seconds * 1000)
}

/// Of the digits after the point: `5` is half a second, `050` a twentieth.
fn sub_second_millis(text: &str) -> Option<i64> {
    let digits: String = text.trim().chars().chain("000".chars()).take(3).collect();
    digits.parse::<u16>().ok().filter(|_| !text.trim().is_empty()).map(i64::from)
}

/// Of `+02:00`.
fn minutes_ahead_of_utc(text: &str) -> Option<i16> {
    let text = text.trim();
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let is_offset = (0..24).contains(&hours) && (0..60).contains(&minutes);
    is_offset.then(|| sign * (hours * 60 + minutes)).filter(|offset| offset.abs() < MINUTES_A_DAY)
}

struct Tiff<'a> {
    bytes: &'a [u8],
    is_little_endian: bool,
}

impl<'a> Tiff<'a> {
    /// Some writers of WebP put the six bytes that begin EXIF in a JPEG before it.
    fn of(exif: &'a [u8]) -> Option<Self> {
        let bytes = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        match bytes.get(..4)? {
            b"II*\0" => Some(Self { bytes, is_little_endian: true }),
            b"MM\0*" => Some(Self { bytes, is_little_endian: false }),
            _ => None,
        }
    }

    fn first_directory(&self) -> Option<usize> {
        usize::try_from(self.u32_at(4)?).ok()
    }

    fn number(&self, directory: usize, tag: u16) -> Option<u32> {
        let entry = self.entry(directory, tag)?;
        match self.u16_at(entry + 2)? {
            SHORT => self.u16_at(entry + 8).map(u32::from),
            LONG => self.u32_at(entry + 8),
            _ => None,
        }
    }

    /// Up to the nought that ends it.
    fn text(&self, directory: usize, tag: u16) -> Option<&'a str> {
        let entry = self.entry(directory, tag)?;
        if self.u16_at(entry + 2)? != ASCII {
            return None;
        }
        let len = usize::try_from(self.u32_at(entry + 4)?).ok()?;
        let start = if len > INLINE_LEN { usize::try_from(self.u32_at(entry + 8)?).ok()? } else { entry + 8 };
        let bytes = self.bytes.get(start..start.checked_add(len)?)?;
        std::str::from_utf8(bytes.split(|&byte| byte == 0).next()?).ok()
    }

    /// Where the entry of `tag` begins.
    fn entry(&self, directory: usize, tag: u16) -> Option<usize> {
        let entries = directory.checked_add(2)?;
        for index in 0..usize::from(self.u16_at(directory)?) {
            let entry = entries.checked_add(index * ENTRY_LEN)?;
            if self.u16_at(entry)? == tag {
                return Some(entry);
            }
        }
        None
    }

    fn u16_at(&self, offset: usize) -> Option<u16> {
        let bytes = self.bytes.get(offset..offset.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_little_endian { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn u32_at(&self, offset: usize) -> Option<u32> {
        let bytes = self.bytes.get(offset..offset.checked_add(4)?)?.try_into().ok()?;
        Some(if self.is_little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, exif_taken};

    #[test]
    fn broken_exif_is_upright() {
        let good = fixtures::exif(6);
        assert_eq!(orientation(&good), Orientation::NeedsClockwise90);
        for len in 0..good.len() {
            orientation(&good[..len]);
        }
        for value in [0, 9, 0xFFFF] {
            assert_eq!(orientation(&fixtures::exif(value)), Orientation::Upright);
        }
        let mut far_directory = good.clone();
        far_directory[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(orientation(&far_directory), Orientation::Upright);
    }

    fn at(text: &str) -> Option<(i64, Option<i16>)> {
        taken(&exif_taken(text, None, None)).map(|taken| (taken.clock_millis, taken.minutes_ahead_of_utc))
    }

    #[test]
    fn the_clock_of_the_camera_is_read_as_it_stood() {
        let may = 1_778_754_725_000;
        assert_eq!(at("2026:05:14 10:32:05"), Some((may, None)));
        assert_eq!(at("2026-05-14T10:32:05"), Some((may, None)), "as some phones write it");
        assert_eq!(at("1955:11:05 06:15:00"), Some((-446_751_900_000, None)), "a scan that was dated");
        let with = |sub_second, offset| taken(&exif_taken("2026:05:14 10:32:05", sub_second, offset)).unwrap();
        assert_eq!(with(None, Some("+02:00")), Taken { clock_millis: may, minutes_ahead_of_utc: Some(120) });
        assert_eq!(with(None, Some("-03:30")).minutes_ahead_of_utc, Some(-210));
        assert_eq!(with(None, Some("   :  ")).minutes_ahead_of_utc, None);
        assert_eq!(with(Some("5"), None).clock_millis, may + 500);
        assert_eq!(with(Some("042113"), None).clock_millis, may + 42);
        assert_eq!(with(Some("  "), None).clock_millis, may);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "0000:00:00 00:00:00",
            "    :  :     :  :  ",
            "2026:02:30 10:00:00",
            "2026:13:01 10:00:00",
            "2026:05:14 24:00:00",
            "2026:05:14",
            "yesterday",
            "",
        ] {
            assert_eq!(at(text), None, "{text:?}");
        }
        let good = exif_taken("2026:05:14 10:32:05", Some("5"), Some("+02:00"));
        assert!(taken(&good).is_some());
        for len in 0..good.len() {
            taken(&good[..len]);
        }
        assert_eq!(taken(&fixtures::exif(6)), None);
    }
}
