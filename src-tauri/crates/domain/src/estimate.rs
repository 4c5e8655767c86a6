//! Estimates what images will cost from what earlier images have cost: an expected total, and a likely range, which the
//! actual total should leave about once in ten times.
//!
//! What is known exactly, such as the tokens of the pictures, is not estimated here. The rest is a cost per image that
//! differs from image to image: the length of its answers, and the requests that were repeated. Its mean over images like
//! those of a plan is learned on three levels, each of which is the prior of the next:
//!
//! 1. A stated prior: the mean of a new kind of work is log-normal around an assumed cost ([`Prior`]).
//! 2. The model with other recipes: how their images have cost compared with their own assumed costs
//!    ([`Prior::with_other_recipes`]). Log-normal, with one effect per model and one per recipe.
//! 3. The model with this recipe: the images themselves ([`Estimator::new`]).
//!
//! The error of a predicted total has two parts. That of single images averages out over many of them; that of the learned
//! mean does not. With `c` the coefficient of variation of images, `n` earlier images and `N` images of the plan, the
//! variance of the logarithm of the total is `c² (1/n + 1/N)`. The interval is that of Student, because `c` is learned too,
//! with the correction of Cornish and Fisher for skewed costs, in the form of Johnson (1978), "Modified t tests and
//! confidence intervals for asymmetrical populations", here for a ratio of two means.

/// The standard normal quantile of 0.95: the likely range reaches from 5 % to 95 %.
pub const Z: f64 = 1.644_853_6;

/// The spread of the assumed cost, as a standard deviation of its logarithm: in nine of ten cases, the mean cost is between
/// two ninths and nine halves of what is assumed. It has two parts: the model, and the recipe with its images.
const MODEL_SPREAD: f64 = 0.75;
const RECIPE_SPREAD: f64 = 0.52;

/// The assumed coefficient of variation of the images of one kind of work, and how many images it is worth.
const IMAGE_SPREAD: f64 = 1.0;
const IMAGE_SPREAD_WEIGHT: f64 = 3.0;
/// The assumed skewness of the costs of images, and how many images it is worth.
const SKEWNESS: f64 = 3.0;
const SKEWNESS_WEIGHT: f64 = 10.0;
/// An expensive kind of image that none of `n` earlier ones has shown may still add this share of the cost, over `n + 1`.
const UNSEEN_COST: f64 = 1.0;

/// Standard deviation of the logarithm of what images of another size class cost, if none of them is known.
const UNKNOWN_SIZE_SPREAD: f64 = 0.5;
/// Fewer images of a size class do not tell it from the others.
const TELLING_IMAGES: usize = 5;
/// Size classes count if they explain this share of the variance, adjusted for their number.
const TELLING_SHARE: f64 = 0.1;

/// Images of about the same size, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeClass {
    /// Below a quarter of a megapixel.
    Small,
    /// Below 1.2 megapixels.
    Medium,
    Large,
}

impl SizeClass {
    pub const COUNT: usize = 3;

    #[must_use]
    pub const fn of(size: crate::geometry::PixelSize) -> Self {
        match size.width as u64 * size.height as u64 {
            0..250_000 => Self::Small,
            250_000..1_200_000 => Self::Medium,
            _ => Self::Large,
        }
    }
}

/// Numbers of images by size class, in the order of [`SizeClass`].
pub type SizeMix = [u32; SizeClass::COUNT];

/// What one earlier image has cost in all, in any unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlierCost {
    pub class: SizeClass,
    pub cost: f64,
}

/// What is known of the mean cost of images before any of them was sent. Log-normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The median.
    mean: f64,
    /// The standard deviation of the logarithm.
    log_spread: f64,
}

/// Images of the same model with another recipe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OtherRecipe {
    /// Their mean cost, divided by what was assumed for this recipe.
    pub ratio: f64,
    pub images: u32,
}

impl Prior {
    /// The stated prior, around an assumed cost per image.
    #[must_use]
    pub fn assumed(cost: f64) -> Self {
        Self { mean: cost, log_spread: MODEL_SPREAD.hypot(RECIPE_SPREAD) }
    }

