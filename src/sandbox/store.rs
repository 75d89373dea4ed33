//! The server's store: one crash-safe file, changed only in whole transactions.
//!
//! Invariant: `current` names the highest stored version of a role, and every publish either stores all its files
//! and its feed entry, or nothing. Source: docs/notary-v1.md sections 11 (step 7) and 13.

pub(super) mod images;

use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use jiff::Timestamp as Time;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use sha2::{Digest, Sha256};

use super::held_key::HeldKey;
use super::store_error::StoreError;
use crate::tuf::Role;

/// (GUN, role, version) to (time stored in microseconds, bytes).
const FILES: TableDefinition<(&str, &str, u64), (i64, &[u8])> = TableDefinition::new("files");
/// (GUN, role) to the highest version.
const CURRENT: TableDefinition<(&str, &str), u64> = TableDefinition::new("current");
/// (GUN, SHA-256 in hexadecimal, role) to the version with those bytes.
const BY_HASH: TableDefinition<(&str, &str, &str), u64> = TableDefinition::new("by-hash");
/// (GUN, role, key ID) to the secret scalar of a server-held key.
const KEYS: TableDefinition<(&str, &str, &str), &[u8]> = TableDefinition::new("keys");
/// Number to (time in microseconds, GUN, version, SHA-256): the change feed. Version 0 is a deletion.
const FEED: TableDefinition<u64, (i64, &str, u64, &str)> = TableDefinition::new("feed");
/// What the sandbox itself remembers between starts.
const NOTES: TableDefinition<&str, &[u8]> = TableDefinition::new("notes");

/// redb's errors differ for every call and tell a caller nothing that it could act on differently.
fn broken(error: impl Into<redb::Error>) -> StoreError {
    StoreError::Broken(error.into().to_string())
}

/// A stored role file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// Version.
    pub(super) version: u64,
    /// When it was stored.
    pub(super) at: Time,
    /// The bytes, as uploaded.
    pub(super) bytes: Vec<u8>,
}

/// A role file to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Update {
    /// Role.
    pub(super) role: Role,
    /// Version that the bytes state.
    pub(super) version: u64,
    /// The file.
    pub(super) bytes: Vec<u8>,
}

/// One line of the change feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Number, counting from 1 over all repositories.
    pub(super) id: u64,
    /// When.
    pub(super) at: Time,
    /// Repository.
    pub(super) gun: String,
    /// The new timestamp's version; 0 after a deletion.
    pub(super) version: u64,
    /// The new timestamp's SHA-256; empty after a deletion.
    pub(super) sha256: String,
}

/// The embedded database.
pub(super) struct Store {
    database: Database,
    /// Changes that wait for a transaction: one for all that came while another was being written.
    waiting: Mutex<Vec<Waiting>>,
    /// Held by whoever writes.
    turn: Mutex<()>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Store").finish_non_exhaustive()
    }
}

/// What is to be changed; a change that is refused has changed nothing. Gives what becomes of it with the transaction.
type Waiting = Box<dyn FnOnce(&WriteTransaction) -> Box<dyn FnOnce(Result<(), StoreError>) + Send> + Send>;

