//! The payments that a library records, compared with what the simulator billed.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use simulator::Ledger;

/// The files of a library's database, except the shared-memory file, which holds nothing of its own.
pub const LIBRARY_FILES: [&str; 2] = ["library.sqlite", "library.sqlite-wal"];

/// The width of the picture that was sent, which identifies the image in these tests.
type Width = u64;

/// The ledger of a library, over all its runs.
#[derive(Default)]
pub struct Books {
    /// Ids of the stored answers, with their images.
    pub settled: HashMap<String, Width>,
    /// Requests without an answer that may be billed, one image each.
    pub possible: HashMap<Width, usize>,
    /// Images with annotations or failures.
    pub finished: HashSet<Width>,
}

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a step that cannot be taken fails the test")]
impl Books {
    /// The complete ledger of the library at `database`, which no process has open.
    #[must_use]
    pub fn of_closed(database: &Path) -> Self {
        // A copy, because opening the library itself would change it.
        let (folder, copy) = (database.parent().unwrap(), tempfile::tempdir().unwrap());
        for name in LIBRARY_FILES.into_iter().filter(|name| folder.join(name).exists()) {
            std::fs::copy(folder.join(name), copy.path().join(name)).unwrap();
        }
        Connection::open(copy.path().join(LIBRARY_FILES[0])).map(|copy| Self::of(&copy)).unwrap_or_default()
    }

    /// As [`Books::of_closed`], for a library that this process has open. A copy of it could contain changes that were written
    /// but not committed.
    #[must_use]
    pub fn of_open(database: &Path) -> Self {
        Self::of(&Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap())
    }

    fn of(connection: &Connection) -> Self {
        let mut books = Self::default();
        let Ok(mut statement) = connection.prepare(
            "SELECT raw_answer, attempts.state = 'sent' OR may_be_billed, width, jobs.state <> 'waiting'
             FROM attempts JOIN jobs ON jobs.id = job_id JOIN images ON images.id = image_id",
        ) else {
            return books;
        };
        let rows = statement.query_map([], |row| {
            let answer: Option<String> = row.get(0)?;
            Ok((answer, row.get::<_, bool>(1)?, row.get::<_, u64>(2)?, row.get::<_, bool>(3)?))
        });
        for (raw_answer, is_possible, width, is_finished) in rows.unwrap().flatten() {
            match raw_answer {
                Some(raw_answer) => {
                    let answer: Value = serde_json::from_str(&raw_answer).unwrap();
                    books.settled.insert(answer["request_id"].as_str().unwrap().to_owned(), width);
                }
                None if is_possible => *books.possible.entry(width).or_default() += 1,
                None => {}
            }
            if is_finished {
                books.finished.insert(width);
            }
        }
        books
    }

    /// What is wrong: answers that were lost or paid for twice, and bills that the library does not record. `before` is the
    /// ledger of an earlier moment.
    #[must_use]
    pub fn complaints(&self, before: &Self, ledger: &Ledger) -> Vec<String> {
        let mut complaints = Vec::new();
        let billed: HashSet<&str> = ledger.billed.iter().map(|entry| entry.request_id.as_str()).collect();
        for id in before.settled.keys().filter(|id| !self.settled.contains_key(*id)) {
            complaints.push(format!("{id} was settled and is lost"));
        }
        for id in self.settled.keys().filter(|id| !billed.contains(id.as_str())) {
            complaints.push(format!("{id} is settled and was never billed"));
        }
        let mut possible = self.possible.clone();
        for entry in ledger.billed.iter().filter(|entry| !self.settled.contains_key(&entry.request_id)) {
            let width = entry.picture.map(|size| u64::from(size.width)).unwrap_or_default();
            match possible.get_mut(&width) {
                Some(left) if *left > 0 => *left -= 1,
                _ => complaints.push(format!("{} was billed for {width} and is not in the library", entry.request_id)),
            }
        }
        let mut answers: HashMap<Width, usize> = HashMap::new();
        self.settled.values().for_each(|width| *answers.entry(*width).or_default() += 1);
        for (width, count) in answers.iter().filter(|(_, count)| **count > 1) {
            complaints.push(format!("{count} answers about {width} were paid for"));
        }
        for width in before.finished.iter().filter(|width| !self.finished.contains(*width)) {
            complaints.push(format!("{width} was finished and is not any more"));
        }
        complaints
    }
}
