//! The cost of a plan. Image tokens are exact, by the vendor's rule. Prompts are as long as those of earlier images with the
//! same recipe and model, otherwise as long as estimated from their text. What an image costs beyond its first request, its
//! answers and repeated requests, is learned from earlier images ([`domain::estimate`]); the quote says from how many.

use domain::answer::PartPass;
use domain::estimate;
use domain::model::Model;
use domain::money::{CostRange, PicoDollars};
use domain::plan::{CostBasis, PlannedRequests, PromptCaching, SentSize, SizeCount};
use domain::recipe::Recipe;
use domain::run_state::RunMode;
use domain::usage::Usage;
use providers::further::likely_further_bytes;
use providers::price::{Price, Terms};

use super::Planning;
use super::expected::{Conditions, Expected, PlannedImages, TextTokens};
use super::sent_images::SentImages;
use crate::Result;
use crate::backend::PricePercents;
use crate::backend::{AnswerLength, RequestCosts};
use crate::provided::ProvidedModel;

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
    /// `None` if nothing is sent.
    pub basis: Option<CostBasis>,
}

impl Cost {
    /// Adds the cost of the `others`, and takes over their basis.
    fn before(self, others: Self) -> Self {
        let dearest = self.basis.map_or(PicoDollars::ZERO, |basis| basis.dearest_request);
        let basis =
            others.basis.map(|basis| CostBasis { dearest_request: basis.dearest_request.max(dearest), ..basis });
        Self { range: self.range + others.range, basis, ..others }
    }
}

impl Planning {
    /// The cost of these images under these conditions, and its basis; `None` if the price is unknown, or the model
    /// cannot be used at all.
    pub(super) fn cost(
        &self,
        model: &Model,
        known: &ProvidedModel,
        recipe: &Recipe,
        asked: &AskedImages,
        conditions: Conditions,
    ) -> Result<Option<Cost>> {
        if !known.spec.price.is_known {
            return Ok(None);
        }
        if known.spec.price.is_free() {
            let free = CostRange::default();
            return Ok(Some(Cost { range: free, request_at_most: PicoDollars::ZERO, basis: None }));
        }
        let live = Conditions { mode: RunMode::Live, ..conditions };
        match conditions.mode {
            RunMode::Batch if !asked.pilot.is_empty() => {
                let none = &[];
                let pilot = self.cost_in_one_mode(model, known, recipe, &asked.pilot, none, live)?;
                let others =
                    self.cost_in_one_mode(model, known, recipe, &asked.others, &asked.followers, conditions)?;
                Ok(pilot.zip(others).map(|(pilot, others)| pilot.before(others)))
            }
            RunMode::Live | RunMode::Batch => {
                let all = [asked.pilot.as_slice(), &asked.others].concat();
                self.cost_in_one_mode(model, known, recipe, &all, &asked.followers, conditions)
            }
        }
    }

