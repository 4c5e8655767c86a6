//! Numbers for people.

use std::time::Duration;

use domain::money::PicoDollars;

/// A number with its noun: `1 image`, `7 images`.
pub fn counted(count: u32, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count.into()))
}

pub fn counted_len(count: usize, noun: &str) -> String {
    counted(u32::try_from(count).unwrap_or(u32::MAX), noun)
}

/// A number in groups of three digits: `13,944`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// Dollars for people, to the nearest cent, and below ten cents with two significant digits: `$4,321.00`, `$0.0024`. The
/// window writes them the same way.
pub fn money(amount: PicoDollars) -> String {
    if amount == PicoDollars::ZERO {
        return "$0".into();
    }
    let decimals = 13_u32.saturating_sub(amount.0.ilog10()).clamp(2, 12) as usize;
    let written = format!("{:.decimals$}", amount.dollars());
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let (cents, rest) = fraction.split_at(2.min(fraction.len()));
    format!("${}.{cents}{}", grouped(whole.parse().unwrap_or_default()), rest.trim_end_matches('0'))
}

/// Dollars of an upper bound: rounded up.
pub fn at_most(amount: PicoDollars) -> String {
    money(amount.rounded_up())
}

/// Dollars of a price list: cents, and fractions of them only if there are any.
pub fn price(amount: PicoDollars) -> String {
    const CENT: u64 = 10_000_000_000;
    if amount.0.is_multiple_of(CENT) {
        format!("${:.2}", amount.dollars())
    } else {
        format!("${:.4}", amount.dollars())
    }
}

/// Milliseconds for people: `84 ms`, `2.10 s`, `3 min 25 s`, `7 h 12 min`.
pub fn duration(millis: f64) -> String {
    let duration = Duration::try_from_secs_f64(millis.max(0.0) / 1000.0).unwrap_or(Duration::MAX);
    match duration.as_secs() {
        0 => format!("{millis:.0} ms"),
        1..60 => format!("{:.2} s", duration.as_secs_f64()),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Bytes for people, in the decimal units that disks are sold by.
pub fn bytes(count: u64) -> String {
    const MEGABYTE: u64 = 1_000_000;
    match count / MEGABYTE {
        megabytes @ ..1_000 => format!("{megabytes} MB"),
        megabytes => format!("{} GB", grouped(megabytes / 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1_000, 13_944, 1_000_000].map(grouped), ["0", "999", "1,000", "13,944", "1,000,000"]);
        assert_eq!(
            [84.0, 2_100.0, 205_000.0, 25_920_000.0].map(duration),
            ["84 ms", "2.10 s", "3 min 25 s", "7 h 12 min"]
        );
        assert_eq!(counted(1, "image"), "1 image");
        assert_eq!(counted(1_200, "image"), "1,200 images");
        let dollars = |dollars: f64| PicoDollars::from_dollars(dollars).unwrap();
        let amounts = [0.000_4, 0.023_4, 0.099_6, 0.409, 1.0, 13.306, 4_321.0].map(dollars);
        assert_eq!(amounts.map(money), ["$0.0004", "$0.023", "$0.10", "$0.41", "$1.00", "$13.31", "$4,321.00"]);
        assert_eq!([0.002_312, 0.961].map(|amount| at_most(dollars(amount))), ["$0.0024", "$0.97"]);
    }
}
