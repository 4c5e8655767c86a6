//! The cost of a plan. Image tokens are exact, by the vendor's rule. Prompts are as long as those of earlier images with the
//! same recipe and model, otherwise as long as estimated from their text. What an image costs beyond its first request, its
//! answers and repeated requests, is learned from earlier images ([`domain::estimate`]); the quote says from how many.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use domain::answer::PartPass;
use domain::estimate;
use domain::geometry::PixelSize;
use domain::money::{CostRange, PicoDollars};
use domain::plan::{CostBasis, PlannedRequests, PromptCaching, SentSize, SizeCount};
use domain::run_state::RunMode;
use domain::usage::Usage;
use providers::further::likely_further_bytes;
use providers::price::{Price, Terms};

use super::Planning;
use super::expected::{Conditions, EarlierAnswers, Expected, PlannedImages, TextTokens};
use super::sent_images::SentImages;
use crate::Result;
use crate::backend::PricePercents;
use crate::backend::{AnswerLength, RequestCosts};
use crate::provided::ProvidedModel;

#[cfg(test)]
mod tests;

/// Number of sizes listed individually.
const LISTED_SIZES: usize = 5;
/// Prices are per million tokens.
const MILLION: u64 = 1_000_000;

/// The images of a plan, by their upright sizes.
#[derive(Debug, Clone, Default)]
pub struct AskedImages {
    /// Images sent first and live, also in batch runs.
    pub pilot: Vec<SizeCount>,
    pub others: Vec<SizeCount>,
    /// Images sent only if the image that they resemble fails.
    pub followers: Vec<SizeCount>,
}

impl AskedImages {
    /// The requests that these images take.
    pub fn requests(&self, costs: &RequestCosts) -> PlannedRequests {
        let mut planned = PlannedRequests::default();
        for image in self.pilot.iter().chain(&self.others) {
            let parts = costs.parts(image.size);
            let requests = u32::try_from(parts.regions.len()).unwrap_or(u32::MAX) * if costs.checks() { 2 } else { 1 };
            planned.total = planned.total.saturating_add(requests.saturating_mul(image.count));
            planned.most_per_image = planned.most_per_image.max(requests);
            planned.images_with_larger_tiles += if parts.are_enlarged { image.count } else { 0 };
        }
        planned
    }

    /// The sizes of the images to send, most frequent first.
    pub fn sizes(&self) -> Vec<SizeCount> {
        let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for SizeCount { size, count } in self.pilot.iter().chain(&self.others) {
            *counts.entry((size.width, size.height)).or_default() += count;
        }
        let sizes = counts.into_iter();
        let mut sizes: Vec<_> =
            sizes.map(|((width, height), count)| SizeCount { size: PixelSize::new(width, height), count }).collect();
        sizes.sort_by_key(|each| Reverse((each.count, each.size.area(), each.size.width)));
        sizes
    }

    /// Images to send, unless one fails that others resemble.
    pub fn count(&self) -> u32 {
        self.pilot.iter().chain(&self.others).map(|size| size.count).sum()
    }
}

/// The cost of images.
pub struct Cost {
    pub range: CostRange,
    /// Maximum cost of the first request for an image, on average.
    pub request_at_most: PicoDollars,
    /// The same for the image whose first request may cost least.
    pub least_request_at_most: PicoDollars,
    /// `None` if nothing is sent.
    pub basis: Option<CostBasis>,
}

impl Cost {
    /// Adds the cost of the `others`, and takes over their basis.
    fn before(self, others: Self) -> Self {
        let dearest = self.basis.map_or(PicoDollars::ZERO, |basis| basis.dearest_request);
        let basis =
            others.basis.map(|basis| CostBasis { dearest_request: basis.dearest_request.max(dearest), ..basis });
        // The pilot goes first.
        Self { range: self.range + others.range, basis, least_request_at_most: self.least_request_at_most, ..others }
    }
}

