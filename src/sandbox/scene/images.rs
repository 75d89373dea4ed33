//! The images behind the scene's tags: small, made on the spot, the same in every sandbox.

use serde_json::{Value, json};

use super::script::{Held, REGISTRY_DIFFERS, Script, failed};
use crate::remote::registry::Digest;
use crate::remote::registry::digest::sha256;
use crate::sandbox::error::SandboxError;
use crate::sandbox::registry::BlobFiles;
use crate::sandbox::store::images::{SeededImage, StoredManifest};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// Tags with this name are images for two platforms.
const TWO_PLATFORMS: &str = "stable";

/// A manifest with what it lists.
struct Made {
    manifest: StoredManifest,
    blobs: Vec<(Digest, Vec<u8>)>,
    platforms: Vec<Made>,
}

/// Digest and length of the manifest behind a tag, as it was when it was signed.
pub(super) fn signed(name: &str, tag: &str) -> Result<([u8; 32], u64), SandboxError> {
    let manifest = made(name, tag, Built::First)?.manifest;
    let (_, digits) = manifest.digest.split_once(':').unwrap_or_default();
    let mut digest = [0; 32];
    hex::decode_to_slice(digits, &mut digest).map_err(failed)?;
    Ok((digest, manifest.bytes.len() as u64))
}

/// Puts into the registry what is behind the tags of all repositories, and what differs from them.
/// The blobs are on the disk then; the rest is for the store.
pub(super) fn seed(scripts: &[Script], files: &BlobFiles) -> Result<Vec<SeededImage>, SandboxError> {
    let mut seeded = Vec::new();
    for script in scripts {
        let mut tags: Vec<&str> = script.tags.to_vec();
        tags.extend(script.roles.iter().filter(|part| part.signed_by.is_some()).flat_map(|part| part.tags));
        tags.sort_unstable();
        tags.dedup();
        for tag in tags {
            put(script.name, tag, REGISTRY_DIFFERS.of(script.name, tag), files, &mut seeded)?;
        }
    }
    for (name, tag) in REGISTRY_DIFFERS.unsigned() {
        put(name, tag, Held::Same, files, &mut seeded)?;
    }
    files.sync().map_err(failed)?;
    Ok(seeded)
}

fn put(
    name: &str,
    tag: &str,
    held: Held,
    files: &BlobFiles,
    seeded: &mut Vec<SeededImage>,
) -> Result<(), SandboxError> {
    let built = if held == Held::PushedAgain { Built::Later } else { Built::First };
    if built == Built::Later {
        // Registries keep what a tag pointed to before.
        let before = made(name, tag, Built::First)?;
        store(name, &before, held, files, seeded)?;
        seeded.push(entry(name, None, &before));
    }
    let image = made(name, tag, built)?;
    store(name, &image, held, files, seeded)?;
    if held != Held::Gone {
        seeded.push(entry(name, Some(tag), &image));
    }
    Ok(())
}

fn store(
    name: &str,
    image: &Made,
    held: Held,
    files: &BlobFiles,
    seeded: &mut Vec<SeededImage>,
) -> Result<(), SandboxError> {
    for part in &image.platforms {
        store(name, part, held, files, seeded)?;
        seeded.push(entry(name, None, part));
    }
    for (at, (digest, bytes)) in image.blobs.iter().enumerate() {
        let mut bytes = bytes.clone();
        // The last blob is the layer; its length stays, so that only its digest tells.
        if held == Held::Tampered && at + 1 == image.blobs.len() {
            let middle = bytes.len() / 2;
            bytes.iter_mut().skip(middle).take(8).for_each(|byte| *byte = b'!');
        }
        files.seed(digest, &bytes).map_err(failed)?;
    }
    Ok(())
}

fn entry(name: &str, tag: Option<&str>, image: &Made) -> SeededImage {
    let blobs = image.blobs.iter().map(|(digest, bytes)| (digest.to_string(), bytes.len() as u64)).collect();
    SeededImage { path: name.to_owned(), tag: tag.map(str::to_owned), manifest: image.manifest.clone(), blobs }
}

/// Which of the images that a tag pointed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Built {
    First,
    Later,
}

fn made(name: &str, tag: &str, built: Built) -> Result<Made, SandboxError> {
    if tag != TWO_PLATFORMS {
        return image(name, tag, built, "amd64");
    }
    let platforms = [image(name, tag, built, "amd64")?, image(name, tag, built, "arm64")?];
    let listed = |(made, architecture): (&Made, &str)| {
        let mut descriptor = descriptor(MANIFEST, &made.manifest.bytes);
        descriptor["platform"] = json!({"architecture": architecture, "os": "linux"});
        descriptor
    };
    let manifests: Vec<Value> = platforms.iter().zip(["amd64", "arm64"]).map(listed).collect();
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
    Ok(Made { manifest: manifest(INDEX, &index), blobs: Vec::new(), platforms: platforms.into() })
}

fn image(name: &str, tag: &str, built: Built, architecture: &str) -> Result<Made, SandboxError> {
    let layer = layer(name, tag, built)?;
    let config = json!({
        "architecture": architecture,
        "config": {"Cmd": ["cat", "/image"], "Labels": {"org.opencontainers.image.version": tag}},
        "created": if built == Built::First { "2024-05-01T12:00:00Z" } else { "2024-06-01T12:00:00Z" },
        "os": "linux",
        "rootfs": {"diff_ids": [sha256(&layer)], "type": "layers"},
    });
    let config = config.to_string().into_bytes();
    let content = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": descriptor(CONFIG, &config), "layers": [descriptor(LAYER, &layer)],
    });
    let blobs = vec![named(config)?, named(layer)?];
    Ok(Made { manifest: manifest(MANIFEST, &content), blobs, platforms: Vec::new() })
}

fn named(bytes: Vec<u8>) -> Result<(Digest, Vec<u8>), SandboxError> {
    Ok((Digest::try_from(sha256(&bytes)).map_err(failed)?, bytes))
}

fn manifest(media_type: &str, content: &Value) -> StoredManifest {
    let bytes = content.to_string().into_bytes();
    StoredManifest { digest: sha256(&bytes), media_type: media_type.to_owned(), bytes }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": sha256(bytes), "size": bytes.len()})
}

/// An archive with one file that says what it is.
fn layer(name: &str, tag: &str, built: Built) -> Result<Vec<u8>, SandboxError> {
    let text = match built {
        Built::First => format!("{name}:{tag}\n"),
        Built::Later => format!("{name}:{tag}, pushed again by a build that nobody signed\n"),
    };
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "image", text.as_bytes()).map_err(failed)?;
    archive.into_inner().map_err(failed)
}
