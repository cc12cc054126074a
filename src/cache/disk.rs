//! The store file: one table of answers, and one that has them in order of age, so that dropping the oldest never
//! reads the rest.

use super::{canon::Hash, entry::made_at};
use crate::model::Wall;
use redb::{
    Database, ReadableDatabase, ReadableTable, TableDefinition, TableError, WriteTransaction,
};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

/// The shape of the tables and of an entry's bytes.
const SCHEMA: u64 = 1;
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const ANSWERS: TableDefinition<Hash, &[u8]> = TableDefinition::new("answers");
/// (made at, key) -> length.
const AGES: TableDefinition<(u64, Hash), u64> = TableDefinition::new("ages");

/// redb's own page cache; the answers that matter are in memory already.
const PAGE_CACHE: usize = 8 * 1024 * 1024;

/// At start, a file more than this larger than what it holds is compacted.
const SLACK: u64 = 64 * 1024 * 1024;

pub(super) struct Disk {
    db: Handle,
    limits: Limits,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max_age: Duration,
    pub(super) max_bytes: u64,
}

/// Closing a damaged file fails as badly as reading it.
struct Handle(Option<Database>);

impl std::ops::Deref for Handle {
    type Target = Database;
    fn deref(&self) -> &Database {
        self.0.as_ref().expect("taken only when dropped")
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let close = || {
            drop(self.0.take());
            Ok(())
        };
        if let Err(why) = guarded(close) {
            tracing::warn!("closing the cache file: {why}");
        }
    }
}

/// None: the entry is taken out.
pub(super) type Batch = std::collections::HashMap<Hash, Option<std::sync::Arc<[u8]>>>;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

impl Disk {
    /// Opens the file or makes a new one; one of another version is put aside as `<name>.old`. What is too old is
    /// dropped here. The error is a sentence for the user.
    pub(super) fn open(path: &Path, limits: Limits, now: Wall) -> Result<(Self, Held), String> {
        guarded(|| Self::try_open(path, limits, now)).map_err(|why| {
            format!(
                "cache.path: {}: {why}; answers are cached in memory only until this is solved and breakerbox restarted",
                path.display()
            )
        })
    }

    fn try_open(path: &Path, limits: Limits, now: Wall) -> Result<(Self, Held), Trouble> {
        let mut db = create(path)?;
        if version(&db)?.is_some_and(|version| version != SCHEMA) {
            drop(db);
            fs::rename(path, aside(path))?;
            db = create(path)?;
        }
        let txn = db.begin_write()?;
        txn.open_table(META)?.insert("version", SCHEMA)?;
        let mut held = count(&txn)?;
        trim(&txn, &mut held, limits, now)?;
        txn.commit()?;
        if fs::metadata(path)?.len() > 2 * held.bytes + SLACK {
            db.0.as_mut().map(Database::compact).transpose()?;
        }
        Ok((Self { db, limits }, held))
    }

    /// Microseconds when the pages are warm.
    pub(super) fn read(&self, key: &Hash) -> Result<Option<Vec<u8>>, String> {
        guarded(|| {
            let table = self.db.begin_read()?.open_table(ANSWERS)?;
            Ok(table.get(key)?.map(|bytes| bytes.value().to_vec()))
        })
    }

    /// One commit; then whatever is too old or too much goes.
    pub(super) fn write(&self, batch: &Batch, held: &mut Held, now: Wall) -> Result<(), String> {
        guarded(|| {
            let txn = self.db.begin_write()?;
            for (key, bytes) in batch {
                replace(&txn, held, key, bytes.as_deref())?;
            }
            trim(&txn, held, self.limits, now)?;
            Ok(txn.commit()?)
        })
    }
}

fn create(path: &Path) -> Result<Handle, Trouble> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // Answers are their users' business: nobody else reads the file.
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    let db = redb::Builder::new()
        .set_cache_size(PAGE_CACHE)
        .create_file(file)?;
    Ok(Handle(Some(db)))
}

fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".old");
    name.into()
}

/// None: a new file.
fn version(db: &Database) -> Result<Option<u64>, Trouble> {
    let table = match db.begin_read()?.open_table(META) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    Ok(Some(
        table.get("version")?.map_or(0, |version| version.value()),
    ))
}

fn count(txn: &WriteTransaction) -> Result<Held, Trouble> {
    txn.open_table(ANSWERS)?;
    let mut held = Held::default();
    for row in txn.open_table(AGES)?.iter()? {
        held.entries += 1;
        held.bytes += row?.1.value();
    }
    Ok(held)
}

fn replace(
    txn: &WriteTransaction,
    held: &mut Held,
    key: &Hash,
    bytes: Option<&[u8]>,
) -> Result<(), Trouble> {
    let mut answers = txn.open_table(ANSWERS)?;
    let mut ages = txn.open_table(AGES)?;
    if let Some(old) = answers.remove(key)? {
        ages.remove((made_at(old.value()).0, *key))?;
        held.entries = held.entries.saturating_sub(1);
        held.bytes = held.bytes.saturating_sub(old.value().len() as u64);
    }
    if let Some(bytes) = bytes {
        answers.insert(key, bytes)?;
        ages.insert((made_at(bytes).0, *key), bytes.len() as u64)?;
        held.entries += 1;
        held.bytes += bytes.len() as u64;
    }
    Ok(())
}

/// Oldest first, until what is left is young enough and fits.
fn trim(txn: &WriteTransaction, held: &mut Held, limits: Limits, now: Wall) -> Result<(), Trouble> {
    let mut answers = txn.open_table(ANSWERS)?;
    let mut ages = txn.open_table(AGES)?;
    loop {
        let Some((at, key)) = ages.first()?.map(|(age, _)| age.value()) else {
            return Ok(());
        };
        if now.since(Wall(at)) <= limits.max_age && held.bytes <= limits.max_bytes {
            return Ok(());
        }
        // In a damaged tree the first row need not be where a search looks for it.
        let len = ages
            .remove((at, key))?
            .map(|len| len.value())
            .ok_or_else(Trouble::damaged)?;
        answers.remove(key)?;
        held.entries = held.entries.saturating_sub(1);
        held.bytes = held.bytes.saturating_sub(len);
    }
}

/// Whatever went wrong with the file. Only its words matter: every cause has the same cure, to do without.
struct Trouble(String);

impl Trouble {
    fn damaged() -> Self {
        Self("it is damaged; move it away".to_owned())
    }
}

impl<E: Into<redb::Error>> From<E> for Trouble {
    fn from(e: E) -> Self {
        Self(match e.into() {
            redb::Error::DatabaseAlreadyOpen => "another process has it open".to_owned(),
            redb::Error::Io(e) => e.to_string(),
            redb::Error::UpgradeRequired(_) => {
                "it was written by an older version; move it away".to_owned()
            }
            other => format!("it is damaged or no cache file ({other}); move it away"),
        })
    }
}

/// A damaged file makes the store's own checks fail, some of them by panicking; neither may reach a request.
fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Trouble::damaged()))
        .map_err(|Trouble(why)| why)
}
