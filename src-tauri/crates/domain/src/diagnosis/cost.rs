//! What most of a run's cost was for.

use super::{Change, Diagnosis, Finding, Observed, share, share_unbounded, whole};
use crate::money::PicoDollars;

/// Of the cost: from here on one part is what the bill is about.
const MAIN_PART: f64 = 0.6;
/// Less is not worth changing a setting for: ten cents.
const WORTH_SAVING: PicoDollars = PicoDollars(100_000_000_000);
/// Of what was paid, that a cheaper model must spare to be named.
const TELLING_SAVING: f64 = 0.2;

pub fn by_part(observed: &Observed) -> Option<Diagnosis> {
    let parts = observed.parts.filter(|parts| parts.answers > 0)?;
    if observed.paid < WORTH_SAVING {
        return None;
    }
    let total = (parts.images + parts.words + parts.output).dollars();
    let mean = |tokens: u64| whole(share_unbounded(count(tokens), f64::from(parts.answers)));
    let paid = observed.paid;
    let (output_share, image_share) = (share(parts.output.dollars(), total), share(parts.images.dollars(), total));
    let (finding, change) = if output_share >= MAIN_PART {
        let usage = observed.usage;
        let thinking_share = share(count(usage.thinking_tokens.unwrap_or_default()), count(usage.output_tokens));
        let answer_tokens = mean(usage.output_tokens);
        (
            Finding::CostByOutput { share: output_share, paid, answer_tokens, thinking_share },
            Some(Change::SmallerRecipe),
        )
    } else if image_share >= MAIN_PART {
        let (image_tokens, longest_edge) = (mean(parts.image_tokens), parts.longest_edge);
        (Finding::CostByImages { share: image_share, paid, image_tokens, longest_edge }, None)
    } else {
        return None;
    };
    let changes = [cheaper(observed), observed.batch(), change].into_iter().flatten().collect();
    Some(Diagnosis { finding, changes })
}

fn cheaper(observed: &Observed) -> Option<Change> {
    let cheaper = observed.cheaper.as_ref()?;
    let spared = 1.0 - share(cheaper.cost.dollars(), observed.paid.dollars());
    (spared >= TELLING_SAVING).then(|| Change::CheaperModel { name: cheaper.name.clone(), cost: cheaper.cost })
}

#[expect(clippy::cast_precision_loss, reason = "tokens of a run, far below 2^52")]
fn count(tokens: u64) -> f64 {
    tokens as f64
}
