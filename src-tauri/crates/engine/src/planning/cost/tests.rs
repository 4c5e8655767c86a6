//! What a plan costs, by hand.

use domain::geometry::PixelSize;
use domain::model::ModelId;
use domain::plan::AnswerBasis;
use domain::recipe::Recipe;
use providers::registry;
use store::AskedImage;

use super::*;
use crate::provided;

const SIZE: PixelSize = PixelSize::new(2352, 1568);
const IMAGE_TOKENS: u64 = 4704;

/// An earlier image with one answer of this many tokens to a prompt of 300.
fn answered(output_tokens: u64) -> AskedImage {
    let usage = Usage { input_tokens: IMAGE_TOKENS + 300, output_tokens, ..Usage::default() };
    AskedImage { size: SIZE, longest_edge: None, parts: vec![0], lost: 0, checks: 0, usage }
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
    [answered(100), AskedImage { size: SIZE, longest_edge: None, parts: vec![0; 2], lost: 1, checks: 0, usage }]
}

fn many(images: &[AskedImage]) -> Vec<AskedImage> {
    images.iter().cycle().take(500 * images.len()).cloned().collect()
}

#[test]
fn earlier_images_teach_what_all_their_requests_took() {
    let costs = costs("claude-haiku-5-5", RunMode::Live, 3);
    let learned = |earlier: &[AskedImage]| Expected::learned(earlier, &costs, RunMode::Live);
    assert_eq!(learned(&repeated()).unwrap().basis, AnswerBasis::EarlierAnswers { images: 2, requests: 4, checks: 0 });
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
    let prepared = known.prepare(&Recipe::find_these("cat, dog").unwrap(), &[], RunMode::Live, Some(8_192)).unwrap();
    let own_maximum = RequestCosts::new(prepared, RunMode::Live, 3);
    assert!(!own_maximum.has_longer());
    let learned = Expected::learned(&many(&repeated()), &own_maximum, RunMode::Live).unwrap();
    let (_, basis) = quoted(&own_maximum, &learned);
    assert!(is_near(basis.image_tokens, 214 * 3 * 4704 / 2), "{basis:?}");
}

#[test]
fn the_pictures_of_second_requests_are_counted_as_often_as_they_were_sent() {
    let recipe = Recipe { check: true, ..Recipe::find_these("cat, dog").unwrap() };
    let known = provided::find(&ModelId("claude-haiku-5-5".into())).unwrap();
    let costs = RequestCosts::new(known.prepare(&recipe, &[], RunMode::Live, None).unwrap(), RunMode::Live, 3);
    let costs = costs.with_parts(&recipe, None);
    let image_tokens = |earlier: &[AskedImage]| {
        let learned = Expected::learned(earlier, &costs, RunMode::Live);
        quoted(&costs, &learned.unwrap_or_else(|| Expected::assumed(&costs))).1.image_tokens
    };
    let usage = Usage { input_tokens: 2 * (IMAGE_TOKENS + 300), output_tokens: 60, ..Usage::default() };
    let checked = AskedImage { parts: vec![0; 2], checks: 1, usage, ..answered(30) };
    assert_eq!(image_tokens(&[]), 214 * 2 * 4704);
    // However short the answers are, and however few there are.
    assert_eq!(image_tokens(&vec![checked.clone(); 3]), 214 * 2 * 4704);
    assert_eq!(image_tokens(&[checked, answered(30)]), 214 * 3 * 4704 / 2);
    assert_eq!(image_tokens(&vec![answered(30); 3]), 214 * 4704);
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
    let of =
        |followers: &[SizeCount]| priced(&costs, PricePercents::LIST, &expected(&costs, 200), &sent, followers).range;
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
