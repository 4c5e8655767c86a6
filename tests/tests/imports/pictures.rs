//! Image files of a dataset that are named as photos of the library.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_not_enough_where_the_file_shows_something_else() {
    let bench = Bench::new();
    add_photos(&bench);
    let own = bench.photos().join("images");
    fs::create_dir(&own).unwrap();
    fs::copy(sample("flower.jpg"), bench.photos().join("IMG_1.jpg")).unwrap();
    fs::copy(sample("rocket.jpg"), own.join("IMG_2.jpg")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();

    // Of the same name and size as the flower, and in a folder of the same name as the rocket.
    let dataset = bench.folder.path().join("dataset");
    let images = dataset.join("images");
    fs::create_dir_all(&images).unwrap();
    fs::copy(sample("china.jpg"), images.join("IMG_1.jpg")).unwrap();
    fs::copy(sample("china.jpg"), images.join("IMG_2.jpg")).unwrap();
    // A smaller copy, and one that has lost its EXIF orientation.
    let coffee = image::open(sample("coffee.jpg")).unwrap();
    coffee.thumbnail(300, 200).to_rgb8().save(images.join("coffee.jpg")).unwrap();
    let cat = image::open(sample("chelsea.jpg")).unwrap();
    cat.rotate270().to_rgb8().save(images.join("cat-6.jpg")).unwrap();
    let file = coco(
        &bench,
        &[
            ("IMG_1.jpg", 640, 427),
            ("images/IMG_2.jpg", 640, 427),
            ("coffee.jpg", 300, 200),
            ("cat-6.jpg", 300, 451),
            ("astronaut, \"1999\".jpg", 512, 512),
        ],
        &[0, 1, 2, 3, 4].map(|image| (image, "cup", [30.0, 50.0, 60.0, 40.0])),
    );
    fs::rename(file, dataset.join("instances.json")).unwrap();

    let dry = bench.library.dataset_imports.preview(&request(&dataset, ImportRole::Work), &ImportTask::default());
    let imported = import(&bench, &dataset, ImportRole::Work).await;
    let report = &imported.report;
    assert_eq!(dry.unwrap().report, *report);
    let not_these: Vec<_> = report.ambiguous.named.iter().map(|one| one.file_name.as_str()).collect();
    assert_eq!(
        (report.matched.total(), not_these.as_slice()),
        (3, &["IMG_1.jpg", "images/IMG_2.jpg"][..]),
        "{report:?}"
    );
    let layer = shown(&bench, &LayerScope::of_run(imported.layer.unwrap().id));
    assert_eq!(rect(&layer["coffee.jpg"][0]), Rect::new(60.0, 100.0, 180.0, 180.0));
    assert_eq!(rect(&layer["cat-6.jpg"][0]), Rect::new(361.0, 30.0, 401.0, 90.0));
    assert!(layer["IMG_1.jpg"].is_empty() && layer["IMG_2.jpg"].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_same_length_is_not_the_same_picture() {
    let bench = Bench::new();
    let dataset = bench.folder.path().join("dataset");
    let [own, others] = [bench.photos().join("images"), dataset.join("images")];
    fs::create_dir_all(&own).unwrap();
    fs::create_dir_all(&others).unwrap();
    // Uncompressed, so that all pictures of a size have one length.
    for (name, path) in [("flower.jpg", own.join("IMG_1.bmp")), ("china.jpg", others.join("IMG_1.bmp"))] {
        image::open(sample(name)).unwrap().to_rgb8().save(path).unwrap();
    }
    let len = |folder: &Path| fs::metadata(folder.join("IMG_1.bmp")).unwrap().len();
    assert_eq!(len(&own), len(&others));
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let file = coco(&bench, &[("images/IMG_1.bmp", 640, 427)], &[(0, "cup", [30.0, 50.0, 60.0, 40.0])]);
    fs::rename(file, dataset.join("instances.json")).unwrap();
    let report = import(&bench, &dataset, ImportRole::Work).await.report;
    assert_eq!((report.matched.total(), report.ambiguous.images), (0, 1), "{report:?}");
}
