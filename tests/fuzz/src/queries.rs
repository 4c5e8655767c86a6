//! The query language.

use domain::query::{self, QueryVocabulary};

/// Any text is parsed or refused with a place in it; what is parsed is printed as text that is parsed to the same.
pub fn query(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    match query::parse(&text) {
        Ok(conditions) => {
            let printed = query::to_text(&conditions);
            assert_eq!(query::parse(&printed).as_ref(), Ok(&conditions), "{printed}");
            assert_eq!(query::to_text(&conditions), printed);
            let read = query::read(&text);
            assert_eq!((read.conditions, read.problem), (conditions, None));
        }
        Err(problem) => {
            assert!(problem.from < problem.to && problem.to <= length, "{problem:?}");
            let read = query::read(&text);
            assert_eq!(read.problem, Some(problem));
            let printed = query::to_text(&read.conditions);
            assert_eq!(query::parse(&printed), Ok(read.conditions), "{printed}");
        }
    }
    let vocabulary = QueryVocabulary {
        labels: vec![("cat".into(), 3), ("traffic \"light\"".into(), 1), ("ñandú".into(), 1)],
        collections: vec![("Day 1".into(), 2)],
        ..QueryVocabulary::default()
    };
    for cursor in [0, length / 2, length, length.saturating_add(1)] {
        let completion = query::complete(&text, cursor, &vocabulary);
        assert!(completion.from <= completion.to && completion.to <= length, "{completion:?}");
    }
}
