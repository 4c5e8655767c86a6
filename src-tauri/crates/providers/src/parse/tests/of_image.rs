//! Attributes of the image, and attributes with several values.

use domain::annotation::AttributeValue;
use domain::recipe::IMAGE_LABEL;

use super::*;

fn street() -> Recipe {
    let attribute = |name: &str, kind, is_required, of| Attribute {
        name: name.into(),
        definition: String::new(),
        kind,
        is_required,
        of,
    };
    let options = vec!["rain".into(), "light fog".into(), "snow".into()];
    let mut recipe = recipe();
    recipe.attributes = vec![
        attribute("weather", AttributeKind::SeveralOf { options }, true, AttributeSubject::Image),
        attribute("asleep", AttributeKind::YesNo, false, AttributeSubject::Annotation),
        attribute("how dark?", AttributeKind::Number { min: 0, max: 5 }, false, AttributeSubject::Image),
    ];
    recipe
}

const CAT: &str = r#"{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"confidence":0.5,"attributes":{"asleep":true}}"#;

/// The attributes of the image, then repairs and dropped items.
fn image_told(text: &str, recipe: &Recipe) -> String {
    let parsed = match parse(text, recipe, SENT) {
        Ok(parsed) => parsed,
        Err(error) => return error.to_string(),
    };
    let of_image = parsed.annotations.iter().filter(|annotation| annotation.is_of_image(recipe));
    let mut lines: Vec<String> = of_image.map(|annotation| format!("{:?}", annotation.attributes)).collect();
    lines.push(format!("{} marks", parsed.annotations.len() - lines.len()));
    lines.extend(parsed.reading.repairs.iter().map(|repair| format!("repair {:?}: {:?}", repair.item, repair.kind)));
    lines
        .extend(parsed.reading.dropped.iter().map(|dropped| format!("dropped {}: {:?}", dropped.item, dropped.reason)));
    lines.join("\n")
}

#[test]
fn attributes_of_the_image_become_one_image_tag() {
    let recipe = street();
    let text = format!(r#"{{"image":{{"weather":["snow","rain"],"attribute_3":4}},"marks":[{CAT}]}}"#);
    let parsed = parse(&text, &recipe, SENT).unwrap();
    assert!(parsed.reading.is_plain(), "{:?}", parsed.reading);
    let [cat, image] = parsed.annotations.as_slice() else { panic!("{:?}", parsed.annotations) };
    assert_eq!(cat.attributes, [("asleep".to_owned(), AttributeValue::YesNo(true))].into());
    assert_eq!((image.label.as_str(), &image.shape, image.confidence), (IMAGE_LABEL, &Shape::ImageTag, None));
    let weather = AttributeValue::Several(vec!["rain".into(), "snow".into()]);
    let expected = [("weather".to_owned(), weather), ("how dark?".to_owned(), AttributeValue::Number(4))];
    assert_eq!(image.attributes, expected.into());
    let stored = Answer::from_raw(&parsed.to_raw().unwrap()).unwrap();
    assert_eq!(stored, parsed);
    let annotations = stored.annotations(&recipe, PixelSize::new(4000, 2000));
    assert_eq!(annotations.iter().map(|annotation| annotation.label.as_str()).collect::<Vec<_>>(), ["cat", "image"]);
}

#[test]
fn deviations_are_repaired_and_recorded() {
    let recipe = street();
    let texts = [
        format!(
            r#"Here it is: {{"image": {{"weather": "Rain, light_fog", "how dark?": "9"}}, "marks": [{CAT}]}} Done."#
        ),
        format!(r#"{{"weather":["rain","hail"],"marks":[{CAT}]}}"#),
        format!(r#"{{"image":{{"weather":["hail"]}},"marks":[{CAT}]}}"#),
        format!("[{CAT}]"),
        r#"{"image":{"weather":[]},"marks":[]}"#.to_owned(),
        r#"{"image":{"weather":[]},"marks":[{"label":"dog","x1":1,"y1":2,"x2":30,"y2":40}]}"#.to_owned(),
        format!(r#"{{"image":{{"weather":["snow"]}},"marks":[{CAT},{{"label":"#),
    ];
    let told = texts.map(|text| format!("{text}\n{}", image_told(&text, &recipe)));
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn an_answer_cut_off_before_its_first_mark_is_not_complete() {
    let cut = r#"{"image":{"weather":["snow"]},"marks":[{"label":"ca"#;
    let error = read(&answer(cut, FinishReason::MaxTokens), &street()).unwrap_err();
    assert_eq!(error, AnswerError::CutOffEarly);
}

#[test]
fn a_recipe_may_ask_about_the_image_alone() {
    let mut recipe = street();
    recipe.shapes.clear();
    recipe.attributes.remove(1);
    for (text, told) in [
        (r#"{"image":{"weather":["rain"]}}"#, "{\"weather\": Several([\"rain\"])}\n0 marks"),
        (r#"{"weather":["rain"]}"#, "{\"weather\": Several([\"rain\"])}\n0 marks"),
        ("```json\n{\"image\":{\"weather\":[]}}\n```", "{\"weather\": Several([])}\n0 marks\nrepair None: WordsAround"),
        (r#"{"image":{}}"#, "the attribute \"weather\" of the image is missing"),
        ("It rains.", "the answer has no readable list of annotations; it begins: It rains."),
    ] {
        assert_eq!(image_told(text, &recipe), told, "{text}");
    }
    recipe.attributes[0].is_required = false;
    for none in [
        r#"{"image":{}}"#,
        r#"{"image":null}"#,
        r#"{"image":{"weather":null},"note":"dark"}"#,
        r#"{"image":{"how dark?":" "}}"#,
    ] {
        assert_eq!(image_told(none, &recipe), "0 marks", "{none}");
    }
    for unusable in [
        r#"{"image":{"weather":["hail"]}}"#,
        r#"{"image":{"weather":7,"how dark?":"very"}}"#,
        r#"{"image":"rain"}"#,
        r#"{"image":["rain"]}"#,
        r#"{"error":"I cannot see the image"}"#,
        r#"It rains: {"sky":"grey"}"#,
    ] {
        let told = image_told(unusable, &recipe);
        assert!(told.starts_with("no attribute of the image can be used; the answer: {"), "{unusable}: {told}");
    }
    recipe.attributes[0].is_required = true;
    let cut = read(&answer(r#"{"image":{"weather":["ra"#, FinishReason::MaxTokens), &recipe);
    assert_eq!(cut.unwrap_err(), AnswerError::CutOffEarly);
    assert_eq!(
        read(&answer(r#"{"image":{"weather":[]}}"#, FinishReason::EndTurn), &recipe).unwrap().annotations.len(),
        1
    );
}
