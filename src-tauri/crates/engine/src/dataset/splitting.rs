//! Splits the images of an export. The rules are in `domain::split`.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::ids::ImageId;
use domain::numbers::count;
use domain::plan::ImageSelection;
use domain::split::{SplitImage, SplitOutcome, SplitPart, SplitRequest, bursts, joined_groups, split};
use store::{Store, View};

use super::survey::Survey;
use crate::Result;
use crate::similar::Similar;

/// For images that are in a burst or have a near-duplicate, the first one of their group.
pub type Groups = BTreeMap<ImageId, ImageId>;

/// The groups of `images` that stay together.
#[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
pub fn groups_of(store: &Store, similar: &Similar, images: &[ImageId]) -> Result<Groups> {
    let taken = store.read_blocking(|view| view.times_taken(images))?;
    let alike = similar.groups(&ImageSelection::Images { ids: images.to_vec() })?;
    let alike = alike.groups.into_iter().map(|group| [vec![group.leader], group.followers].concat());
    Ok(joined_groups(alike.chain(bursts(&taken))))
}

/// The part of each image, and the split with its counts.
pub fn split_images(
    view: &View<'_>,
    survey: &Survey,
    groups: &Groups,
    request: &SplitRequest,
) -> Result<(HashMap<ImageId, SplitPart>, SplitOutcome)> {
    let known = view.split_parts(request.seed)?;
    let group_of = |image: ImageId| groups.get(&image).copied().unwrap_or(image);
    let images: Vec<SplitImage> = survey
        .images
        .iter()
        .map(|image| SplitImage {
            image: image.id,
            labels: image.labels.iter().map(|&(label, _)| label).collect(),
            group: group_of(image.id),
            kept: known.get(&image.id).copied(),
        })
        .collect();
    let parts: HashMap<ImageId, SplitPart> =
        images.iter().map(|image| image.image).zip(split(&images, request)).collect();
    let together: HashSet<ImageId> = images.iter().map(|image| image.group).collect();
    let outcome = SplitOutcome {
        request: *request,
        parts: survey.part_counts(&parts),
        groups: request.keeps_groups.then(|| count(together.len())),
        kept: count(images.iter().filter(|image| image.kept.is_some()).count()),
    };
    Ok((parts, outcome))
}