    /// The prior after the model was used with other recipes: their ratios tell of the model, and this recipe differs from
    /// them as they differ from each other.
    #[must_use]
    pub fn with_other_recipes(self, recipes: &[OtherRecipe]) -> Self {
        let (mut precision, mut sum) = (MODEL_SPREAD.powi(-2), 0.0);
        for recipe in recipes.iter().filter(|recipe| recipe.ratio > 0.0 && recipe.images > 0) {
            let variance = RECIPE_SPREAD.powi(2) + IMAGE_SPREAD.powi(2) / f64::from(recipe.images);
            precision += variance.recip();
            sum += recipe.ratio.ln() / variance;
        }
        Self { mean: self.mean * (sum / precision).exp(), log_spread: RECIPE_SPREAD.hypot(precision.recip().sqrt()) }
    }
}

/// A total with its likely range.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Likely {
    /// The 5th percentile.
    pub low: f64,
    pub expected: f64,
    /// The 95th percentile.
    pub high: f64,
}

/// Predicts the total cost of images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimator {
    /// The expected cost of an image.
    mean: f64,
    /// The variance of its logarithm.
    mean_variance: f64,
    /// The part of the earlier images in it, from 0 to 1; the rest is the prior.
    learned: f64,
    /// The coefficient of variation of images.
    spread: f64,
    skewness: f64,
    /// The quantile of 0.95 in standard deviations.
    quantile: f64,
    /// What expensive images that were not seen may add, as a share.
    unseen: f64,
}

impl Estimator {
    /// Learns from `earlier` images of the same model and recipe. `mix` are the sizes of the images to predict.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand images")]
    pub fn new(prior: Prior, earlier: &[EarlierCost], mix: SizeMix) -> Self {
        let weights = Weights::of(earlier, mix);
        let unknown_sizes = (weights.unknown * UNKNOWN_SIZE_SPREAD).powi(2);
        let sample = Sample::of(earlier, &weights.of_images);
        let Some(sample) = sample.filter(|sample| sample.mean > 0.0) else {
            return Self {
                mean: prior.mean,
                mean_variance: prior.log_spread.powi(2),
                learned: 0.0,
                spread: IMAGE_SPREAD,
                skewness: 0.0,
                quantile: Z,
                unseen: 0.0,
            };
        };
        let (count, freedom) = (sample.count, IMAGE_SPREAD_WEIGHT + sample.count - 1.0);
        let variance = (IMAGE_SPREAD_WEIGHT * IMAGE_SPREAD.powi(2) + count * sample.variance) / freedom;
        let skewness = (count * sample.skewness + SKEWNESS_WEIGHT * SKEWNESS) / (count + SKEWNESS_WEIGHT);
        let (of_prior, of_images) = (prior.log_spread.powi(-2), count / variance);
        let precision = of_prior + of_images;
        let mean = (of_prior * prior.mean.ln() + of_images * sample.mean.ln()) / precision;
        Self {
            mean: mean.exp(),
            mean_variance: precision.recip() + unknown_sizes,
            learned: of_images / precision,
            spread: variance.sqrt(),
            skewness,
            quantile: student(freedom),
            unseen: UNSEEN_COST / (earlier.len() as f64 + 1.0),
        }
    }

    /// The expected cost of an image.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The total cost of this many images.
    #[must_use]
    pub fn total(&self, images: u32) -> Likely {
        if images == 0 {
            return Likely::default();
        }
        let images = f64::from(images);
        let (of_mean, of_images) = (self.mean_variance / self.spread.powi(2), images.recip());
        // The standard deviation of the logarithm is `spread * root`.
        let root = (of_mean + of_images).sqrt();
        let shift = self.learned * self.skewness * of_mean / (2.0 * root) - self.learned * self.spread * root / 2.0;
        let skew =
            self.skewness * (of_images + 2.0 * self.learned * of_mean) / root - 3.0 * self.learned * self.spread * root;
        let deviation = |z: f64| self.spread * root * (z + shift + skew * (Z * Z - 1.0) / 6.0);
        let expected = self.mean * images;
        let (low, high) = (deviation(-self.quantile).min(0.0), deviation(self.quantile).max(0.0));
        Likely { low: expected * low.exp(), expected, high: expected * high.exp() * (1.0 + self.unseen) }
    }
}

/// The weights of earlier images, so that their sizes are those of the plan where sizes matter.
struct Weights {
    /// Their sum is 1.
    of_images: Vec<f64>,
    /// The share of the plan's images in size classes without earlier images.
    unknown: f64,
}

