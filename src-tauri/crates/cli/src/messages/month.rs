//! What was spent this month.

use std::io::{self, Write};

use domain::money::{CostRange, PicoDollars};
use domain::month::{MonthReach, MonthSpending};

use super::format::{at_most, exact_money, money};

pub fn month(out: &mut dyn Write, month: &MonthSpending) -> io::Result<()> {
    writeln!(out, "{}", spent(month))?;
    if month.reserved > PicoDollars::ZERO {
        writeln!(out, "Reserved for requests without an answer so far: up to {}", at_most(month.reserved))?;
    }
    match month.left {
        Some(left) => writeln!(out, "Left: {}. No run sends a request that could exceed it.", money(left)),
        None => writeln!(out, "No monthly cap. To set one: fieldmark budget --monthly DOLLARS"),
    }
}

/// `This month: $4.12 of $25.00`
pub fn spent(month: &MonthSpending) -> String {
    let spent = money(month.spent);
    match month.cap {
        Some(cap) => format!("This month: {spent} of {}", exact_money(cap)),
        None => format!("This month: {spent}"),
    }
}

/// What a plan that costs `cost` would do to the month; `None` without a cap.
pub fn of_plan(month: &MonthSpending, cost: CostRange) -> Option<String> {
    let left = month.left?;
    let spent = spent(month).trim_start_matches("This month: ").to_owned();
    Some(match month.reach(cost) {
        MonthReach::Enough => format!("{spent} spent this month"),
        MonthReach::MayStop | MonthReach::Stops if left == PicoDollars::ZERO => {
            format!("{spent} spent this month: nothing is left of the cap, so no request would be sent")
        }
        MonthReach::MayStop => {
            let left = money(left);
            format!("{spent} spent this month: the bound passes the {left} left, so the run may stop before its end")
        }
        MonthReach::Stops => {
            let left = money(left);
            format!(
                "{spent} spent this month: the likely cost passes the {left} left, so the run will stop before its end"
            )
        }
    })
}