impl Planning {
    /// The cost of these images under these conditions, and its basis; `None` if the price is unknown, or the model
    /// cannot be used at all.
    pub(super) fn cost(
        &self,
        earlier: &EarlierAnswers<'_>,
        known: &ProvidedModel,
        asked: &AskedImages,
        conditions: Conditions,
    ) -> Result<Option<Cost>> {
        if !known.spec.price.is_known {
            return Ok(None);
        }
        if known.spec.price.is_free() {
            let free = CostRange::default();
            let none = PicoDollars::ZERO;
            return Ok(Some(Cost { range: free, request_at_most: none, least_request_at_most: none, basis: None }));
        }
        let live = Conditions { mode: RunMode::Live, ..conditions };
        match conditions.mode {
            RunMode::Batch if !asked.pilot.is_empty() => {
                let none = &[];
                let pilot = self.cost_in_one_mode(earlier, known, &asked.pilot, none, live)?;
                let others = self.cost_in_one_mode(earlier, known, &asked.others, &asked.followers, conditions)?;
                Ok(pilot.zip(others).map(|(pilot, others)| pilot.before(others)))
            }
            RunMode::Live | RunMode::Batch => {
                let all = [asked.pilot.as_slice(), &asked.others].concat();
                self.cost_in_one_mode(earlier, known, &all, &asked.followers, conditions)
            }
        }
    }

    fn cost_in_one_mode(
        &self,
        earlier: &EarlierAnswers<'_>,
        known: &ProvidedModel,
        sizes: &[SizeCount],
        followers: &[SizeCount],
        conditions: Conditions,
    ) -> Result<Option<Cost>> {
        let Conditions { mode, max_tokens, retries, .. } = conditions;
        let percents = match mode {
            RunMode::Live => conditions.percents,
            // Batches are sent to the first endpoint only.
            RunMode::Batch => PricePercents::LIST,
        };
        let costs = self.examples.estimated_costs(known, earlier.recipe, mode, max_tokens, retries);
        let Ok(costs) = costs else { return Ok(None) };
        let expected = earlier.expected(known, &costs, conditions)?;
        Ok(Some(priced(&costs, percents, &expected, &SentImages::of(&costs, sizes), followers)))
    }
}

/// Prices per token, in pico-dollars.
struct TokenPrices {
    price: Price,
    terms: Terms,
}

impl TokenPrices {
    fn one(&self, usage: Usage) -> PicoDollars {
        self.price.cost(usage, self.terms)
    }

    /// As a number for estimates.
    #[expect(clippy::cast_precision_loss, reason = "at most a dollar per token, far below 2^52")]
    fn each(&self, token: Usage) -> f64 {
        self.one(token).0 as f64
    }
}

const INPUT: Usage = Usage { input_tokens: 1, ..NOTHING };
const OUTPUT: Usage = Usage { output_tokens: 1, ..NOTHING };
const CACHE_READ: Usage = Usage { cache_read_tokens: 1, ..NOTHING };
const NOTHING: Usage = Usage {
    input_tokens: 0,
    output_tokens: 0,
    cache_write_5m_tokens: 0,
    cache_write_1h_tokens: 0,
    cache_read_tokens: 0,
    thinking_tokens: None,
};

/// The likely spread of text that was not measured, as a share: one tokenizer differs from another about so much.
const TEXT_SPREAD: f64 = 0.25;
/// The same for image tokens of a vendor that publishes no rule.
const ASSUMED_IMAGES_SPREAD: f64 = 0.3;
/// Prompts differ at least by this share, as questions say the size of the image.
const LEAST_TEXT_SPREAD: f64 = 0.01;

/// Tokens and cost of the text of all first requests, in pico-dollars.
struct Text {
    tokens: f64,
    cost: f64,
    /// How far the cost is likely to be below and above.
    below: f64,
    above: f64,
}

