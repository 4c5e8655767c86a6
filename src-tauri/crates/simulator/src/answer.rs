//! Builds an answer in the requested form from the shapes that were found. A schema is walked generically: lists of
//! objects get one item per shape, integers are told apart by their names (`x1`, `y1`, `x2`, `y2`, ...), enums get the
//! member that fits best. Coordinates are absolute pixels of the image as seen; right and bottom are exclusive.

use serde_json::{Map, Number, Value, json};

use crate::frame::Frame;
use crate::picture::Size;
use crate::seeing::{Colour, Sighting};
use crate::usage::{text_bytes, text_tokens};
use crate::validation::{Form, ValidRequest, schema::referenced};

/// An answer that ignores the requested form.
const WRONG_JSON: &str = "Here are the shapes I found: {\"annotations\": [{\"label\": \"red\", x1: ten,";

/// The only block of an answer besides thinking.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Text(String),
    /// The input as streamed text, so that it can be cut off.
    Tool {
        name: String,
        input: String,
    },
}

impl Block {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Tool { input, .. } => input,
        }
    }

    fn text_mut(&mut self) -> &mut String {
        match self {
            Self::Text(text) => text,
            Self::Tool { input, .. } => input,
        }
    }
}

/// A whole answer, before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GeneratedAnswer {
    pub(crate) is_thinking: bool,
    pub(crate) thinking_tokens: u64,
    /// Absent when thinking used all tokens, and for a refusal.
    pub(crate) block: Option<Block>,
    pub(crate) output_tokens: u64,
    pub(crate) stop_reason: &'static str,
}

/// A deliberate defect of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoiling {
    Refusal,
    CutInHalf,
    WrongJson,
    Mistakes,
}

/// The first shape is half its width too far right and half its height too low, and a shape like it is where none is.
fn mistaken(sightings: &[Sighting], seen: Size) -> Vec<Sighting> {
    let mut sightings = sightings.to_vec();
    let Some(first) = sightings.first_mut() else { return sightings };
    let (width, height) = (first.right - first.left, first.bottom - first.top);
    let invented =
        Sighting { left: 0, top: 0, right: width.min(seen.width), bottom: height.min(seen.height), ..*first };
    first.left = (first.left + width / 2).min(seen.width - 1);
    first.right = (first.right + width / 2).min(seen.width);
    first.top = (first.top + height / 2).min(seen.height - 1);
    first.bottom = (first.bottom + height / 2).min(seen.height);
    sightings.push(invented);
    sightings
}

impl GeneratedAnswer {
    pub(crate) fn to(asked: &ValidRequest, sightings: &[Sighting], spoiling: Option<Spoiling>) -> Self {
        let seen = asked.picture.as_ref().map_or(Size { width: 1, height: 1 }, |picture| picture.seen);
        let mut block = if spoiling == Some(Spoiling::Mistakes) {
            compose(asked, &mistaken(sightings, seen))
        } else {
            compose(asked, sightings)
        };
        let thinking_tokens = if asked.is_thinking { thinking_tokens(&asked.effort).min(asked.max_tokens) } else { 0 };
        let mut stop_reason = if matches!(block, Block::Tool { .. }) { "tool_use" } else { "end_turn" };
        let room = asked.max_tokens - thinking_tokens;
        let cut_at = match spoiling {
            Some(Spoiling::CutInHalf) => Some(block.text().len() / 2),
            Some(Spoiling::WrongJson) => {
                WRONG_JSON.clone_into(block.text_mut());
                None
            }
            _ => None,
        };
        let cut_at =
            cut_at.or_else(|| (text_tokens(block.text(), asked.model) > room).then(|| text_bytes(room, asked.model)));
        if let Some(bytes) = cut_at {
            let text = block.text_mut();
            text.truncate(text.floor_char_boundary(bytes));
            stop_reason = "max_tokens";
        }
        let block = (spoiling != Some(Spoiling::Refusal) && !block.text().is_empty()).then_some(block);
        if spoiling == Some(Spoiling::Refusal) {
            stop_reason = "refusal";
        }
        let text_tokens = block.as_ref().map_or(0, |block| text_tokens(block.text(), asked.model));
        Self {
            is_thinking: asked.is_thinking,
            thinking_tokens,
            block,
            output_tokens: (thinking_tokens + text_tokens).clamp(1, asked.max_tokens),
            stop_reason,
        }
    }
}

