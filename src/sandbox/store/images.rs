//! What the registry knows: manifests, tags, which repository holds which blob, and uploads that are not done.
//!
//! Blobs themselves are files beside the store; one is there before it is linked here.

use redb::{ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

use super::{Store, broken};
use crate::sandbox::store_error::StoreError;

/// (Repository, digest) to (media type, bytes).
const MANIFESTS: TableDefinition<(&str, &str), (&str, &[u8])> = TableDefinition::new("manifests");
/// (Repository, tag) to the digest of its manifest.
const TAGS: TableDefinition<(&str, &str), &str> = TableDefinition::new("tags");
/// (Repository, digest) to the size of a blob.
const BLOBS: TableDefinition<(&str, &str), u64> = TableDefinition::new("blobs");
/// ID to the repository of an upload that has begun.
const UPLOADS: TableDefinition<&str, &str> = TableDefinition::new("uploads");

/// Greater than any tag or digest.
const LAST: &str = "\u{10ffff}";

/// A manifest as it was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct StoredManifest {
    /// Its digest.
    pub(in crate::sandbox) digest: String,
    /// What it was pushed as.
    pub(in crate::sandbox) media_type: String,
    /// The bytes.
    pub(in crate::sandbox) bytes: Vec<u8>,
}

/// Makes the tables that are missing.
pub(super) fn create(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(MANIFESTS).map_err(broken)?;
    transaction.open_table(TAGS).map_err(broken)?;
    transaction.open_table(BLOBS).map_err(broken)?;
    transaction.open_table(UPLOADS).map_err(broken)?;
    Ok(())
}

