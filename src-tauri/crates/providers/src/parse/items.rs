//! Finds the items in an answer: first as the requested JSON, then among other text, and in broken JSON item by item.
//! Unreadable content between the brackets of a list counts as an unreadable item: a list is empty only if it contains
//! nothing. Linear in the length of the text.

use domain::answer::RepairKind;
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use serde_json::Value;

use super::brackets::{self, Bracket};
use super::json;
use super::scalars::shortened;
use crate::coordinates;
use crate::schema::CAPTION_KEY;

/// Field names that models use for the list. The first is the requested one.
const LIST_KEYS: [&str; 7] = ["marks", "annotations", "objects", "detections", "items", "boxes", "results"];
/// Field names that models use for an item's label. The first is the requested one.
pub const LABEL_KEYS: [&str; 4] = ["label", "class", "category", "name"];

pub struct FoundItems {
    /// In order of the answer.
    pub items: Vec<Item>,
    pub repairs: Vec<RepairKind>,
    /// Whether the text ends within the list.
    pub is_cut_off: bool,
}

impl FoundItems {
    /// Rewrites boxes, points and outlines in these coordinates as pixels of a picture of `sent` size.
    pub fn convert_places(&mut self, coordinates: BoxCoordinates, sent: PixelSize) {
        for item in &mut self.items {
            if let Item::Read(Value::Object(fields)) = item {
                coordinates::to_pixels(fields, coordinates, sent);
                coordinates::points::to_pixels(fields, coordinates, sent);
            }
        }
    }
}

pub enum Item {
    Read(Value),
    /// Its beginning.
    Unreadable(String),
}

impl Item {
    fn is_object(&self) -> bool {
        matches!(self, Self::Read(Value::Object(_)))
    }
}

/// `None` if `text` contains no list, not even the start of one.
pub fn find(text: &str) -> Option<FoundItems> {
    let text = text.trim().trim_start_matches('\u{feff}').trim_start();
    match json::strict(text) {
        // JSON within a JSON string.
        Some(Value::String(inner)) => among_text(&inner),
        Some(value) => match list_in(value) {
            Some(items) => Some(FoundItems { items, repairs: Vec::new(), is_cut_off: false }),
            None => among_text(text),
        },
        None => among_text(text),
    }
}

fn list_in(value: Value) -> Option<Vec<Item>> {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut fields) => {
            let lists = LIST_KEYS.iter().filter(|key| fields.get(**key).is_some_and(Value::is_array));
            // An empty list yields to a non-empty one.
            let key = lists.min_by_key(|key| fields.get(**key).and_then(Value::as_array).is_none_or(Vec::is_empty));
            match key.and_then(|key| fields.remove(*key)) {
                Some(Value::Array(list)) => list,
                // A single item without a list.
                _ if is_item(&Value::Object(fields.clone())) => vec![Value::Object(fields)],
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(list.into_iter().map(Item::Read).collect())
}

fn is_item(value: &Value) -> bool {
    LABEL_KEYS.iter().chain(&[CAPTION_KEY]).any(|key| value.get(key).is_some_and(Value::is_string))
}

/// A list in an answer that is not pure JSON: in a code fence, between sentences, broken, or still streaming. The last
/// readable list wins, because earlier ones are examples and drafts. Lists under a requested name have priority, and an
/// empty one yields to anything after it.
pub fn among_text(text: &str) -> Option<FoundItems> {
    let brackets = brackets::of(text)?;
    let mut best: Option<Candidate> = None;
    for candidate in candidates(text, &brackets) {
        if best.as_ref().is_none_or(|best| candidate.worth >= best.worth || best.is_empty()) {
            best = Some(candidate);
        }
    }
    let is_settled = best.as_ref().is_some_and(|best| match best.worth {
        _ if best.is_empty() => false,
        Worth::Named => true,
        Worth::WithoutName => !is_within_item(text, &brackets, best.index),
        Worth::Unreadable => false,
    });
    let after = best.as_ref().filter(|best| best.is_empty()).map_or(0, |best| best.end);
    if !is_settled && let Some(found) = one_by_one(text, &brackets, after) {
        return Some(found);
    }
    best.map(|best| best.found)
}

/// Whether `brackets[index]` belongs to a separate item.
fn is_within_item(text: &str, brackets: &[Bracket], mut index: usize) -> bool {
    while let Some(parent) = brackets[index].parent {
        index = parent;
    }
    let Bracket { open, close: Some(close), is_brace: true, .. } = brackets[index] else { return false };
    json::loose(&text[open..=close]).is_some_and(|value| is_item(&value))
}

/// Candidates by priority, lowest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// There is content, or more to come, but nothing readable.
    Unreadable,
    WithoutName,
    Named,
}

