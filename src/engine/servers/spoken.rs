//! Which servers speak HTTP/2, as they were seen last: remembered in the state directory, so that no connection is made
//! that is of no use with them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::disk::note::Note;
use crate::engine::disk::state::StateFolder;
use crate::remote::{Endpoint, Learned};

/// Addresses.
#[derive(Default, Serialize, Deserialize)]
struct Spoken {
    #[serde(default)]
    http2: BTreeSet<String>,
}

impl Note for Spoken {
    const KIND: &'static str = "servers";
}

const FILE: &str = "servers.json";
/// With more than this all are forgotten: each costs one connection to learn again.
const MOST: usize = 256;

/// Whether a server speaks HTTP/2. A file that cannot be read says nothing.
pub(super) fn speaks_http2(state_dir: &Path, endpoint: &Endpoint) -> bool {
    let spoken = StateFolder::new(state_dir).load::<Spoken>(FILE);
    spoken.is_ok_and(|spoken| spoken.http2.contains(endpoint.base()))
}

/// Remembers what is learned of it. What cannot be written is learned again.
pub(super) fn learned(state_dir: &Path, endpoint: &Endpoint) -> Learned {
    let (state, address) = (StateFolder::new(state_dir), endpoint.base().to_owned());
    Arc::new(move |speaks| {
        let (state, address) = (state.clone(), address.clone());
        tokio::task::spawn_blocking(move || {
            let keep = |spoken: &mut Spoken| {
                if spoken.http2.len() >= MOST {
                    spoken.http2.clear();
                }
                if speaks { spoken.http2.insert(address) } else { spoken.http2.remove(&address) }
            };
            state.change(FILE, keep)
        });
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_a_server_speaks_is_remembered_until_it_speaks_otherwise() {
        let dir = tempfile::TempDir::new().unwrap();
        let endpoint = |name: &str| Endpoint::parse(&format!("https://{name}.test"), false).unwrap();
        let (one, other) = (endpoint("one"), endpoint("other"));
        let learned = learned(dir.path(), &one);
        for speaks in [true, false] {
            learned(speaks);
            let told = async {
                while speaks_http2(dir.path(), &one) != speaks {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), told).await.unwrap();
            assert!(!speaks_http2(dir.path(), &other));
        }
        std::fs::write(dir.path().join(FILE), "not JSON").unwrap();
        assert!(!speaks_http2(dir.path(), &one));
    }
}