impl Store {
    /// The manifest of this digest.
    pub(in crate::sandbox) fn manifest(&self, path: &str, digest: &str) -> Result<Option<StoredManifest>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(MANIFESTS).map_err(broken)?;
        let found = table.get((path, digest)).map_err(broken)?;
        Ok(found.map(|entry| {
            let (media_type, bytes) = entry.value();
            StoredManifest { digest: digest.to_owned(), media_type: media_type.to_owned(), bytes: bytes.to_vec() }
        }))
    }

    /// The digest that a tag points to.
    pub(in crate::sandbox) fn tagged(&self, path: &str, tag: &str) -> Result<Option<String>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(TAGS).map_err(broken)?;
        let found = table.get((path, tag)).map_err(broken)?;
        Ok(found.map(|digest| digest.value().to_owned()))
    }

    /// Keeps a manifest, and points a tag to it.
    pub(in crate::sandbox) fn put_manifest(
        &self,
        path: &str,
        manifest: &StoredManifest,
        tag: Option<&str>,
    ) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        {
            let (media_type, bytes) = (manifest.media_type.as_str(), manifest.bytes.as_slice());
            let mut manifests = transaction.open_table(MANIFESTS).map_err(broken)?;
            manifests.insert((path, manifest.digest.as_str()), (media_type, bytes)).map_err(broken)?;
            if let Some(tag) = tag {
                let mut tags = transaction.open_table(TAGS).map_err(broken)?;
                tags.insert((path, tag), manifest.digest.as_str()).map_err(broken)?;
            }
        }
        transaction.commit().map_err(broken)
    }

    /// Removes a manifest with the tags that point to it. Says whether there was one.
    pub(in crate::sandbox) fn delete_manifest(&self, path: &str, digest: &str) -> Result<bool, StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        let was_there = {
            let mut manifests = transaction.open_table(MANIFESTS).map_err(broken)?;
            let removed = manifests.remove((path, digest)).map_err(broken)?.is_some();
            let mut tags = transaction.open_table(TAGS).map_err(broken)?;
            tags.retain_in((path, "")..=(path, LAST), |_, of| of != digest).map_err(broken)?;
            removed
        };
        transaction.commit().map_err(broken)?;
        Ok(was_there)
    }

    /// Removes a tag alone. Says whether there was one.
    pub(in crate::sandbox) fn delete_tag(&self, path: &str, tag: &str) -> Result<bool, StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        let was_there = {
            let mut tags = transaction.open_table(TAGS).map_err(broken)?;
            tags.remove((path, tag)).map_err(broken)?.is_some()
        };
        transaction.commit().map_err(broken)?;
        Ok(was_there)
    }

    /// At most `count` tags after `last`, in order; `None` if there is no such repository.
    pub(in crate::sandbox) fn tags(
        &self,
        path: &str,
        last: &str,
        count: usize,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let manifests = transaction.open_table(MANIFESTS).map_err(broken)?;
        if manifests.range((path, "")..=(path, LAST)).map_err(broken)?.next().is_none() {
            return Ok(None);
        }
        let table = transaction.open_table(TAGS).map_err(broken)?;
        let mut tags = Vec::new();
        for entry in table.range((path, last)..=(path, LAST)).map_err(broken)? {
            let (key, _) = entry.map_err(broken)?;
            let (_, tag) = key.value();
            if tag != last {
                tags.push(tag.to_owned());
            }
            if tags.len() == count {
                break;
            }
        }
        Ok(Some(tags))
    }

    /// Names of all repositories with manifests, in order.
    pub(in crate::sandbox) fn image_repositories(&self) -> Result<Vec<String>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(MANIFESTS).map_err(broken)?;
        let mut names: Vec<String> = Vec::new();
        for entry in table.iter().map_err(broken)? {
            let (key, _) = entry.map_err(broken)?;
            if names.last().is_none_or(|last| last != key.value().0) {
                names.push(key.value().0.to_owned());
            }
        }
        Ok(names)
    }

    /// Says that a repository holds a blob whose file is there.
    pub(in crate::sandbox) fn link_blob(&self, path: &str, digest: &str, size: u64) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        transaction.open_table(BLOBS).map_err(broken)?.insert((path, digest), size).map_err(broken)?;
        transaction.commit().map_err(broken)
    }

    /// The size of a blob, if the repository holds it.
    pub(in crate::sandbox) fn blob(&self, path: &str, digest: &str) -> Result<Option<u64>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(BLOBS).map_err(broken)?;
        Ok(table.get((path, digest)).map_err(broken)?.map(|size| size.value()))
    }

    /// Takes a blob from a repository. Says whether it was there, and whether another repository still holds it.
    pub(in crate::sandbox) fn unlink_blob(&self, path: &str, digest: &str) -> Result<(bool, bool), StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        let outcome = {
            let mut table = transaction.open_table(BLOBS).map_err(broken)?;
            let removed = table.remove((path, digest)).map_err(broken)?.is_some();
            let mut elsewhere = false;
            for entry in table.iter().map_err(broken)? {
                elsewhere |= entry.map_err(broken)?.0.value().1 == digest;
            }
            (removed, elsewhere)
        };
        transaction.commit().map_err(broken)?;
        Ok(outcome)
    }

    /// Begins an upload, unless `most` have begun. Says whether it did.
    pub(in crate::sandbox) fn begin_upload(&self, id: &str, path: &str, most: u64) -> Result<bool, StoreError> {
        use redb::ReadableTableMetadata;
        let transaction = self.database.begin_write().map_err(broken)?;
        let begun = {
            let mut table = transaction.open_table(UPLOADS).map_err(broken)?;
            let fits = table.len().map_err(broken)? < most;
            if fits {
                table.insert(id, path).map_err(broken)?;
            }
            fits
        };
        transaction.commit().map_err(broken)?;
        Ok(begun)
    }

    /// The repository of an upload.
    pub(in crate::sandbox) fn upload(&self, id: &str) -> Result<Option<String>, StoreError> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let table = transaction.open_table(UPLOADS).map_err(broken)?;
        Ok(table.get(id).map_err(broken)?.map(|path| path.value().to_owned()))
    }

    /// Forgets an upload.
    pub(in crate::sandbox) fn end_upload(&self, id: &str) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        transaction.open_table(UPLOADS).map_err(broken)?.remove(id).map_err(broken)?;
        transaction.commit().map_err(broken)
    }

    /// Stores images in one transaction; their blobs' files are there.
    pub(in crate::sandbox) fn seed_images(&self, images: &[SeededImage]) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(broken)?;
        {
            let mut manifests = transaction.open_table(MANIFESTS).map_err(broken)?;
            let mut tags = transaction.open_table(TAGS).map_err(broken)?;
            let mut blobs = transaction.open_table(BLOBS).map_err(broken)?;
            for image in images {
                let (path, manifest) = (image.path.as_str(), &image.manifest);
                let value = (manifest.media_type.as_str(), manifest.bytes.as_slice());
                manifests.insert((path, manifest.digest.as_str()), value).map_err(broken)?;
                if let Some(tag) = &image.tag {
                    tags.insert((path, tag.as_str()), manifest.digest.as_str()).map_err(broken)?;
                }
                for (digest, size) in &image.blobs {
                    blobs.insert((path, digest.as_str()), size).map_err(broken)?;
                }
            }
        }
        transaction.commit().map_err(broken)
    }
}

/// An image of the scene, as it is stored.
pub(in crate::sandbox) struct SeededImage {
    /// Repository.
    pub(in crate::sandbox) path: String,
    /// Tag, if it has one.
    pub(in crate::sandbox) tag: Option<String>,
    /// Manifest.
    pub(in crate::sandbox) manifest: StoredManifest,
    /// Digests and sizes of its blobs.
    pub(in crate::sandbox) blobs: Vec<(String, u64)>,
}
