//! The estimator against simulated images, whose costs it does not know: how often the total is in the likely range.

use fastrand::Rng;
use proptest::prelude::*;

use super::*;

/// The assumed cost of an image.
const ASSUMED: f64 = 300.0;
const PLANS: u32 = 400;

/// The cost of an image relative to the work that it belongs to, with a mean near 1.
#[derive(Debug, Clone, Copy)]
enum Costs {
    Constant,
    /// With this standard deviation of the logarithm.
    LogNormal(f64),
    /// Half of the images cost 19 times as much as the others.
    Halves,
    /// A fifth of the images cost 13 times as much as the others.
    Crowded,
    /// Most images are empty.
    MostlyEmpty,
    /// This share of answers is cut off, and the image costs this many times as much.
    CutOff(f64, f64),
}

const COSTS: [Costs; 9] = [
    Costs::Constant,
    Costs::LogNormal(0.3),
    Costs::LogNormal(0.6),
    Costs::LogNormal(1.0),
    Costs::Halves,
    Costs::Crowded,
    Costs::MostlyEmpty,
    Costs::CutOff(0.05, 5.0),
    Costs::CutOff(0.10, 6.0),
];

fn log_normal(chance: &mut Rng, spread: f64) -> f64 {
    // Box and Muller.
    let normal = (-2.0 * (1.0 - chance.f64()).ln()).sqrt() * (std::f64::consts::TAU * chance.f64()).cos();
    (spread * normal).exp()
}

impl Costs {
    fn draw(self, chance: &mut Rng) -> f64 {
        let drawn = chance.f64();
        let either = |share: f64, one: f64, other: f64| if drawn < share { one } else { other };
        match self {
            Self::Constant => 1.0,
            Self::LogNormal(spread) => log_normal(chance, spread) / (spread * spread / 2.0).exp(),
            Self::Halves => either(0.5, 0.1, 1.9),
            Self::Crowded => either(0.2, 3.8, 0.3),
            Self::MostlyEmpty => either(0.7, 0.05, 3.0) * log_normal(chance, 0.4),
            Self::CutOff(share, factor) => either(share, factor, 1.0) * log_normal(chance, 0.3),
        }
    }
}

/// The share of plans whose total is in the likely range.
fn share_in_range(costs: Costs, earlier: u32, images: u32, chance: &mut Rng) -> f64 {
    let in_range = (0..PLANS).filter(|_| {
        let each = ASSUMED * log_normal(chance, 0.8);
        let mut draw = || EarlierCost { class: SizeClass::Large, cost: each * costs.draw(chance) };
        let history: Vec<EarlierCost> = (0..earlier).map(|_| draw()).collect();
        let actual: f64 = (0..images).map(|_| draw().cost).sum();
        let likely = Estimator::new(Prior::assumed(ASSUMED), &history, [0, 0, images]).total(images);
        (likely.low..=likely.high).contains(&actual)
    });
    f64::from(u32::try_from(in_range.count()).unwrap()) / f64::from(PLANS)
}

/// For any distribution of costs, whether nothing, a pilot or a long history is known. The seed is fixed.
#[test]
fn the_likely_range_is_right_nine_times_in_ten() {
    let mut chance = Rng::with_seed(18);
    for earlier in [0, 10, 20, 50, 200] {
        let mut shares = Vec::new();
        for costs in COSTS {
            for images in [20, 200, 1_000] {
                let share = share_in_range(costs, earlier, images, &mut chance);
                assert!(share >= 0.78, "{share} with {earlier} earlier images, {images} of {costs:?}");
                shares.push(share);
            }
        }
        let mean = shares.iter().sum::<f64>() / 27.0;
        assert!((0.90..=0.98).contains(&mean), "{mean} with {earlier} earlier images: {shares:?}");
    }
}

/// Images of a model that always costs four times as much as assumed, with a recipe that was never used.
#[test]
fn other_recipes_tell_of_the_model() {
    let assumed = Prior::assumed(ASSUMED);
    let other = |ratio| OtherRecipe { ratio, images: 500 };
    let one = assumed.with_other_recipes(&[other(4.0)]);
    let four = assumed.with_other_recipes(&[other(4.0), other(3.8), other(4.2), other(4.0)]);
    assert_eq!(assumed.with_other_recipes(&[]), assumed);
    assert!(assumed.mean < one.mean && one.mean < four.mean && four.mean < 4.0 * ASSUMED, "{one:?} {four:?}");
    assert!(
        four.mean > 3.0 * ASSUMED && RECIPE_SPREAD < four.log_spread && four.log_spread < one.log_spread,
        "{four:?}"
    );

    let mut chance = Rng::with_seed(5);
    let in_range = (0..PLANS).filter(|_| {
        let of_model = log_normal(&mut chance, 0.7);
        let ratio = |chance: &mut Rng| of_model * log_normal(chance, 0.45);
        let others: Vec<OtherRecipe> = (0..4).map(|_| OtherRecipe { ratio: ratio(&mut chance), images: 200 }).collect();
        let actual = 100.0 * ASSUMED * ratio(&mut chance);
        let likely = Estimator::new(assumed.with_other_recipes(&others), &[], [0, 0, 100]).total(100);
        (likely.low..=likely.high).contains(&actual)
    });
    let share = f64::from(u32::try_from(in_range.count()).unwrap()) / f64::from(PLANS);
    assert!((0.88..=0.98).contains(&share), "{share}");
}

