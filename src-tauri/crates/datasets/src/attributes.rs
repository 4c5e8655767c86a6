//! Attributes as text, in formats without types.

use std::borrow::Cow;

use domain::annotation::AttributeValue;

/// The attribute for parts that are hidden in the image, as in CVAT.
pub const OCCLUDED: &str = "occluded";

/// The attribute of an annotation that covers a crowd of objects, as COCO calls it, where nothing else says so.
pub const CROWD: &str = "iscrowd";

/// Between the values of an attribute that has several.
pub const SEVERAL_SEPARATOR: &str = "; ";

/// The inverse of [`untyped`].
pub fn attribute_text(value: &AttributeValue) -> Cow<'_, str> {
    match value {
        AttributeValue::YesNo(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        AttributeValue::Number(value) => Cow::Owned(value.to_string()),
        AttributeValue::Text(value) => Cow::Borrowed(value),
        // The projection has joined them already.
        AttributeValue::Several(values) => Cow::Owned(values.join(SEVERAL_SEPARATOR)),
    }
}

/// Infers the type of a text attribute: `true` and `false` are booleans, whole numbers are numbers.
#[must_use]
pub fn untyped(text: &str) -> AttributeValue {
    match (text, text.parse::<i32>()) {
        ("true", _) => AttributeValue::YesNo(true),
        ("false", _) => AttributeValue::YesNo(false),
        (_, Ok(number)) if number.to_string() == text => AttributeValue::Number(number),
        _ => AttributeValue::Text(text.to_owned()),
    }
}
