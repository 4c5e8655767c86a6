//! Explains why an answer is unusable, with the model's first item.

use domain::answer::{CoordinateSystem, DropReason, Dropped, OTHER_COORDINATES, OUTSIDE_IMAGE, UNKNOWN_LABEL};
use domain::geometry::{PixelSize, Rect};

use super::AnswerError;
use super::items::Item;
use super::scalars::{shortened, shown};

/// Maximum number of listed reasons.
const NAMED_REASONS: usize = 3;

pub fn no_list(text: &str) -> AnswerError {
    let detail = match shortened(text.trim()).as_str() {
        "" => "the answer is empty".to_owned(),
        beginning => format!("the answer has no readable list of annotations; it begins: {beginning}"),
    };
    AnswerError::Unreadable { detail }
}

/// `first` is the first item; all were dropped.
pub fn nothing_used(dropped: &[Dropped], first: &Item) -> AnswerError {
    let first = match first {
        Item::Read(value) => shown(value),
        Item::Unreadable(text) => text.clone(),
    };
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for Dropped { reason, .. } in dropped {
        let reason = in_words(reason);
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    let detail = if let [(reason, 1)] = reasons.as_slice() {
        format!("the annotation cannot be used: {reason}; the answer: {first}")
    } else {
        let reasons: Vec<String> =
            reasons.into_iter().take(NAMED_REASONS).map(|(reason, count)| format!("{count} x {reason}")).collect();
        let count = dropped.len();
        format!("none of the {count} annotations can be used: {}; the first: {first}", reasons.join(", "))
    };
    if dropped.iter().all(|item| item.reason == DropReason::Unreadable) {
        AnswerError::Unreadable { detail }
    } else {
        AnswerError::Unusable { detail }
    }
}

/// `boxes` in the units of the answer.
pub fn other_coordinates(system: CoordinateSystem, boxes: &[Rect], sent: PixelSize) -> AnswerError {
    let answers_in = match system {
        CoordinateSystem::Fractions => format!("the model answers in 0..1 coordinates, {OTHER_COORDINATES}"),
        CoordinateSystem::Thousandths => format!("the model answers in 0..1000 coordinates, {OTHER_COORDINATES}"),
        CoordinateSystem::Unknown => format!("the coordinates are {OTHER_COORDINATES} of the sent image"),
    };
    let reach = boxes.iter().map(|own| own.ordered()).reduce(|reach, own| {
        Rect::new(reach.x1.min(own.x1), reach.y1.min(own.y1), reach.x2.max(own.x2), reach.y2.max(own.y2))
    });
    let Rect { x1, y1, x2, y2 } = reach.unwrap_or(Rect::new(0.0, 0.0, 0.0, 0.0));
    let detail = format!(
        "{answers_in}: the image has {} x {} pixels, and the coordinates range from ({x1}, {y1}) to ({x2}, {y2})",
        sent.width, sent.height
    );
    AnswerError::OtherCoordinates { system, detail }
}

fn in_words(reason: &DropReason) -> String {
    match reason {
        DropReason::Unreadable => "not a readable object".into(),
        DropReason::NoLabel => "no label".into(),
        DropReason::UnknownLabel { answered } => format!("{UNKNOWN_LABEL} \"{}\"", shortened(answered)),
        DropReason::NoBox => "a coordinate is missing or not a number".into(),
        DropReason::NoExtent => "less than a pixel wide or high".into(),
        DropReason::OutsidePicture => format!("at least half of it is {OUTSIDE_IMAGE}"),
        DropReason::NoText => "the caption has no text".into(),
        DropReason::ShapeNotAskedFor => "a shape that the recipe does not ask for".into(),
        DropReason::AttributeMissing { name } => format!("attribute \"{}\" missing", shortened(name)),
        DropReason::TooMany { count } => format!("{count} over the limit"),
    }
}
