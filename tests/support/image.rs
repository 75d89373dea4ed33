//! Small images, and pushing them by plain HTTP.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// `sha256:…` of these bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// A manifest with its blobs.
#[derive(Clone, Debug)]
pub struct Image {
    pub media_type: &'static str,
    pub manifest: Vec<u8>,
    pub blobs: Vec<Vec<u8>>,
}

impl Image {
    /// An image whose layers hold these bytes; they need not be archives for a registry.
    pub fn new(media_type: &'static str, layers: &[&[u8]]) -> Self {
        let (config_type, layer_type) = match media_type {
            DOCKER_MANIFEST => {
                ("application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip")
            }
            _ => ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"),
        };
        let diff_ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        let config = config.to_string().into_bytes();
        let layer = |bytes: &&[u8]| descriptor(layer_type, bytes);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type, "config": descriptor(config_type, &config),
            "layers": layers.iter().map(layer).collect::<Vec<_>>(),
        });
        let blobs = std::iter::once(config).chain(layers.iter().map(|layer| layer.to_vec())).collect();
        Self { media_type, manifest: manifest.to_string().into_bytes(), blobs }
    }

    /// An index of images.
    pub fn index(media_type: &'static str, images: &[&Image]) -> Self {
        let entry = |(at, image): (usize, &&Image)| {
            let mut entry = descriptor(image.media_type, &image.manifest);
            let architecture = ["amd64", "arm64"][at % 2];
            entry["platform"] = json!({"os": "linux", "architecture": architecture});
            entry
        };
        let manifests: Vec<Value> = images.iter().enumerate().map(entry).collect();
        let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests});
        Self { media_type, manifest: manifest.to_string().into_bytes(), blobs: Vec::new() }
    }

    pub fn digest(&self) -> String {
        digest(&self.manifest)
    }

    /// Writes it as a directory of the OCI's layout, under a name.
    pub fn write_layout(&self, dir: &Path, name: &str) {
        let blobs = dir.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        for bytes in self.blobs.iter().chain([&self.manifest]) {
            std::fs::write(blobs.join(hex::encode(Sha256::digest(bytes))), bytes).unwrap();
        }
        let mut entry = descriptor(self.media_type, &self.manifest);
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        std::fs::write(dir.join("index.json"), json!({"schemaVersion": 2, "manifests": [entry]}).to_string()).unwrap();
        std::fs::write(dir.join("oci-layout"), json!({"imageLayoutVersion": "1.0.0"}).to_string()).unwrap();
    }

    /// Pushes blobs and manifest, as `docker push` does.
    pub async fn push(&self, base: &str, path: &str, reference: &str) {
        for blob in &self.blobs {
            let (status, location) = send(base, "POST", &format!("/v2/{path}/blobs/uploads/"), "", b"").await;
            assert_eq!(status, 202);
            let to = location.strip_prefix(base).unwrap_or(&location);
            let mark = if to.contains('?') { '&' } else { '?' };
            let to = format!("{to}{mark}digest={}", digest(blob));
            assert_eq!(send(base, "PUT", &to, "application/octet-stream", blob).await.0, 201);
        }
        let route = format!("/v2/{path}/manifests/{reference}");
        assert_eq!(send(base, "PUT", &route, self.media_type, &self.manifest).await.0, 201);
    }
}

/// The whole answer to a request, its head included.
pub async fn get(base: &str, target: &str) -> String {
    String::from_utf8_lossy(&get_bytes(base, target).await).into_owned()
}

/// The same, byte by byte.
pub async fn get_bytes(base: &str, target: &str) -> Vec<u8> {
    exchange(base, "GET", target, "", b"").await
}

/// Sends one request over plain HTTP; gives the status and where the answer points to.
pub async fn send(base: &str, method: &str, target: &str, media_type: &str, body: &[u8]) -> (u16, String) {
    let answer = exchange(base, method, target, media_type, body).await;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| line.split_once(": ").map(|(name, to)| (name.to_lowercase(), to.trim().to_owned()));
    let location = answer.lines().filter_map(header).find(|(name, _)| name == "location");
    (status, location.map(|(_, to)| to).unwrap_or_default())
}

async fn exchange(base: &str, method: &str, target: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {media_type}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
}