/// Expected is at the list price; the likely range reaches from the cheapest endpoint to the most expensive one, and the
/// bound is at the price of the latter.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tokens of a plan, far below 2^52"
)]
fn priced(
    costs: &RequestCosts,
    percents: PricePercents,
    expected: &Expected,
    sent: &SentImages<'_>,
    followers: &[SizeCount],
) -> Cost {
    let prepared = costs.usual();
    let prices = TokenPrices { price: prepared.model().price, terms: costs.terms(PricePercents::LIST.dearest) };
    let (images, tiles) = (sent.image_count(), sent.tile_count());
    let image_tokens = |(_, sent): (PartPass, &SentSize)| u64::from(sent.image_tokens) * u64::from(sent.count);
    let image_tokens = sent.pictures().map(image_tokens).sum::<u64>() as f64;
    let image_cost = image_tokens * prices.each(INPUT);
    let text = text(costs, &prices, expected, sent);
    let per_image = |of_all: f64| of_all / f64::from(images.max(1));
    let planned = PlannedImages {
        input_of_image: per_image(image_cost + text.cost),
        tiles: per_image(tiles.into()),
        mix: sent.mix(),
    };
    let output = expected.output(prices.each(OUTPUT), planned);
    let likely = output.estimator.total(images);

    let input_cost = image_cost + text.cost;
    let (image_cost, text_cost) = (image_cost * output.requests, text.cost * output.requests);
    let answer_tokens = f64::from(images) * output.tokens;
    let [image_cost, text_cost, answer_cost] =
        [image_cost, text_cost, answer_tokens * prices.each(OUTPUT)].map(pico_dollars);
    let request_at_most = |(pass, sent): (PartPass, &SentSize)| {
        costs.request_at_most(pass, sent.size, AnswerLength::Usual, percents.dearest)
    };
    let image_at_most =
        |image: &SizeCount| costs.image_at_most(image.size, percents.dearest).times(u64::from(image.count));
    let whole_at_most =
        |sent: &SentSize| costs.picture_at_most(0, sent.size, percents.dearest).times(u64::from(sent.count));
    // Images of many sizes are sent in few.
    let all_at_most: PicoDollars = if costs.takes_several_answers() {
        sent.originals.iter().map(image_at_most).sum()
    } else {
        sent.whole.iter().map(whole_at_most).sum()
    };
    let at_most = (all_at_most + followers.iter().map(image_at_most).sum()).rounded_up();
    let expected_cost = (image_cost + text_cost + answer_cost).min(at_most);
    let is_image_rule_assumed = !prepared.model().is_image_rule_published && !expected.is_learned();
    let of_images = if is_image_rule_assumed { image_cost.0 as f64 * ASSUMED_IMAGES_SPREAD } else { 0.0 };
    let deviation = |of_output: f64, of_text: f64, of_requests: f64| {
        of_output.hypot(of_text).hypot(of_images).hypot(of_requests * input_cost)
    };
    let low = expected_cost.0 as f64 - deviation(likely.expected - likely.low, text.below, output.requests_below);
    let high = expected_cost.0 as f64 + deviation(likely.high - likely.expected, text.above, output.requests_above);
    let at_percent = |cost: f64, percent: u16| pico_dollars(cost.max(0.0) * f64::from(percent) / 100.0);
    let checked = |(pass, sent)| (PartPass { is_check: costs.checks(), ..pass }, sent);
    let first_requests: Vec<PicoDollars> =
        sent.whole.iter().map(|sent| request_at_most((PartPass::default(), sent))).collect();
    let of_all = first_requests.iter().zip(&sent.whole).map(|(cost, sent)| cost.times(u64::from(sent.count)));
    Cost {
        range: CostRange {
            likely_low: at_percent(low, percents.cheapest).min(expected_cost),
            expected: expected_cost,
            likely_high: at_percent(high, percents.dearest).clamp(expected_cost, at_most),
            at_most,
        },
        request_at_most: PicoDollars(of_all.sum::<PicoDollars>().0.div_ceil(u64::from(images.max(1)))),
        least_request_at_most: first_requests.iter().min().copied().unwrap_or_default(),
        basis: Some(CostBasis {
            sent: sent.whole.iter().copied().take(LISTED_SIZES).collect(),
            longest_edge: sent.pictures().map(|(_, sent)| sent.size.long_edge()).max().unwrap_or_default(),
            image_tokens: (image_tokens * output.requests).round() as u64,
            are_image_tokens_exact: prepared.model().is_image_rule_published,
            image_cost,
            caching: PromptCaching {
                instruction_tokens: u32::try_from(prepared.likely_prefix_tokens()).unwrap_or(u32::MAX),
                least_tokens: u32::try_from(prepared.model().min_cacheable_tokens).unwrap_or(u32::MAX),
                is_used: prepared.warms_cache(),
            },
            text_tokens: (text.tokens * output.requests).round() as u64,
            text_cost,
            answer_tokens: answer_tokens.round() as u64,
            answer_cost,
            answer_basis: expected.basis,
            answer_tokens_limit: u32::try_from(prepared.max_output_tokens()).unwrap_or(u32::MAX),
            longer_answer_tokens_limit: u32::try_from(costs.longest_answer()).unwrap_or(u32::MAX),
            retries: costs.retries(),
            dearest_request: sent.pictures().map(checked).map(request_at_most).max().unwrap_or_default(),
            input_per_million: prices.one(INPUT).times(MILLION),
            output_per_million: prices.one(OUTPUT).times(MILLION),
        }),
    }
}

