//! What a plan costs: images exactly, by the rule that the vendor counts by; words by their length; answers as long as
//! this model's earlier answers to the same recipe, or as an assumption that says it is one.

use std::collections::BTreeMap;

use domain::geometry::PixelSize;
use domain::metrics::quantile;
use domain::model::{Destination, Model};
use domain::money::PicoDollars;
use domain::plan::{AnswerBasis, CostBasis, CostRange, PromptCaching, SentSize, SizeCount};
use domain::recipe::Recipe;
use domain::run::RunMode;
use domain::usage::Usage;
use provider::image_size::{sent_size, tokens};
use provider::prices::Terms;
use provider::request::{Brief, BriefError, BriefOptions};

use crate::Result;
use crate::connection::claude;
use crate::library::Library;
use crate::route::brief_options;
use crate::servers::PricePercents;

/// Marks an image, as long as nobody knows better.
const ASSUMED_MARKS: u32 = 8;
/// Marks an image in a plan that comes out cheap.
const FEW_MARKS: u64 = 2;
/// Sizes that are listed one by one.
const LISTED_SIZES: usize = 5;
/// A price is told by so many tokens.
const MILLION: u64 = 1_000_000;

/// How long answers are expected to be, in tokens.
struct AnswerTokens {
    low: u64,
    expected: u64,
    basis: AnswerBasis,
}

impl AnswerTokens {
    /// No answer gets longer than `limit`.
    fn within(self, limit: u64) -> Self {
        Self { low: self.low.min(limit), expected: self.expected.min(limit), ..self }
    }
}

/// Under which conditions something is asked.
pub struct Conditions {
    pub mode: RunMode,
    pub percents: PricePercents,
    /// The longest that an answer may get, as a person has said.
    pub max_tokens: Option<u32>,
}

impl Library {
    /// What annotating images of these sizes costs under such conditions, and what that is made of where anything is sent.
    pub(crate) fn cost(
        &self,
        model: &Model,
        recipe: &Recipe,
        sizes: &[SizeCount],
        conditions: &Conditions,
    ) -> Result<Option<(CostRange, Option<CostBasis>)>> {
        if model.destination == Destination::ThisMachine {
            return Ok(Some((CostRange::default(), None)));
        }
        let claude = claude(&model.id)?;
        let (terms, percents) = match conditions.mode {
            RunMode::Live => (Terms::LIST, conditions.percents),
            // Batches go to the server for Claude alone.
            RunMode::Overnight => (Terms::BATCH, PricePercents::LIST),
        };
        let options = brief_options(conditions.mode, conditions.max_tokens);
        let Ok(brief) = Brief::new(claude, recipe, options) else { return Ok(None) };
        let answers = self.answer_tokens(model, recipe, &brief)?.within(brief.max_output_tokens());
        Ok(Some(priced(&brief, terms, percents, &answers, &sent_sizes(&brief, sizes))))
    }

    fn answer_tokens(&self, model: &Model, recipe: &Recipe, brief: &Brief) -> Result<AnswerTokens> {
        let earlier = self.store.read(|view| view.answer_lengths(model, recipe))?;
        let Some(images) = u32::try_from(earlier.len()).ok().filter(|&images| images > 0) else {
            return Ok(AnswerTokens {
                low: brief.likely_answer_tokens(FEW_MARKS),
                expected: brief.likely_answer_tokens(ASSUMED_MARKS.into()),
                basis: AnswerBasis::Assumed { marks: ASSUMED_MARKS },
            });
        };
        #[expect(clippy::cast_precision_loss, reason = "answers have thousands of tokens")]
        let ascending: Vec<f64> = earlier.iter().map(|&tokens| tokens as f64).collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two counts of tokens")]
        let low = quantile(&ascending, 0.25).unwrap_or_default() as u64;
        let expected = earlier.iter().sum::<u64>().div_ceil(images.into());
        Ok(AnswerTokens { low: low.min(expected), expected, basis: AnswerBasis::EarlierAnswers { images } })
    }
}

/// The words that go along with every image, whatever the model; none when the recipe cannot be put into words.
pub fn words_sent(recipe: &Recipe) -> std::result::Result<String, BriefError> {
    let model = provider::models::find(provider::models::DEFAULT_MODEL).unwrap_or(&provider::models::all()[0]);
    Brief::new(model, recipe, BriefOptions::default()).map(|brief| brief.system_text().to_owned())
}

/// In which sizes the images are sent, the most frequent first.
fn sent_sizes(brief: &Brief, sizes: &[SizeCount]) -> Vec<SentSize> {
    let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for original in sizes {
        let sent = sent_size(original.size, brief.model().image_tier);
        *counts.entry((sent.width, sent.height)).or_default() += original.count;
    }
    let mut sent: Vec<SentSize> = counts
        .into_iter()
        .map(|((width, height), count)| {
            let size = PixelSize::new(width, height);
            SentSize { size, count, image_tokens: u32::try_from(tokens(size)).unwrap_or(u32::MAX) }
        })
        .collect();
    sent.sort_by_key(|sent| (std::cmp::Reverse(sent.count), std::cmp::Reverse(sent.image_tokens)));
    sent
}

