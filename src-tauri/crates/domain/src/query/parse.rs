//! Parses text into conditions: `label:cat -label:dog status:unreviewed conf:<0.5 "beach day"`.
//!
//! Errors have a position and a kind; texts belong to the window and the command line.

use serde::{Deserialize, Serialize};

use super::print::{name_of, state_name};
use super::token::{Token, tokens};
use super::{Condition, ImageState, QueryKey, Share, Span, Test, Trait};
use crate::annotation::Status;
use crate::calendar::CalendarDate;
use crate::ids::RunId;
use crate::review::checks::Check;
use crate::run_state::FailureKind;

/// A query syntax error and its position. Positions count characters.
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
    /// Unknown key; text with a colon must be quoted.
    UnknownKey { key: String },
    /// No value after the colon.
    NoValue { key: QueryKey },
    /// Invalid value; `known` lists valid ones, or is empty if the key takes a form such as a number.
    UnknownValue { key: QueryKey, value: String, known: Vec<String> },
    /// An unclosed quote.
    OpenQuote,
}

/// A typed query, as far as it is valid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ReadQuery {
    /// Of the valid words.
    pub conditions: Vec<Condition>,
    /// Of the first invalid word.
    pub problem: Option<QueryProblem>,
}

/// Parses the valid part of `text`, so that results are shown while typing.
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

/// Parses `text`. Empty text matches every image.
///
/// # Errors
///
/// At the first invalid word.
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
            let key = QueryKey::named(name).ok_or_else(|| QueryProblem {
                from: place.start,
                to: place.end,
                problem: ProblemKind::UnknownKey { key: name.clone() },
            })?;
            keyed(key, token)?
        }
    };
    Ok(Condition { is_excluded: token.is_excluded, test })
}

fn keyed(key: QueryKey, token: &Token) -> Result<Test, QueryProblem> {
    let problem = |problem| QueryProblem { from: token.value_place.start, to: token.value_place.end, problem };
    let value = token.value.as_str();
    if value.is_empty() {
        return Err(QueryProblem { from: token.place.start, ..problem(ProblemKind::NoValue { key }) });
    }
    let test = match key {
        QueryKey::Label => labels(&token.alternatives),
        QueryKey::In => Some(Test::In { name: value.into() }),
        QueryKey::Status => one_of(&STATES, value, state_name).map(|state| Test::Image { state }),
        QueryKey::Annotation => {
            one_of(&STATUSES, value, |status| name_of(&status)).map(|status| Test::Annotation { status })
        }
        QueryKey::Failed => {
            one_of(&FailureKind::ALL, value, |failure| name_of(&failure)).map(|failure| Test::Failure { failure })
        }
        QueryKey::Has => one_of(&TRAITS, value, |what| name_of(&what)).map(|what| Test::Has { what }),
        QueryKey::Check => one_of(&Check::ALL, value, |check| name_of(&check)).map(|check| Test::Check { check }),
        QueryKey::Run => value.parse().ok().filter(|&run| run > 0).map(|run| Test::Run { run: RunId(run) }),
        QueryKey::Annotations => Span::parse(value, alone).map(|span| Test::Annotations { span }),
        QueryKey::Conf => Span::parse(value, alone::<Share>).map(|span| Test::Confidence { span }),
        QueryKey::Taken => Span::parse(value, days).map(|span| Test::Taken { span }),
        QueryKey::Date => Span::parse(value, days).map(|span| Test::Date { span }),
    };
    test.ok_or_else(|| problem(ProblemKind::UnknownValue { key, value: value.into(), known: known_values(key) }))
}

/// One label, or any of several. `None` if one of them is empty.
fn labels(names: &[String]) -> Option<Test> {
    match names {
        names if names.iter().any(String::is_empty) => None,
        [name] => Some(Test::Label { name: name.clone() }),
        names => Some(Test::AnyLabel { names: names.to_vec() }),
    }
}

const STATES: [ImageState; 5] =
    [ImageState::Unreviewed, ImageState::Reviewed, ImageState::ConfirmedEmpty, ImageState::Failed, ImageState::Running];
const STATUSES: [Status; 4] = [Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected];
const TRAITS: [Trait; 3] = [Trait::Annotations, Trait::Answer, Trait::Attributes];

/// The valid values of a key, if enumerable.
pub(super) fn known_values(key: QueryKey) -> Vec<String> {
    match key {
        QueryKey::Status => STATES.iter().map(|&state| state_name(state).into()).collect(),
        QueryKey::Annotation => STATUSES.iter().map(name_of).collect(),
        QueryKey::Failed => FailureKind::ALL.iter().map(name_of).collect(),
        QueryKey::Has => TRAITS.iter().map(name_of).collect(),
        QueryKey::Check => Check::ALL.iter().map(name_of).collect(),
        QueryKey::Label
        | QueryKey::In
        | QueryKey::Run
        | QueryKey::Annotations
        | QueryKey::Conf
        | QueryKey::Taken
        | QueryKey::Date => Vec::new(),
    }
}

fn one_of<Value: Copy, Name: AsRef<str>>(all: &[Value], typed: &str, name: impl Fn(Value) -> Name) -> Option<Value> {
    all.iter().copied().find(|&value| name(value).as_ref().eq_ignore_ascii_case(typed))
}

/// A single value.
fn alone<Value: std::str::FromStr + Copy>(text: &str) -> Option<(Value, Value)> {
    text.parse().ok().map(|value| (value, value))
}

/// The first and last day of `2026`, `2026-11` or `2026-11-03`.
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
