//! Numbers for people.

use std::time::Duration;

use domain::money::{CostRange, PicoDollars};
pub use domain::numbers::grouped;

const PICO_DOLLARS: u64 = 1_000_000_000_000;

/// A number with its noun: `1 image`, `7 images`.
pub fn counted(count: u32, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count.into()))
}

pub fn counted_len(count: usize, noun: &str) -> String {
    counted(domain::numbers::count(count), noun)
}

/// Dollars for people, in cents, and below ten cents with two significant digits: `$4,321.00`, `$0.0024`, `$0.030`.
pub fn money(amount: PicoDollars) -> String {
    if amount == PicoDollars::ZERO {
        return "$0".to_owned();
    }
    // What is rounded up to ten cents is in cents.
    let unit = pico_dollars_in_last(amount.shown_decimals());
    let near = PicoDollars(amount.0.saturating_add(unit / 2) / unit * unit);
    format!("${}", rounded(near, near.shown_decimals()))
}

/// Dollars of an upper bound: rounded up.
pub fn at_most(amount: PicoDollars) -> String {
    money(amount.rounded_up())
}

/// Dollars that are not rounded, such as a budget or a list price: `$0.60`, `$0.0125`.
pub fn exact_money(amount: PicoDollars) -> String {
    let (whole, fraction) = (amount.0 / PICO_DOLLARS, amount.0 % PICO_DOLLARS);
    let fraction = format!("{fraction:012}");
    let (cents, rest) = fraction.split_at(2);
    format!("${}.{cents}{}", grouped(whole), rest.trim_end_matches('0'))
}

/// Both ranges: `likely $0.31-0.54, never above $1.10`.
pub fn likely_and_bound(cost: CostRange) -> String {
    format!("likely {}, never above {}", likely(cost), at_most(cost.at_most))
}

/// `$0.31-0.54`
pub fn likely(cost: CostRange) -> String {
    let (low, high) = (money(cost.likely_low), money(cost.likely_high));
    if low == high { low } else { format!("{low}-{}", high.trim_start_matches('$')) }
}

/// An actual cost, its estimate and the likely range, all with the precision of the smaller of the first two, and the bound:
/// `$0.104 (estimated $0.052, likely $0.029-0.080, never above $0.30)`.
pub fn cost_and_estimate(cost: PicoDollars, estimate: CostRange) -> String {
    let smaller = match (cost, estimate.expected) {
        (PicoDollars::ZERO, other) | (other, PicoDollars::ZERO) => other,
        (cost, expected) => cost.min(expected),
    };
    // A dollar and more is in cents.
    let decimals_of = |amount: PicoDollars| if amount.0 < PICO_DOLLARS { smaller.shown_decimals() } else { 2 };
    let shown = |amount: PicoDollars| rounded(amount, decimals_of(amount));
    let cost = if cost == PicoDollars::ZERO { "0".to_owned() } else { shown(cost) };
    let [expected, low, high] = [estimate.expected, estimate.likely_low, estimate.likely_high].map(shown);
    format!("${cost} (estimated ${expected}, likely ${low}-{high}, never above {})", at_most(estimate.at_most))
}

/// Dollars with so many decimals, without the sign.
fn rounded(amount: PicoDollars, decimals: usize) -> String {
    let unit = pico_dollars_in_last(decimals);
    number(amount.0.saturating_add(unit / 2) / unit, decimals)
}

fn pico_dollars_in_last(decimals: usize) -> u64 {
    10_u64.pow(u32::try_from(12_usize.saturating_sub(decimals)).unwrap_or_default())
}

/// `units` of the last of these decimals: `1,234.50`.
fn number(units: u64, decimals: usize) -> String {
    let scale = 10_u64.pow(u32::try_from(decimals).unwrap_or_default());
    format!("{}.{:0decimals$}", grouped(units / scale), units % scale)
}

/// A rate for people, per minute: `4.2`, `37`, `1,240`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and `as` saturates")]
pub fn per_minute(per_second: f64) -> String {
    let rate = per_second.max(0.0) * 60.0;
    if rate < 9.95 { trimmed(rate) } else { grouped(rate.round() as u64) }
}

/// With a decimal, unless it is zero: `3.4`, `32`.
pub fn trimmed(number: f64) -> String {
    let tenths = format!("{number:.1}");
    tenths.strip_suffix(".0").map_or_else(|| tenths.clone(), ToOwned::to_owned)
}

