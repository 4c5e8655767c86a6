//! Smart collections, and images that are removed from the library.

use domain::library::SmartCollection;

use super::*;

#[test]
fn removed_images_are_in_no_collection_until_they_are_restored() {
    let (library, _, images) = library();
    let overview = || {
        library.store.read_blocking(|view| {
            let collections = view.collections()?;
            let of_collection = view.label_counts(Some(collections[0].id))?;
            Ok((collections, view.label_counts(None)?, of_collection))
        })
    };
    let before = overview().unwrap();
    let removed = [images[0], images[1]];
    library.store.write_blocking(move |edit| edit.remove_images(&removed)).unwrap();
    assert_eq!(library.find("", ImageOrder::Added), images[2..]);
    let (collections, labels, of_collection) = overview().unwrap();
    assert_eq!(collections[0].image_count + 2, before.0[0].image_count);
    assert_eq!(labels, of_collection);
    assert_ne!(labels, before.1);
    library.store.write_blocking(move |edit| edit.restore_images(&removed)).unwrap();
    assert_eq!(overview().unwrap(), before);
    assert_eq!(library.find("", ImageOrder::Added), images);
}

#[test]
fn smart_collections_are_kept_changed_and_restored() {
    let (library, ..) = library();
    let query = ImageQuery::of([Test::AnyLabel { names: vec!["cat".into(), "dog".into()] }]);
    let kept = || library.store.read_blocking(|view| view.smart_collections()).unwrap();
    let added = query.clone();
    let id = library.store.write_blocking(move |edit| edit.add_smart_collection("Pets", &added, 7)).unwrap();
    let saved = SmartCollection { id, name: "Pets".into(), query };
    assert_eq!(kept(), std::slice::from_ref(&saved));
    library.store.write_blocking(move |edit| edit.delete_smart_collection(id)).unwrap();
    assert_eq!(kept(), []);
    let renamed = SmartCollection { name: "Animals".into(), ..saved };
    let restored = renamed.clone();
    library.store.write_blocking(move |edit| edit.save_smart_collection(&restored, 8)).unwrap();
    assert_eq!(kept(), [renamed]);
}