struct Candidate {
    found: FoundItems,
    /// Index of the bracket.
    index: usize,
    worth: Worth,
    end: usize,
}

impl Candidate {
    fn is_empty(&self) -> bool {
        self.found.items.is_empty() && !self.found.is_cut_off
    }
}

/// The outermost lists in `text` that may be the answer, in order.
fn candidates<'a>(text: &'a str, brackets: &'a [Bracket]) -> impl Iterator<Item = Candidate> + 'a {
    let mut is_within_list = vec![false; brackets.len()];
    brackets.iter().enumerate().filter_map(move |(index, bracket)| {
        let is_within = bracket.parent.is_some_and(|parent| is_within_list[parent]);
        is_within_list[index] = is_within;
        if is_within || bracket.is_brace {
            return None;
        }
        let is_in_object = bracket.parent.is_some_and(|parent| brackets[parent].is_brace);
        let is_named = is_named(&text[..bracket.open], is_in_object);
        let inside = text[bracket.open + 1..].trim_start();
        let is_fenced_and_empty = || inside.starts_with(']') && is_in_fence(&text[..bracket.open]);
        if !is_named && !inside.starts_with('{') && !is_fenced_and_empty() {
            return None;
        }
        is_within_list[index] = true;
        let parent_end = bracket.parent.and_then(|parent| brackets[parent].close);
        let end = bracket.close.or(parent_end).unwrap_or(text.len());
        let found = list_at(text, brackets, index, end);
        let is_readable = found.items.iter().any(Item::is_object);
        let is_empty = found.items.is_empty() && !found.is_cut_off;
        let worth = match (is_readable || is_empty, is_named) {
            (true, true) => Worth::Named,
            (true, false) => Worth::WithoutName,
            (false, _) => Worth::Unreadable,
        };
        Some(Candidate { found, index, worth, end })
    })
}

/// Whether `before` ends with a list's field name and a colon.
fn is_named(before: &str, is_in_object: bool) -> bool {
    let Some(before) = before.trim_end().strip_suffix(':') else { return false };
    let before = before.trim_end();
    let unquoted = before.strip_suffix(['"', '\'']);
    let name = unquoted.unwrap_or(before);
    LIST_KEYS.iter().any(|key| {
        let start = name.len().saturating_sub(key.len());
        let is_key = name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(key));
        let before_key = name.get(..start).and_then(|before| before.chars().next_back());
        // Without quotes it must be the whole name: "objects: [" also occurs in sentences.
        let is_whole = match unquoted {
            Some(_) => matches!(before_key, Some('"' | '\'')),
            None => {
                is_in_object && before_key.is_some_and(|before| matches!(before, '{' | ',') || before.is_whitespace())
            }
        };
        is_key && is_whole
    })
}

/// Whether a code fence starts right before.
fn is_in_fence(before: &str) -> bool {
    let before = before.trim_end().trim_end_matches(char::is_alphanumeric);
    before.ends_with("```")
}

