//! What COCO's files state beside their annotations: boxes and areas, and detections.

use std::fs;

use datasets::{Input, find, is_list_of_detections, read_coco_extents, read_detections};
use domain::geometry::Rect;

#[test]
fn coco_states_boxes_areas_and_detections() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.json");
    fs::write(&path, r#"{"annotations": [{"bbox": [1, 2, 30, 40], "area": 7.5}, {"area": null}], "images": []}"#)
        .unwrap();
    assert!(!is_list_of_detections(&path));
    let mut input = Input::open(find("coco").unwrap().descriptor().package, &path).unwrap();
    let extents = read_coco_extents(&mut input).unwrap();
    assert_eq!(extents[0].bounds, Some(Rect::new(1.0, 2.0, 31.0, 42.0)));
    assert_eq!((extents[0].area, extents[1].bounds, extents[1].area), (Some(7.5), None, None));

    let list = r#"[{"image_id": 4, "category_id": 9, "bbox": [1, 2, 3, 4], "score": 0.9, "id": 1}]"#;
    fs::write(&path, list).unwrap();
    assert!(is_list_of_detections(&path));
    let mut read = Vec::new();
    read_detections(&path, |found| {
        read.push(found);
        Ok(())
    })
    .unwrap();
    assert_eq!((read[0].image, read[0].category, read[0].rect), (4, 9, Rect::new(1.0, 2.0, 4.0, 6.0)));
    assert!((read[0].score - 0.9).abs() < 1e-15);
    fs::write(&path, r#"[{"image_id": 4}]"#).unwrap();
    assert!(read_detections(&path, |_| Ok(())).unwrap_err().to_string().contains("category_id"));
}