impl Store {
    /// Opens the store at `path`, creating it 0600.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process has it open.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        make_private_file(path).map_err(|e| StoreError::Broken(e.to_string()))?;
        let database = Database::create(path).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => StoreError::InUse,
            other => broken(other),
        })?;
        let transaction = database.begin_write().map_err(broken)?;
        transaction.open_table(FILES).map_err(broken)?;
        transaction.open_table(CURRENT).map_err(broken)?;
        transaction.open_table(BY_HASH).map_err(broken)?;
        transaction.open_table(KEYS).map_err(broken)?;
        transaction.open_table(FEED).map_err(broken)?;
        transaction.open_table(NOTES).map_err(broken)?;
        images::create(&transaction)?;
        transaction.commit().map_err(broken)?;
        Ok(Self { database, waiting: Mutex::default(), turn: Mutex::default() })
    }

    /// Makes a change in one transaction with all others that wait, so that many at once cost one wait for the disk.
    /// `change` must refuse before it writes anything.
    fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&WriteTransaction) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = mpsc::channel();
        hold(&self.waiting).push(Box::new(move |transaction| {
            let changed = change(transaction);
            // Whoever waits for it holds the other end.
            Box::new(move |written| drop(sender.send(written.and(changed))))
        }));
        let _turn = hold(&self.turn);
        if let Ok(done) = answer.try_recv() {
            return done;
        }
        let all = std::mem::take(&mut *hold(&self.waiting));
        self.write_all(all);
        answer.try_recv().unwrap_or_else(|_| Err(StoreError::Broken("a change was lost".to_owned())))
    }

    fn write_all(&self, all: Vec<Waiting>) {
        let begun = self.database.begin_write().map_err(broken);
        let (ends, written): (Vec<_>, _) = match begun {
            Ok(transaction) => {
                let ends = all.into_iter().map(|change| change(&transaction)).collect();
                (ends, transaction.commit().map_err(broken))
            }
            // Those who wait find that theirs was lost.
            Err(_) => return,
        };
        for end in ends {
            end(written.as_ref().copied().map_err(|error| StoreError::Broken(error.to_string())));
        }
    }

    /// The latest file of a role.
    pub(super) fn current(&self, gun: &str, role: &Role) -> Result<Option<Stored>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(CURRENT).map_err(broken)?;
        let version = table.get((gun, role.as_str())).map_err(broken)?.map(|v| v.value());
        version.map_or(Ok(None), |version| self.version(gun, role, version))
    }

    /// One version of a role.
    pub(super) fn version(&self, gun: &str, role: &Role, version: u64) -> Result<Option<Stored>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(FILES).map_err(broken)?;
        let found = table.get((gun, role.as_str(), version)).map_err(broken)?;
        Ok(found.map(|entry| {
            let (at, bytes) = entry.value();
            Stored { version, at: from_micros(at), bytes: bytes.to_vec() }
        }))
    }

    /// The file of a role with this SHA-256, in lower-case hexadecimal.
    pub(super) fn by_hash(&self, gun: &str, role: &Role, sha256: &str) -> Result<Option<Stored>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(BY_HASH).map_err(broken)?;
        let version = table.get((gun, sha256, role.as_str())).map_err(broken)?.map(|v| v.value());
        version.map_or(Ok(None), |version| self.version(gun, role, version))
    }

    /// Stores all `updates` or none, and a feed entry if a timestamp is among them.
    ///
    /// # Errors
    /// [`StoreError::OldVersion`] unless every version is higher than the stored one.
    pub(super) fn publish(&self, gun: &str, updates: &[Update], now: Time) -> Result<(), StoreError> {
        let (gun, updates) = (gun.to_owned(), updates.to_vec());
        self.write(move |transaction| {
            updates.iter().try_for_each(|update| check(transaction, &gun, update))?;
            updates.iter().try_for_each(|update| insert(transaction, &gun, update, now))
        })
    }

    /// Stores the files of many repositories and a note in one transaction.
    pub(super) fn seed(&self, batches: &[(String, Vec<Update>)], note: &str, now: Time) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        for (gun, updates) in batches {
            updates.iter().try_for_each(|update| insert(&transaction, gun, update, now))?;
        }
        transaction.open_table(NOTES).map_err(broken)?.insert(note, [].as_slice()).map_err(broken)?;
        transaction.commit().map_err(broken)
    }

    /// Removes all files of a repository; its server-held keys stay, as with Notary. Repositories whose names begin
    /// alike stay too, unlike in Notary's memory store.
    pub(super) fn delete(&self, gun: &str, now: Time) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        let removed = {
            let mut current = transaction.open_table(CURRENT).map_err(broken)?;
            let mut count = 0_usize;
            current.retain(|(of, _), _| kept(of, gun, &mut count)).map_err(broken)?;
            let mut files = transaction.open_table(FILES).map_err(broken)?;
            files.retain(|(of, _, _), _| of != gun).map_err(broken)?;
            let mut hashes = transaction.open_table(BY_HASH).map_err(broken)?;
            hashes.retain(|(of, _, _), _| of != gun).map_err(broken)?;
            count
        };
        if removed > 0 {
            record(&transaction, gun, 0, "", now)?;
        }
        transaction.commit().map_err(broken)
    }

    /// The feed of all repositories, in order.
    pub(super) fn feed(&self) -> Result<Vec<Change>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(FEED).map_err(broken)?;
        let mut changes = Vec::new();
        for entry in table.iter().map_err(broken)? {
            let (id, value) = entry.map_err(broken)?;
            let (at, of, version, sha256) = value.value();
            let (gun, sha256) = (of.to_owned(), sha256.to_owned());
            changes.push(Change { id: id.value(), at: from_micros(at), gun, version, sha256 });
        }
        Ok(changes)
    }

    /// Names of all repositories with trust data.
    pub(super) fn guns(&self) -> Result<Vec<String>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(CURRENT).map_err(broken)?;
        let mut guns = Vec::new();
        for entry in table.iter().map_err(broken)? {
            let (key, _) = entry.map_err(broken)?;
            guns.push(key.value().0.to_owned());
        }
        guns.dedup();
        Ok(guns)
    }

    /// The secret of a server-held key.
    pub(super) fn key(
        &self,
        gun: &str,
        role: &Role,
        id: &str,
    ) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(KEYS).map_err(broken)?;
        let found = table.get((gun, role.as_str(), id)).map_err(broken)?;
        Ok(found.map(|secret| secret.value().to_vec().into()))
    }

    /// Keeps server-held keys: for each, the repository, role, ID and secret. They are on the disk with the next publish,
    /// and until then no root that is stored names them: a crash before that loses nothing that anybody relies on.
    pub(super) fn add_keys(&self, keys: &[HeldKey]) -> Result<(), StoreError> {
        let _turn = hold(&self.turn);
        let mut transaction = self.database.begin_write().map_err(broken)?;
        transaction.set_durability(Durability::None).map_err(broken)?;
        {
            let mut table = transaction.open_table(KEYS).map_err(broken)?;
            for key in keys {
                let name = (key.gun.as_str(), key.role.as_str(), key.public.id().as_str());
                table.insert(name, key.secret.as_slice()).map_err(broken)?;
            }
        }
        transaction.commit().map_err(broken)
    }

    /// What was remembered under `name`.
    pub(super) fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(NOTES).map_err(broken)?;
        let found = table.get(name).map_err(broken)?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    /// Remembers `value` under `name`.
    pub(super) fn set_note(&self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        transaction.open_table(NOTES).map_err(broken)?.insert(name, value).map_err(broken)?;
        transaction.commit().map_err(broken)
    }
}

