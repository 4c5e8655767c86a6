//! The cost of a plan. Image tokens are exact, by the vendor's rule. Prompts and answers are as long as those of
//! earlier images with the same recipe and model, otherwise as long as assumed, which the quote says.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::BTreeMap;

use domain::geometry::PixelSize;
use domain::metrics::quantile;
use domain::model::Model;
use domain::money::{CostRange, PicoDollars};
use domain::plan::{AnswerBasis, CostBasis, PromptCaching, SentSize, SizeCount};
use domain::recipe::Recipe;
use domain::run_state::RunMode;
use domain::usage::Usage;
use providers::image_rule::ImageRule;
use providers::price::{Price, Terms};
use store::AskedImage;

use super::Planning;
use crate::Result;
use crate::backend::PricePercents;
use crate::backend::{AnswerLength, RequestCosts};
use crate::provided::ProvidedModel;

/// Assumed annotations per image if no earlier run of the recipe exists.
const ASSUMED_ANNOTATIONS: u32 = 8;
/// Assumed annotations per image for the low estimate.
const FEW_ANNOTATIONS: u64 = 2;
/// Number of sizes listed individually.
const LISTED_SIZES: usize = 5;
/// Prices are per million tokens.
const MILLION: u64 = 1_000_000;

/// The terms of the requests.
#[derive(Clone, Copy)]
pub struct Conditions {
    pub mode: RunMode,
    pub percents: PricePercents,
    /// The user's output maximum.
    pub max_tokens: Option<u32>,
    /// Maximum retries of a request.
    pub retries: u32,
}

/// The images of a plan, by their upright sizes.
#[derive(Debug, Clone, Default)]
pub struct AskedImages {
    /// Images sent first and live, also in batch runs.
    pub pilot: Vec<SizeCount>,
    pub others: Vec<SizeCount>,
    /// Images sent only if the image that they resemble fails.
    pub followers: Vec<SizeCount>,
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

/// Expected tokens per image.
struct Expected {
    /// Requests per image.
    requests: f64,
    /// Of one request, without the picture.
    prompt: Prompt,
    /// Of one answer.
    answer: f64,
    short_answer: u64,
    basis: AnswerBasis,
}

/// The tokens of a prompt without the picture.
enum Prompt {
    /// Estimated from the length of the text.
    Likely,
    Measured {
        input: f64,
        cache_write_5m: f64,
        cache_write_1h: f64,
        cache_read: f64,
    },
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
        let Ok(prepared) = self.examples.estimated(known, recipe, mode, max_tokens) else { return Ok(None) };
        let costs = RequestCosts::new(prepared, mode, retries);
        let expected = self.expected(model, recipe, &costs, mode)?.within(&costs);
        let rule = known.spec.image_rule;
        Ok(Some(priced(&costs, percents, &expected, &sent_sizes(rule, sizes), &sent_sizes(rule, followers))))
    }

    /// The measured tokens in this mode, otherwise in the other one.
    fn expected(&self, model: &Model, recipe: &Recipe, costs: &RequestCosts, mode: RunMode) -> Result<Expected> {
        let is_batch = mode == RunMode::Batch;
        for was_batch in [is_batch, !is_batch] {
            let earlier = self.store.read_blocking(|view| view.asked_images(model, recipe, was_batch))?;
            let taught = Expected::of(&earlier, costs, mode);
            if let Some(taught) = taught {
                // Batches and single requests have separate caches.
                return Ok(if was_batch == is_batch { taught } else { taught.uncached() });
            }
        }
        let prepared = costs.usual();
        #[expect(clippy::cast_precision_loss, reason = "answers have thousands of tokens")]
        let answer = prepared.likely_answer_tokens(ASSUMED_ANNOTATIONS.into()) as f64;
        Ok(Expected {
            requests: 1.0,
            prompt: Prompt::Likely,
            answer,
            short_answer: prepared.likely_answer_tokens(FEW_ANNOTATIONS),
            basis: AnswerBasis::Assumed { annotations: ASSUMED_ANNOTATIONS },
        })
    }
}

