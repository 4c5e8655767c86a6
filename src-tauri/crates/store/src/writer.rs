//! The one writer: a thread that takes changes from a bounded queue and commits what has gathered as one transaction,
//! each change in a savepoint of its own. The result of a change is returned only after the commit, and that is flushed
//! to the disk unless all of it can be derived anew.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::presence::Presence;
use crate::{Edit, Result, StoreError, View};

/// Changes that wait before submitters do: a run has far fewer in flight.
const QUEUE_LENGTH: usize = 256;
/// Changes that share a commit, so that one commit stays in the low milliseconds.
const GROUP_LENGTH: usize = 64;
/// How often other processes are looked for.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// What the loss of a change would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on disk before its submitter hears of it, come what may.
    Synced,
    /// It can be derived anew from what is on disk: it outlives this process, and the next synced change makes it outlive
    /// a power cut.
    Derived,
}

/// Applies a change and keeps its outcome until it is known whether the commit held; or takes the reason why it cannot be
/// applied.
type Apply = Box<dyn for<'a, 'b> FnOnce(rusqlite::Result<&'b Edit<'a>, &'b rusqlite::Error>) -> Settle + Send>;
struct Change {
    keeping: Durability,
    apply: Apply,
}
/// Requests to the writer.
enum Request {
    Change(Change),
    /// Calls back whenever another process has changed the library, and reports once it is watched.
    WatchOthers(Box<dyn Fn() + Send>, SyncSender<()>),
}
/// Whether the change is valid so far, and how to notify its submitter.
type Settle = (bool, Tell);
/// Notifies a submitter; `Some` if the commit failed.
type Tell = Box<dyn FnOnce(Option<&rusqlite::Error>)>;

pub struct Writer {
    /// `None` only while dropping.
    queue: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub fn start(connection: Connection, presence: Presence) -> Self {
        let (queue, changes) = sync_channel(QUEUE_LENGTH);
        let thread = std::thread::spawn(move || write_all(&connection, &presence, &changes));
        Self { queue: Some(queue), thread: Some(thread) }
    }

    /// Queues a change. `deliver` is called on the writer's thread after the commit or its failure; it is dropped
    /// uncalled if the library cannot be written at all.
    pub fn submit<T, F, D>(&self, keeping: Durability, change: F, deliver: D) -> Result<()>
    where
        T: 'static,
        F: FnOnce(&Edit<'_>) -> Result<T> + Send + 'static,
        D: FnOnce(Result<T>) + Send + 'static,
    {
        let apply: Apply = Box::new(move |edit| {
            let outcome = match edit {
                // A panic undoes this change alone; without the writer the library would be unusable.
                Ok(edit) => catch_unwind(AssertUnwindSafe(|| change(edit)))
                    .unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(&*panic)))),
                Err(error) => Err(StoreError::Sqlite(copy_of(error))),
            };
            let is_applied = outcome.is_ok();
            let tell = Box::new(move |commit_error: Option<&rusqlite::Error>| {
                let outcome = match commit_error {
                    Some(error) if is_applied => Err(StoreError::Sqlite(copy_of(error))),
                    _ => outcome,
                };
                deliver(outcome);
            });
            (is_applied, tell)
        });
        self.request(Request::Change(Change { keeping, apply }))
    }

    /// Calls `changed` on the writer's thread within about a second of a change by another process.
    pub fn watch_others(&self, changed: impl Fn() + Send + 'static) -> Result<()> {
        let (started, is_watched) = sync_channel(1);
        self.request(Request::WatchOthers(Box::new(changed), started))?;
        is_watched.recv().map_err(|_| StoreError::Closed)
    }

    fn request(&self, request: Request) -> Result<()> {
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(request).map_err(|_| StoreError::Closed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of the library panicked");
        }
    }
}

/// Detects changes by other processes. Must use the writing connection, because `data_version` does not count its own
/// commits.
struct Others {
    changed: Box<dyn Fn() + Send>,
    version: Option<i64>,
    looked_at: Instant,
}

impl Others {
    fn watch(connection: &Connection, changed: Box<dyn Fn() + Send>) -> Self {
        Self { changed, version: data_version(connection), looked_at: Instant::now() }
    }

    fn look(&mut self, connection: &Connection) {
        if self.looked_at.elapsed() < LOOK_INTERVAL {
            return;
        }
        self.looked_at = Instant::now();
        let version = data_version(connection);
        if version != self.version {
            self.version = version;
            (self.changed)();
        }
    }
}

fn data_version(connection: &Connection) -> Option<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0)).ok()
}

