//! What is published, and what a library knows of its publications.

use super::*;

impl Library {
    fn changed(&self, after: PublishedPosition, until: u64, most_bytes: u64) -> Vec<ChangedImage> {
        self.store.read_blocking(|view| view.changed_images(after, until, most_bytes)).unwrap()
    }
}

#[test]
fn a_batch_is_bounded_by_its_bytes_and_has_an_image_at_least() {
    let library = Library::new();
    let images: Vec<ImageId> = (1..=4).map(|seed| library.add_image(seed)).collect();
    // 100 KB on the second one.
    let caption = Shape::Caption { text: "x".repeat(100_000) };
    let second = images[1];
    let shape = serde_json::to_string(&caption).unwrap();
    let added = library.store.write_blocking(move |edit| {
        Ok(edit.0.0.execute(
            "INSERT INTO annotations (image_id, label, color, shape, attributes) VALUES (?1, 'long', 1, ?2, '{}')",
            rusqlite::params![second.0, shape],
        )?)
    });
    assert_eq!(added.unwrap(), 1);
    let mut after = PublishedPosition::default();
    let mut batches = Vec::new();
    loop {
        let changed = library.changed(after, 1, 3_000);
        let Some(last) = changed.last() else { break };
        after = last.at;
        batches.push(changed.iter().map(|image| ImageId(image.at.image)).collect::<Vec<_>>());
    }
    assert_eq!(batches, [&images[..2], &images[2..]]);
    assert_eq!(library.changed(PublishedPosition::default(), 1, 1).len(), 1);
}

#[test]
fn removing_a_collection_changes_its_images() {
    let library = Library::new();
    let image = library.add_image(1);
    let began = library.store.write_blocking(|edit| edit.begin_publication()).unwrap().unwrap();
    let again = library.store.write_blocking(|edit| edit.begin_publication()).unwrap().unwrap();
    assert_eq!((began.epoch, again.epoch), (1, 2));
    assert_ne!(began.token, again.token);
    let knows = |token: String| library.store.read_blocking(|view| view.knows_publication(&token)).unwrap();
    assert!(knows(began.token) && knows(again.token) && !knows("of a copy".into()));

    assert_eq!(library.changed(PublishedPosition { epoch: 1, image: u32::MAX }, 3, 1_000), []);
    let collection = library.store.read_blocking(|view| view.collections()).unwrap()[0].id;
    let other = library.store.write_blocking(move |edit| {
        let other = edit.collection_at(Path::new("/other"), "other", 1)?;
        edit.record_file(other, image, Path::new("/other/a.jpg"), KnownFile { byte_len: 10, modified_at: 5 })?;
        edit.begin_publication()?;
        edit.remove_collection(collection)
    });
    other.unwrap();
    let changed = library.changed(PublishedPosition { epoch: 3, image: u32::MAX }, 4, 1_000);
    assert_eq!(changed.len(), 1);
    assert!(!changed[0].is_removed);
    let published = library.store.read_blocking(|view| view.published_images(&[image])).unwrap();
    assert_eq!(published[0].collections, ["other"]);
}