impl Expected {
    /// The averages over `earlier` images; `None` if none of them was answered.
    #[expect(clippy::cast_precision_loss, reason = "tokens of a thousand images, far below 2^52")]
    fn of(earlier: &[AskedImage], costs: &RequestCosts, mode: RunMode) -> Option<Self> {
        let rule = costs.usual().model().image_rule;
        let images = u32::try_from(earlier.len()).ok()?;
        let (mut answers, mut lost, mut picture_tokens, mut usage) = (0_u32, 0_u32, 0, Usage::default());
        let mut lengths = Vec::new();
        for image in earlier {
            answers += image.answers;
            lost += image.lost;
            picture_tokens += rule.tokens(rule.sent_size(image.size)) * u64::from(image.answers);
            usage += image.usage;
            if image.answers > 0 {
                lengths.push(image.usage.output_tokens as f64 / f64::from(image.answers));
            }
        }
        if answers == 0 {
            return None;
        }
        let per_image = |requests: u32| f64::from(requests) / f64::from(images);
        let per_answer = |tokens: u64| tokens as f64 / f64::from(answers);
        lengths.sort_by(f64::total_cmp);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two counts of tokens")]
        let short_answer = quantile(&lengths, 0.25).unwrap_or_default() as u64;
        Some(Self {
            requests: match mode {
                // Lost requests may have been billed like answers.
                RunMode::Live if costs.has_longer() => per_image(answers + lost),
                RunMode::Live => 1.0 + per_image(lost),
                RunMode::Batch => 1.0,
            },
            prompt: Prompt::Measured {
                input: per_answer(usage.input_tokens.saturating_sub(picture_tokens)),
                cache_write_5m: per_answer(usage.cache_write_5m_tokens),
                cache_write_1h: per_answer(usage.cache_write_1h_tokens),
                cache_read: per_answer(usage.cache_read_tokens),
            },
            answer: per_answer(usage.output_tokens),
            short_answer,
            basis: AnswerBasis::EarlierAnswers { images, requests: answers + lost },
        })
    }

    fn uncached(self) -> Self {
        let Prompt::Measured { input, cache_write_5m, cache_write_1h, cache_read } = self.prompt else { return self };
        let input = input + cache_write_5m + cache_write_1h + cache_read;
        Self { prompt: Prompt::Measured { input, cache_write_5m: 0.0, cache_write_1h: 0.0, cache_read: 0.0 }, ..self }
    }

    /// Limits the answer to the output maximum of these requests.
    #[expect(clippy::cast_precision_loss, reason = "tokens of one answer")]
    fn within(self, costs: &RequestCosts) -> Self {
        Self {
            answer: self.answer.min(costs.longest_answer() as f64),
            short_answer: self.short_answer.min(costs.usual().max_output_tokens()),
            ..self
        }
    }
}

/// The sizes in which the images are sent, most frequent first.
fn sent_sizes(rule: ImageRule, sizes: &[SizeCount]) -> Vec<SentSize> {
    let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for original in sizes {
        let sent = rule.sent_size(original.size);
        *counts.entry((sent.width, sent.height)).or_default() += original.count;
    }
    let mut sent: Vec<SentSize> = counts
        .into_iter()
        .map(|((width, height), count)| {
            let size = PixelSize::new(width, height);
            SentSize { size, count, image_tokens: u32::try_from(rule.tokens(size)).unwrap_or(u32::MAX) }
        })
        .collect();
    sent.sort_by_key(|sent| (std::cmp::Reverse(sent.count), std::cmp::Reverse(sent.image_tokens)));
    sent
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

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate of money, far below 2^52"
    )]
    fn of(&self, count: f64, token: Usage) -> PicoDollars {
        PicoDollars::capped((count * self.one(token).0 as f64).ceil() as u128)
    }
}

const INPUT: Usage = Usage { input_tokens: 1, ..NOTHING };
const OUTPUT: Usage = Usage { output_tokens: 1, ..NOTHING };
const NOTHING: Usage = Usage {
    input_tokens: 0,
    output_tokens: 0,
    cache_write_5m_tokens: 0,
    cache_write_1h_tokens: 0,
    cache_read_tokens: 0,
    thinking_tokens: None,
};