impl Weights {
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand images")]
    fn of(earlier: &[EarlierCost], mix: SizeMix) -> Self {
        let mut counts = [0_usize; SizeClass::COUNT];
        for image in earlier {
            counts[image.class as usize] += 1;
        }
        let all: u32 = mix.iter().sum();
        let shares = mix.map(|count| f64::from(count) / f64::from(all.max(1)));
        let share_where = |is_so: fn(usize) -> bool| {
            (0..SizeClass::COUNT).filter(|&class| is_so(counts[class])).map(|class| shares[class]).sum::<f64>()
        };
        let unknown = share_where(|count| count == 0);
        let told = share_where(|count| count >= TELLING_IMAGES);
        let weighted = |image: &EarlierCost| {
            let count = counts[image.class as usize];
            if count < TELLING_IMAGES { 0.0 } else { shares[image.class as usize] / told / count as f64 }
        };
        let of_images = if told > 0.0 && sizes_matter(earlier, &counts) {
            earlier.iter().map(weighted).collect()
        } else {
            vec![1.0 / earlier.len().max(1) as f64; earlier.len()]
        };
        Self { of_images, unknown }
    }
}

/// Whether the classes with enough images differ: the adjusted share of the variance that they explain.
#[expect(clippy::cast_precision_loss, reason = "at most a thousand images")]
fn sizes_matter(earlier: &[EarlierCost], counts: &[usize; SizeClass::COUNT]) -> bool {
    let is_told = |image: &&EarlierCost| counts[image.class as usize] >= TELLING_IMAGES;
    let classes = counts.iter().filter(|&&count| count >= TELLING_IMAGES).count() as f64;
    let count = earlier.iter().filter(is_told).count() as f64;
    if classes < 2.0 {
        return false;
    }
    let mut sums = [0.0; SizeClass::COUNT];
    for image in earlier.iter().filter(is_told) {
        sums[image.class as usize] += image.cost;
    }
    let mean = sums.iter().sum::<f64>() / count;
    let (mut within, mut in_all) = (0.0, 0.0);
    for image in earlier.iter().filter(is_told) {
        let class = image.class as usize;
        within += (image.cost - sums[class] / counts[class] as f64).powi(2);
        in_all += (image.cost - mean).powi(2);
    }
    in_all > 0.0 && 1.0 - within / in_all * (count - 1.0) / (count - classes) > TELLING_SHARE
}

/// Weighted moments of earlier images.
struct Sample {
    mean: f64,
    /// Relative to the mean.
    variance: f64,
    skewness: f64,
    /// The number of images of equal weight that tell as much.
    count: f64,
}

impl Sample {
    /// `None` without images.
    fn of(earlier: &[EarlierCost], weights: &[f64]) -> Option<Self> {
        let over_images = |of: &dyn Fn(f64) -> f64| -> f64 {
            earlier.iter().zip(weights).map(|(image, weight)| weight * of(image.cost)).sum()
        };
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        if squares <= 0.0 {
            return None;
        }
        let mean = over_images(&|cost| cost);
        let variance = over_images(&|cost| (cost - mean).powi(2));
        let third = over_images(&|cost| (cost - mean).powi(3));
        let is_constant = variance <= (mean * 1e-9).powi(2);
        let skewness = if is_constant { 0.0 } else { third / variance.powf(1.5) };
        Some(Self { mean, variance: variance / (mean * mean), skewness, count: squares.recip() })
    }
}

/// The quantile of 0.95 of Student's distribution with this many degrees of freedom, by the expansion in their powers
/// (Abramowitz and Stegun, 26.7.5).
fn student(freedom: f64) -> f64 {
    let odd = |[one, three, five, seven]: [f64; 4]| {
        let square = Z * Z;
        Z * (one + square * (three + square * (five + square * seven)))
    };
    Z + odd([1.0, 1.0, 0.0, 0.0]) / (4.0 * freedom)
        + odd([3.0, 16.0, 5.0, 0.0]) / (96.0 * freedom.powi(2))
        + odd([-15.0, 17.0, 19.0, 3.0]) / (384.0 * freedom.powi(3))
}

#[cfg(test)]
mod tests;
