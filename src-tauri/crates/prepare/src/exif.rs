//! The few EXIF entries that matter: orientation, capture time, camera and position.
//!
//! Only the first directory and the photo directory that it points to are read, so that a broken maker note does not
//! matter.
//!
//! EXIF consists of TIFF directories, which `crate::tiff::directory` reads in place and which decoding TIFF and
//! `BigTIFF` needs anyway. A crate would not replace that reader: kamadak-exif copies the block that it reads, which
//! for TIFF is the whole file, and neither it nor nom-exif supports `BigTIFF`. The rest is a few tags, and dates in the
//! forms that phones write, which these crates leave to their callers.

use crate::tiff::directory::{Directory, TiffFile, tag};
use domain::calendar::CalendarDate;
use domain::camera::{Camera, Position};
use domain::geometry::Orientation;
use domain::taken::Taken;

/// The year of the oldest surviving photo. Earlier dates are from a clock that was never set, or invalid.
const FIRST_PHOTO: i16 = 1826;
const MINUTES_A_DAY: i16 = 24 * 60;

/// The orientation; upright if `exif` has none or an invalid one.
pub(crate) fn orientation(exif: &[u8]) -> Orientation {
    TiffFile::of(exif).and_then(TiffFile::first_directory).as_ref().map(orientation_of).unwrap_or_default()
}

pub(crate) fn orientation_of(directory: &Directory) -> Orientation {
    let value = directory.number(tag::ORIENTATION).and_then(|value| u32::try_from(value).ok());
    value.and_then(Orientation::from_exif).unwrap_or_default()
}

/// The camera's clock when the photo was taken. Scan and edit times are not used.
pub(crate) fn taken(exif: &[u8]) -> Option<Taken> {
    let file = TiffFile::of(exif)?;
    let photo = file.directory(file.first_directory()?.number(tag::EXIF_DIRECTORY)?)?;
    let clock_millis = clock_millis(photo.text(tag::DATE_TIME_ORIGINAL)?)?;
    let sub_second_millis = photo.text(tag::SUB_SECOND_TIME_ORIGINAL).and_then(sub_second_millis);
    Some(Taken {
        clock_millis: clock_millis + sub_second_millis.unwrap_or_default(),
        minutes_ahead_of_utc: photo.text(tag::OFFSET_TIME_ORIGINAL).and_then(minutes_ahead_of_utc),
    })
}

/// What the camera recorded about itself and its settings; `None` if nothing.
pub(crate) fn camera(exif: &[u8]) -> Option<Camera> {
    let file = TiffFile::of(exif)?;
    let first = file.first_directory()?;
    let photo = first.number(tag::EXIF_DIRECTORY).and_then(|offset| file.directory(offset));
    let text = |directory: Option<Directory<'_>>, tag| {
        let text = directory?.text(tag)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let positive = |tag| {
        let value = f64::from(*photo?.fractions(tag).first()?);
        (value.is_finite() && value > 0.0).then_some(value)
    };
    let camera = Camera {
        make: text(Some(first), tag::MAKE),
        model: text(Some(first), tag::MODEL),
        lens: text(photo, tag::LENS_MODEL),
        exposure_seconds: positive(tag::EXPOSURE_TIME),
        f_number: positive(tag::F_NUMBER),
        iso: photo.and_then(|photo| photo.number(tag::ISO_SPEED)).and_then(|iso| u32::try_from(iso).ok()),
        focal_length_mm: positive(tag::FOCAL_LENGTH),
    };
    (camera != Camera::default()).then_some(camera)
}

/// Where the photo was taken; `None` if the camera did not record it, or not validly.
pub(crate) fn position(exif: &[u8]) -> Option<Position> {
    let file = TiffFile::of(exif)?;
    let gps = file.directory(file.first_directory()?.number(tag::GPS_DIRECTORY)?)?;
    let degrees = |value, reference, negative, most: f64| {
        let [degrees, minutes, seconds] = gps.fractions(value)[..] else { return None };
        let angle = f64::from(degrees) + f64::from(minutes) / 60.0 + f64::from(seconds) / 3600.0;
        let is_negative = gps.text(reference)?.trim().eq_ignore_ascii_case(negative);
        (angle.is_finite() && angle <= most).then_some(if is_negative { -angle } else { angle })
    };
    Some(Position {
        latitude: degrees(tag::GPS_LATITUDE, tag::GPS_LATITUDE_REF, "S", 90.0)?,
        longitude: degrees(tag::GPS_LONGITUDE, tag::GPS_LONGITUDE_REF, "W", 180.0)?,
    })
}

