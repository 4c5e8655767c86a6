//! Copies what can be read of a damaged library into a new file of the same format, table by table.
//!
//! A table is read in the order of its key, from both ends, until a page cannot be read. The gap between is halved, and each
//! half is read from its middle, down to single keys.

use std::collections::VecDeque;
use std::path::Path;

use domain::care::SavedTable;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::{checking, derived};
use crate::migration::MIGRATIONS;
use crate::{Result, StoreError, opening};

/// Readings of one table, so that a file of nothing but damage comes to an end. Every id of a gap is tried; between two texts
/// there is no end of others.
const MOST_READINGS_OF_IDS: usize = 400_000;
const MOST_READINGS: usize = 20_000;
/// Ids are counted up from 1; where the highest one cannot be read, gaps are searched up to here.
const LIKELY_IDS: i64 = 1 << 20;

/// Reads the library at `path` into the empty file `new`.
pub fn salvage(path: &Path, new: &Path) -> Result<Vec<SavedTable>> {
    let damaged = |error: rusqlite::Error| StoreError::Damaged { path: path.to_owned(), detail: error.to_string() };
    let source = checking::reading(path)?;
    source.pragma_update(None, "cell_size_check", true).map_err(damaged)?;
    let version: usize = source.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(damaged)?;
    let Some(migrations) = MIGRATIONS.get(..version) else {
        // Its tables are not known, and what is in them would be lost.
        let (found, known) = (version.try_into().unwrap_or(u32::MAX), MIGRATIONS.len().try_into().unwrap_or(u32::MAX));
        return Err(StoreError::TooNew { found, required: found, known });
    };
    let target = Connection::open(new)?;
    target.execute_batch("PRAGMA journal_mode = memory; PRAGMA synchronous = off; PRAGMA foreign_keys = off")?;
    for migration in migrations {
        target.execute_batch(migration.sql)?;
    }
    target.pragma_update(None, "user_version", version)?;
    target.pragma_update(None, "application_id", opening::APPLICATION_ID)?;
    target.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    let mut saved = Vec::new();
    for table in tables(&target)? {
        saved.push(Table::of(&target, table)?.save(&source, &target)?);
    }
    keep_ids_unused(&source, &target)?;
    leave_out_dangling(&target, &mut saved)?;
    if version == MIGRATIONS.len() {
        derived::recount(&target)?;
        target.execute_batch(
            "INSERT INTO unchecked_images SELECT DISTINCT image_id FROM annotations WHERE true ON CONFLICT DO NOTHING",
        )?;
    }
    target.close().map_err(|(_, error)| error)?;
    Ok(saved)
}

fn tables(target: &Connection) -> Result<Vec<String>> {
    let mut statement = target
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

struct Table {
    name: String,
    columns: Vec<String>,
    /// The columns that the table is ordered by, as in SQL.
    key: Vec<(String, KeyKind)>,
    /// Whether the key is a number of its own (`rowid`).
    is_by_rowid: bool,
}

/// What a column of a key holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    Number,
    Bytes,
    /// Read and compared as bytes, because damaged text may be none.
    Text,
}

impl KeyKind {
    fn of(declared: &str) -> Self {
        match declared {
            "TEXT" => Self::Text,
            "BLOB" => Self::Bytes,
            _ => Self::Number,
        }
    }

    fn lowest(self) -> Value {
        if self == Self::Number { Value::Integer(0) } else { Value::Blob(Vec::new()) }
    }
}

/// The end of a range of keys; each has a value for every column of the key.
type Key = Vec<Value>;

/// How far a reading came.
struct Reading {
    last: Option<Key>,
    is_complete: bool,
}

impl Table {
    fn of(target: &Connection, name: String) -> Result<Self> {
        let is_by_rowid = target.prepare(&format!("SELECT rowid FROM \"{name}\"")).is_ok();
        let mut statement = target.prepare("SELECT name, type, pk FROM pragma_table_info(?1)")?;
        let columns: Vec<(String, String, usize)> = statement
            .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut parts: Vec<_> = columns.iter().filter(|(_, _, place)| *place > 0).collect();
        parts.sort_by_key(|(_, _, place)| *place);
        let key = if is_by_rowid {
            vec![("rowid".to_owned(), KeyKind::Number)]
        } else {
            parts.into_iter().map(|(name, kind, _)| (format!("\"{name}\""), KeyKind::of(kind))).collect()
        };
        Ok(Self { name, columns: columns.into_iter().map(|(name, _, _)| name).collect(), key, is_by_rowid })
    }