fn kept(of: &str, gun: &str, removed: &mut usize) -> bool {
    *removed += usize::from(of == gun);
    of != gun
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What they guard is whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses a version that is not higher than the stored one.
fn check(transaction: &WriteTransaction, gun: &str, update: &Update) -> Result<(), StoreError> {
    let current = transaction.open_table(CURRENT).map_err(broken)?;
    let stored = current.get((gun, update.role.as_str())).map_err(broken)?.map(|v| v.value());
    if stored.is_some_and(|stored| update.version <= stored) { Err(StoreError::OldVersion) } else { Ok(()) }
}

fn insert(transaction: &WriteTransaction, gun: &str, update: &Update, now: Time) -> Result<(), StoreError> {
    let role = update.role.as_str();
    let mut current = transaction.open_table(CURRENT).map_err(broken)?;
    let sha256 = hex::encode(Sha256::digest(&update.bytes));
    current.insert((gun, role), update.version).map_err(broken)?;
    let mut files = transaction.open_table(FILES).map_err(broken)?;
    files.insert((gun, role, update.version), (now.as_microsecond(), update.bytes.as_slice())).map_err(broken)?;
    let mut hashes = transaction.open_table(BY_HASH).map_err(broken)?;
    hashes.insert((gun, sha256.as_str(), role), update.version).map_err(broken)?;
    match update.role {
        Role::Timestamp => record(transaction, gun, update.version, &sha256, now),
        _ => Ok(()),
    }
}

fn record(transaction: &WriteTransaction, gun: &str, version: u64, sha256: &str, now: Time) -> Result<(), StoreError> {
    let mut feed = transaction.open_table(FEED).map_err(broken)?;
    let last = feed.last().map_err(broken)?.map_or(0, |(id, _)| id.value());
    feed.insert(last + 1, (now.as_microsecond(), gun, version, sha256)).map_err(broken)?;
    Ok(())
}

fn from_micros(micros: i64) -> Time {
    Time::from_microsecond(micros).unwrap_or(Time::UNIX_EPOCH)
}

/// Creates the file if it is missing, and takes it from everybody but its owner.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests;