/// The simulator's own rule: more effort, more thinking.
fn thinking_tokens(effort: &str) -> u64 {
    match effort {
        "low" => 40,
        "medium" => 120,
        "xhigh" => 800,
        "max" => 2000,
        _ => 300,
    }
}

fn compose(asked: &ValidRequest, sightings: &[Sighting]) -> Block {
    let seen = asked.picture.as_ref().map_or(Size { width: 1, height: 1 }, |picture| picture.seen);
    let frame = Frame { units: asked.units, seen };
    let filled = |schema: &Value| {
        Filler { root: schema, prompt: &asked.text, sightings, frame }.fill(schema, "", None).to_string()
    };
    match &asked.form {
        Form::Json(schema) => Block::Text(filled(schema)),
        Form::Fenced(schema) => Block::Text(format!("This is what I see:\n```json\n{}\n```\n", filled(schema))),
        Form::Tool { name, schema } => Block::Tool { name: name.clone(), input: filled(schema) },
        Form::Prose if asked.text.to_lowercase().contains("json") => Block::Text(fenced(sightings)),
        Form::Prose => Block::Text(prose(sightings)),
    }
}

fn fenced(sightings: &[Sighting]) -> String {
    let items: Vec<Value> = sightings
        .iter()
        .map(|seen| json!({"label": seen.colour.name(), "x1": seen.left, "y1": seen.top, "x2": seen.right, "y2": seen.bottom}))
        .collect();
    format!("```json\n{}\n```", json!({"annotations": items}))
}

fn prose(sightings: &[Sighting]) -> String {
    let lines = sightings.iter().map(|seen| {
        let Sighting { left, top, right, bottom, .. } = seen;
        format!("\n- a {} {} at ({left}, {top}, {right}, {bottom})", seen.colour.name(), seen.form())
    });
    format!("I see {} coloured shapes.{}", sightings.len(), lines.collect::<String>())
}

struct Filler<'a> {
    root: &'a Value,
    prompt: &'a str,
    sightings: &'a [Sighting],
    frame: Frame,
}