/// The text of the first requests about all parts of the images.
#[expect(clippy::cast_precision_loss, reason = "tokens of a plan, far below 2^52")]
fn text(costs: &RequestCosts, prices: &TokenPrices, expected: &Expected, sent: &SentImages<'_>) -> Text {
    let prepared = costs.usual();
    let requests = sent.image_count() + sent.tile_count();
    let Some(prompt) = &expected.prompt else {
        let tokens = |(pass, sent): (PartPass, &SentSize)| {
            let further = |is_check| likely_further_bytes(PartPass { is_check, ..pass });
            // With a second request about each part, the mean of both.
            let further = u64::midpoint(further(false), further(costs.checks()));
            let prepared = costs.prepared(pass, AnswerLength::Usual);
            let text = prepared.likely_text_tokens(sent.size) + further / prepared.model().bytes_per_token;
            text * u64::from(sent.count)
        };
        let tokens = sent.pictures().map(tokens).sum::<u64>() as f64;
        let cost = tokens * prices.each(INPUT);
        let cached =
            if prepared.warms_cache() { prepared.likely_prefix_tokens() as f64 * f64::from(requests) } else { 0.0 };
        let least = (cost - cached * (prices.each(INPUT) - prices.each(CACHE_READ))) * (1.0 - TEXT_SPREAD);
        return Text { tokens, cost, below: cost - least, above: cost * TEXT_SPREAD };
    };
    let cost_of = |tokens: &TextTokens| {
        tokens.input * prices.each(INPUT)
            + tokens.cache_write_5m * prices.each(Usage { cache_write_5m_tokens: 1, ..NOTHING })
            + tokens.cache_write_1h * prices.each(Usage { cache_write_1h_tokens: 1, ..NOTHING })
            + tokens.cache_read * prices.each(CACHE_READ)
    };
    let count = f64::from(requests);
    let (tokens, cost) = (prompt.sum() * count, cost_of(prompt) * count);
    let spread =
        expected.prompt_spread(cost_of) * count * (1.0 / expected.earlier_images() + 1.0 / count.max(1.0)).sqrt();
    let spread = (estimate::Z * spread).max(cost * LEAST_TEXT_SPREAD);
    Text { tokens, cost, below: spread, above: spread }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of money, far below 2^52, and `as` saturates"
)]
fn pico_dollars(cost: f64) -> PicoDollars {
    PicoDollars::capped(cost.ceil() as u128)
}
