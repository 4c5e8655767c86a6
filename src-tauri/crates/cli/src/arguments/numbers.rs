//! Parsers of typed numbers. An invalid one is refused with the valid range.

use std::ops::RangeInclusive;

use domain::money::PicoDollars;

/// A whole number within `range`.
pub fn whole<Number: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<Number, String> + Clone + Send + Sync + 'static {
    move |typed| {
        let number = typed.trim().parse().ok().filter(|number| range.contains(number));
        number
            .and_then(|number| Number::try_from(number).ok())
            .ok_or_else(|| format!("expected a whole number from {} to {}", range.start(), range.end()))
    }
}

/// A whole number within `range`.
pub fn within(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    whole(u64::from(*range.start())..=u64::from(*range.end()))
}

/// A number of images.
pub fn count() -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    within(1..=1_000_000_000)
}

/// A budget in dollars.
pub fn dollars(typed: &str) -> Result<PicoDollars, String> {
    let amount = typed.trim().trim_start_matches('$').parse().ok().and_then(PicoDollars::budget);
    amount.ok_or_else(|| {
        let most = PicoDollars::LARGEST_BUDGET_DOLLARS;
        format!("expected an amount in dollars above 0 and up to {most}, such as 0.60")
    })
}

/// A share, confidence or overlap.
pub fn share(typed: &str) -> Result<f64, String> {
    let share = typed.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1, such as 0.5".to_owned())
}

/// A price of a million tokens in dollars.
pub fn price(typed: &str) -> Result<PicoDollars, String> {
    let amount = typed.trim().trim_start_matches('$').parse().ok();
    let amount = amount.filter(|dollars| (0.0..=MAX_PRICE_DOLLARS).contains(dollars));
    // Zero is no amount of dollars that could be paid.
    amount
        .and_then(
            |dollars: f64| if dollars == 0.0 { Some(PicoDollars::ZERO) } else { PicoDollars::from_dollars(dollars) },
        )
        .ok_or_else(|| format!("expected dollars per million tokens from 0 to {MAX_PRICE_DOLLARS}, such as 2.50"))
}

/// Of a million tokens.
const MAX_PRICE_DOLLARS: f64 = 10_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_are_refused_with_the_range() {
        let silly = ["0", "-1", "1e30", "NaN", "inf", "5.5", "99999999999999999999", "1000000001", "", "many"];
        for typed in silly {
            assert_eq!(count()(typed).unwrap_err(), "expected a whole number from 1 to 1000000000", "{typed}");
        }
        assert_eq!(count()(" 12 "), Ok(12));
        for typed in ["0", "-1", "1e30", "NaN", "inf", "-inf", "1000001", "1e-13", "", "$", "many"] {
            assert!(dollars(typed).unwrap_err().contains("above 0 and up to 1000000"), "{typed}");
        }
        assert_eq!(dollars("$0.60"), Ok(PicoDollars(600_000_000_000)));
        for typed in ["-1", "NaN", "inf", "10001", "", "cheap"] {
            assert!(price(typed).unwrap_err().contains("from 0 to 10000"), "{typed}");
        }
        for typed in ["-0.1", "1.1", "NaN", "inf", "50%", ""] {
            assert!(share(typed).unwrap_err().contains("from 0 to 1"), "{typed}");
        }
        assert_eq!([share("0"), share(" .75 "), share("1")], [Ok(0.0), Ok(0.75), Ok(1.0)]);
        assert_eq!([price("$0.60"), price("0")], [Ok(PicoDollars(600_000_000_000)), Ok(PicoDollars::ZERO)]);
    }
}
