use proptest::prelude::*;

use super::*;

fn index(files: &[(u32, &str, (u32, u32))]) -> MatchIndex {
    let mut index = MatchIndex::default();
    for &(id, path, (width, height)) in files {
        let (id, size) = (ImageId(id), PixelSize::new(width, height));
        let hash = [u8::try_from(id.0).unwrap(); 32];
        let orientation = Orientation::NeedsClockwise90;
        index.add_image(MatchableImage {
            id,
            size: Some(size),
            orientation,
            hash: Some(hash),
            byte_len: Some(10),
            perceptual_hash: None,
        });
        index.add_file(MatchableFile { image: id, path, root: Some("/photos") });
    }
    index.sort();
    index
}

/// What is found, without how strong the match is.
fn found(index: &MatchIndex, wanted: WantedImage<'_>) -> FoundImage {
    match index.find(wanted) {
        FoundImage::Matched(MatchedImage { image, method, .. }) => by(image.0, method),
        other => other,
    }
}

fn wanted(path: &str, size: Option<(u32, u32)>) -> WantedImage<'_> {
    WantedImage { path, size: size.map(|(width, height)| PixelSize::new(width, height)), hash: None }
}

fn by(id: u32, method: MatchMethod) -> FoundImage {
    FoundImage::matched(ImageId(id), method, 0)
}

#[test]
fn a_path_matches_as_a_whole_or_by_its_longest_end() {
    let index = index(&[
        (1, "/photos/a.jpg", (30, 40)),
        (2, "/photos/day 1/a.jpg", (30, 40)),
        (3, "/photos/day 2/a.jpg", (30, 40)),
        (4, "/photos/trip/day 2/a.jpg", (30, 40)),
        (5, "/photos/caf\u{e9}/b.jpg", (30, 40)),
    ]);
    for (path, id) in [
        ("a.jpg", 1),
        ("./a.jpg", 1),
        ("day 1/a.jpg", 2),
        ("images\\day 1\\a.jpg", 2),
        ("day 2/a.jpg", 3),
        ("trip/day 2/a.jpg", 4),
        ("/elsewhere/trip/day 2/a.jpg", 4),
        ("/photos/day 2/a.jpg", 3),
        ("cafe\u{301}/b.jpg", 5),
    ] {
        assert_eq!(found(&index, wanted(path, None)), by(id, MatchMethod::Path), "{path}");
    }
    let both = FoundImage::Ambiguous(vec![ImageId(3), ImageId(4)]);
    assert_eq!(found(&index, wanted("other/day 2/a.jpg", None)), both);
}

#[test]
fn a_name_matches_with_its_size_upright_or_as_stored() {
    let index = index(&[
        (1, "/photos/x/a.jpg", (30, 40)),
        (2, "/photos/y/a.jpg", (50, 60)),
        (3, "/photos/y/b.JPG", (50, 60)),
        (4, "/photos/y/c.v2.png", (50, 60)),
    ]);
    let method = MatchMethod::NameAndSize;
    assert_eq!(found(&index, wanted("train/a.jpg", Some((30, 40)))), by(1, method));
    assert_eq!(found(&index, wanted("train/a.jpg", Some((60, 50)))), by(2, method), "the file states the stored size");
    assert_eq!(found(&index, wanted("train/a.jpg", None)), FoundImage::Ambiguous(vec![ImageId(1), ImageId(2)]));
    assert_eq!(found(&index, wanted("train/a.jpg", Some((37, 40)))), FoundImage::Unmatched);
    assert_eq!(found(&index, wanted("train/a.jpg", Some((15, 20)))), by(1, method), "scaled");
    assert_eq!(found(&index, wanted("b.jpg", None)), by(3, method), "in another case");
    assert_eq!(found(&index, wanted("labels/b", Some((50, 60)))), by(3, method), "without its extension");
    assert_eq!(found(&index, wanted("labels/c.v2", None)), by(4, method));
    assert_eq!(found(&index, wanted("b.png", Some((50, 60)))), FoundImage::Unmatched);
}