impl Filler<'_> {
    /// A value that matches `schema`, for the property `name`, about one shape or about the whole image.
    fn fill(&self, schema: &Value, name: &str, about: Option<&Sighting>) -> Value {
        let schema = self.resolved(schema);
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(members) = schema.get("enum").and_then(Value::as_array) {
            return self.fitting(members, name, about.or(self.sightings.first()));
        }
        match kind(schema) {
            "object" => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let filled =
                    properties.into_iter().flatten().map(|(key, value)| (key.clone(), self.fill(value, key, about)));
                Value::Object(filled.collect::<Map<_, _>>())
            }
            "array" => self.list(schema, name, about),
            "integer" => {
                about.map_or_else(|| json!(self.whole(name)), |seen| self.place(seen, name).unwrap_or(json!(0)))
            }
            "number" => self.number(name, about),
            "boolean" => json!(name.to_lowercase().contains("empty") && self.sightings.is_empty()),
            "null" => Value::Null,
            _ => json!(self.words(name, about)),
        }
    }

    /// Follows references and takes the first branch that is not null.
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|to| referenced(self.root, to)) {
            return self.resolved(target);
        }
        for union in ["anyOf", "oneOf", "allOf"] {
            let branches = schema.get(union).and_then(Value::as_array);
            if let Some(branch) =
                branches.into_iter().flatten().map(|branch| self.resolved(branch)).find(|b| kind(b) != "null")
            {
                return branch;
            }
        }
        schema
    }

    fn list(&self, schema: &Value, name: &str, about: Option<&Sighting>) -> Value {
        let no_items = Value::Null;
        let items = schema.get("items").unwrap_or(&no_items);
        let alternatives = self.alternatives(items);
        if about.is_none() && alternatives.len() > 1 {
            return Value::Array(self.mixed(&alternatives));
        }
        let items = self.resolved(items);
        let mut values = match (about, kind(items)) {
            (None, "object") if is_caption(items) => vec![self.fill(items, name, None)],
            (None, "object") => self.meant(name).map(|seen| self.fill(items, name, Some(seen))).collect(),
            (None, _) if items.get("enum").is_some() => {
                let mut members: Vec<Value> = self.meant(name).map(|seen| self.fill(items, name, Some(seen))).collect();
                members.dedup();
                let mut distinct = Vec::new();
                for member in members {
                    if !distinct.contains(&member) {
                        distinct.push(member);
                    }
                }
                distinct
            }
            (Some(seen), "integer" | "number") if name.to_lowercase().contains("point") => {
                self.frame.pair(u32::midpoint(seen.left, seen.right), u32::midpoint(seen.top, seen.bottom))
            }
            (Some(seen), "integer" | "number") => self.frame.list(seen),
            (Some(seen), "object") => self.corners(items, seen),
            (Some(seen), "array") => corners(seen).map(|(x, y)| Value::Array(self.frame.pair(x, y))).to_vec(),
            _ => Vec::new(),
        };
        if values.is_empty() && schema.get("minItems").and_then(Value::as_u64) == Some(1) {
            values.push(self.fill(items, name, about));
        }
        Value::Array(values)
    }

    /// The objects that an item of a list may be.
    fn alternatives<'s>(&'s self, items: &'s Value) -> Vec<&'s Value> {
        let branches = items.get("anyOf").and_then(Value::as_array);
        branches
            .into_iter()
            .flatten()
            .map(|branch| self.resolved(branch))
            .filter(|branch| kind(branch) == "object")
            .collect()
    }

    /// A list with several kinds of items: those with a place take turns over the shapes, the others come once.
    fn mixed(&self, alternatives: &[&Value]) -> Vec<Value> {
        let (placed, others): (Vec<&Value>, Vec<&Value>) =
            alternatives.iter().partition(|schema| self.has_place(schema));
        let mut values: Vec<Value> = self
            .sightings
            .iter()
            .zip(placed.iter().cycle())
            .map(|(seen, schema)| self.fill(schema, "", Some(seen)))
            .collect();
        values.extend(others.into_iter().map(|schema| self.fill(schema, "", None)));
        values
    }

    fn has_place(&self, schema: &Value) -> bool {
        let properties = schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().any(|(name, property)| match kind(self.resolved(property)) {
            "array" => property.get("items").is_some_and(|items| kind(self.resolved(items)) != "string"),
            "integer" | "number" => self.sightings.first().is_some_and(|seen| self.place(seen, name).is_some()),
            _ => false,
        })
    }

    /// The shapes that a list of this name should hold: all, or those of the color in the name.
    fn meant(&self, name: &str) -> impl Iterator<Item = &Sighting> {
        let colours = colours_in(name);
        self.sightings.iter().filter(move |seen| colours.is_empty() || colours.contains(&seen.colour))
    }

    /// A polygon of corners that are objects.
    fn corners(&self, items: &Value, seen: &Sighting) -> Vec<Value> {
        let corner = |(x, y)| Sighting { left: x, right: x, top: y, bottom: y, ..*seen };
        corners(seen).map(|at| self.fill(items, "", Some(&corner(at)))).to_vec()
    }

    /// The member that names the color or the form, or that the prompt ties to the color. Otherwise a label gets the
    /// member at the index of its color, and anything else the first member.
    fn fitting(&self, members: &[Value], name: &str, about: Option<&Sighting>) -> Value {
        let first = members.first().cloned().unwrap_or_default();
        let Some(seen) = about else { return first };
        if let Some(turn) = seen.turn {
            return members.iter().cycle().nth(turn as usize).cloned().unwrap_or(first);
        }
        let names: Vec<&str> = members.iter().map(|member| member.as_str().unwrap_or_default()).collect();
        let tied = |colour: Colour| {
            names
                .iter()
                .position(|member| colours_in(member).contains(&colour))
                .or_else(|| names.iter().position(|member| self.is_tied(member, colour, &names)))
        };
        if let Some(position) = tied(seen.colour) {
            return members[position].clone();
        }
        if let Some(position) = names.iter().position(|member| member.eq_ignore_ascii_case(seen.form())) {
            return members[position].clone();
        }
        if !is_label(name) {
            return first;
        }
        let taken: Vec<usize> = Colour::ALL.into_iter().filter_map(tied).collect();
        let free: Vec<usize> = (0..members.len()).filter(|position| !taken.contains(position)).collect();
        let turn =
            Colour::ALL.into_iter().filter(|colour| tied(*colour).is_none()).position(|colour| colour == seen.colour);
        let choices = if free.is_empty() { (0..members.len()).collect() } else { free };
        members[choices[turn.unwrap_or_default() % choices.len()]].clone()
    }

    /// Whether a line of the prompt names this member, no other, and the color.
    fn is_tied(&self, member: &str, colour: Colour, members: &[&str]) -> bool {
        !member.is_empty()
            && self.prompt.lines().any(|line| {
                let is_about =
                    |member: &str| words(line).windows(words(member).len().max(1)).any(|part| part == words(member));
                colours_in(line) == [colour]
                    && is_about(member)
                    && members.iter().filter(|other| is_about(other)).count() == 1
            })
    }

    /// An integer about the whole image.
    fn whole(&self, name: &str) -> u32 {
        let is_count = ["count", "number", "total"].iter().any(|word| name.to_lowercase().contains(word));
        if is_count { u32::try_from(self.meant(name).count()).unwrap_or(u32::MAX) } else { 0 }
    }

    /// The coordinate of this name, or a length.
    fn place(&self, seen: &Sighting, name: &str) -> Option<Value> {
        let [left, top, right, bottom] = self.frame.edges(seen);
        let Size { width, height } = self.frame.seen;
        Some(match name.to_lowercase().replace(['_', '-'], "").as_str() {
            "x1" | "xmin" | "minx" | "left" | "x0" => left,
            "y1" | "ymin" | "miny" | "top" | "y0" => top,
            "x2" | "xmax" | "maxx" | "right" => right,
            "y2" | "ymax" | "maxy" | "bottom" => bottom,
            "x" | "cx" | "centerx" | "centrex" => self.frame.along(u32::midpoint(seen.left, seen.right), width),
            "y" | "cy" | "centery" | "centrey" => self.frame.along(u32::midpoint(seen.top, seen.bottom), height),
            "width" | "w" => self.frame.along(seen.right - seen.left, width),
            "height" | "h" => self.frame.along(seen.bottom - seen.top, height),
            _ => return None,
        })
    }

    /// A number: a coordinate by name, or else a confidence that grows with the share of the box that the shape fills.
    fn number(&self, name: &str, about: Option<&Sighting>) -> Value {
        let confidence = |coverage: f32| (f64::from(0.5 + 0.49 * coverage) * 100.0).round() / 100.0;
        match about {
            Some(seen) => self
                .place(seen, name)
                .unwrap_or_else(|| Number::from_f64(confidence(seen.coverage)).map_or(Value::Null, Value::Number)),
            None => json!(0.5),
        }
    }

    fn words(&self, name: &str, about: Option<&Sighting>) -> String {
        let name = name.to_lowercase();
        match about {
            Some(seen) if is_label(&name) || name.contains("colo") => seen.colour.name().to_owned(),
            Some(seen) if name == "shape" || name == "form" => seen.form().to_owned(),
            Some(seen) => format!("a {} {}", seen.colour.name(), seen.form()),
            None => format!("{} coloured shapes on a plain ground", self.sightings.len()),
        }
    }
}

