//! From text to conditions: `label:cat -label:dog status:unreviewed conf:<0.5 "beach day"`.
//!
//! What cannot be read is told by place and kind; the words for it are the window's and the command line's.

use serde::{Deserialize, Serialize};

use super::print::{name_of, state_name};
use super::token::{Token, tokens};
use super::{Condition, ImageState, Key, Share, Span, Test, Trait};
use crate::annotation::Status;
use crate::calendar::CalendarDate;
use crate::ids::RunId;
use crate::review::checks::Check;
use crate::run_state::FailureKind;

/// Why a text is no question, and where. Places count characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct QueryProblem {
    pub from: u32,
    pub to: u32,
    pub problem: ProblemKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ProblemKind {
    /// There is no such key; a text with a colon in it wants quotes.
    UnknownKey { key: String },
    /// Nothing stands after the colon.
    NoValue { key: Key },
    /// The key takes none such; these are what it takes, or none where it takes a form, such as a number.
    UnknownValue { key: Key, value: String, known: Vec<String> },
    /// A quote that nothing closes.
    OpenQuote,
}

/// A typed question as far as it can be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ReadQuery {
    /// Of the words that can be read.
    pub conditions: Vec<Condition>,
    /// Of the first word that cannot be read.
    pub problem: Option<QueryProblem>,
}

/// Reads what can be read of `text`: who is still typing sees what the whole words find.
#[must_use]
pub fn read(text: &str) -> ReadQuery {
    let (mut conditions, mut problem) = (Vec::new(), None);
    for token in tokens(text) {
        match condition(&token) {
            Ok(condition) => conditions.push(condition),
            Err(first) => {
                problem.get_or_insert(first);
            }
        }
    }
    ReadQuery { conditions, problem }
}

/// Reads `text`. An empty one asks for nothing, and so for every image.
///
/// # Errors
/// At the first word that cannot be read.
pub fn parse(text: &str) -> Result<Vec<Condition>, QueryProblem> {
    tokens(text).iter().map(condition).collect()
}

fn condition(token: &Token) -> Result<Condition, QueryProblem> {
    if let Some(quote) = token.open_quote {
        return Err(QueryProblem { from: quote, to: token.place.end, problem: ProblemKind::OpenQuote });
    }
    let test = match &token.key {
        None => Test::Text { text: token.value.clone() },
        Some((name, place)) => {
            let key = Key::named(name).ok_or_else(|| QueryProblem {
                from: place.start,
                to: place.end,
                problem: ProblemKind::UnknownKey { key: name.clone() },
            })?;
            keyed(key, token)?
        }
    };
    Ok(Condition { is_excluded: token.is_excluded, test })
}

fn keyed(key: Key, token: &Token) -> Result<Test, QueryProblem> {
    let problem = |problem| QueryProblem { from: token.value_place.start, to: token.value_place.end, problem };
    let value = token.value.as_str();
    if value.is_empty() {
        return Err(QueryProblem { from: token.place.start, ..problem(ProblemKind::NoValue { key }) });
    }
    let test = match key {
        Key::Label => Some(Test::Label { name: value.into() }),
        Key::In => Some(Test::In { name: value.into() }),
        Key::Status => one_of(&STATES, value, state_name).map(|state| Test::Image { state }),
        Key::Annotation => {
            one_of(&STATUSES, value, |status| name_of(&status)).map(|status| Test::Annotation { status })
        }
        Key::Failed => {
            one_of(&FailureKind::ALL, value, |failure| name_of(&failure)).map(|failure| Test::Failure { failure })
        }
        Key::Has => one_of(&TRAITS, value, |what| name_of(&what)).map(|what| Test::Has { what }),
        Key::Check => one_of(&Check::ALL, value, |check| name_of(&check)).map(|check| Test::Check { check }),
        Key::Run => value.parse().ok().filter(|&run| run > 0).map(|run| Test::Run { run: RunId(run) }),
        Key::Annotations => Span::parse(value, alone).map(|span| Test::Annotations { span }),
        Key::Conf => Span::parse(value, alone::<Share>).map(|span| Test::Confidence { span }),
        Key::Taken => Span::parse(value, days).map(|span| Test::Taken { span }),
        Key::Date => Span::parse(value, days).map(|span| Test::Date { span }),
    };
    test.ok_or_else(|| problem(ProblemKind::UnknownValue { key, value: value.into(), known: known_values(key) }))
}

const STATES: [ImageState; 5] =
    [ImageState::Unreviewed, ImageState::Reviewed, ImageState::ConfirmedEmpty, ImageState::Failed, ImageState::Running];
const STATUSES: [Status; 4] = [Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected];
const TRAITS: [Trait; 3] = [Trait::Annotations, Trait::Answer, Trait::Attributes];

/// The values that a key takes, where they are few.
pub(super) fn known_values(key: Key) -> Vec<String> {
    match key {
        Key::Status => STATES.iter().map(|&state| state_name(state).into()).collect(),
        Key::Annotation => STATUSES.iter().map(name_of).collect(),
        Key::Failed => FailureKind::ALL.iter().map(name_of).collect(),
        Key::Has => TRAITS.iter().map(name_of).collect(),
        Key::Check => Check::ALL.iter().map(name_of).collect(),
        Key::Label | Key::In | Key::Run | Key::Annotations | Key::Conf | Key::Taken | Key::Date => Vec::new(),
    }
}

fn one_of<Value: Copy, Name: AsRef<str>>(all: &[Value], typed: &str, name: impl Fn(Value) -> Name) -> Option<Value> {
    all.iter().copied().find(|&value| name(value).as_ref().eq_ignore_ascii_case(typed))
}

/// A value that stands for itself.
fn alone<Value: std::str::FromStr + Copy>(text: &str) -> Option<(Value, Value)> {
    text.parse().ok().map(|value| (value, value))
}

/// The first and the last day of `2026`, `2026-11` or `2026-11-03`.
fn days(text: &str) -> Option<(CalendarDate, CalendarDate)> {
    if let Ok(day) = CalendarDate::try_from(text.to_owned()) {
        return Some((day, day));
    }
    let (year, months) = match text.split_once('-') {
        Some((year, month)) => {
            let month = month.parse().ok()?;
            (year, (month, month))
        }
        None => (text, (1, 12)),
    };
    let year = year.parse().ok().filter(|_| year.len() == 4)?;
    Some((CalendarDate::of(year, months.0, 1)?, CalendarDate::of(year, months.1, 1)?.month().1))
}