/// Parses `2026:05:14 10:32:05`. A clock that was never set is written as zeros or spaces.
fn clock_millis(text: &str) -> Option<i64> {
    let mut numbers = text.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty());
    let year = numbers.next()?.parse().ok().filter(|&year| year >= FIRST_PHOTO)?;
    let mut next = |most: i8| numbers.next()?.parse::<i8>().ok().filter(|&number| number <= most);
    let day = CalendarDate::of(year, next(12)?, next(31)?)?;
    let (hour, minute, second) = (next(23)?, next(59)?, next(60)?);
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second.min(59));
    Some(Taken::clock_millis_at(day) + seconds * 1000)
}

/// Parses fractional digits: `5` is half a second, `050` a twentieth.
fn sub_second_millis(text: &str) -> Option<i64> {
    let digits: String = text.trim().chars().chain("000".chars()).take(3).collect();
    digits.parse::<u16>().ok().filter(|_| !text.trim().is_empty()).map(i64::from)
}

/// Parses `+02:00`.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, exif_taken};

    /// As Pillow 13 writes it: `exif[0x10F] = "Canon"`, with directories 0x8769 and 0x8825.
    const CAMERA: &[u8] = include_bytes!("exif/camera.bin");

    #[test]
    fn the_camera_and_the_position_are_read() {
        let camera = camera(CAMERA).unwrap();
        assert_eq!(camera.make.as_deref(), Some("Canon"));
        assert_eq!(camera.model.as_deref(), Some("Canon EOS R5"));
        assert_eq!(camera.lens.as_deref(), Some("RF100-500mm F4.5-7.1 L IS USM"));
        assert!((camera.f_number.unwrap() - 7.1).abs() < 1e-6);
        assert!((1.0 / camera.exposure_seconds.unwrap() - 1600.0).abs() < 1e-2);
        assert_eq!((camera.iso, camera.focal_length_mm), (Some(800), Some(500.0)));
        let Position { latitude, longitude } = position(CAMERA).unwrap();
        assert!((latitude - 36.990_556).abs() < 1e-4 && (longitude + 6.441_667).abs() < 1e-4, "{latitude} {longitude}");
        let without = fixtures::exif(6);
        assert_eq!((super::camera(&without), position(&without)), (None, None));
        for length in 0..CAMERA.len() {
            // A block that is cut off is read as far as it goes.
            let _ = (super::camera(&CAMERA[..length]), position(&CAMERA[..length]));
        }
    }

    #[test]
    fn numbers_that_no_camera_writes_are_left_out() {
        // Where its fractions are: exposure, aperture, focal length, degrees of latitude and longitude.
        let with = |fraction: usize, (dividend, divisor): (u32, u32)| {
            let mut exif = CAMERA.to_vec();
            let start = [154, 162, 170, 262, 286][fraction];
            exif[start..start + 4].copy_from_slice(&dividend.to_be_bytes());
            exif[start + 4..start + 8].copy_from_slice(&divisor.to_be_bytes());
            exif
        };
        for odd in [(0, 0), (1, 0), (u32::MAX, 0), (0, 1)] {
            let camera = |fraction| camera(&with(fraction, odd)).unwrap();
            assert_eq!(camera(0).exposure_seconds, None, "{odd:?}");
            assert_eq!(camera(1).f_number, None, "{odd:?}");
            assert_eq!(camera(2).focal_length_mm, None, "{odd:?}");
        }
        for odd in [(0, 0), (1, 0), (181, 1), (u32::MAX, 1)] {
            assert_eq!((position(&with(3, odd)), position(&with(4, odd))), (None, None), "{odd:?}");
        }
        assert_eq!(position(&with(3, (91, 1))), None);
        assert!(position(&with(3, (0, 1))).is_some() && position(&with(4, (91, 1))).is_some());
    }

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
    fn exif_numbers_out_of_range_are_not_a_time() {
        let offset = |text: &str| taken(&exif_taken("2026:05:14 10:32:05", Some("999"), Some(text))).unwrap();
        for text in ["+99:99", "+24:00", "-32768:00", "+99999999999:00", "+00:60", "NaN", "+1e9:00", "--01:00"] {
            assert_eq!(offset(text).minutes_ahead_of_utc, None, "{text}");
        }
        assert_eq!(at("9999:12:31 23:59:60").unwrap().0, 253_402_300_799_000);
        for text in ["65536:01:01 00:00:00", "99999999999:01:01 00:00:00", "-2026:00:-1 00:00:00", "1e3:01:01 00:00:00"]
        {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn an_invalid_time_is_none() {
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