/// Expected uses the list price; low and high use the cheapest and the most expensive endpoint.
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
    sent: &[SentSize],
    followers: &[SentSize],
) -> Cost {
    let (prepared, price) = (costs.usual(), costs.usual().model().price);
    let prices = TokenPrices { price, terms: costs.terms(PricePercents::LIST.dearest) };
    let cheapest = costs.terms(percents.cheapest);
    let images: u64 = sent.iter().map(|sent| u64::from(sent.count)).sum();
    let requests = images as f64 * expected.requests;
    let image_tokens = |sent: &SentSize| u64::from(sent.image_tokens) * u64::from(sent.count);
    let image_tokens = sent.iter().map(image_tokens).sum::<u64>() as f64 * expected.requests;
    let (text_tokens, text_cost) = match expected.prompt {
        Prompt::Likely => {
            let tokens = |sent: &SentSize| prepared.likely_text_tokens(sent.size) * u64::from(sent.count);
            let tokens = sent.iter().map(tokens).sum::<u64>() as f64 * expected.requests;
            (tokens, prices.of(tokens, INPUT))
        }
        Prompt::Measured { input, cache_write_5m, cache_write_1h, cache_read } => {
            let parts = [
                (input, INPUT),
                (cache_write_5m, Usage { cache_write_5m_tokens: 1, ..NOTHING }),
                (cache_write_1h, Usage { cache_write_1h_tokens: 1, ..NOTHING }),
                (cache_read, Usage { cache_read_tokens: 1, ..NOTHING }),
            ];
            let cost = parts.iter().map(|(tokens, token)| prices.of(tokens * requests, *token)).sum();
            (parts.iter().map(|(tokens, _)| tokens).sum::<f64>() * requests, cost)
        }
    };
    let answer_tokens = requests * expected.answer;
    let (image_cost, answer_cost) = (prices.of(image_tokens, INPUT), prices.of(answer_tokens, OUTPUT));
    let request_at_most = |sent: &SentSize| costs.request_at_most(sent.size, AnswerLength::Usual, percents.dearest);
    let image_at_most = |sent: &SentSize| costs.image_at_most(sent.size, percents.dearest).times(u64::from(sent.count));
    let low = |sent: &SentSize| {
        let usage = prepared.likely_when_cached(sent.size, expected.short_answer);
        price.cost(usage, cheapest).times(u64::from(sent.count))
    };
    let high = sent.iter().chain(followers).map(image_at_most).sum::<PicoDollars>().rounded_up();
    let expected_cost = (image_cost + text_cost + answer_cost).min(high);
    let first_requests = sent.iter().map(|sent| request_at_most(sent).times(u64::from(sent.count)));
    Cost {
        range: CostRange {
            low: sent.iter().map(low).sum::<PicoDollars>().min(expected_cost),
            expected: expected_cost,
            high,
        },
        request_at_most: PicoDollars(first_requests.sum::<PicoDollars>().0.div_ceil(images.max(1))),
        basis: Some(CostBasis {
            sent: sent.iter().copied().take(LISTED_SIZES).collect(),
            longest_edge: sent.iter().map(|sent| sent.size.long_edge()).max().unwrap_or_default(),
            image_tokens: image_tokens.round() as u64,
            are_image_tokens_exact: prepared.model().is_image_rule_published,
            image_cost,
            caching: PromptCaching {
                instruction_tokens: u32::try_from(prepared.likely_prefix_tokens()).unwrap_or(u32::MAX),
                least_tokens: u32::try_from(prepared.model().min_cacheable_tokens).unwrap_or(u32::MAX),
                is_used: prepared.warms_cache(),
            },
            text_tokens: text_tokens.round() as u64,
            text_cost,
            answer_tokens: answer_tokens.round() as u64,
            answer_cost,
            answer_basis: expected.basis,
            answer_tokens_limit: u32::try_from(prepared.max_output_tokens()).unwrap_or(u32::MAX),
            longer_answer_tokens_limit: u32::try_from(costs.longest_answer()).unwrap_or(u32::MAX),
            retries: costs.retries(),
            dearest_request: sent.iter().map(request_at_most).max().unwrap_or_default(),
            input_per_million: prices.one(INPUT).times(MILLION),
            output_per_million: prices.one(OUTPUT).times(MILLION),
        }),
    }
}

#[cfg(test)]
mod tests {
    use domain::model::ModelId;

    use providers::registry;

    use super::*;
    use crate::provided;

    fn expected(answer: f64) -> Expected {
        let basis = AnswerBasis::Assumed { annotations: 8 };
        Expected { requests: 1.0, prompt: Prompt::Likely, answer, short_answer: 40, basis }
    }

    fn costs(model: &str, mode: RunMode, retries: u32) -> RequestCosts {
        let recipe = Recipe::find_these("cat, dog").unwrap();
        let known = provided::find(&ModelId(model.into())).unwrap();
        RequestCosts::new(known.prepare(&recipe, &[], mode, None).unwrap(), mode, retries)
    }

    fn quoted(costs: &RequestCosts, expected: &Expected) -> (CostRange, CostBasis) {
        let sent = sent_sizes(costs.usual().model().image_rule, &sizes());
        let cost = priced(costs, PricePercents::LIST, expected, &sent, &[]);
        (cost.range, cost.basis.unwrap())
    }

    fn sizes() -> [SizeCount; 3] {
        [(6000, 4000, 142), (4000, 6000, 44), (3000, 2000, 28)]
            .map(|(width, height, count)| SizeCount { size: PixelSize::new(width, height), count })
    }