/// Small images with short answers and large ones with long answers, in other shares than in the plan.
#[test]
fn sizes_count_where_they_tell_the_costs() {
    let mut chance = Rng::with_seed(6);
    let image = |class, cost: f64, chance: &mut Rng| EarlierCost { class, cost: cost * log_normal(chance, 0.2) };
    let mut history: Vec<EarlierCost> = (0..80).map(|_| image(SizeClass::Small, 100.0, &mut chance)).collect();
    history.extend((0..20).map(|_| image(SizeClass::Large, 1_000.0, &mut chance)));
    let of = |mix| Estimator::new(Prior::assumed(ASSUMED), &history, mix);
    let (small, large, both) = (of([100, 0, 0]), of([0, 0, 100]), of([50, 0, 50]));
    assert!((95.0..110.0).contains(&small.mean()) && (950.0..1_100.0).contains(&large.mean()), "{small:?} {large:?}");
    assert!((500.0..600.0).contains(&both.mean()), "{both:?}");
    // Nothing is known of the medium ones.
    let (known, unknown) = (of([80, 0, 20]).total(100), of([0, 100, 0]).total(100));
    assert!(unknown.high / unknown.expected > 1.5 * known.high / known.expected, "{unknown:?}");

    // Sizes that tell nothing leave every image its weight.
    let alike: Vec<EarlierCost> = history.iter().map(|image| EarlierCost { cost: 100.0, ..*image }).collect();
    let weights = Weights::of(&alike, [0, 0, 100]).of_images;
    assert!(weights.iter().all(|weight| (weight - 0.01).abs() < 1e-12), "{weights:?}");
}

fn histories() -> impl Strategy<Value = Vec<EarlierCost>> {
    let classes = [SizeClass::Small, SizeClass::Medium, SizeClass::Large];
    prop::collection::vec((prop::sample::select(classes.to_vec()), 0.0_f64..1e12), 0..40)
        .prop_map(|images| images.into_iter().map(|(class, cost)| EarlierCost { class, cost }).collect())
}

proptest! {
    #[test]
    fn a_range_is_around_what_is_expected(
        history in histories(),
        mix in prop::array::uniform3(0_u32..10_000),
        assumed in 1.0_f64..1e9,
    ) {
        let images = mix.iter().sum();
        let Likely { low, expected, high } = Estimator::new(Prior::assumed(assumed), &history, mix).total(images);
        prop_assert!(0.0 <= low && low <= expected && expected <= high && high.is_finite(), "{low} {expected} {high}");
    }

    #[test]
    fn the_unit_of_costs_does_not_matter(history in histories(), images in 1_u32..10_000, unit in 0.01_f64..100.0) {
        let scaled: Vec<EarlierCost> =
            history.iter().map(|image| EarlierCost { cost: image.cost * unit, ..*image }).collect();
        let of = |history: &[EarlierCost], assumed| {
            Estimator::new(Prior::assumed(assumed), history, [images, 0, 0]).total(images)
        };
        let (one, other) = (of(&history, ASSUMED), of(&scaled, ASSUMED * unit));
        for (one, other) in [(one.low, other.low), (one.expected, other.expected), (one.high, other.high)] {
            prop_assert!((one * unit / other - 1.0).abs() < 1e-6, "{one} {other}");
        }
    }

    /// More images make the range narrower, but not than what is known of their mean.
    #[test]
    fn the_uncertainty_of_the_mean_does_not_average_out(seed: u64, earlier in 10_u32..100) {
        let mut chance = Rng::with_seed(seed);
        let history: Vec<EarlierCost> = (0..earlier)
            .map(|_| EarlierCost { class: SizeClass::Large, cost: log_normal(&mut chance, 0.5) })
            .collect();
        let width = |history: &[EarlierCost], images| {
            let likely = Estimator::new(Prior::assumed(1.0), history, [0, 0, images]).total(images);
            (likely.high - likely.low) / likely.expected
        };
        let (few, many, most) = (width(&history, 10), width(&history, 1_000), width(&history, 1_000_000));
        prop_assert!(few > many && many > most);
        prop_assert!(most > 0.95 * many, "{most} {many}");
        prop_assert!(width(&history.repeat(4), 1_000_000) < 0.65 * most);
    }
}