/// The corners of the box of a shape, clockwise from the top left.
fn corners(seen: &Sighting) -> [(u32, u32); 4] {
    let Sighting { left, top, right, bottom, .. } = *seen;
    [(left, top), (right, top), (right, bottom), (left, bottom)]
}

/// Whether an object has nothing but the text of a caption.
fn is_caption(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| properties.len() == 1 && properties.contains_key("caption"))
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ => "string",
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The colors that a text names, as whole words.
fn colours_in(text: &str) -> Vec<Colour> {
    let words = words(text);
    Colour::ALL.into_iter().filter(|colour| words.iter().any(|word| word == colour.name())).collect()
}

fn is_label(name: &str) -> bool {
    ["label", "class", "category", "name", "kind", "tag", "species", "object"]
        .iter()
        .any(|word| name.to_lowercase().contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Units;

    const RED: Sighting =
        Sighting { colour: Colour::Red, left: 1, top: 2, right: 31, bottom: 42, coverage: 1.0, turn: None };
    const CYAN: Sighting =
        Sighting { colour: Colour::Cyan, left: 5, top: 6, right: 7, bottom: 8, coverage: 0.8, turn: None };

    fn filled(schema: &Value, prompt: &str) -> Value {
        let frame = Frame { units: Units::Pixels, seen: Size { width: 64, height: 64 } };
        Filler { root: schema, prompt, sightings: &[RED, CYAN], frame }.fill(schema, "", None)
    }

    fn labels(members: &Value, prompt: &str) -> Vec<Value> {
        let schema = json!({"type": "object", "properties": {"marks": {"type": "array", "items": {
            "type": "object", "properties": {"label": {"type": "string", "enum": members}}}}}});
        let annotations = filled(&schema, prompt)["marks"].as_array().cloned().unwrap_or_default();
        annotations.iter().map(|annotation| annotation["label"].clone()).collect()
    }

    #[test]
    fn labels_go_by_name_then_by_prompt_then_in_turn() {
        assert_eq!(labels(&json!(["Cyan thing", "red_car"]), ""), ["red_car", "Cyan thing"]);
        let prompt = "Labels:\n- boat: a cyan shape\n- traffic light: a red shape\nRed or cyan, never else.";
        assert_eq!(labels(&json!(["boat", "traffic light"]), prompt), ["traffic light", "boat"]);
        assert_eq!(labels(&json!(["a", "b", "c", "d", "e", "f"]), ""), ["a", "f"]);
        assert_eq!(labels(&json!(["only"]), ""), ["only", "only"]);
        assert_eq!(labels(&json!(["red", "other"]), ""), ["red", "other"]);
    }

    #[test]
    fn outlines_points_and_captions() {
        let object = |properties: Value| json!({"type": "object", "properties": properties});
        let list = |items: Value| object(json!({"annotations": {"type": "array", "items": items}}));
        let integers = json!({"type": "array", "items": {"type": "integer"}});
        let outline = object(json!({"corners": {"type": "array", "items": integers}}));
        let corners = json!([[1, 2], [31, 2], [31, 42], [1, 42]]);
        assert_eq!(filled(&list(outline.clone()), "")["annotations"][0]["corners"], corners);
        let point = object(json!({"point_2d": integers}));
        assert_eq!(
            filled(&list(point.clone()), ""),
            json!({"annotations": [{"point_2d": [16, 22]}, {"point_2d": [6, 7]}]})
        );
        let caption = object(json!({"caption": {"type": "string"}}));
        let text = "2 coloured shapes on a plain ground";
        assert_eq!(filled(&list(caption.clone()), ""), json!({"annotations": [{"caption": text}]}));
        let mixed = list(json!({"anyOf": [outline, point, caption]}));
        let expected = json!({"annotations": [{"corners": corners}, {"point_2d": [6, 7]}, {"caption": text}]});
        assert_eq!(filled(&mixed, ""), expected);
    }

    #[test]
    fn every_property_gets_a_value_of_its_type() {
        let schema = json!({"$defs": {"edge": {"type": "integer"}}, "type": "object", "properties": {
            "summary": {"type": "string"},
            "shape_count": {"type": "integer"},
            "is_empty": {"type": "boolean"},
            "marks": {"type": "array", "items": {"type": "object", "properties": {
                "x1": {"$ref": "#/$defs/edge"}, "y1": {"type": "integer"},
                "x2": {"type": ["integer", "null"]}, "y2": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
                "confidence": {"type": "number"}, "size": {"enum": ["small", "large"]},
                "points": {"type": "array", "items": {"type": "object", "properties": {
                    "x": {"type": "integer"}, "y": {"type": "integer"}}}},
            }}},
        }});
        let answer = filled(&schema, "");
        assert_eq!(answer["shape_count"], 2);
        assert_eq!(answer["is_empty"], false);
        let expected = json!({"x1": 1, "y1": 2, "x2": 31, "y2": 42, "confidence": 0.99, "size": "small", "points": [
            {"x": 1, "y": 2}, {"x": 31, "y": 2}, {"x": 31, "y": 42}, {"x": 1, "y": 42}]});
        assert_eq!(answer["marks"][0], expected);
    }
}
