//! The facts about an image, for the info panel: of real files that stay, move and have copies.

use std::fs;

use engine::EngineError;
use fieldmark_tests::bench::Bench;
use fieldmark_tests::pictures::drawing;

#[test]
fn a_missing_file_is_not_a_file_without_a_position() {
    let bench = Bench::new();
    let photos = bench.photos();
    fs::create_dir_all(&photos).unwrap();
    let (picture, _) = drawing(320, 240);
    picture.save(photos.join("one.jpg")).unwrap();
    fs::copy(photos.join("one.jpg"), photos.join("two.jpg")).unwrap();
    bench.library.imports.run(std::slice::from_ref(&photos)).unwrap();
    let [card] = &bench.cards()[..] else { panic!("one image") };
    let images = &bench.library.images;

    let info = images.info(card.id).unwrap();
    assert_eq!(info.hash, blake3::hash(&fs::read(photos.join("one.jpg")).unwrap()).to_hex().to_string());
    let current: Vec<bool> = info.files.iter().map(|file| file.is_current).collect();
    assert_eq!((current, info.camera, info.runs), (vec![true, true], None, Vec::new()));
    assert_eq!(images.position(card.id).unwrap(), None);

    fs::remove_file(photos.join("one.jpg")).unwrap();
    let current: Vec<bool> = images.info(card.id).unwrap().files.iter().map(|file| file.is_current).collect();
    assert_eq!(current, [false, true]);
    assert_eq!(images.position(card.id).unwrap(), None, "from the other copy");
    fs::remove_file(photos.join("two.jpg")).unwrap();
    assert!(matches!(images.position(card.id), Err(EngineError::Original { .. })));
    assert!(matches!(images.file(card.id), Err(EngineError::Original { .. })));
}