#[test]
fn a_stated_content_decides() {
    let index = index(&[(1, "/photos/x/a.jpg", (30, 40)), (2, "/photos/y/a.jpg", (30, 40))]);
    let with = |path, hash: u8| found(&index, WantedImage { hash: Some([hash; 32]), ..wanted(path, Some((30, 40))) });
    assert_eq!(with("a.jpg", 2), by(2, MatchMethod::Hash));
    assert_eq!(with("renamed.jpg", 1), by(1, MatchMethod::Hash));
    assert_eq!(with("x/a.jpg", 1), by(1, MatchMethod::Path));
    assert_eq!(with("x/a.jpg", 2), by(2, MatchMethod::Hash), "whatever has the path");
    assert_eq!(with("x/a.jpg", 9), FoundImage::Ambiguous(vec![ImageId(1)]), "a file of other content");
    assert_eq!(with("renamed.jpg", 9), FoundImage::Unmatched);
}

#[test]
fn two_files_of_one_image_do_not_conflict() {
    let mut index = index(&[(1, "/photos/x/a.jpg", (30, 40))]);
    index.add_file(MatchableFile { image: ImageId(1), path: "/photos/copies/a.jpg", root: None });
    index.sort();
    assert_eq!(found(&index, wanted("a.jpg", None)), by(1, MatchMethod::NameAndSize));
}

#[test]
fn two_images_of_a_file_are_never_one_of_the_library() {
    let index = index(&[(1, "/photos/x/a.jpg", (30, 40)), (2, "/photos/b.jpg", (30, 40))]);
    let settled = |wanted: &[WantedImage<'_>]| {
        let mut found: Vec<FoundImage> = wanted.iter().map(|wanted| index.find(*wanted)).collect();
        settle_claims(&mut found);
        let matched = |found: &FoundImage| match found {
            FoundImage::Matched(MatchedImage { image, .. }) => Some(image.0),
            FoundImage::Ambiguous(images) => {
                assert_eq!(images.len(), 1);
                None
            }
            FoundImage::Unmatched => panic!("not found"),
        };
        found.iter().map(matched).collect::<Vec<_>>()
    };
    let at = |path| wanted(path, Some((30, 40)));
    let hashed = |path, hash: u8| WantedImage { hash: Some([hash; 32]), ..at(path) };
    assert_eq!(settled(&[at("train/a.jpg"), at("test/a.jpg")]), [None, None]);
    assert_eq!(settled(&[at("test/a.jpg"), at("x/a.jpg"), at("b.jpg")]), [None, Some(1), Some(2)]);
    assert_eq!(settled(&[at("set/x/a.jpg"), at("photos/x/a.jpg")]), [None, Some(1)], "the longer path");
    assert_eq!(settled(&[at("y/b.jpg"), hashed("renamed.jpg", 2)]), [None, Some(2)]);
    assert_eq!(settled(&[at("b.jpg"), hashed("renamed.jpg", 2)]), [None, None]);
    assert_eq!(settled(&[at("b.jpg"), at("b.jpg")]), [None, None]);
}

proptest! {
    #[test]
    fn every_file_is_found_by_its_own_path(
        names in prop::collection::btree_set("[a-c]{1,2}(/[a-c]{1,2}){0,2}\\.(jpg|png)", 1..12),
        folder in "(/[a-c]{1,2}){0,2}",
    ) {
        let mut index = MatchIndex::default();
        for (id, name) in (1..).zip(&names) {
            let id = ImageId(id);
            let size = Some(PixelSize::new(30, 40));
            index.add_image(MatchableImage { id, size, orientation: Orientation::Upright, hash: None, byte_len: None, perceptual_hash: None });
            index.add_file(MatchableFile { image: id, path: &format!("/photos/{name}"), root: Some("/photos/") });
        }
        index.sort();
        for (id, name) in (1..).zip(&names) {
            let expected = by(id, MatchMethod::Path);
            prop_assert_eq!(&found(&index, wanted(name, None)), &expected);
            prop_assert_eq!(&found(&index, wanted(&format!("/photos/{name}"), None)), &expected);
            // Elsewhere it is itself, or not decided, or another one that has more of the path in common.
            let elsewhere = format!("{folder}/{name}");
            match index.find(wanted(&elsewhere, None)) {
                FoundImage::Unmatched => prop_assert!(false, "{} was not found", elsewhere),
                FoundImage::Ambiguous(images) => prop_assert!(images.len() > 1),
                FoundImage::Matched(MatchedImage { image, .. }) => prop_assert!(image.0 as usize <= names.len()),
            }
        }
    }
}