    fn save(self, source: &Connection, target: &Connection) -> Result<SavedTable> {
        let before = self.rows_of_new_library(target)?;
        target.execute(&format!("DELETE FROM \"{}\"", self.name), [])?;
        let expected = self.count(source);
        let copied = self.copy(source, target)?;
        if copied == 0 {
            // The identity of the library, and the state of publishing.
            before.into_iter().try_for_each(|row| self.add(target, row).map(drop))?;
        }
        let lost = expected.map(|expected| expected.saturating_sub(copied));
        Ok(SavedTable { table: self.name, copied, lost, not_copied: 0 })
    }

    fn rows_of_new_library(&self, target: &Connection) -> Result<Vec<Vec<Value>>> {
        let mut statement = target.prepare(&format!("SELECT {} FROM \"{}\"", self.columns(), self.name))?;
        let rows = statement.query_map([], |row| (0..self.columns.len()).map(|index| row.get(index)).collect())?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The number of rows, by the first index that can be read.
    fn count(&self, source: &Connection) -> Option<u64> {
        let count = |by: &str| {
            source
                .query_row(&format!("SELECT count(*) FROM \"{}\" {by}", self.name), [], |row| row.get::<_, u64>(0))
                .ok()
        };
        let indexes = || {
            let mut statement = source.prepare("SELECT name FROM pragma_index_list(?1) WHERE NOT partial")?;
            statement.query_map([&self.name], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        };
        count("")
            .or_else(|| count("NOT INDEXED"))
            .or_else(|| indexes().ok()?.iter().find_map(|index| count(&format!("INDEXED BY \"{index}\""))))
    }

    fn columns(&self) -> String {
        self.columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
    }

    fn copy(&self, source: &Connection, target: &Connection) -> Result<u64> {
        let mut copied = 0;
        let first = self.read(source, target, None, None, true, &mut copied)?;
        if first.is_complete {
            return Ok(copied);
        }
        let last = self.read(source, target, first.last.as_deref(), None, false, &mut copied)?;
        let lowest = first.last.unwrap_or_else(|| self.lowest());
        let highest = last.last.unwrap_or_else(|| self.highest(source));
        let mut gaps = VecDeque::from([(lowest, highest)]);
        let most = if self.is_by_rowid { MOST_READINGS_OF_IDS } else { MOST_READINGS };
        for _ in 0..most {
            let Some((low, high)) = gaps.pop_front() else { break };
            let Some(middle) = self.between(&low, &high) else {
                // A single key between the two, or none.
                continue;
            };
            // What was read narrows the gap on both sides of its middle.
            let up = self.read_from(source, target, &middle, Some(&high), &mut copied)?;
            let down = self.read(source, target, Some(&low), Some(&middle), false, &mut copied)?;
            if !up.is_complete {
                gaps.push_back((up.last.unwrap_or_else(|| middle.clone()), high));
            }
            if !down.is_complete {
                gaps.push_back((low, down.last.unwrap_or(middle)));
            }
        }
        Ok(copied)
    }

    /// Copies the rows from `from` on, upward.
    fn read_from(
        &self,
        source: &Connection,
        target: &Connection,
        from: &[Value],
        to: Option<&[Value]>,
        copied: &mut u64,
    ) -> Result<Reading> {
        // The key itself may be the one that is readable.
        let own = self.condition("=", 0);
        let alone = self.rows(source, target, &format!("WHERE {own}"), from.to_vec(), copied)?;
        let rest = self.read(source, target, Some(from), to, true, copied)?;
        Ok(Reading { last: rest.last.or(alone.last), ..rest })
    }

    /// Copies the rows between two keys, in either direction, until one cannot be read.
    fn read(
        &self,
        source: &Connection,
        target: &Connection,
        from: Option<&[Value]>,
        to: Option<&[Value]>,
        is_upward: bool,
        copied: &mut u64,
    ) -> Result<Reading> {
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        for (bound, operator) in [(from, ">"), (to, "<")] {
            if let Some(bound) = bound {
                conditions.push(self.condition(operator, values.len()));
                values.extend(bound.iter().cloned());
            }
        }
        let place = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
        let direction = if is_upward { "" } else { " DESC" };
        let order: Vec<String> = self.key.iter().map(|(column, _)| format!("{column}{direction}")).collect();
        self.rows(source, target, &format!("{place} ORDER BY {}", order.join(", ")), values, copied)
    }

    fn condition(&self, operator: &str, before: usize) -> String {
        let names: Vec<&str> = self.key.iter().map(|(column, _)| column.as_str()).collect();
        let bound = self.key.iter().enumerate().map(|(index, (_, kind))| {
            let number = before + index + 1;
            if *kind == KeyKind::Text { format!("CAST(?{number} AS TEXT)") } else { format!("?{number}") }
        });
        format!("({}) {operator} ({})", names.join(", "), bound.collect::<Vec<_>>().join(", "))
    }

    fn rows(
        &self,
        source: &Connection,
        target: &Connection,
        place: &str,
        values: Vec<Value>,
        copied: &mut u64,
    ) -> Result<Reading> {
        let key: Vec<String> = self
            .key
            .iter()
            .map(|(column, kind)| match kind {
                KeyKind::Text => format!("CAST({column} AS BLOB)"),
                KeyKind::Number | KeyKind::Bytes => column.clone(),
            })
            .collect();
        let sql = format!("SELECT {}, {} FROM \"{}\" {place}", self.columns(), key.join(", "), self.name);
        let mut reading = Reading { last: None, is_complete: false };
        let Ok(mut statement) = source.prepare_cached(&sql) else { return Ok(reading) };
        let Ok(mut rows) = statement.query(params_from_iter(values)) else { return Ok(reading) };
        let transaction = target.unchecked_transaction()?;
        reading.is_complete = loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break true,
                Err(_) => break false,
            };
            let cells = |range: std::ops::Range<usize>| -> rusqlite::Result<Vec<Value>> {
                range.map(|index| row.get(index)).collect()
            };
            let count = self.columns.len();
            let (Ok(values), Ok(key)) = (cells(0..count), cells(count..count + self.key.len())) else { break false };
            *copied += u64::from(self.add(target, values)?);
            reading.last = Some(key);
        };
        transaction.commit()?;
        Ok(reading)
    }

