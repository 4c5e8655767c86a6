//! Natural order of file names: numbers by value, `img2` before `img10`, case-insensitive.

use std::cmp::Ordering;
use std::ffi::OsStr;

/// Compares two file names. Equal only for equal names, so that the order is total.
pub(crate) fn compare(a: &OsStr, b: &OsStr) -> Ordering {
    let (a, b) = (a.as_encoded_bytes(), b.as_encoded_bytes());
    compare_tokens(a, b).then_with(|| a.cmp(b))
}

fn compare_tokens(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let ordering = match (a.first(), b.first()) {
            (Some(first_a), Some(first_b)) if first_a.is_ascii_digit() && first_b.is_ascii_digit() => {
                compare_numbers(take_number(&mut a), take_number(&mut b))
            }
            (Some(first_a), Some(first_b)) => {
                a = &a[1..];
                b = &b[1..];
                first_a.to_ascii_lowercase().cmp(&first_b.to_ascii_lowercase())
            }
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// Splits off leading digits, without leading zeros.
fn take_number<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let len = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(len);
    *rest = after;
    let zeros = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
    &digits[zeros..]
}

fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_value() {
        let sorted = [
            "a",
            "img",
            "img2.jpg",
            "IMG2b.jpg",
            "img007.jpg",
            "img10.jpg",
            "img10a.jpg",
            "img99999999999999999999999",
            "z",
        ];
        let mut shuffled = sorted;
        shuffled.reverse();
        shuffled.sort_by(|a, b| compare(OsStr::new(a), OsStr::new(b)));
        assert_eq!(shuffled, sorted);
        assert_eq!(compare(OsStr::new("img01"), OsStr::new("img1")), Ordering::Less);
    }
}