    #[test]
    fn images_are_counted_by_the_vendor_s_rule_and_parts_add_up() {
        let (range, basis) = quoted(&costs("claude-haiku-5-5", RunMode::Live, 3), &expected(200.0));
        // The vendor resizes both 6000 x 4000 and 3000 x 2000 to 2352 x 1568: 84 x 56 patches.
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
    fn the_high_end_holds_a_cut_off_answer_the_longer_one_and_its_retries() {
        let (range, basis) = quoted(&costs("claude-haiku-5-5", RunMode::Live, 2), &expected(200.0));
        assert_eq!((basis.answer_tokens_limit, basis.longer_answer_tokens_limit), (8_192, 4 * 8_192));
        // One regular answer and three longer ones per image, and the picture in each of the four requests.
        let output = 214 * (8_192 + 3 * 4 * 8_192) * 500_000;
        let pictures = 4 * basis.image_cost.0;
        assert!(range.high.0 > output + pictures, "{range:?}");
        // The rest is the text of four requests, with at most one token per byte.
        assert!(range.high.0 < output + pictures + 214 * 4 * 4_000 * 100_000, "{range:?}");
        assert_eq!(range.high, range.high.rounded_up());
        let (batch, _) = quoted(&costs("claude-haiku-5-5", RunMode::Batch, 2), &expected(200.0));
        let output = 214 * 8_192 * 250_000;
        assert!((output..output * 2).contains(&batch.high.0), "{batch:?}");
    }

    #[test]
    fn earlier_images_teach_what_all_their_requests_took() {
        let costs = costs("claude-haiku-5-5", RunMode::Live, 3);
        let (size, image_tokens) = (PixelSize::new(2352, 1568), 4704);
        let usage = |requests: u64, output_tokens| Usage {
            input_tokens: requests * (image_tokens + 300),
            output_tokens,
            ..Usage::default()
        };
        // One of two answers was cut off and requested again; a third request was lost.
        let earlier = [
            AskedImage { size, answers: 1, lost: 0, usage: usage(1, 100) },
            AskedImage { size, answers: 2, lost: 1, usage: usage(2, 8_192 + 9_000) },
        ];
        let taught = Expected::of(&earlier, &costs, RunMode::Live).unwrap();
        assert_eq!(taught.basis, AnswerBasis::EarlierAnswers { images: 2, requests: 4 });
        let (_, basis) = quoted(&costs, &taught);
        // Two requests per image, each as long as the three that were answered.
        assert_eq!(basis.image_tokens, 214 * 2 * 4704);
        assert_eq!(basis.text_tokens, 214 * 2 * 300);
        assert_eq!(basis.answer_tokens, 2_466_992);
        assert!(Expected::of(&[], &costs, RunMode::Live).is_none());

        // With the user's own output maximum, no longer request follows. Lost requests count anyway.
        let known = provided::find(&ModelId("claude-haiku-5-5".into())).unwrap();
        let prepared =
            known.prepare(&Recipe::find_these("cat, dog").unwrap(), &[], RunMode::Live, Some(8_192)).unwrap();
        let own_maximum = RequestCosts::new(prepared, RunMode::Live, 3);
        assert!(!own_maximum.has_longer());
        let taught = Expected::of(&earlier, &own_maximum, RunMode::Live).unwrap();
        assert!((taught.requests - 1.5).abs() < f64::EPSILON, "{}", taught.requests);
    }

    #[test]
    fn images_that_look_like_another_are_in_the_high_end_alone() {
        let costs = costs("claude-haiku-5-5", RunMode::Live, 3);
        let sent = sent_sizes(costs.usual().model().image_rule, &sizes());
        let of = |followers: &[SentSize]| priced(&costs, PricePercents::LIST, &expected(200.0), &sent, followers).range;
        let (alone, with_followers) = (of(&[]), of(&sent));
        assert_eq!((with_followers.low, with_followers.expected), (alone.low, alone.expected));
        // Each is rounded up to a cent.
        assert!(alone.high.times(2).0.abs_diff(with_followers.high.0) <= 10_000_000_000, "{with_followers:?}");
    }

    #[test]
    fn no_answer_within_its_limit_costs_more_than_the_high_end() {
        for model in &registry::default().catalog().models {
            for mode in [RunMode::Live, RunMode::Batch] {
                let costs = costs(&model.id, mode, 0);
                #[expect(clippy::cast_precision_loss, reason = "tokens of one answer")]
                let longest = expected(costs.longest_answer() as f64);
                let (range, basis) = quoted(&costs, &longest);
                let parts = basis.image_cost + basis.text_cost + basis.answer_cost;
                assert!(parts <= range.high, "{}", model.id);
            }
        }
    }
}
