//! Quality of what is said of whole images: tags and captions.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::precision::DetectionCounts;
use crate::recipe::comparable;

/// Tags of images compared with their true ones, in any spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TagQuality {
    pub images: u32,
    /// Images whose tags are exactly the true ones.
    pub exact: u32,
    pub counts: DetectionCounts,
}

impl TagQuality {
    /// `images` are the true and the found tags of each image.
    #[must_use]
    pub fn new<'a>(images: impl IntoIterator<Item = (&'a [String], &'a [String])>) -> Self {
        let mut quality = Self::default();
        for (truth, found) in images {
            let set = |tags: &[String]| tags.iter().map(|tag| comparable(tag)).collect::<BTreeSet<_>>();
            let (truth, found) = (set(truth), set(found));
            quality.images += 1;
            quality.exact += u32::from(truth == found);
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            quality.counts.add(DetectionCounts {
                right: count(truth.intersection(&found).count()),
                wrong: count(found.difference(&truth).count()),
                missed: count(truth.difference(&found).count()),
            });
        }
        quality
    }

    /// Share of images whose tags are exactly the true ones; `None` without images.
    #[must_use]
    pub fn accuracy(self) -> Option<f64> {
        (self.images > 0).then(|| f64::from(self.exact) / f64::from(self.images))
    }
}

/// Captions compared with true ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CaptionQuality {
    pub captions: u32,
    /// Equal character by character.
    pub exact: u32,
    /// Equal but for case, spaces and surrounding punctuation, the exact ones included.
    pub normalized: u32,
}

impl CaptionQuality {
    /// `captions` are the true and the found text of each image that has a true one. A missing caption is wrong.
    #[must_use]
    pub fn new<'a>(captions: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        let mut quality = Self::default();
        for (truth, found) in captions {
            quality.captions += 1;
            quality.exact += u32::from(found == Some(truth));
            quality.normalized += u32::from(found.is_some_and(|found| comparable(found) == comparable(truth)));
        }
        quality
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_in_any_spelling_and_captions_both_ways() {
        let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let images = [
            (tags(&["Indoors", "night"]), tags(&["night", "indoors"])),
            (tags(&["outdoors"]), tags(&["outdoors", "rain"])),
            (tags(&["outdoors"]), tags(&[])),
            (tags(&[]), tags(&[])),
        ];
        let quality = TagQuality::new(images.iter().map(|(truth, found)| (&truth[..], &found[..])));
        assert_eq!((quality.images, quality.exact, quality.accuracy()), (4, 2, Some(0.5)));
        assert_eq!(quality.counts, DetectionCounts { right: 3, wrong: 1, missed: 1 });
        assert_eq!(TagQuality::default().accuracy(), None);

        let captions =
            [("A cat.", Some("A cat.")), ("A cat.", Some("a  cat")), ("A cat.", Some("a dog")), ("A cat.", None)];
        assert_eq!(CaptionQuality::new(captions), CaptionQuality { captions: 4, exact: 1, normalized: 2 });
    }
}
