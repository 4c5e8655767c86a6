//! Splits the images of an export. The rules are in `domain::split`.

use std::collections::{BTreeMap, HashMap, HashSet};

use datasets::model::DatasetImage;
use domain::ids::ImageId;
use domain::numbers::count;
use domain::plan::ImageSelection;
use domain::recipe::comparable;
use domain::split::{
    LabelImages, SplitImage, SplitOutcome, SplitPart, SplitPartCounts, SplitRequest, bursts, joined_groups, split,
};
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
    let alike = alike.groups.iter().map(|group| [&[group.leader], &*group.followers].concat());
    Ok(joined_groups(alike.chain(bursts(&taken))))
}

/// An image that the format keeps.
struct KeptImage {
    id: ImageId,
    /// Numbers of its labels, with the number of annotations.
    labels: BTreeMap<u32, u32>,
}

/// The part of each image, and the split with its counts. `images` are those that the format keeps, as it keeps them:
/// others would leave parts of other sizes than were asked for.
pub fn split_images(
    view: &View<'_>,
    images: &[DatasetImage],
    survey: &Survey,
    groups: &Groups,
    request: &SplitRequest,
) -> Result<(HashMap<ImageId, SplitPart>, SplitOutcome)> {
    let numbers: HashMap<String, u32> =
        survey.labels.iter().zip(0..).map(|(label, number)| (comparable(&label.name), number)).collect();
    let images: Vec<KeptImage> = images
        .iter()
        .filter_map(|image| {
            let mut labels: BTreeMap<u32, u32> = BTreeMap::new();
            for annotation in &image.annotations {
                if let Some(label) = numbers.get(&comparable(&annotation.label)) {
                    *labels.entry(*label).or_default() += 1;
                }
            }
            Some(KeptImage { id: ImageId(u32::try_from(image.id).ok()?), labels })
        })
        .collect();
    let counted = &images;
    let known = view.split_parts(request.seed)?;
    let group_of = |image: ImageId| groups.get(&image).copied().unwrap_or(image);
    let images: Vec<SplitImage> = counted
        .iter()
        .map(|image| SplitImage {
            image: image.id,
            labels: image.labels.keys().copied().collect(),
            group: group_of(image.id),
            kept: known.get(&image.id).copied(),
        })
        .collect();
    let parts: HashMap<ImageId, SplitPart> =
        images.iter().map(|image| image.image).zip(split(&images, request)).collect();
    let together: HashSet<ImageId> = images.iter().map(|image| image.group).collect();
    let outcome = SplitOutcome {
        request: *request,
        parts: SplitPart::ALL.map(|part| part_counts(part, survey, counted, &parts)).into(),
        groups: request.keeps_groups.then(|| count(together.len())),
        kept: count(images.iter().filter(|image| image.kept.is_some()).count()),
    };
    Ok((parts, outcome))
}

fn part_counts(
    part: SplitPart,
    survey: &Survey,
    images: &[KeptImage],
    parts: &HashMap<ImageId, SplitPart>,
) -> SplitPartCounts {
    let labels = survey.labels.iter().map(|label| LabelImages { label: label.name.clone(), images: 0, annotations: 0 });
    let mut counts = SplitPartCounts { part, images: 0, annotations: 0, labels: labels.collect() };
    for image in images.iter().filter(|image| parts.get(&image.id) == Some(&part)) {
        counts.images += 1;
        for (&label, &annotations) in &image.labels {
            counts.annotations += annotations;
            let label = &mut counts.labels[label as usize];
            (label.images, label.annotations) = (label.images + 1, label.annotations + annotations);
        }
    }
    counts
}
