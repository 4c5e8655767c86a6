//! Finds the images of one side on another one, by content or by name.

use std::collections::HashMap;

use super::side::ImageNames;

/// Images of one side on the other.
#[derive(Debug, PartialEq, Eq)]
pub struct Matched {
    /// For each image, the place of the same one on the other side.
    pub places: Vec<Option<usize>>,
    /// Images with several that could be the same one.
    pub ambiguous: u32,
}

/// Each of `images` on the other side: the one with the same content, otherwise the one whose path ends like its own, with the
/// same size if both are known. An image for which several qualify equally is not matched.
pub fn match_images(images: &[ImageNames], others: &[ImageNames]) -> Matched {
    let mut by_hash: HashMap<&str, usize> = HashMap::new();
    let mut by_name: HashMap<&str, Vec<(usize, &str)>> = HashMap::new();
    for (place, other) in others.iter().enumerate() {
        if let Some(hash) = &other.hash {
            by_hash.entry(hash).or_insert(place);
        }
        for path in &other.paths {
            by_name.entry(file_name(path)).or_default().push((place, path));
        }
    }
    let mut found: Vec<Match> = images
        .iter()
        .map(|image| match image.hash.as_deref().and_then(|hash| by_hash.get(hash)) {
            Some(&place) => Match::Same(place),
            None => by_path(image, others, &by_name),
        })
        .collect();
    // Two images cannot be the same other one. Equal content decides.
    let mut claims: HashMap<usize, (u32, u32)> = HashMap::new();
    for each in &found {
        match each {
            Match::Same(place) => claims.entry(*place).or_default().0 += 1,
            Match::Named(place) => claims.entry(*place).or_default().1 += 1,
            Match::Several | Match::None => {}
        }
    }
    for each in &mut found {
        let is_disputed = match each {
            Match::Same(place) => claims[place].0 > 1,
            Match::Named(place) => claims[place].0 > 0 || claims[place].1 > 1,
            Match::Several | Match::None => false,
        };
        if is_disputed {
            *each = Match::Several;
        }
    }
    Matched {
        places: found
            .iter()
            .map(|each| if let Match::Same(place) | Match::Named(place) = each { Some(*place) } else { None })
            .collect(),
        ambiguous: u32::try_from(found.iter().filter(|each| **each == Match::Several).count()).unwrap_or(u32::MAX),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    /// With the same content.
    Same(usize),
    /// With the same end of its path.
    Named(usize),
    Several,
    None,
}

fn by_path(image: &ImageNames, others: &[ImageNames], by_name: &HashMap<&str, Vec<(usize, &str)>>) -> Match {
    let mut best: Option<(usize, usize)> = None;
    let mut is_tied = false;
    for path in &image.paths {
        for &(place, other) in by_name.get(file_name(path)).map_or(&[][..], Vec::as_slice) {
            let sizes = image.size.zip(others[place].size);
            let hashes = image.hash.as_ref().zip(others[place].hash.as_ref());
            if sizes.is_some_and(|(one, other)| one != other) || hashes.is_some_and(|(one, other)| one != other) {
                continue;
            }
            let common = common_end(path, other);
            match best {
                Some((longest, _)) if longest > common => {}
                Some((longest, known)) if longest == common => is_tied |= known != place,
                _ => (best, is_tied) = (Some((common, place)), false),
            }
        }
    }
    match best {
        Some(_) if is_tied => Match::Several,
        Some((_, place)) => Match::Named(place),
        None => Match::None,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Number of names at the end of both paths that are the same.
fn common_end(one: &str, other: &str) -> usize {
    one.rsplit(['/', '\\']).zip(other.rsplit(['/', '\\'])).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use domain::geometry::PixelSize;

    use super::*;

    fn named(path: &str) -> ImageNames {
        ImageNames { paths: vec![path.to_owned()], ..ImageNames::default() }
    }

    #[test]
    fn images_are_found_by_content_then_by_the_end_of_their_paths() {
        let hashed = |path: &str, hash: &str| ImageNames { hash: Some(hash.to_owned()), ..named(path) };
        let others = [
            named("/photos/may/a.jpg"),
            named("/photos/june/a.jpg"),
            named("/photos/june/b.jpg"),
            hashed("/photos/c.jpg", "12"),
            ImageNames { size: Some(PixelSize::new(4, 3)), ..named("/photos/d.jpg") },
        ];
        let images = [
            named("june/a.jpg"),
            named("a.jpg"),
            named("images\\b.jpg"),
            hashed("renamed.jpg", "12"),
            hashed("c.jpg", "13"),
            ImageNames { size: Some(PixelSize::new(3, 4)), ..named("d.jpg") },
            named("e.jpg"),
        ];
        let matched = match_images(&images, &others);
        assert_eq!(matched.places, [Some(1), None, Some(2), Some(3), None, None, None]);
        assert_eq!(matched.ambiguous, 1, "two are called a.jpg");
    }

    #[test]
    fn an_image_is_the_same_as_one_other_at_most() {
        let matched = match_images(&[named("x/a.jpg"), named("y/a.jpg")], &[named("a.jpg")]);
        assert_eq!(matched, Matched { places: vec![None, None], ambiguous: 2 });
    }
}