fn write_all(connection: &Connection, presence: &Presence, requests: &Receiver<Request>) {
    let mut group = Vec::with_capacity(GROUP_LENGTH);
    let mut keeping = Durability::Synced;
    let mut others: Option<Others> = None;
    let mut is_idle = false;
    loop {
        let first = match (&mut others, requests.try_recv()) {
            (_, Ok(first)) => Ok(first),
            (_, Err(TryRecvError::Disconnected)) => Err(RecvTimeoutError::Disconnected),
            (_, Err(TryRecvError::Empty)) if !is_idle => {
                is_idle = !continue_imports(connection, presence, &mut keeping).unwrap_or_else(|error| {
                    tracing::warn!(%error, "an import could not be continued");
                    false
                });
                // Nothing waits for the change that would announce it.
                if let (false, Some(others)) = (is_idle, &others) {
                    (others.changed)();
                }
                continue;
            }
            (None, _) => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
            (Some(others), _) => {
                others.look(connection);
                requests.recv_timeout(LOOK_INTERVAL)
            }
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        for request in std::iter::once(first).chain(requests.try_iter().take(GROUP_LENGTH - 1)) {
            match request {
                Request::Change(change) => group.push(change),
                Request::WatchOthers(changed, started) => {
                    others = Some(Others::watch(connection, changed));
                    // The caller waits for it.
                    let _ = started.send(());
                }
            }
        }
        if group.is_empty() {
            continue;
        }
        is_idle = false;
        let wanted = keeping_of(&group);
        // A change that must be flushed is not committed if flushing cannot be enabled.
        let kept = if wanted == keeping { Ok(()) } else { keep(connection, wanted) };
        let kept = presence.check().and(kept);
        let mut tells = Vec::with_capacity(group.len());
        let committed = kept.and_then(|()| {
            keeping = wanted;
            commit(connection, &mut group, &mut tells)
        });
        let committed = committed.map_err(|error| presence.explain(error));
        if let Err(error) = &committed {
            tracing::error!(%error, "a commit to the library failed");
            // Not applied, because the group could not begin or continue.
            tells.extend(group.drain(..).map(|change| (change.apply)(Err(error)).1));
        }
        for tell in tells {
            tell(committed.as_ref().err());
        }
    }
    // Checkpoints into a single file; the log is safe without it, so this waits for no other process.
    let tidied = connection
        .busy_timeout(Duration::ZERO)
        .and_then(|()| connection.pragma_update(None, "wal_checkpoint", "truncate"));
    if let Err(error) = tidied {
        tracing::debug!(%error, "no checkpoint at close");
    }
}

/// One change that must be flushed flushes the whole group.
fn keeping_of(group: &[Change]) -> Durability {
    let is_derived = group.iter().all(|change| change.keeping == Durability::Derived);
    if is_derived { Durability::Derived } else { Durability::Synced }
}

fn keep(connection: &Connection, keeping: Durability) -> rusqlite::Result<()> {
    let synchronous = match keeping {
        Durability::Synced => "full",
        Durability::Derived => "normal",
    };
    connection.pragma_update(None, "synchronous", synchronous)
}

/// Continues what an import has begun, while nothing else waits: a process may have died before it was done. Returns whether
/// there may be more.
fn continue_imports(connection: &Connection, presence: &Presence, keeping: &mut Durability) -> Result<bool> {
    if View(connection, None).moving_import()?.is_none() {
        return Ok(false);
    }
    presence.check()?;
    keep(connection, Durability::Derived)?;
    *keeping = Durability::Derived;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let is_more = Edit(View(&transaction, None)).continue_imports()?;
    count_commit(&transaction)?;
    transaction.commit()?;
    Ok(is_more)
}

fn commit(connection: &Connection, group: &mut Vec<Change>, tells: &mut Vec<Tell>) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // A single change is rolled back with the transaction. A savepoint would keep a copy of every page and slow down
    // each statement.
    let is_alone = group.len() == 1;
    let mut is_any_applied = false;
    for change in group.drain(..) {
        if !is_alone {
            transaction.execute_batch("SAVEPOINT change")?;
        }
        let (is_applied, tell) = (change.apply)(Ok(&Edit(View(&transaction, None))));
        tells.push(tell);
        is_any_applied |= is_applied;
        if !is_alone {
            transaction.execute_batch(if is_applied {
                "RELEASE change"
            } else {
                "ROLLBACK TO change; RELEASE change"
            })?;
        }
    }
    if is_any_applied {
        count_commit(&transaction)?;
        transaction.commit()
    } else {
        transaction.rollback()
    }
}

/// Gives the commit a number if it changes sets of images.
fn count_commit(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE commits SET number = number + 1 WHERE number < (SELECT max(number) FROM set_changes)")?
        .execute([])?;
    Ok(())
}

pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// `rusqlite::Error` cannot be cloned; every submitter of a failed group gets its text.
fn copy_of(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => rusqlite::Error::SqliteFailure(*code, message.clone()),
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}