/// Milliseconds for people: `84 ms`, `2.1 s`, `41 s`, `3 min 25 s`, `7 h 12 min`, `3 d 4 h`. The window formats them the
/// same way.
pub fn duration(millis: f64) -> String {
    let seconds = millis.max(0.0) / 1000.0;
    if seconds == 0.0 {
        return "0 s".into();
    }
    if seconds < 0.001 {
        return "under 1 ms".into();
    }
    if seconds < 0.9995 {
        return format!("{millis:.0} ms");
    }
    if seconds < 9.95 {
        return format!("{} s", trimmed(seconds));
    }
    let whole = Duration::try_from_secs_f64(seconds.round()).unwrap_or(Duration::MAX).as_secs();
    let minutes = (whole + 30) / 60;
    match whole {
        ..60 => format!("{whole} s"),
        60..3600 => pair(whole / 60, "min", whole % 60, "s"),
        _ if minutes < 24 * 60 => pair(minutes / 60, "h", minutes % 60, "min"),
        _ => {
            let hours = (minutes + 30) / 60;
            pair(hours / 24, "d", hours % 24, "h")
        }
    }
}

fn pair(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    let small = if small == 0 { String::new() } else { format!(" {small} {small_unit}") };
    format!("{} {large_unit}{small}", grouped(large))
}

/// Bytes for people, in the decimal units that disks are sold by.
pub fn bytes(count: u64) -> String {
    const MEGABYTE: u64 = 1_000_000;
    match count / MEGABYTE {
        0 => format!("{} KB", count.div_ceil(1_000)),
        megabytes @ ..1_000 => format!("{megabytes} MB"),
        megabytes => format!("{} GB", grouped(megabytes / 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            [84.0, 999.6, 2_100.0, 40_600.0, 205_000.0, 3_599_800.0, 25_920_000.0, 273_600_000.0].map(duration),
            ["84 ms", "1 s", "2.1 s", "41 s", "3 min 25 s", "1 h", "7 h 12 min", "3 d 4 h"]
        );
        assert_eq!([0.004, 0.07, 0.6, 20.7].map(per_minute), ["0.2", "4.2", "36", "1,242"]);
        assert_eq!(counted(1, "image"), "1 image");
        assert_eq!(counted(1_200, "image"), "1,200 images");
        let dollars = |dollars: f64| PicoDollars::from_dollars(dollars).unwrap();
        let amounts = [0.000_4, 0.023_4, 0.099_6, 0.409, 1.0, 13.306, 4_321.0].map(dollars);
        assert_eq!(amounts.map(money), ["$0.00040", "$0.023", "$0.10", "$0.41", "$1.00", "$13.31", "$4,321.00"]);
        assert_eq!([0.002_312, 0.961].map(|amount| at_most(dollars(amount))), ["$0.0024", "$0.97"]);
        assert_eq!(
            [0.6, 0.012_5, 1_234.5].map(|amount| exact_money(dollars(amount))),
            ["$0.60", "$0.0125", "$1,234.50"]
        );
    }

    #[test]
    fn a_cost_and_its_estimate_have_one_precision() {
        let dollars = |dollars: f64| PicoDollars::from_dollars(dollars).unwrap();
        let range = |low, expected, high, at_most| CostRange {
            likely_low: dollars(low),
            expected: dollars(expected),
            likely_high: dollars(high),
            at_most: dollars(at_most),
        };
        assert_eq!(
            cost_and_estimate(dollars(0.104), range(0.028_71, 0.052_16, 0.081_2, 0.296_02)),
            "$0.104 (estimated $0.052, likely $0.029-0.081, never above $0.30)"
        );
        assert_eq!(
            cost_and_estimate(dollars(12.4), range(9.0, 12.0, 15.0, 1_300.0)),
            "$12.40 (estimated $12.00, likely $9.00-15.00, never above $1,300.00)"
        );
        assert_eq!(
            cost_and_estimate(PicoDollars::ZERO, range(0.041, 0.084, 0.16, 34.13)),
            "$0 (estimated $0.084, likely $0.041-0.160, never above $34.13)"
        );
        assert_eq!(likely_and_bound(range(0.312, 0.41, 0.544, 1.091)), "likely $0.31-0.54, never above $1.10");
        assert_eq!(likely(range(0.000_24, 0.41, 0.544, 1.091)), "$0.00024-0.54");
        assert_eq!(likely(range(0.02, 0.027, 0.074, 4.38)), "$0.020-0.074");
        assert_eq!(likely(range(0.312, 0.312, 0.312, 1.0)), "$0.31");
    }
}