    fn cost_in_one_mode(
        &self,
        model: &Model,
        known: &ProvidedModel,
        recipe: &Recipe,
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
        let costs = self.examples.estimated_costs(known, recipe, mode, max_tokens, retries);
        let Ok(costs) = costs else { return Ok(None) };
        let expected = self.expected(model, recipe, known, &costs, conditions)?;
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

    let (image_cost, text_cost) = (image_cost * output.requests, text.cost * output.requests);
    let answer_tokens = f64::from(images) * output.tokens;
    let [image_cost, text_cost, answer_cost] =
        [image_cost, text_cost, answer_tokens * prices.each(OUTPUT)].map(pico_dollars);
    let request_at_most = |(pass, sent): (PartPass, &SentSize)| {
        costs.request_at_most(pass, sent.size, AnswerLength::Usual, percents.dearest)
    };
    let image_at_most =
        |image: &SizeCount| costs.image_at_most(image.size, percents.dearest).times(u64::from(image.count));
    let at_most = sent.originals.iter().chain(followers).map(image_at_most).sum::<PicoDollars>().rounded_up();
    let expected_cost = (image_cost + text_cost + answer_cost).min(at_most);
    let is_image_rule_assumed = !prepared.model().is_image_rule_published && !expected.is_learned();
    let of_images = if is_image_rule_assumed { image_cost.0 as f64 * ASSUMED_IMAGES_SPREAD } else { 0.0 };
    let deviation = |of_output: f64, of_text: f64| of_output.hypot(of_text).hypot(of_images);
    let low = expected_cost.0 as f64 - deviation(likely.expected - likely.low, text.below);
    let high = expected_cost.0 as f64 + deviation(likely.high - likely.expected, text.above);
    let at_percent = |cost: f64, percent: u16| pico_dollars(cost.max(0.0) * f64::from(percent) / 100.0);
    let checked = |(pass, sent)| (PartPass { is_check: costs.checks(), ..pass }, sent);
    let first_requests =
        sent.whole.iter().map(|sent| request_at_most((PartPass::default(), sent)).times(u64::from(sent.count)));
    Cost {
        range: CostRange {
            likely_low: at_percent(low, percents.cheapest).min(expected_cost),
            expected: expected_cost,
            likely_high: at_percent(high, percents.dearest).clamp(expected_cost, at_most),
            at_most,
        },
        request_at_most: PicoDollars(first_requests.sum::<PicoDollars>().0.div_ceil(u64::from(images.max(1)))),
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

#[cfg(test)]
mod tests {
    use domain::geometry::PixelSize;
    use domain::model::ModelId;
    use domain::plan::AnswerBasis;
    use providers::registry;
    use store::AskedImage;

    use super::*;
    use crate::provided;

    const SIZE: PixelSize = PixelSize::new(2352, 1568);
    const IMAGE_TOKENS: u64 = 4704;

    /// An earlier image with one answer of this many tokens to a prompt of 300.
    fn answered(output_tokens: u64) -> AskedImage {
        let usage = Usage { input_tokens: IMAGE_TOKENS + 300, output_tokens, ..Usage::default() };
        AskedImage { size: SIZE, longest_edge: None, parts: vec![0], lost: 0, usage }
    }

    /// Many earlier images with answers of this many tokens.
    fn expected(costs: &RequestCosts, answer: u64) -> Expected {
        let rule = costs.usual().model().image_rule;
        let input_tokens = rule.tokens(rule.sent_size(SIZE)) + 300;
        let usage = Usage { input_tokens, ..answered(answer).usage };
        Expected::learned(&vec![AskedImage { usage, ..answered(answer) }; 1_000], costs, RunMode::Live).unwrap()
    }

    fn costs(model: &str, mode: RunMode, retries: u32) -> RequestCosts {
        let recipe = Recipe::find_these("cat, dog").unwrap();
        let known = provided::find(&ModelId(model.into())).unwrap();
        RequestCosts::new(known.prepare(&recipe, &[], mode, None).unwrap(), mode, retries)
    }

    fn quoted(costs: &RequestCosts, expected: &Expected) -> (CostRange, CostBasis) {
        let sizes = sizes();
        let sent = SentImages::of(costs, &sizes);
        let cost = priced(costs, PricePercents::LIST, expected, &sent, &[]);
        (cost.range, cost.basis.unwrap())
    }

    fn sizes() -> [SizeCount; 3] {
        [(6000, 4000, 142), (4000, 6000, 44), (3000, 2000, 28)]
            .map(|(width, height, count)| SizeCount { size: PixelSize::new(width, height), count })
    }

    #[test]
    fn images_are_counted_by_the_vendor_s_rule_and_parts_add_up() {
        let costs = costs("claude-haiku-5-5", RunMode::Live, 3);
        let (range, basis) = quoted(&costs, &Expected::assumed(&costs));
        // The vendor resizes both 6000 x 4000 and 3000 x 2000 to 2352 x 1568: 84 x 56 patches.
        assert_eq!(basis.sent[0], SentSize { size: SIZE, count: 170, image_tokens: 4704 });
        assert_eq!(basis.image_tokens, 214 * 4704);
        assert_eq!(basis.image_cost, PicoDollars(214 * 4704 * 100_000));
        let assumed = costs.usual().likely_answer_tokens(8);
        assert_eq!(basis.answer_tokens, 214 * assumed);
        assert!(basis.answer_cost.0.abs_diff(214 * assumed * 500_000) <= 1_000_000, "{basis:?}");
        assert_eq!(basis.input_per_million, PicoDollars(100_000_000_000));
        assert_eq!(range.expected, basis.image_cost + basis.text_cost + basis.answer_cost);
        assert!(basis.image_cost < range.likely_low && range.likely_low < range.expected, "{range:?}");
        assert!(range.expected < range.likely_high && range.likely_high < range.at_most, "{range:?}");
        assert_eq!(basis.longest_edge, 2352);
    }

    #[test]
    fn the_bound_holds_a_cut_off_answer_the_longer_one_and_its_retries() {
        let haiku = |mode| {
            let costs = costs("claude-haiku-5-5", mode, 2);
            quoted(&costs, &expected(&costs, 200))
        };
        let (range, basis) = haiku(RunMode::Live);
        assert_eq!((basis.answer_tokens_limit, basis.longer_answer_tokens_limit), (8_192, 4 * 8_192));
        // One regular answer and three longer ones per image, and the picture in each of the four requests.
        let output = 214 * (8_192 + 3 * 4 * 8_192) * 500_000;
        let pictures = 4 * basis.image_cost.0;
        assert!(range.at_most.0 > output + pictures, "{range:?}");
        // The rest is the text of four requests, with at most one token per byte.
        assert!(range.at_most.0 < output + pictures + 214 * 4 * 4_000 * 100_000, "{range:?}");
        assert_eq!(range.at_most, range.at_most.rounded_up());
        let (batch, _) = haiku(RunMode::Batch);
        let output = 214 * 8_192 * 250_000;
        assert!((output..output * 2).contains(&batch.at_most.0), "{batch:?}");
    }

    /// One of two answers was cut off and requested again; a third request was lost.
    fn repeated() -> [AskedImage; 2] {
        let usage = Usage { input_tokens: 2 * (IMAGE_TOKENS + 300), output_tokens: 8_192 + 9_000, ..Usage::default() };
        [answered(100), AskedImage { size: SIZE, longest_edge: None, parts: vec![0; 2], lost: 1, usage }]
    }

    fn many(images: &[AskedImage]) -> Vec<AskedImage> {
        images.iter().cycle().take(500 * images.len()).cloned().collect()
    }

    #[test]
    fn earlier_images_teach_what_all_their_requests_took() {
        let costs = costs("claude-haiku-5-5", RunMode::Live, 3);
        let learned = |earlier: &[AskedImage]| Expected::learned(earlier, &costs, RunMode::Live);
        assert_eq!(learned(&repeated()).unwrap().basis, AnswerBasis::EarlierAnswers { images: 2, requests: 4 });
        let (range, basis) = quoted(&costs, &learned(&many(&repeated())).unwrap());
        // Two requests per image, each as long as the three that were answered, but for the assumption that remains.
        let is_near = |tokens: u64, expected: u64| tokens.abs_diff(expected) * 100 <= expected;
        assert!(is_near(basis.image_tokens, 214 * 2 * 4704), "{basis:?}");
        assert!(is_near(basis.text_tokens, 214 * 2 * 300), "{basis:?}");
        assert!(is_near(basis.answer_tokens, 2_466_992), "{basis:?}");
        assert_eq!(range.expected, basis.image_cost + basis.text_cost + basis.answer_cost);
        assert!(learned(&[]).is_none());

        // With the user's own output maximum, no longer request follows. Lost requests count anyway.
        let known = provided::find(&ModelId("claude-haiku-5-5".into())).unwrap();
        let prepared =
            known.prepare(&Recipe::find_these("cat, dog").unwrap(), &[], RunMode::Live, Some(8_192)).unwrap();
        let own_maximum = RequestCosts::new(prepared, RunMode::Live, 3);
        assert!(!own_maximum.has_longer());
        let learned = Expected::learned(&many(&repeated()), &own_maximum, RunMode::Live).unwrap();
        let (_, basis) = quoted(&own_maximum, &learned);
        assert!(is_near(basis.image_tokens, 214 * 3 * 4704 / 2), "{basis:?}");
    }

    #[test]
    fn few_earlier_images_are_drawn_towards_what_was_assumed() {
        let costs = costs("claude-haiku-5-5", RunMode::Live, 3);
        let assumed = costs.usual().likely_answer_tokens(8) * 214;
        let of = |earlier: &[AskedImage]| quoted(&costs, &Expected::learned(earlier, &costs, RunMode::Live).unwrap());
        let ((one, of_one), (twenty, of_twenty)) = (of(&[answered(4_000)]), of(&vec![answered(4_000); 20]));
        assert!(assumed < of_one.answer_tokens && of_one.answer_tokens < of_twenty.answer_tokens, "{of_one:?}");
        let measured = 4_000 * 214;
        assert!((measured * 95 / 100..measured).contains(&of_twenty.answer_tokens), "{of_twenty:?}");
        let width = |range: CostRange| range.likely_high.0 - range.likely_low.0;
        assert!(width(one) > 3 * width(twenty), "{one:?} {twenty:?}");
        // The bound does not depend on what was learned.
        assert_eq!(one.at_most, twenty.at_most);
    }

    #[test]
    fn images_that_look_like_another_are_in_the_bound_alone() {
        let costs = costs("claude-haiku-5-5", RunMode::Live, 3);
        let sizes = sizes();
        let sent = SentImages::of(&costs, &sizes);
        let of = |followers: &[SizeCount]| {
            priced(&costs, PricePercents::LIST, &expected(&costs, 200), &sent, followers).range
        };
        let (alone, with_followers) = (of(&[]), of(&sizes));
        assert_eq!(CostRange { at_most: alone.at_most, ..with_followers }, alone);
        // Each is rounded up to a cent.
        assert!(alone.at_most.times(2).0.abs_diff(with_followers.at_most.0) <= 10_000_000_000, "{with_followers:?}");
    }

    #[test]
    fn no_answer_within_its_limit_costs_more_than_the_bound() {
        for model in &registry::default().catalog().models {
            for mode in [RunMode::Live, RunMode::Batch] {
                let costs = costs(&model.id, mode, 0);
                let (range, basis) = quoted(&costs, &expected(&costs, costs.longest_answer()));
                let parts = basis.image_cost + basis.text_cost + basis.answer_cost;
                assert!(parts <= range.at_most && range.likely_high <= range.at_most, "{}", model.id);
            }
        }
    }

    #[test]
    fn the_likely_range_reaches_from_the_cheapest_endpoint_to_the_dearest() {
        let costs = costs("claude-haiku-5-5", RunMode::Live, 0);
        let sizes = sizes();
        let sent = SentImages::of(&costs, &sizes);
        let of = |cheapest, dearest| {
            priced(&costs, PricePercents { cheapest, dearest }, &expected(&costs, 200), &sent, &[]).range
        };
        let (list, several) = (of(100, 100), of(80, 110));
        assert_eq!(several.expected, list.expected);
        let is_part =
            |part: PicoDollars, whole: PicoDollars, percent: u64| part.0.abs_diff(whole.0 / 100 * percent) < 1_000;
        assert!(is_part(several.likely_low, list.likely_low, 80), "{several:?}");
        assert!(is_part(several.likely_high, list.likely_high, 110), "{several:?}");
    }
}
