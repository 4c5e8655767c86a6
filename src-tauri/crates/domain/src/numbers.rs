//! Numbers as counts, and as people read and write them.

/// The number of something in memory. There are never as many as a `u32` counts.
#[must_use]
pub fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// The number that was written: 0.9 rather than 0.8999999761581421. It is read back as the same `f32`.
#[must_use]
pub fn decimal(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| number.into())
}

/// A number in groups of three digits: `13,944`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// A share as a percentage with this many decimals: `97.5 %`.
#[must_use]
pub fn percent(share: f64, decimals: usize) -> String {
    format!("{:.decimals$} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1_000, 13_944, 1_000_000].map(grouped), ["0", "999", "1,000", "13,944", "1,000,000"]);
        assert_eq!([percent(0.975, 1), percent(0.975, 0)], ["97.5 %", "98 %"]);
        assert_eq!(decimal(0.9).to_string(), "0.9");
        assert_eq!([count(7), count(usize::MAX)], [7, u32::MAX]);
    }
}