/// The items of the list that `brackets[index]` opens and that ends at `end` at the latest.
fn list_at(text: &str, brackets: &[Bracket], index: usize, end: usize) -> FoundItems {
    let Bracket { open, close, .. } = brackets[index];
    if let Some(close) = close
        && let Some(Value::Array(items)) = json::strict(&text[open..=close])
    {
        let items = items.into_iter().map(Item::Read).collect();
        return FoundItems { items, repairs: vec![RepairKind::WordsAround], is_cut_off: false };
    }
    let is_cut_off = close.is_none() && end == text.len();
    let items = split(text, brackets, index, end, is_cut_off);
    let repair = if is_cut_off { RepairKind::CutOff } else { RepairKind::BrokenJson };
    FoundItems { items, repairs: vec![repair], is_cut_off }
}

/// Splits a list that is not valid JSON.
fn split(text: &str, brackets: &[Bracket], index: usize, end: usize, is_cut_off: bool) -> Vec<Item> {
    let (mut items, mut comments) = (Vec::new(), Vec::new());
    // Start of something that is not an object.
    let mut other: Option<usize> = None;
    let mut is_in_broken_item = false;
    let mut end_other = |other: &mut Option<usize>, at: usize, items: &mut Vec<Item>| {
        if let Some(start) = other.take() {
            let content = text[start..at].trim_end();
            let is_comment = content.starts_with("//") || content.starts_with("/*");
            if is_comment { &mut comments } else { items }.push(Item::Unreadable(shortened(content)));
        }
    };
    let mut at = brackets[index].open + 1;
    let mut next = index + 1;
    while at < end {
        while brackets.get(next).is_some_and(|bracket| bracket.open < at) {
            next += 1;
        }
        let opened = brackets.get(next).filter(|bracket| bracket.open == at);
        match (text.as_bytes()[at], opened) {
            (_, Some(Bracket { is_brace: true, close: Some(close), .. })) if *close < end => {
                end_other(&mut other, at, &mut items);
                is_in_broken_item = false;
                let object = &text[at..=*close];
                items.push(json::loose(object).map_or_else(|| Item::Unreadable(shortened(object)), Item::Read));
                at = close + 1;
            }
            (_, Some(Bracket { close: Some(close), .. })) if *close < end => {
                other.get_or_insert(at);
                at = close + 1;
            }
            // The last item is incomplete.
            (_, Some(_)) if is_cut_off => return items,
            (_, Some(_)) => {
                other.get_or_insert(at);
                is_in_broken_item = true;
                at += 1;
            }
            (b'"', None) => {
                other.get_or_insert(at);
                match brackets::end_of_string(text, at) {
                    Some(end) => at = end,
                    None if is_cut_off => return items,
                    None => at = end,
                }
            }
            (b',', None) if !is_in_broken_item => {
                end_other(&mut other, at, &mut items);
                at += 1;
            }
            (byte, None) => {
                if !byte.is_ascii_whitespace() {
                    other.get_or_insert(at);
                }
                at += 1;
            }
        }
    }
    if !is_cut_off {
        end_other(&mut other, end.min(text.len()), &mut items);
        // Commas delimit unreadable items, and only a closed list can be empty.
        let content = text[brackets[index].open + 1..end.min(text.len())].trim();
        let is_empty = content.is_empty() && brackets[index].close.is_some();
        if items.is_empty() && comments.is_empty() && !is_empty {
            items.push(Item::Unreadable(shortened(content)));
        }
    }
    if items.is_empty() { comments } else { items }
}

/// Items without a list around them, such as one per line, after `after`.
fn one_by_one(text: &str, brackets: &[Bracket], after: usize) -> Option<FoundItems> {
    let outermost = || brackets.iter().filter(|bracket| bracket.parent.is_none() && bracket.open >= after);
    let objects = outermost().filter(|bracket| bracket.is_brace);
    let items: Vec<Item> = objects
        .filter_map(|bracket| json::loose(&text[bracket.open..=bracket.close?]))
        .filter(is_item)
        .map(Item::Read)
        .collect();
    let is_cut_off = outermost().next_back().is_some_and(|bracket| bracket.close.is_none());
    let repair = if is_cut_off { RepairKind::CutOff } else { RepairKind::WordsAround };
    (!items.is_empty()).then(|| FoundItems { items, repairs: vec![repair], is_cut_off })
}
