//! What was spent over all time, summed up: the figures of the command and of the window.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::BTreeSet;
use std::io::{self, Write};

use domain::calendar::CalendarDate;
use domain::ids::RunId;
use domain::month::CalendarMonth;
use domain::run::RunSummary;
use domain::spend::{
    AcceptedCost, DaySpending, Forecast, LedgerSum, MonthCourse, ReviewedSum, RunEstimate, SpendChoices, SpendFilter,
    SpendKey, SpendReport, SpendRow, summed,
};
use domain::text::without_formula;

use super::MonthlySpending;
use crate::Result;
use crate::clock::{local_day, now_millis, this_month};

impl MonthlySpending {
    /// What was spent over all time, as far as `filter` admits it, summed up by `keys`.
    pub fn by(&self, keys: &[SpendKey], filter: &SpendFilter) -> Result<Vec<SpendRow>> {
        let sums = self.store.read_blocking(|view| view.spend())?;
        Ok(summed(sums.iter().filter(|sum| filter.admits(sum)), keys))
    }

    /// The same as CSV.
    pub fn csv(&self, keys: &[SpendKey], filter: &SpendFilter) -> Result<String> {
        let mut table = Vec::new();
        // Writing to memory does not fail.
        let _ = write_spend_csv(&mut table, &self.by(keys, filter)?, keys);
        Ok(String::from_utf8(table).unwrap_or_default())
    }

    /// All figures about spending, as far as `filter` admits them.
    pub fn report(&self, filter: &SpendFilter) -> Result<SpendReport> {
        let (all, reviewed, runs) =
            self.store.read_blocking(|view| Ok((view.spend()?, view.reviewed_spend()?, view.runs()?)))?;
        let sums: Vec<&LedgerSum> = all.iter().filter(|sum| filter.admits(sum)).collect();
        let by = |keys: &[SpendKey]| summed(sums.iter().copied(), keys);
        let by_month_and = |key| by(&[SpendKey::Month, key]);
        let admitted: BTreeSet<RunId> = sums.iter().filter_map(|sum| sum.run).collect();
        let is_shown = |sum: &&ReviewedSum| {
            admitted.contains(&sum.run)
                && filter.from.as_ref().is_none_or(|from| *from <= sum.month)
                && filter.collection.as_ref().is_none_or(|wanted| *wanted == sum.collection)
        };
        let estimates = runs.iter().rev().filter(|run| admitted.contains(&run.id)).filter_map(estimate);
        Ok(SpendReport {
            total: by(&[]).pop().unwrap_or_default(),
            by_month: by(&[SpendKey::Month]),
            by_model: by(&[SpendKey::Model]),
            by_recipe: by(&[SpendKey::Recipe]),
            by_collection: by(&[SpendKey::Collection]),
            models_by_month: by_month_and(SpendKey::Model),
            recipes_by_month: by_month_and(SpendKey::Recipe),
            collections_by_month: by_month_and(SpendKey::Collection),
            estimates: estimates.collect(),
            accepted: AcceptedCost::by_model(reviewed.iter().filter(is_shown)),
            course: self.course()?,
            choices: choices(&all),
            model_names: runs.iter().rev().map(|run| (run.model.0.clone(), run.model_name.clone())).collect(),
        })
    }

    /// The current month, day by day.
    fn course(&self) -> Result<MonthCourse> {
        let CalendarMonth { first_day, from_millis, until_millis } = this_month();
        let month = CalendarMonth { first_day, from_millis, until_millis };
        let now = now_millis();
        let (days, pace) = self.store.read_blocking(|view| Ok((view.spent_by_day(month)?, view.pace(now)?)))?;
        let (today, last_day) = (local_day(now), first_day.month().1);
        let days_left = u32::try_from(last_day.days_since_epoch() - today.days_since_epoch()).unwrap_or_default();
        let this_month = self.this_month()?;
        Ok(MonthCourse {
            month: this_month,
            today,
            last_day,
            days: days
                .into_iter()
                .filter_map(|(day, spent)| Some(DaySpending { day: CalendarDate::try_from(day).ok()?, spent }))
                .collect(),
            forecast: pace.map(|pace| Forecast::new(this_month.spent, days_left, pace)),
        })
    }
}

/// The quote of a complete run with a cost that is known, and that cost.
fn estimate(run: &RunSummary) -> Option<RunEstimate> {
    let quoted = run.quoted.filter(|quoted| quoted.expected.0 > 0 && run.waiting == 0)?;
    Some(RunEstimate {
        run: run.id,
        started_at: run.started_at,
        model_name: run.model_name.clone(),
        quoted,
        paid: run.reported_cost()?,
        is_likely: run.is_cost_likely,
    })
}

fn choices(sums: &[LedgerSum]) -> SpendChoices {
    let values = |of: fn(&LedgerSum) -> &String| {
        let values: BTreeSet<&String> = sums.iter().map(of).collect();
        values.into_iter().cloned().collect()
    };
    SpendChoices {
        months: values(|sum| &sum.month),
        models: values(|sum| &sum.model),
        recipes: values(|sum| &sum.recipe),
        collections: values(|sum| &sum.collection),
    }
}

/// The last columns of the CSV. None is ever removed.
const FIGURES: [&str; 8] = [
    "requests",
    "input_tokens",
    "output_tokens",
    "paid_dollars",
    "possibly_billed_dollars",
    "runs",
    "images",
    "paid_for_failed_dollars",
];

/// CSV by RFC 4180, with amounts in dollars to the last digit.
pub fn write_spend_csv(out: impl Write, rows: &[SpendRow], keys: &[SpendKey]) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let names = keys.iter().map(|key| match key {
        SpendKey::Month => "month",
        SpendKey::Model => "model",
        SpendKey::Recipe => "recipe",
        SpendKey::Collection => "collection",
    });
    table.write_record(names.chain(FIGURES))?;
    for row in rows {
        let names = keys.iter().map(|key| without_formula(row.key(*key).unwrap_or_default()).into_owned());
        let figures = row.figures;
        table.write_record(names.chain([
            figures.requests.to_string(),
            figures.input_tokens.to_string(),
            figures.output_tokens.to_string(),
            figures.paid.exact(),
            figures.possibly_billed.exact(),
            row.runs.to_string(),
            figures.images.to_string(),
            figures.paid_for_failed.exact(),
        ]))?;
    }
    table.flush()
}

#[cfg(test)]
mod tests {
    use domain::money::PicoDollars;
    use domain::spend::SpendFigures;

    use super::*;

    #[test]
    fn csv_has_exact_amounts_and_quoted_names() {
        let row = SpendRow {
            month: Some("2026-11".into()),
            model: None,
            recipe: Some("birds, \"small\"".into()),
            collection: Some("=1+1".into()),
            runs: 2,
            figures: SpendFigures {
                images: 3,
                requests: 4,
                paid: PicoDollars(1_000_000_000_012),
                input_tokens: 5,
                output_tokens: 6,
                ..SpendFigures::default()
            },
        };
        let mut table = Vec::new();
        write_spend_csv(&mut table, &[row], &[SpendKey::Recipe, SpendKey::Month, SpendKey::Collection]).unwrap();
        assert_eq!(
            String::from_utf8(table).unwrap(),
            "recipe,month,collection,requests,input_tokens,output_tokens,paid_dollars,possibly_billed_dollars,runs,images,\
             paid_for_failed_dollars\r\n\
             \"birds, \"\"small\"\"\",2026-11,'=1+1,4,5,6,1.000000000012,0.000000000000,2,3,0.000000000000\r\n"
        );
    }
}