    /// Adds a row, unless it breaks a rule of its table; whether it was added.
    fn add(&self, target: &Connection, values: Vec<Value>) -> Result<bool> {
        let places = vec!["?"; values.len()].join(", ");
        let sql = format!("INSERT OR IGNORE INTO \"{}\" ({}) VALUES ({places})", self.name, self.columns());
        let added = target.prepare_cached(&sql)?.execute(params_from_iter(values));
        match added {
            Ok(count) => Ok(count > 0),
            // A value of another type than its column's.
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn lowest(&self) -> Key {
        self.key.iter().map(|(_, kind)| kind.lowest()).collect()
    }

    /// A key above all that can be expected.
    fn highest(&self, source: &Connection) -> Key {
        let highest = |by: &str| {
            let sql = format!("SELECT max(rowid) FROM \"{}\" {by}", self.name);
            source.query_row(&sql, [], |row| row.get::<_, Option<i64>>(0)).ok().flatten()
        };
        let known = if self.is_by_rowid {
            let sequence = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
            highest("").or_else(|| source.query_row(sequence, [&self.name], |row| row.get(0)).ok())
        } else {
            None
        };
        let number = known.map_or(LIKELY_IDS, |known| known.saturating_add(1));
        let top = |kind: &KeyKind| match kind {
            KeyKind::Number => Value::Integer(number),
            KeyKind::Bytes | KeyKind::Text => Value::Blob(vec![0xFF; WINDOW]),
        };
        self.key.iter().map(|(_, kind)| top(kind)).collect()
    }

    /// A key between two others; `None` if they are neighbours, or too close to tell.
    fn between(&self, low: &[Value], high: &[Value]) -> Option<Key> {
        let place = low.iter().zip(high).position(|(low, high)| low != high)?;
        let mut middle: Key = low[..place].to_vec();
        match (&low[place], &high[place]) {
            (Value::Integer(below), Value::Integer(above)) if above - below > 1 => {
                middle.push(Value::Integer(below + (above - below) / 2));
            }
            (Value::Integer(below), Value::Integer(_)) => return self.after(low, place, *below),
            (Value::Blob(below), Value::Blob(above)) => middle.push(Value::Blob(middle_of(below, above)?)),
            _ => return None,
        }
        middle.extend(self.lowest().split_off(place + 1));
        Some(middle)
    }

    /// A key with the number `own` at `place`, above `low` in the columns after it.
    fn after(&self, low: &[Value], place: usize, own: i64) -> Option<Key> {
        let next = place + 1;
        let Value::Integer(below) = low.get(next)? else { return None };
        if *below >= LIKELY_IDS {
            return None;
        }
        let mut middle: Key = low[..place].to_vec();
        middle.extend([Value::Integer(own), Value::Integer(below + (LIKELY_IDS - below + 1) / 2)]);
        middle.extend(self.lowest().split_off(next + 1));
        Some(middle)
    }
}

/// The bytes that are compared after what two keys have in common.
const WINDOW: usize = 8;

fn middle_of(low: &[u8], high: &[u8]) -> Option<Vec<u8>> {
    let common = low.iter().zip(high).take_while(|(low, high)| low == high).count();
    let window = |bytes: &[u8]| {
        let mut window = [0; WINDOW];
        let rest = &bytes[common..];
        let len = rest.len().min(WINDOW);
        window[..len].copy_from_slice(&rest[..len]);
        u64::from_be_bytes(window)
    };
    let (below, above) = (window(low), window(high));
    let middle = below + above.checked_sub(below)? / 2;
    (middle > below).then(|| [&low[..common], &middle.to_be_bytes()].concat())
}

/// Ids of annotations and steps are never used again.
fn keep_ids_unused(source: &Connection, target: &Connection) -> Result<()> {
    let read = || {
        let mut statement = source.prepare("SELECT name, seq FROM sqlite_sequence")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(String, i64)>>>()
    };
    for (table, latest) in read().unwrap_or_default() {
        target.execute("UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1", (table, latest))?;
    }
    Ok(())
}

/// Leaves out rows that refer to a lost row. A reference that may be missing is removed instead.
fn leave_out_dangling(target: &Connection, saved: &mut [SavedTable]) -> Result<()> {
    let mut references = Vec::new();
    for table in saved.iter() {
        let mut statement = target.prepare(
            "SELECT keys.\"table\", keys.\"from\", columns.\"notnull\" OR columns.pk > 0,
                    (SELECT name FROM pragma_table_info(keys.\"table\") WHERE pk = 1)
             FROM pragma_foreign_key_list(?1) AS keys JOIN pragma_table_info(?1) AS columns ON columns.name = keys.\"from\"",
        )?;
        let own = statement.query_map([&table.table], |row| {
            Ok((
                table.table.clone(),
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, bool>(2)?,
                row.get::<_, String>(3)?,
            ))
        })?;
        references.extend(own.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    loop {
        let mut is_changed = false;
        for (table, parent, column, is_needed, key) in &references {
            let dangling = format!(
                "\"{column}\" IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM \"{parent}\" AS parent WHERE parent.\"{key}\" = \"{table}\".\"{column}\")"
            );
            let count = if *is_needed {
                target.execute(&format!("DELETE FROM \"{table}\" WHERE {dangling}"), [])?
            } else {
                target.execute(&format!("UPDATE \"{table}\" SET \"{column}\" = NULL WHERE {dangling}"), [])?
            };
            is_changed |= count > 0;
            if *is_needed && let Some(saved) = saved.iter_mut().find(|saved| saved.table == *table) {
                saved.not_copied += count as u64;
            }
        }
        if !is_changed {
            return Ok(());
        }
    }
}
