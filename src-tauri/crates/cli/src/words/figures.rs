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

/// Dollars for people: more digits where there is less of it.
pub fn money(amount: PicoDollars) -> String {
    match amount.dollars() {
        0.0 => "$0".into(),
        dollars if dollars < 0.1 => format!("${dollars:.5}"),
        dollars if dollars < 10.0 => format!("${dollars:.3}"),
        dollars => format!("${dollars:.2}"),
    }
}

/// Dollars of a price list: cents, and parts of them only where there are some.
pub fn price(amount: PicoDollars) -> String {
    const CENT: u64 = 10_000_000_000;
    if amount.0.is_multiple_of(CENT) {
        format!("${:.2}", amount.dollars())
    } else {
        format!("${:.4}", amount.dollars())
    }
}

/// Dollars that something stays below: rounded up to the next hundredth of a cent.
pub fn limit(amount: PicoDollars) -> String {
    const HUNDREDTH_OF_A_CENT: u64 = 100_000_000;
    format!("${:.4}", PicoDollars(amount.0.div_ceil(HUNDREDTH_OF_A_CENT)).times(HUNDREDTH_OF_A_CENT).dollars())
}

/// Milliseconds for people: `84 ms`, `2.10 s`, `3 min 25 s`, `7 h 12 min`.
pub fn duration(millis: f64) -> String {
    let duration = Duration::from_secs_f64(millis.max(0.0) / 1000.0);
    match duration.as_secs() {
        0 => format!("{millis:.0} ms"),
        1..60 => format!("{:.2} s", duration.as_secs_f64()),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Bytes for people, in the unit that disks are sold by.
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
        assert_eq!(limit(PicoDollars(1)), "$0.0001");
    }
}