/// Expected is the list price; the ends are those of the cheapest and the dearest way.
fn priced(
    brief: &Brief,
    terms: Terms,
    percents: PricePercents,
    answers: &AnswerTokens,
    sent: &[SentSize],
) -> (CostRange, Option<CostBasis>) {
    let cheapest = Terms { route_percent: percents.cheapest, ..terms };
    let dearest = Terms { route_percent: percents.dearest, ..terms };
    let price = brief.model().price;
    let cost = |usage: Usage| price.cost(usage, terms);
    let input = |input_tokens| Usage { input_tokens, ..Usage::default() };
    let output = |output_tokens| Usage { output_tokens, ..Usage::default() };
    let mut range = CostRange::default();
    let mut basis = CostBasis {
        sent: sent.iter().copied().take(LISTED_SIZES).collect(),
        longest_edge: sent.iter().map(|sent| sent.size.long_edge()).max().unwrap_or_default(),
        image_tokens: 0,
        image_cost: PicoDollars::ZERO,
        caching: PromptCaching {
            instruction_tokens: u32::try_from(brief.likely_prefix_tokens()).unwrap_or(u32::MAX),
            least_tokens: u32::try_from(brief.model().min_cacheable_tokens).unwrap_or(u32::MAX),
            is_used: brief.warms_cache(),
        },
        text_tokens: 0,
        text_cost: PicoDollars::ZERO,
        answer_tokens: 0,
        answer_cost: PicoDollars::ZERO,
        answer_basis: answers.basis,
        answer_tokens_limit: u32::try_from(brief.max_output_tokens()).unwrap_or(u32::MAX),
        dearest_request: PicoDollars::ZERO,
        input_per_million: cost(input(1)).times(MILLION),
        output_per_million: cost(output(1)).times(MILLION),
    };
    for SentSize { size, count, image_tokens } in sent {
        let (count, image_tokens) = (u64::from(*count), u64::from(*image_tokens));
        let text_tokens = brief.likely_text_tokens(*size);
        basis.image_tokens += image_tokens * count;
        basis.image_cost += cost(input(image_tokens)).times(count);
        basis.text_tokens += text_tokens * count;
        basis.text_cost += cost(input(text_tokens)).times(count);
        basis.answer_tokens += answers.expected * count;
        basis.answer_cost += cost(output(answers.expected)).times(count);
        range.low += price.cost(brief.likely_when_cached(*size, answers.low), cheapest).times(count);
        let worst_case = brief.worst_case(*size, dearest);
        range.high += worst_case.times(count);
        basis.dearest_request = basis.dearest_request.max(worst_case);
    }
    range.expected = basis.image_cost + basis.text_cost + basis.answer_cost;
    (range, Some(basis))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASIS: AnswerBasis = AnswerBasis::Assumed { marks: 8 };

    fn quoted(model: &str, answers: &AnswerTokens, sizes: &[SizeCount]) -> (CostRange, CostBasis) {
        let recipe = Recipe::find_these("cat, dog").unwrap();
        let brief = Brief::new(provider::models::find(model).unwrap(), &recipe, BriefOptions::default()).unwrap();
        let (range, basis) = priced(&brief, Terms::LIST, PricePercents::LIST, answers, &sent_sizes(&brief, sizes));
        (range, basis.unwrap())
    }

    fn sizes() -> [SizeCount; 3] {
        [(6000, 4000, 142), (4000, 6000, 44), (3000, 2000, 28)]
            .map(|(width, height, count)| SizeCount { size: PixelSize::new(width, height), count })
    }

    #[test]
    fn images_are_counted_by_the_vendor_s_rule_and_parts_add_up() {
        let answers = AnswerTokens { low: 40, expected: 200, basis: BASIS };
        let (range, basis) = quoted("claude-haiku-5-5", &answers, &sizes());
        // 2352 x 1568 is what the vendor makes of 6000 x 4000 and of 3000 x 2000: 84 x 56 patches.
        assert_eq!(basis.sent[0], SentSize { size: PixelSize::new(2352, 1568), count: 170, image_tokens: 4704 });
        assert_eq!(basis.image_tokens, 214 * 4704);
        assert_eq!(basis.image_cost, PicoDollars(214 * 4704 * 100_000));
        assert_eq!(basis.answer_cost, PicoDollars(214 * 200 * 500_000));
        assert_eq!(basis.input_per_million, PicoDollars(100_000_000_000));
        assert_eq!(range.expected, basis.image_cost + basis.text_cost + basis.answer_cost);
        assert!(range.low < range.expected && range.expected < range.high);
        assert_eq!(basis.longest_edge, 2352);
    }

    #[test]
    fn no_answer_within_its_limit_costs_more_than_the_high_end() {
        for model in provider::models::all() {
            let at = |expected| quoted(model.id, &AnswerTokens { low: 40, expected, basis: BASIS }, &sizes());
            let limit = at(0).1.answer_tokens_limit.into();
            let (range, _) = at(limit);
            assert!(range.expected <= range.high, "{}", model.id);
        }
    }
}
